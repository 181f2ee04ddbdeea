// "Import model…": published weights become models of the registry, as on the command line.
#include "core/base/file.h"
#include "core/engine/model_import.h"
#include "tests/support/golden_folder.h"
#include "ui/dialogs/import_model_dialog.h"
#include "ui/dialogs/settings_dialog.h"
#include "ui/support/action_registry.h"
#include "ui/support/icons.h"
#include "ui/support/text.h"
#include "ui/widgets/model_list.h"
#include "ui/window/main_window.h"

#include <QAbstractItemModelTester>
#include <QAbstractScrollArea>
#include <QAction>
#include <QApplication>
#include <QDir>
#include <QDragEnterEvent>
#include <QDropEvent>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QMimeData>
#include <QPointer>
#include <QProgressBar>
#include <QPushButton>
#include <QRadioButton>
#include <QSignalSpy>
#include <QTableView>
#include <QTemporaryDir>
#include <QTest>

#include <filesystem>
#include <memory>

using namespace sapsam;
using namespace sapsam::ui;

namespace {

using State = ImportModelDialog::State;

QString golden(const char *path)
{
    return QString::fromStdString(test::shippedPath(path));
}

bool isSettled(const ImportModelDialog &dialog)
{
    return dialog.state() != State::Examining && dialog.state() != State::Importing;
}

QString textsOf(const QWidget &widget)
{
    QStringList texts;
    for (const QLabel *label : widget.findChildren<QLabel *>()) {
        if (label->isVisibleTo(&widget))
            texts.append(label->text());
    }
    return texts.join(QLatin1Char('\n'));
}

} // namespace

class TestImportModel : public QObject
{
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    QString m_registry;

    ModelEntry entryNamed(const QString &name) const
    {
        const ModelManifest manifest = readModelManifest(toStdString(m_registry));
        const ModelEntry *entry = manifest.findByName(toStdString(name));
        return entry != nullptr ? *entry : ModelEntry{};
    }

