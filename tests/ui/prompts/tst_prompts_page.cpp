#include "core/pipeline/jobs.h"
#include "core/pipeline/part_prompts.h"
#include "tests/ui/support/people_project.h"
#include "ui/jobs/project_session.h"
#include "ui/pages/prompts/cell_panel.h"
#include "ui/pages/prompts/prompts_page.h"
#include "ui/pages/prompts/template_editor.h"
#include "ui/pages/prompts/trial_model.h"
#include "ui/pages/prompts/trial_view.h"
#include "ui/support/icons.h"
#include "ui/support/text.h"

#include <QAbstractButton>
#include <QAbstractItemModelTester>
#include <QAbstractItemView>
#include <QAbstractSpinBox>
#include <QComboBox>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPlainTextEdit>
#include <QScrollBar>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>

#include <memory>

using namespace sapsam;
using namespace sapsam::ui;

namespace {

constexpr int kSlowMs = 120'000; // for the real model on a loaded machine

} // namespace

// The page with a real project of drawn people and the phrase model that is shipped.
class TestPromptsPage : public QObject
{
    Q_OBJECT

private:
    void open(bool withParts = true, const QString &models = {})
    {
        m_project = m_folder->filePath(QStringLiteral("people.sapsam"));
        test::PeopleProject people;
        people.withParts = withParts;
        test::makePeopleProject(toStdString(m_project), people);
        SessionOptions options;
        options.modelsFolder =
            models.isEmpty()
                ? QString::fromStdString(std::string(SAPSAM_SOURCE_DIR)) + QStringLiteral("/models")
                : models;
        options.engine.device = "cpu";
        options.engine.threads = 1;
        options.palette = makePartPalette(defaultTaxonomy());
        m_session = std::make_unique<ProjectSession>(options);
        m_context.session = m_session.get();
        m_context.palette = options.palette;
        m_context.modelsFolder = options.modelsFolder;
        m_context.openPicture = [this](qint64 id) { m_opened = id; };
        m_context.showProblem = [this](const QString &, const ErrorReport &error) {
            m_problem = toQString(error.message);
        };
        m_page = std::make_unique<PromptsPage>(m_context);
        m_page->resize(1100, 720);
        m_page->show();
        m_session->open(m_project);
        QTRY_VERIFY_WITH_TIMEOUT(m_session->isOpen() && !m_page->state().groups.empty(), kSlowMs);
        QTRY_VERIFY_WITH_TIMEOUT(m_page->isSettled(), kSlowMs);
    }

    PromptTemplate stored()
    {
        ProjectStore store =
            ProjectStore::open(toStdString(m_project), ProjectStore::Access::ReadOnly);
        return projectTemplates(store);
    }

    void runSmallTrial(int crops = 3)
    {
        m_page->chooseGroup(QStringLiteral("clothes"));
        m_page->cropsBox()->setValue(crops);
        QTRY_COMPARE_WITH_TIMEOUT(m_page->model()->columnCount(), crops, kSlowMs);
        QTRY_VERIFY_WITH_TIMEOUT(m_page->isSettled(), kSlowMs);
        m_page->run();
        QTRY_VERIFY_WITH_TIMEOUT(m_page->isSettled(), kSlowMs);
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    QString m_project;
    std::unique_ptr<ProjectSession> m_session;
    PageContext m_context;
    std::unique_ptr<PromptsPage> m_page;
    qint64 m_opened = 0;
    QString m_problem;

private Q_SLOTS:
    void initTestCase() { initializeResources(); }
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_problem.clear();
        m_opened = 0;
    }
    void cleanup()
    {
        m_page.reset();
        m_session.reset();
    }

