#include "core/image/mask.h"
#include "core/pipeline/engines.h"
#include "core/pipeline/interactive.h"
#include "tests/ui/support/people_project.h"
#include "ui/models/gallery_model.h"
#include "ui/models/part_model.h"
#include "ui/pages/viewer/prompt_assistant.h"
#include "ui/pages/viewer/viewer_page.h"
#include "ui/support/text.h"

#include <QAbstractItemModelTester>
#include <QAction>
#include <QApplication>
#include <QDialog>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QListWidget>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include <memory>

using namespace sapsam;
using namespace sapsam::ui;

namespace {

const QString kBag = QStringLiteral("bag");
const QString kClothes = QStringLiteral("clothes");

} // namespace

// The page with a real project of drawn people and the shipped models.
class TestViewerPage : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void init();
    void cleanup();
    void aStrokeIsStoredAtOnceAndUndone();
    void theEraserMakesTheModelsPartAPersons();
    void aPartThatWasNotThereIsDrawn();
    void polygonsAreFinishedByAKey();
    void quickStrokesAreAllStored();
    void exclusivePartsLoseWhatIsPaintedOver();
    void aLockedPartIsNotPainted();
    void aRemovedPartIsSaidNotToBeThere();
    void aPhraseIsEditedInItsRowAndUndone();
    void soloShowsOnePartAndBringsTheOthersBack();
    void peekingShowsThePictureAlone();
    void digitsAndNamesChooseTheParts();
    void toolsStayAndEscapeLeavesThem();
    void aPhraseIsAnsweredAndTaken();
    void pointsWaitForTheEncodingOrSayThatNoModelTakesThem();
    void strokesOfTheOldPictureDoNotReachTheNewOne();

private:
    std::vector<RegionRecord> stored() const
    {
        ProjectStore store =
            ProjectStore::open(toStdString(m_folder), ProjectStore::Access::ReadOnly);
        return storedParts(store, m_page->shownId());
    }
    Mask storedMask(const QString &group) const
    {
        const QSize size = m_page->canvas()->picture().size();
        return maskOfPart(stored(), toStdString(group), size.width(), size.height());
    }
    void open(int row)
    {
        m_session->loadDetails(m_ids[static_cast<std::size_t>(row)]);
        QTRY_COMPARE(m_page->shownId(), m_ids[static_cast<std::size_t>(row)]);
    }
    QPoint at(double x, double y) const
    {
        return m_page->canvas()->view().viewFromPicture({x, y}).toPoint();
    }
    void drag(const QPoint &from, const QPoint &to, Qt::MouseButton button = Qt::LeftButton)
    {
        PictureCanvas *canvas = m_page->canvas();
        QTest::mousePress(canvas, button, {}, from);
        QMouseEvent move(QEvent::MouseMove, to, canvas->mapToGlobal(to), Qt::NoButton, button, {});
        QCoreApplication::sendEvent(canvas, &move);
        QTest::mouseRelease(canvas, button, {}, to);
    }
    void key(Qt::Key which, Qt::KeyboardModifiers modifiers = {})
    {
        QTest::keyClick(m_page->canvas(), which, modifiers);
    }
    // A group without pixels on the picture.
    QString missingGroup() const
    {
        for (const PartStyle &style : m_palette.styles()) {
            if (m_page->parts()->rowOf(style.group) < 0)
                return style.group;
        }
        return {};
    }

    QTemporaryDir m_template;
    std::unique_ptr<QTemporaryDir> m_dir;
    QString m_folder;
    PartPalette m_palette;
    std::unique_ptr<ProjectSession> m_session;
    std::unique_ptr<ActionRegistry> m_actions;
    std::unique_ptr<ViewerPage> m_page;
    std::vector<qint64> m_ids;
};

void TestViewerPage::initTestCase()
{
    m_palette = makePartPalette(defaultTaxonomy());
}