    // What the shapes of the miniature do not tell.
    QString clipConfig() const
    {
        Json config = examineModel({toStdString(golden("clip_tiny/weights_openai.pt"))}).config;
        config.merge_patch(Json::parse(R"({"vision_config":{"num_attention_heads":4},
                                           "text_config":{"num_attention_heads":3}})"));
        const QString path = m_folder->filePath(QStringLiteral("clip-config.json"));
        writeJsonFile(toStdString(path), config);
        return path;
    }

private Q_SLOTS:
    void initTestCase() { initializeResources(); }
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_registry = m_folder->filePath(QStringLiteral("registry"));
        qputenv("XDG_DATA_HOME", m_folder->filePath(QStringLiteral("data")).toUtf8());
    }
    void cleanupTestCase() { qunsetenv("XDG_DATA_HOME"); }

    void nothingIsOfferedBeforeFilesAreChosen()
    {
        ImportModelDialog dialog(m_registry);
        dialog.show();

        QVERIFY(dialog.state() == State::Empty);
        QVERIFY(!dialog.importButton().isEnabled());
        QVERIFY(!dialog.nameEdit().isVisible());
        dialog.startImport();
        QVERIFY(dialog.state() == State::Empty);
        QVERIFY(!QDir(m_registry).exists());
    }

    void aPublishedFileIsNamedAndBecomesTheModelThatTheCommandLineMakes()
    {
        const QString file = golden("sam_tiny/weights_meta.pth");
        ImportModelDialog dialog(m_registry, {file});
        QSignalSpy imported(&dialog, &ImportModelDialog::imported);
        dialog.show();
        QTRY_VERIFY(isSettled(dialog));

        QVERIFY2(dialog.state() == State::Ready, qPrintable(dialog.problem()));
        QVERIFY2(dialog.headline().contains(QStringLiteral("SAM")), qPrintable(dialog.headline()));
        QVERIFY(textsOf(dialog).contains(taskTitle(QStringLiteral("sam"))));
        QCOMPARE(dialog.nameEdit().placeholderText(), QStringLiteral("weights_meta"));
        QVERIFY(dialog.grab().toImage().allGray() == false);
        dialog.importButton().click();
        QTRY_VERIFY(isSettled(dialog));

        QVERIFY2(dialog.state() == State::Imported, qPrintable(dialog.problem()));
        QCOMPARE(imported.count(), 1);
        QCOMPARE(imported.first().at(1).toString(), QStringLiteral("weights_meta"));
        // What the verb calls gives the same files.
        ModelImportRequest request;
        request.paths = {toStdString(file)};
        request.modelsFolder = toStdString(m_folder->filePath(QStringLiteral("other")));
        const ModelImport wanted = importModel(request, {}, {});
        const ModelEntry made = entryNamed(QStringLiteral("weights_meta"));
        QCOMPARE(made.name, wanted.entry.name);
        QCOMPARE(made.task, std::string("sam"));
        QCOMPARE(made.files.size(), wanted.entry.files.size());
        for (std::size_t i = 0; i < made.files.size(); ++i) {
            QCOMPARE(made.files[i].path, wanted.entry.files[i].path);
            if (made.files[i].path != "config.json") // holds the times of the files
                QCOMPARE(made.files[i].sha256, wanted.entry.files[i].sha256);
        }
        const ModelManifest manifest = readModelManifest(toStdString(m_registry));
        QVERIFY(verifyModel(manifest, manifest.models.front()).empty());
        QVERIFY(textsOf(dialog).contains(toQString(made.files.front().sha256)));
    }

    void whatTheTensorsDoNotTellIsAskedForAndTakenFromAConfiguration()
    {
        ImportModelDialog dialog(m_registry, {golden("clip_tiny/weights_openai.pt")});
        QTRY_VERIFY(isSettled(dialog));
        QVERIFY(dialog.state() == State::Refused);
        QVERIFY2(dialog.problem().contains(QStringLiteral("attention heads")),
                 qPrintable(dialog.problem()));

        dialog.setConfigFile(golden("clip_tiny/case.json"));
        QTRY_VERIFY(isSettled(dialog));
        QVERIFY(dialog.state() == State::Failed);
        QVERIFY(!dialog.problem().isEmpty());

        dialog.setConfigFile(clipConfig());
        QTRY_VERIFY(isSettled(dialog));
        QVERIFY2(dialog.state() == State::Ready, qPrintable(dialog.problem()));
        dialog.nameEdit().setText(QStringLiteral("clip"));
        dialog.startImport();
        QTRY_VERIFY(isSettled(dialog));

        QVERIFY(dialog.state() == State::Imported);
        QCOMPARE(entryNamed(QStringLiteral("clip")).task, std::string("retrieval"));
        // Without its tokenizer it cannot read: that is said, not hidden.
        QVERIFY2(dialog.problem().contains(QStringLiteral("merges.txt")),
                 qPrintable(dialog.problem()));
    }

    void aMissingPartIsNamedAndComesWithTheNextFile()
    {
        ImportModelDialog dialog(m_registry,
                                 {golden("blip2_opt_tiny/weights_lavis_blip2_opt.pth")});
        dialog.show();
        QTRY_VERIFY(isSettled(dialog));
        QVERIFY(dialog.state() == State::Refused);
        QVERIFY2(dialog.problem().contains(QStringLiteral("language model")),
                 qPrintable(dialog.problem()));
        QVERIFY(!dialog.importButton().isEnabled());

        dialog.addPaths({golden("blip2_opt_tiny/weights_opt_lm.bin"),
                         golden("blip2_opt_tiny/weights_eva_vit.pth")});
        QTRY_VERIFY(isSettled(dialog));

        QCOMPARE(dialog.examination().missingParts.size(), std::size_t(0));
        QCOMPARE(dialog.examination().architecture, std::string("blip2-opt"));
    }

    void hostileFilesAreRefusedWithTheirReason_data()
    {
        QTest::addColumn<QString>("path");
        const QDir folder(golden("pipeline/checkpoints/malformed"));
        for (const QFileInfo &entry :
             folder.entryInfoList(QDir::AllEntries | QDir::NoDotAndDotDot)) {
            if (entry.fileName() != QLatin1String("expected.json"))
                QTest::newRow(qPrintable(entry.fileName())) << entry.filePath();
        }
    }
    void hostileFilesAreRefusedWithTheirReason()
    {
        QFETCH(const QString, path);
        ImportModelDialog dialog(m_registry, {path});
        QTRY_VERIFY(isSettled(dialog));

        QVERIFY(dialog.state() == State::Failed || dialog.state() == State::Refused);
        QVERIFY(!dialog.problem().isEmpty());
        QVERIFY(!dialog.importButton().isEnabled());
        dialog.startImport();
        QVERIFY(isSettled(dialog));
        QVERIFY(!QDir(m_registry).exists());
    }

    void aFileThatVanishedIsNamed()
    {
        ImportModelDialog dialog(m_registry, {QStringLiteral("/nowhere/sam.pth")});
        QTRY_VERIFY(isSettled(dialog));

        QVERIFY(dialog.state() == State::Failed);
        QVERIFY2(dialog.problem().contains(QStringLiteral("/nowhere/sam.pth")),
                 qPrintable(dialog.problem()));
    }

    void whatFilesSayIsNeverReadAsMarkup()
    {
        const QString file = m_folder->filePath(QStringLiteral("<b>bold<img src=x>.pth"));
        QVERIFY(QFile::copy(golden("sam_tiny/weights_meta.pth"), file));
        ImportModelDialog dialog(m_registry, {file});
        QTRY_VERIFY(isSettled(dialog));
        QVERIFY(dialog.state() == State::Ready);

        for (const QLabel *label : dialog.findChildren<QLabel *>())
            QVERIFY2(label->textFormat() == Qt::PlainText || label->text().isEmpty(),
                     qPrintable(label->text()));
        dialog.startImport();
        QTRY_VERIFY(isSettled(dialog));
        QVERIFY2(dialog.state() == State::Imported, qPrintable(dialog.problem()));
        QCOMPARE(readModelManifest(toStdString(m_registry)).models.front().name,
                 std::string("b-bold-img-src-x-"));
    }

    void aTakenNameIsSaidBeforeAnythingIsCopied()
    {
        ImportModelDialog dialog(m_registry, {golden("dvae_tiny/encoder.pkl")});
        dialog.show();
        QTRY_VERIFY(isSettled(dialog));
        dialog.startImport();
        QTRY_VERIFY(isSettled(dialog));
        QVERIFY(dialog.state() == State::Imported);
        QVERIFY(!dialog.useButton().isVisible()); // no task of the window uses a dVAE

        ImportModelDialog again(m_registry, {golden("dvae_tiny/encoder.pkl")});
        QTRY_VERIFY(isSettled(again));
        QVERIFY2(again.problem().contains(QStringLiteral("encoder")), qPrintable(again.problem()));
        QVERIFY(!again.importButton().isEnabled());
        again.nameEdit().setText(QStringLiteral("encoder-2"));
        QVERIFY(again.importButton().isEnabled());
        // A name that cannot be one is refused by the engine, and the dialog stays as it was.
        again.nameEdit().setText(QStringLiteral("../up"));
        again.startImport();
        QTRY_VERIFY(isSettled(again));
        QVERIFY(again.state() == State::Ready);
        QVERIFY2(again.problem().contains(QStringLiteral("../up")), qPrintable(again.problem()));
    }

    void linkedWeightsStayWhereTheyAre()
    {
        ImportModelDialog dialog(m_registry, {golden("sam_tiny/weights_meta.pth")});
        QTRY_VERIFY(isSettled(dialog));
        dialog.linkChoice().setChecked(true);
        dialog.startImport();
        QTRY_VERIFY(isSettled(dialog));

        QVERIFY(dialog.state() == State::Imported);
        QVERIFY(QFileInfo(m_registry + QStringLiteral("/weights_meta/weights_meta.pth"))
                    .isSymLink());
    }

    void aCancelledImportLeavesNothingAndCanBeRepeated()
    {
        ImportModelDialog dialog(m_registry, {golden("sam_tiny/weights_meta.pth")});
        dialog.show();
        QTRY_VERIFY(isSettled(dialog));

        dialog.startImport();
        dialog.cancelButton().click();
        QTRY_VERIFY(isSettled(dialog));

        QVERIFY(dialog.state() == State::Ready);
        QVERIFY(!std::filesystem::exists(toStdString(m_registry) + "/weights_meta"));
        dialog.startImport();
        QTRY_VERIFY(isSettled(dialog));
        QVERIFY(dialog.state() == State::Imported);
    }

    void closingWhileItCopiesCancelsAndGoesAway()
    {
        QPointer<ImportModelDialog> dialog =
            new ImportModelDialog(m_registry, {golden("sam_tiny/weights_meta.pth")});
        dialog->setAttribute(Qt::WA_DeleteOnClose);
        dialog->show();
        QTRY_VERIFY(isSettled(*dialog));

        dialog->startImport();
        dialog->close();

        QTRY_VERIFY(dialog.isNull());
        QVERIFY(!std::filesystem::exists(toStdString(m_registry) + "/weights_meta/.importing"));
    }

    void droppedFilesAreLookedAt()
    {
        ImportModelDialog dialog(m_registry);
        QMimeData data;
        data.setUrls({QUrl::fromLocalFile(golden("sam_tiny/weights_meta.pth"))});
        QDragEnterEvent enter({5, 5}, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(&dialog, &enter);
        QVERIFY(enter.isAccepted());
        QDropEvent drop({5, 5}, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(&dialog, &drop);

        QTRY_VERIFY(isSettled(dialog));
        QVERIFY(dialog.state() == State::Ready);
        QCOMPARE(dialog.list().count(), 1);
    }

    void everyControlHasAName()
    {
        ImportModelDialog dialog(m_registry, {golden("sam_tiny/weights_meta.pth")});
        QTRY_VERIFY(isSettled(dialog));
        for (const QWidget *widget : dialog.findChildren<QWidget *>()) {
            const bool isControl = widget->inherits("QLineEdit")
                                   || widget->inherits("QAbstractItemView")
                                   || widget->inherits("QPlainTextEdit")
                                   || widget->inherits("QProgressBar");
            if (isControl)
                QVERIFY2(!widget->accessibleName().isEmpty(), widget->metaObject()->className());
            if (const auto *button = qobject_cast<const QAbstractButton *>(widget))
                QVERIFY(!button->text().isEmpty() || !button->accessibleName().isEmpty());
        }
    }

    void theWindowBringsItUpAndItsListShowsWhatCameIn()
    {
        WindowOptions options;
        options.session.modelsFolder = m_folder->filePath(QStringLiteral("no-models"));
        options.session.engine.device = "cpu";
        options.configFolder = m_folder->filePath(QStringLiteral("config"));
        options.stateFolder = m_folder->filePath(QStringLiteral("state"));
        options.importFolder = m_registry;
        MainWindow window(options);
        window.show();
        QSignalSpy rebuilds(&window, &MainWindow::rebuildRequested);
        QAction *action = window.actions().action(QStringLiteral("models.import"));
        QVERIFY(action != nullptr && action->isEnabled()); // without a project, too

        action->trigger();
        auto *dialog = window.findChild<ImportModelDialog *>();
        QVERIFY(dialog != nullptr);
        QCOMPARE(dialog->registry(), m_registry);
        action->trigger(); // brings the same one up
        QCOMPARE(window.findChildren<ImportModelDialog *>().size(), qsizetype{1});
        dialog->addPaths({golden("sam_tiny/weights_meta.pth")});
        QTRY_VERIFY(isSettled(*dialog));
        dialog->startImport();
        QTRY_VERIFY(isSettled(*dialog));
        QVERIFY(dialog->useButton().isVisible());
        dialog->useButton().click();

        QTRY_COMPARE(rebuilds.count(), 1);
        QCOMPARE(Settings(options.configFolder, options.stateFolder).modelsFolder(), m_registry);
    }

    void theSettingsListTheModelsAndLeadToTheImport()
    {
        ImportModelDialog dialog({}, {golden("sam_tiny/weights_meta.pth")}); // the user's own
        QTRY_VERIFY(isSettled(dialog));
        dialog.startImport();
        QTRY_VERIFY(isSettled(dialog));
        const QString brought = toQString(userModelsFolder());
        QCOMPARE(dialog.registry(), brought);

        ModelList list(m_registry);
        const QAbstractItemModelTester tester(&list.model());
        QSignalSpy loaded(&list, &ModelList::loaded);
        QSignalSpy chosen(&list, &ModelList::modelsFolderChosen);
        QVERIFY(loaded.wait());

        QCOMPARE(list.model().rowCount(), 1);
        QVERIFY(!list.model().modelAt(0)->isUsed);
        QVERIFY(!list.useButton().isEnabled());
        list.view().selectRow(0);
        QVERIFY(list.useButton().isEnabled());
        list.useButton().click();
        QVERIFY(chosen.wait());
        QCOMPARE(chosen.first().first().toString(), brought);

        list.choose(brought, QStringLiteral("gone"));
        QTRY_VERIFY2(list.problem().contains(QStringLiteral("gone")), qPrintable(list.problem()));
    }
};

QTEST_MAIN(TestImportModel)
#include "tst_import_model.moc"