    void groupsComeWithTheirPromptsAndTheMatrixWithItsSample()
    {
        open();

        QCOMPARE(m_page->groupList()->count(), static_cast<int>(defaultTaxonomy().groups.size()));
        QVERIFY(m_page->emptyTitle().isEmpty());
        QCOMPARE(m_page->model()->rowCount(), 2);
        QVERIFY(m_page->model()->columnCount() > 0);
        QVERIFY(m_page->model()->isInUse(0));
        // The picture in a cell is what the model sees, pixel for pixel.
        const TrialCrop &crop = m_page->model()->trial().crops.front();
        ProjectStore store =
            ProjectStore::open(toStdString(m_project), ProjectStore::Access::ReadOnly);
        const RegionPicture region = readRegion(store, crop.image, crop.region);
        const Image seen = regionView(region.picture, region.mask, RegionView(),
                                      static_cast<std::uint64_t>(crop.region));
        const QImage shown = m_page->model()->picture(0, 0);
        QCOMPARE(shown.size(), QSize(seen.width, seen.height));
        QCOMPARE(shown.pixelColor(0, 0).red(), static_cast<int>(seen.at(0, 0)[0]));
        QVERIFY(!m_page->grab().isNull());
    }

    void cellsFillInAsTheyComeAndEqualTheCommandLines()
    {
        open();
        const QAbstractItemModelTester tester(
            m_page->model(), QAbstractItemModelTester::FailureReportingMode::Fatal);
        QSignalSpy changes(m_page->model(), &QAbstractItemModel::dataChanged);

        runSmallTrial();

        QVERIFY(changes.count() >= 6);
        const Trial &trial = m_page->model()->trial();
        QCOMPARE(trial.cells.size(), std::size_t{6});
        for (const TrialCell &cell : trial.cells)
            QVERIFY(cell.isDone && cell.error.empty() && !cell.text.empty());
        QVERIFY(m_page->model()->best().first >= 0);
        ProjectStore store =
            ProjectStore::open(toStdString(m_project), ProjectStore::Access::ReadOnly);
        const Trial same = loadTrial(store, trial.id);
        for (std::size_t i = 0; i < trial.cells.size(); ++i)
            QCOMPARE(same.cells[i].text, trial.cells[i].text);
    }

    void aPickedCellIsShownInFull()
    {
        open();
        runSmallTrial();

        m_page->view()->setCurrentIndex(m_page->model()->index(1, 2));
        QTRY_VERIFY_WITH_TIMEOUT(m_page->isSettled(), kSlowMs);

        const TrialCell &cell =
            m_page->model()->trial().cells[m_page->model()->trial().indexOf(1, 0, 2)];
        QVERIFY(m_page->cellPanel()->phrase().contains(toQString(cell.text)));
        QVERIFY(!m_page->cellPanel()->verdictText().isEmpty());
        // As many pixels as the network takes.
        QCOMPARE(m_page->cellPanel()->seenBox()->image().size(), QSize(64, 64));
        for (int i = 0; i < 5; ++i)
            QVERIFY(!m_page->cellPanel()->viewBox(i)->image().isNull());
        Q_EMIT m_page->cellPanel()->openRequested();
        QVERIFY(m_opened > 0);
    }

    void theLinterSpeaksWhileOneTypes()
    {
        open();
        m_page->chooseGroup(QStringLiteral("hat"));

        m_page->editor()->promptEdit()->setPlainText(QStringLiteral("What is this? Answer: It is"));

        QVERIFY(m_page->editor()->hasErrors());
        QVERIFY(m_page->editor()
                    ->findingTexts()
                    .join(QLatin1Char(' '))
                    .contains(QLatin1String("{part}")));
        m_page->editor()->promptEdit()->setPlainText(
            QStringLiteral("Question: What {part} is this? Answer: It is"));
        QVERIFY(!m_page->editor()->hasErrors());
        QTRY_VERIFY_WITH_TIMEOUT(m_page->isSettled(), kSlowMs);
    }

    void aTemplateWithoutItsSlotIsRefusedWithAMessage()
    {
        open();
        m_page->chooseGroup(QStringLiteral("clothes"));
        QTRY_VERIFY_WITH_TIMEOUT(m_page->isSettled(), kSlowMs);
        const std::string before = stored().hash();
        m_page->editor()->promptEdit()->setPlainText(QStringLiteral("What is this? Answer: It is"));
        QTRY_VERIFY_WITH_TIMEOUT(m_page->isSettled(), kSlowMs);

        m_page->useTemplate();

        QTRY_VERIFY_WITH_TIMEOUT(!m_problem.isEmpty(), kSlowMs);
        QVERIFY2(m_problem.contains(QLatin1String("{part}")), qPrintable(m_problem));
        QCOMPARE(stored().hash(), before);
        QCOMPARE(m_session->undoStack()->count(), 0);
    }