void TestViewerPage::init()
{
    m_dir = std::make_unique<QTemporaryDir>();
    m_folder = m_dir->filePath(QStringLiteral("people.sapsam"));
    test::PeopleProject options;
    options.identities = 2;
    options.picturesPerIdentity = 1;
    test::makePeopleProject(toStdString(m_folder), options);

    SessionOptions session;
    session.modelsFolder = toQString(defaultModelsFolder());
    session.engine.threads = 1;
    session.palette = m_palette;
    m_session = std::make_unique<ProjectSession>(session);
    m_actions = std::make_unique<ActionRegistry>();
    PageContext context;
    context.session = m_session.get();
    context.palette = m_palette;
    context.modelsFolder = session.modelsFolder;
    context.showPage = [](const QString &) {};
    context.openPicture = [this](qint64 id) { m_session->loadDetails(id); };
    context.stepPicture = [](int) {};
    context.showProblem = [](const QString &, const ErrorReport &) {};
    m_page = std::make_unique<ViewerPage>(context);
    m_page->makeActions(*m_actions);
    new QAbstractItemModelTester(
        m_page->parts(), QAbstractItemModelTester::FailureReportingMode::QtTest, m_page.get());
    connect(m_session.get(), &ProjectSession::detailsLoaded, m_page.get(),
            &ViewerPage::showDetails);
    m_page->resize(1000, 760);
    m_page->show();
    QVERIFY(QTest::qWaitForWindowExposed(m_page.get()));
    m_page->activateWindow();
    QSignalSpy opened(m_session.get(), &ProjectSession::opened);
    m_session->open(m_folder);
    QTRY_COMPARE(opened.count(), 1);
    ProjectStore store = ProjectStore::open(toStdString(m_folder), ProjectStore::Access::ReadOnly);
    m_ids.clear();
    for (const std::int64_t id : store.imageIds())
        m_ids.push_back(id);
    open(0);
    QVERIFY(m_page->parts()->rowOf(kClothes) >= 0);
}

void TestViewerPage::cleanup()
{
    m_page.reset();
    m_session.reset();
    m_actions.reset();
}

void TestViewerPage::aStrokeIsStoredAtOnceAndUndone()
{
    m_page->chooseGroup(kClothes);
    const Mask before = storedMask(kClothes);
    key(Qt::Key_P);
    QCOMPARE(m_page->canvas()->tool(), CanvasTool::Brush);

    drag(at(2, 2), at(12, 2));

    QTRY_COMPARE(m_session->undoStack()->count(), 1);
    QTRY_VERIFY(m_page->isSaved());
    const Mask painted = storedMask(kClothes);
    QVERIFY(painted.area() > before.area());
    QCOMPARE(painted.at(7, 2), std::uint8_t{1});
    const int row = m_page->parts()->rowOf(kClothes);
    QCOMPARE(m_page->parts()->parts()[static_cast<std::size_t>(row)].maskOrigin,
             QStringLiteral("human"));
    QVERIFY(m_session->undoStack()->undoText().contains(m_palette.title(kClothes)));
    QTRY_VERIFY(m_page->parts()
                    ->index(row)
                    .data(PartModel::DetailRole)
                    .toString()
                    .contains(QStringLiteral("pieces"))); // the stroke lies apart

    m_session->undoStack()->undo();
    QTRY_VERIFY(storedMask(kClothes).bits == before.bits);
    QTRY_COMPARE(m_page->parts()->parts()[static_cast<std::size_t>(row)].maskOrigin,
                 QStringLiteral("model"));
    m_session->undoStack()->redo();
    QTRY_VERIFY(storedMask(kClothes).bits == painted.bits);
}

void TestViewerPage::theEraserMakesTheModelsPartAPersons()
{
    m_page->chooseGroup(kClothes);
    const Mask before = storedMask(kClothes);
    const Box box = *boundingBox(before);
    key(Qt::Key_X);
    m_page->canvas()->setBrushRadius(6);

    drag(at(box.left, box.top), at(box.right, box.bottom));

    QTRY_VERIFY(storedMask(kClothes).area() < before.area());
    for (const RegionRecord &region : stored()) {
        if (region.group == "clothes")
            QCOMPARE(region.origin, std::string("human"));
    }
}

void TestViewerPage::aPartThatWasNotThereIsDrawn()
{
    const QString group = missingGroup();
    QVERIFY(!group.isEmpty());
    const int rows = m_page->parts()->rowCount();
    m_page->chooseGroup(group);
    m_page->setTool(CanvasTool::Brush);

    drag(at(30, 50), at(40, 60));

    QTRY_COMPARE(m_page->parts()->rowCount(), rows + 1);
    QVERIFY(m_page->parts()->rowOf(group) >= 0);
    QVERIFY(storedMask(group).area() > 0);
    QCOMPARE(static_cast<int>(m_page->canvas()->layers().size()), rows + 1);
}