    void aBrokenPromptSaysSoAndKeepsTheMatrix()
    {
        open();
        const int rows = m_page->model()->rowCount();

        m_page->editor()->promptEdit()->setPlainText(QStringLiteral("What {part is this?"));
        QTRY_VERIFY_WITH_TIMEOUT(m_page->isSettled(), kSlowMs);

        QCOMPARE(m_page->model()->rowCount(), rows);
        QVERIFY(m_page->emptyTitle().isEmpty());
        QVERIFY(m_page->editor()->hasErrors());
    }

    void usingATemplateIsAnEditThatCanBeUndone()
    {
        open();
        m_page->chooseGroup(QStringLiteral("clothes"));
        QTRY_VERIFY_WITH_TIMEOUT(m_page->isSettled(), kSlowMs);
        const std::string before = stored().hash();
        m_page->editor()->beamsBox()->setValue(3);
        QTRY_VERIFY_WITH_TIMEOUT(m_page->isSettled(), kSlowMs);

        m_page->useTemplate();

        QTRY_COMPARE_WITH_TIMEOUT(m_session->undoStack()->count(), 1, kSlowMs);
        QCOMPARE(stored().group("clothes").decoding.beams, 3);
        m_session->undoStack()->undo();
        QTRY_COMPARE_WITH_TIMEOUT(stored().hash(), before, kSlowMs);
        m_session->undoStack()->redo();
        QTRY_COMPARE_WITH_TIMEOUT(stored().group("clothes").decoding.beams, 3, kSlowMs);
        QVERIFY2(m_problem.isEmpty(), qPrintable(m_problem));
    }

    void phrasesAreWrittenForSoManyRegions()
    {
        open();
        runSmallTrial();
        QTRY_VERIFY_WITH_TIMEOUT(m_page->estimateLabel()->text().contains(QLatin1String("about")),
                                 kSlowMs);
        m_page->limitBox()->setValue(2);

        m_page->writePhrases();

        const auto written = [this] {
            ProjectStore store =
                ProjectStore::open(toStdString(m_project), ProjectStore::Access::ReadOnly);
            int count = 0;
            for (const RegionState &region : regionStates(store, "clothes"))
                count += region.modelHash != test::kPeopleModelHash ? 1 : 0;
            return count;
        };
        QTRY_COMPARE_WITH_TIMEOUT(written(), 2, kSlowMs);
        QVERIFY2(m_problem.isEmpty(), qPrintable(m_problem));
    }

    void anExperimentShowsTheFiveVisualPrompts()
    {
        open();
        m_page->cropsBox()->setValue(2);

        m_page->prepareScreenshot();

        QTRY_VERIFY_WITH_TIMEOUT(m_page->isSettled(), kSlowMs);
        QCOMPARE(m_page->model()->rowCount(), 5);
        QCOMPARE(m_page->model()->trial().definition.group, std::string("clothes"));
        for (const TrialCell &cell : m_page->model()->trial().cells)
            QVERIFY(cell.isDone && cell.error.empty());
        // The picture as it is, and the crop.
        QVERIFY(m_page->model()->picture(0, 0).size() != m_page->model()->picture(4, 0).size());
    }

    void aRunCanBeStopped()
    {
        open();
        m_page->chooseGroup(QStringLiteral("clothes"));
        m_page->cropsBox()->setValue(12);
        QTRY_VERIFY_WITH_TIMEOUT(m_page->isSettled(), kSlowMs);

        m_page->run();
        m_page->cancelRun();

        QTRY_VERIFY_WITH_TIMEOUT(m_page->isSettled(), kSlowMs);
        QVERIFY(!m_page->model()->isRunning());
        QVERIFY2(m_problem.isEmpty(), qPrintable(m_problem));
        m_page->run();
        QTRY_VERIFY_WITH_TIMEOUT(m_page->isSettled(), kSlowMs);
        for (const TrialCell &cell : m_page->model()->trial().cells)
            QVERIFY(cell.isDone);
    }

    void aTrialIsDeletedAndBroughtBackByUndo()
    {
        open();
        runSmallTrial(2);
        QVERIFY(!m_page->deleteButton()->isEnabled()); // nothing stored is chosen
        int row = -1;
        const auto findsTrial = [&] {
            for (std::size_t i = 0; i < m_page->state().experiments.size(); ++i)
                if (m_page->state().experiments[i].trial != 0)
                    row = static_cast<int>(i) + 1;
            return row > 0;
        };
        QTRY_VERIFY_WITH_TIMEOUT(findsTrial(), kSlowMs);
        const int count = m_page->experimentBox()->count();
        const QString name = m_page->experimentBox()->itemText(row);
        m_page->experimentBox()->setCurrentIndex(row);
        m_page->chooseExperiment(row);
        QTRY_VERIFY_WITH_TIMEOUT(m_page->isSettled(), kSlowMs);
        QVERIFY(m_page->deleteButton()->isEnabled());
        const QString phrase =
            toQString(m_page->model()->cell(m_page->model()->index(0, 0))->text);

        m_page->deleteTrial();

        QTRY_COMPARE_WITH_TIMEOUT(m_page->experimentBox()->count(), count - 1, kSlowMs);
        QCOMPARE(m_page->experimentBox()->currentIndex(), 0);
        QCOMPARE(m_session->undoStack()->count(), 1);
        QVERIFY2(m_session->undoStack()->undoText().contains(name),
                 qPrintable(m_session->undoStack()->undoText()));
        m_session->undoStack()->undo();
        QTRY_COMPARE_WITH_TIMEOUT(m_page->experimentBox()->count(), count, kSlowMs);
        m_page->chooseExperiment(row);
        QTRY_VERIFY_WITH_TIMEOUT(m_page->isSettled(), kSlowMs);
        QCOMPARE(toQString(m_page->model()->cell(m_page->model()->index(0, 0))->text), phrase);
    }

    void templatesAreAddedAndRemoved()
    {
        open();
        const int rows = m_page->model()->rowCount();

        m_page->addTemplate();
        QTRY_COMPARE_WITH_TIMEOUT(m_page->model()->rowCount(), rows + 1, kSlowMs);
        m_page->removeTemplate();
        QTRY_COMPARE_WITH_TIMEOUT(m_page->model()->rowCount(), rows, kSlowMs);
        QTRY_VERIFY_WITH_TIMEOUT(m_page->isSettled(), kSlowMs);
    }

    void withoutRegionsThePageSaysWhatToDo()
    {
        open(false);

        QVERIFY(!m_page->emptyTitle().isEmpty());
        QVERIFY(!m_page->grab().isNull());
    }

    void withoutModelsThePageSaysSo()
    {
        open(true, m_folder->filePath(QStringLiteral("nowhere")));

        QVERIFY(!m_page->emptyTitle().isEmpty());
        m_page->run();
        QVERIFY(m_page->isSettled());
    }

    void everyControlHasAName()
    {
        open();
        for (const QWidget *widget : m_page->findChildren<QWidget *>()) {
            const QString inner = widget->objectName();
            if (inner.startsWith(QLatin1String("qt_"))
                || widget->parentWidget()->inherits("QTableView")
                || widget->parentWidget()->inherits("QAbstractSpinBox")
                || widget->parentWidget()->inherits("QComboBox")
                || qobject_cast<const QScrollBar *>(widget) != nullptr
                || (qobject_cast<const QHeaderView *>(widget) != nullptr
                    && qobject_cast<const TemplateHeader *>(widget) == nullptr))
                continue;
            const auto *button = qobject_cast<const QAbstractButton *>(widget);
            // An empty state that offers nothing to do hides its button.
            if (button != nullptr && button->isHidden())
                continue;
            const bool isControl = button != nullptr
                                   || qobject_cast<const QLineEdit *>(widget) != nullptr
                                   || qobject_cast<const QPlainTextEdit *>(widget) != nullptr
                                   || qobject_cast<const QAbstractSpinBox *>(widget) != nullptr
                                   || qobject_cast<const QComboBox *>(widget) != nullptr
                                   || (qobject_cast<const QAbstractItemView *>(widget) != nullptr
                                       && !widget->inherits("QComboBoxListView"));
            if (isControl)
                QVERIFY2(!widget->accessibleName().isEmpty()
                             || (button != nullptr && !button->text().isEmpty()),
                         widget->metaObject()->className());
        }
    }
};

QTEST_MAIN(TestPromptsPage)
#include "tst_prompts_page.moc"