void TestViewerPage::polygonsAreFinishedByAKey()
{
    m_page->chooseGroup(kBag);
    const std::size_t before = storedMask(kBag).area();
    key(Qt::Key_G);
    for (const QPoint &corner : {at(2, 100), at(22, 100), at(22, 120), at(2, 120)})
        QTest::mouseClick(m_page->canvas(), Qt::LeftButton, {}, corner);
    QCOMPARE(storedMask(kBag).area(), before); // not before it is finished

    key(Qt::Key_F);

    QTRY_VERIFY(storedMask(kBag).area() >= before + 300);
    key(Qt::Key_G, Qt::ShiftModifier);
    for (const QPoint &corner : {at(8, 105), at(14, 105), at(14, 112), at(8, 112)})
        QTest::mouseClick(m_page->canvas(), Qt::LeftButton, {}, corner);
    key(Qt::Key_Return);
    QTRY_COMPARE(storedMask(kBag).at(11, 108), std::uint8_t{0});
    // The hole that it left is stated, and filled by a click.
    const int row = m_page->parts()->rowOf(kBag);
    QTRY_VERIFY(m_page->parts()
                    ->index(row)
                    .data(PartModel::DetailRole)
                    .toString()
                    .contains(QStringLiteral("1 hole")));
    key(Qt::Key_B);
    QTest::mouseClick(m_page->canvas(), Qt::LeftButton, {}, at(11, 108));
    QTRY_COMPARE(storedMask(kBag).at(11, 108), std::uint8_t{1});
}

void TestViewerPage::quickStrokesAreAllStored()
{
    m_page->chooseGroup(kClothes);
    m_page->setTool(CanvasTool::Brush);
    m_page->canvas()->setBrushRadius(1);
    for (int i = 0; i < 6; ++i)
        drag(at(2 + 3 * i, 3), at(2 + 3 * i, 9)); // without waiting for the one before

    QTRY_VERIFY(m_page->isSaved());
    const Mask mask = storedMask(kClothes);
    for (int i = 0; i < 6; ++i)
        QCOMPARE(mask.at(2 + 3 * i, 6), std::uint8_t{1});
    QCOMPARE(m_session->undoStack()->count(), 6);
}

void TestViewerPage::exclusivePartsLoseWhatIsPaintedOver()
{
    const Mask clothes = storedMask(kClothes);
    const Box box = *boundingBox(clothes);
    const QString group = missingGroup();
    m_page->chooseGroup(group);
    m_page->setTool(CanvasTool::Brush);
    m_actions->action(QStringLiteral("viewer.exclusive"))->trigger();
    QVERIFY(m_page->isExclusive());

    drag(at(box.left + 1, (box.top + box.bottom) / 2.0),
         at(box.right - 1, (box.top + box.bottom) / 2.0));

    QTRY_COMPARE(m_session->undoStack()->count(), 1);
    QVERIFY(storedMask(group).area() > 0);
    QCOMPARE(intersectionOf(storedMask(group), storedMask(kClothes)).area(), std::size_t{0});
    QVERIFY(storedMask(kClothes).area() < clothes.area());
    m_session->undoStack()->undo(); // both together
    QTRY_VERIFY(storedMask(kClothes).bits == clothes.bits);
}

void TestViewerPage::aLockedPartIsNotPainted()
{
    const Mask before = storedMask(kClothes);
    m_page->chooseGroup(kClothes);
    m_page->parts()->toggleLock(kClothes);
    m_page->setTool(CanvasTool::Brush);
    QSignalSpy refused(m_page->canvas(), &PictureCanvas::refused);

    drag(at(2, 2), at(12, 2));
    m_page->removePart();

    QCOMPARE(refused.count(), 1);
    QTRY_VERIFY(m_session->isIdle());
    QVERIFY(storedMask(kClothes).bits == before.bits);
    QCOMPARE(m_session->undoStack()->count(), 0);
}

void TestViewerPage::aRemovedPartIsSaidNotToBeThere()
{
    m_page->chooseGroup(kClothes);
    const int rows = m_page->parts()->rowCount();

    key(Qt::Key_Delete);

    QTRY_COMPARE(m_page->parts()->rowCount(), rows - 1);
    ProjectStore store = ProjectStore::open(toStdString(m_folder), ProjectStore::Access::ReadOnly);
    QCOMPARE(store.absentRegions(m_page->shownId()).size(), std::size_t{1});
    m_session->undoStack()->undo();
    QTRY_COMPARE(m_page->parts()->rowCount(), rows);
    const int row = m_page->parts()->rowOf(kClothes);
    QVERIFY(!m_page->parts()->parts()[static_cast<std::size_t>(row)].phrase.isEmpty());
}

void TestViewerPage::aPhraseIsEditedInItsRowAndUndone()
{
    const int row = m_page->parts()->rowOf(kClothes);
    const QModelIndex index = m_page->parts()->index(row);
    const QString before = index.data(PartModel::PhraseRole).toString();
    m_page->partList()->setFocus();
    m_page->partList()->edit(index);
    auto *edit = m_page->partList()->findChild<QLineEdit *>();
    QVERIFY(edit != nullptr);
    QCOMPARE(edit->text(), before);
    edit->setText(QStringLiteral("a crimson coat"));

    QTest::keyClick(edit, Qt::Key_Return);

    const auto shown = [this, row] {
        return m_page->parts()->index(row).data(PartModel::PhraseRole).toString();
    };
    QTRY_COMPARE(shown(), QStringLiteral("a crimson coat"));
    QVERIFY(m_page->parts()
                ->index(row)
                .data(PartModel::DetailRole)
                .toString()
                .contains(QStringLiteral("phrase by a person")));
    m_session->undoStack()->undo();
    QTRY_COMPARE(shown(), before);
}

void TestViewerPage::soloShowsOnePartAndBringsTheOthersBack()
{
    PartModel *parts = m_page->parts();
    parts->toggleSolo(kClothes);

    const QSet<QString> &hidden = m_page->canvas()->look().hiddenGroups;
    QVERIFY(!hidden.contains(kClothes));
    QCOMPARE(static_cast<int>(hidden.size()), parts->rowCount() - 1);
    parts->toggleSolo(kClothes);
    QVERIFY(m_page->canvas()->look().hiddenGroups.isEmpty());
}

void TestViewerPage::peekingShowsThePictureAlone()
{
    PictureCanvas *canvas = m_page->canvas();
    canvas->setFocus();
    const QImage with = canvas->grab().toImage();

    QTest::keyPress(canvas, Qt::Key_Backslash);
    QVERIFY(canvas->isPeeking());
    const QImage without = canvas->grab().toImage();
    QTest::keyRelease(canvas, Qt::Key_Backslash);

    QVERIFY(!canvas->isPeeking());
    QVERIFY(with != without);
    QTest::keyPress(canvas, Qt::Key_Tab);
    QVERIFY(canvas->isPeeking());
    // A tap goes on to the next control.
    QTest::keyRelease(canvas, Qt::Key_Tab);
    QVERIFY(!canvas->isPeeking());
    QVERIFY(!canvas->hasFocus());
}

void TestViewerPage::digitsAndNamesChooseTheParts()
{
    key(Qt::Key_4);
    QCOMPARE(m_page->group(), m_palette.styles()[3].group);
    key(Qt::Key_L);
    auto *finder = m_page->findChild<QDialog *>(QStringLiteral("partFinder"));
    QVERIFY(finder != nullptr);
    auto *edit = finder->findChild<QLineEdit *>();
    finder->activateWindow();
    QTRY_COMPARE(QApplication::focusWidget(), edit);
    QTest::keyClicks(edit, QStringLiteral("bg"));
    QCOMPARE(finder->findChild<QListWidget *>()->count(), 1);
    QTest::keyClick(edit, Qt::Key_Return);
    QCOMPARE(m_page->group(), kBag);
    m_page->activateWindow();
    QTRY_COMPARE(QApplication::focusWidget(), m_page->canvas());
    key(Qt::Key_V);
    QVERIFY(m_page->parts()->hiddenGroups().contains(kBag));
}

void TestViewerPage::toolsStayAndEscapeLeavesThem()
{
    m_page->chooseGroup(kClothes);
    key(Qt::Key_X);
    drag(at(1, 1), at(2, 2));
    QCOMPARE(m_page->canvas()->tool(), CanvasTool::Eraser);
    key(Qt::Key_Escape);
    QCOMPARE(m_page->canvas()->tool(), CanvasTool::Look);
    key(Qt::Key_N);
    QCOMPARE(m_page->canvas()->tool(), CanvasTool::Eraser);
    const double radius = m_page->canvas()->brushRadius();
    key(Qt::Key_BracketRight);
    QVERIFY(m_page->canvas()->brushRadius() > radius);
    key(Qt::Key_BracketLeft);
    QCOMPARE(m_page->canvas()->brushRadius(), radius);
    QVERIFY(m_actions->clashes().isEmpty());
}

void TestViewerPage::aPhraseIsAnsweredAndTaken()
{
    m_page->chooseGroup(kClothes);
    key(Qt::Key_R);
    QTRY_VERIFY(m_page->phrasePrompt()->hasFocus());
    m_page->phrasePrompt()->clear();
    // The words that were written about it, so that the model finds it.
    const QString phrase = m_page->parts()
                               ->index(m_page->parts()->rowOf(kClothes))
                               .data(PartModel::PhraseRole)
                               .toString();
    QVERIFY(!phrase.isEmpty());
    QTest::keyClicks(m_page->phrasePrompt(), phrase);
    QTRY_VERIFY_WITH_TIMEOUT(m_page->canvas()->hasPreview(), 20000);
    const std::vector<RegionRecord> before = stored();
    QVERIFY(!m_page->agreementLabel()->text().isEmpty());
    QTRY_VERIFY(m_page->assistant()->isIdle());

    QTest::keyClick(m_page->phrasePrompt(), Qt::Key_Return);

    QTRY_VERIFY(!m_page->canvas()->hasPreview());
    QTRY_COMPARE(m_session->undoStack()->count(), 1);
    for (const RegionRecord &region : stored()) {
        if (region.group != "clothes")
            continue;
        QCOMPARE(region.origin, std::string("human"));
        QVERIFY(region.area > 0.0);
        QCOMPARE(QString::fromStdString(region.prompt), phrase);
        QCOMPARE(region.modelHash.size(), std::size_t{64});
    }
}

void TestViewerPage::pointsWaitForTheEncodingOrSayThatNoModelTakesThem()
{
    m_page->chooseGroup(kClothes);
    const Box box = *boundingBox(storedMask(kClothes));
    QSignalSpy failures(m_page->assistant(), &PromptAssistant::failed);
    key(Qt::Key_Q);

    QTest::mouseClick(m_page->canvas(), Qt::LeftButton, {},
                      at((box.left + box.right) / 2.0, (box.top + box.bottom) / 2.0));

    QTRY_VERIFY_WITH_TIMEOUT(m_page->canvas()->hasPreview() || failures.count() > 0, 20000);
    if (!m_page->assistant()->takesPoints())
        QCOMPARE(failures.count(), 1);
    key(Qt::Key_Escape);
    QVERIFY(!m_page->canvas()->hasPreview());
    QCOMPARE(m_session->undoStack()->count(), 0);
}

void TestViewerPage::strokesOfTheOldPictureDoNotReachTheNewOne()
{
    m_page->chooseGroup(kClothes);
    const qint64 first = m_page->shownId();
    m_page->setTool(CanvasTool::Brush);
    drag(at(2, 2), at(12, 2));
    m_session->loadDetails(m_ids[1]);
    QTRY_COMPARE(m_page->shownId(), m_ids[1]);
    QTRY_VERIFY(m_page->isSaved());

    ProjectStore store = ProjectStore::open(toStdString(m_folder), ProjectStore::Access::ReadOnly);
    int human = 0;
    for (const RegionRecord &region : store.regions(m_ids[1]))
        human += region.origin == "human" ? 1 : 0;
    QCOMPARE(human, 0);
    human = 0;
    for (const RegionRecord &region : store.regions(first))
        human += region.origin == "human" ? 1 : 0;
    QCOMPARE(human, 1);
}

QTEST_MAIN(TestViewerPage)
#include "tst_viewer_page.moc"
