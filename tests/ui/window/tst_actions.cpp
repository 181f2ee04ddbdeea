#include "core/base/error.h"
#include "ui/dialogs/cheat_sheet_dialog.h"
#include "ui/dialogs/command_model.h"
#include "ui/dialogs/command_palette.h"
#include "ui/dialogs/key_editor.h"
#include "ui/dialogs/settings_dialog.h"
#include "ui/support/action_registry.h"
#include "ui/support/icons.h"
#include "ui/support/settings.h"
#include "ui/support/theme.h"

#include <QAbstractItemModelTester>
#include <QAction>
#include <QComboBox>
#include <QFile>
#include <QJsonArray>
#include <QLabel>
#include <QLineEdit>
#include <QPdfWriter>
#include <QPushButton>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QVBoxLayout>

#include <memory>

using namespace sapsam;
using namespace sapsam::ui;

namespace {

QKeySequence key(const char *text)
{
    return QKeySequence(QString::fromLatin1(text), QKeySequence::PortableText);
}

} // namespace

class TestActions : public QObject
{
    Q_OBJECT

private:
    QAction *add(const char *id, const char *text, const char *keys,
                 ActionScope scope = ActionScope::Global, QWidget *owner = nullptr)
    {
        ActionSpec spec;
        spec.id = QString::fromLatin1(id);
        spec.text = QString::fromLatin1(text);
        if (*keys != '\0')
            spec.keys = {key(keys)};
        spec.scope = scope;
        spec.section = QStringLiteral("View");
        return m_registry->add(spec, owner != nullptr ? owner : m_window.get());
    }

    std::unique_ptr<QWidget> m_window;
    std::unique_ptr<ActionRegistry> m_registry;

private Q_SLOTS:
    void initTestCase() { initializeResources(); }
    void init()
    {
        m_window = std::make_unique<QWidget>();
        m_registry = std::make_unique<ActionRegistry>();
    }

    void aChangedKeyIsASparseOverrideThatOutlivesTheRegistry()
    {
        QAction *action = add("a", "Zoom in", "Ctrl++");
        add("b", "Zoom out", "Ctrl+-");
        QSignalSpy changes(m_registry.get(), &ActionRegistry::keysChanged);

        m_registry->setKeys(QStringLiteral("a"), {key("F5")});

        QCOMPARE(action->shortcut(), key("F5"));
        QCOMPARE(changes.count(), 1);
        QCOMPARE(m_registry->overrides().size(), qsizetype{1});
        QVERIFY(action->toolTip().contains(QStringLiteral("F5")));

        // As at the next start: the overrides come before the actions.
        ActionRegistry next;
        next.setOverrides(m_registry->overrides());
        ActionSpec spec;
        spec.id = QStringLiteral("a");
        spec.keys = {key("Ctrl++")};
        QWidget owner;
        QCOMPARE(next.add(spec, &owner)->shortcut(), key("F5"));
        next.resetKeys(QStringLiteral("a"));
        QCOMPARE(next.action(QStringLiteral("a"))->shortcut(), key("Ctrl++"));
        QVERIFY(next.overrides().isEmpty());
    }

    void aKeyTakenAwayFromAllStaysAway()
    {
        add("a", "Zoom in", "Ctrl++");
        m_registry->setKeys(QStringLiteral("a"), {});
        QVERIFY(m_registry->action(QStringLiteral("a"))->shortcuts().isEmpty());
        QVERIFY(m_registry->isChanged(QStringLiteral("a")));
        m_registry->resetAllKeys();
        QCOMPARE(m_registry->action(QStringLiteral("a"))->shortcut(), key("Ctrl++"));
    }

    void schemeGoesOutAndComesBack()
    {
        add("a", "Zoom in", "Ctrl++");
        add("b", "Zoom out", "Ctrl+-");
        m_registry->setKeys(QStringLiteral("b"), {key("F9"), key("Ctrl+J")});
        const QJsonObject scheme = m_registry->exportScheme();
        m_registry->resetAllKeys();

        m_registry->importScheme(scheme);

        QCOMPARE(m_registry->spec(QStringLiteral("b")).keys,
                 (QList<QKeySequence>{key("F9"), key("Ctrl+J")}));
        QCOMPARE(m_registry->spec(QStringLiteral("a")).keys, QList<QKeySequence>{key("Ctrl++")});
    }

    void aBadSchemeIsRefusedWhole_data()
    {
        QTest::addColumn<QJsonObject>("scheme");
        QTest::addColumn<QString>("named");
        const QJsonObject head{{QStringLiteral("sapsam-keys"), 1}};
        QTest::newRow("something else")
            << QJsonObject{{QStringLiteral("x"), 1}} << QStringLiteral("sapsam-keys");
        QJsonObject noList = head;
        noList[QStringLiteral("keys")] = QJsonObject{{QStringLiteral("a"), QStringLiteral("F5")}};
        QTest::newRow("no list") << noList << QStringLiteral("“a”");
        QJsonObject noKey = head;
        noKey[QStringLiteral("keys")] =
            QJsonObject{{QStringLiteral("a"), QJsonArray{QStringLiteral("F5")}},
                        {QStringLiteral("b"), QJsonArray{QStringLiteral("Ctrl+Nonsense")}}};
        QTest::newRow("no key") << noKey << QStringLiteral("Nonsense");
    }
    void aBadSchemeIsRefusedWhole()
    {
        QFETCH(const QJsonObject, scheme);
        QFETCH(const QString, named);
        add("a", "Zoom in", "Ctrl++");
        try {
            m_registry->importScheme(scheme);
            QFAIL("it was taken");
        } catch (const Error &error) {
            QCOMPARE(error.kind(), ErrorKind::InvalidInput);
            QVERIFY2(QString::fromUtf8(error.what()).contains(named), error.what());
        }
        QVERIFY(m_registry->overrides().isEmpty());
        QCOMPARE(m_registry->spec(QStringLiteral("a")).keys, QList<QKeySequence>{key("Ctrl++")});
    }

    void conflictsAreFoundPerScope()
    {
        add("a", "Everywhere", "Ctrl+L");
        add("b", "In the viewer", "D", ActionScope::Viewer);
        add("c", "In the gallery", "X", ActionScope::Gallery);
        QCOMPARE(m_registry->conflicts(QStringLiteral("c"), key("D")), QStringList());
        QCOMPARE(m_registry->conflicts(QStringLiteral("c"), key("Ctrl+L")),
                 QStringList{QStringLiteral("a")});
        QCOMPARE(m_registry->conflicts(QStringLiteral("a"), key("D")),
                 QStringList{QStringLiteral("b")});
    }

    void editorShowsTheConflictAndTakesTheKeyOver()
    {
        add("a", "Zoom in", "Ctrl++");
        add("b", "Zoom out", "Ctrl+-");
        KeyEditor editor(*m_registry);
        editor.select(QStringLiteral("a"));

        editor.type(key("Ctrl+-"));

        QVERIFY(editor.conflictText().contains(QStringLiteral("Zoom out")));
        editor.assignButton().click();
        QCOMPARE(m_registry->spec(QStringLiteral("a")).keys, QList<QKeySequence>{key("Ctrl+-")});
        QVERIFY(m_registry->spec(QStringLiteral("b")).keys.isEmpty());
        QCOMPARE(m_registry->clashes(), QStringList());
    }

    void readOnlyHoldsBackWhatChangesTheProjectAndSaysWhy()
    {
        QAction *brush = add("edit.brush", "Brush", "P");
        QAction *zoom = add("view.zoom", "Zoom", "Z");
        m_registry->markAsChanging({QStringLiteral("edit.brush")});

        m_registry->setReadOnly(QStringLiteral("the disk is full of sand"));
        QVERIFY(!brush->isEnabled());
        QVERIFY(zoom->isEnabled());
        QVERIFY(brush->toolTip().contains(QStringLiteral("sand")));
        // The page switches its action on, as it does with every picture.
        brush->setEnabled(false);
        brush->setEnabled(true);
        QVERIFY(!brush->isEnabled());

        m_registry->setReadOnly({});
        QVERIFY(brush->isEnabled());
        QVERIFY(!brush->toolTip().contains(QStringLiteral("sand")));
    }

    void lettersFireOnTheCanvasAndNeverInATextField()
    {
        auto *page = new QWidget;
        auto *canvas = new QWidget(page);
        canvas->setFocusPolicy(Qt::StrongFocus);
        auto *edit = new QLineEdit;
        auto *layout = new QVBoxLayout(m_window.get());
        layout->addWidget(page);
        layout->addWidget(edit);
        auto *inner = new QLineEdit(page);
        QAction *letter = add("a", "Next", "D", ActionScope::Viewer, page);
        QAction *slash = add("b", "Search", "/", ActionScope::Global);
        QSignalSpy fired(letter, &QAction::triggered);
        QSignalSpy searched(slash, &QAction::triggered);
        m_window->show();
        QApplication::setActiveWindow(m_window.get());
        QVERIFY(QTest::qWaitForWindowActive(m_window.get()));

        canvas->setFocus();
        QTest::keyClick(canvas, Qt::Key_D);
        QTest::keyClick(canvas, Qt::Key_Slash);
        QCOMPARE(fired.count(), 1);
        QCOMPARE(searched.count(), 1);

        for (QLineEdit *field : {edit, inner}) {
            field->setFocus();
            QTest::keyClick(field, Qt::Key_D);
            QTest::keyClick(field, Qt::Key_Slash, Qt::NoModifier);
            QCOMPARE(field->text(), QStringLiteral("d/"));
        }
        QCOMPARE(fired.count(), 1);
        QCOMPARE(searched.count(), 1);
    }

    void fuzzyScorePrefersBeginningsOfWords()
    {
        const QString title = QStringLiteral("Switch between dark and light");
        QVERIFY(fuzzyScore(title, QStringLiteral("sdl")) > 0);
        QCOMPARE(fuzzyScore(title, QStringLiteral("xyz")), 0);
        QVERIFY(fuzzyScore(QStringLiteral("Full screen"), QStringLiteral("fs"))
                > fuzzyScore(QStringLiteral("Offset"), QStringLiteral("fs")));
        QList<int> positions;
        QVERIFY(fuzzyScore(QStringLiteral("Zoom in"), QStringLiteral("zi"), &positions) > 0);
        QCOMPARE(positions, (QList<int>{0, 5}));
    }

    void paletteListsRecentFirstAndGreysWhatIsOff()
    {
        add("a", "Alpha", "Ctrl+1");
        QAction *beta = add("b", "Beta", "");
        add("c", "Gamma", "Ctrl+3")->setEnabled(false);
        add("d", "Delta", "D", ActionScope::Viewer);
        beta->trigger();
        CommandModel model(*m_registry);
        const QAbstractItemModelTester tester(&model);
        model.setUnavailablePages({QStringLiteral("viewer")});
        model.setTyped({});

        QCOMPARE(model.rowCount(), 4);
        QCOMPARE(model.index(0).data(CommandModel::IdRole).toString(), QStringLiteral("b"));
        QCOMPARE(model.index(1).data(CommandModel::KeysRole).toString(),
                 key("Ctrl+1").toString(QKeySequence::NativeText));
        for (const int row : {2, 3}) {
            QVERIFY(!model.index(row).data(CommandModel::EnabledRole).toBool());
            QVERIFY(!model.flags(model.index(row)).testFlag(Qt::ItemIsEnabled));
        }
        model.setTyped(QStringLiteral("alp"));
        QCOMPARE(model.rowCount(), 1);
        model.setTyped(QStringLiteral("qqq"));
        QCOMPARE(model.rowCount(), 0);
        QVERIFY(!model.data(QModelIndex(), Qt::DisplayRole).isValid());
    }

    void paletteChoosesWithTheKeyboard()
    {
        add("a", "Alpha", "");
        add("b", "Beta", "");
        m_window->resize(800, 600);
        m_window->show();
        auto *palette = new CommandPalette(*m_registry, {}, m_window.get());
        QSignalSpy chosen(palette, &CommandPalette::chosen);
        palette->show();
        QTest::keyClicks(&palette->edit(), QStringLiteral("bet"));
        QTest::keyClick(&palette->edit(), Qt::Key_Return);
        QCOMPARE(chosen.count(), 1);
        QCOMPARE(chosen.first().first().toString(), QStringLiteral("b"));
    }

    void cheatSheetIsFilteredAndPrinted()
    {
        add("a", "Zoom in", "Ctrl++");
        add("b", "Full screen", "F11");
        CheatSheetDialog dialog(m_registry->specs());
        dialog.findChild<QLineEdit *>()->setText(QStringLiteral("zoom"));
        int shown = 0;
        for (const QLabel *label : dialog.findChildren<QLabel *>()) {
            if (!label->isHidden() && label->text() == QStringLiteral("Full screen"))
                ++shown;
        }
        QCOMPARE(shown, 0);

        const QTemporaryDir folder;
        const QString file = folder.filePath(QStringLiteral("keys.pdf"));
        {
            QPdfWriter writer(file);
            printCheatSheet(m_registry->specs(), writer);
        }
        QFile written(file);
        QVERIFY(written.open(QIODevice::ReadOnly));
        QVERIFY(written.size() > 2000);
        QVERIFY(written.readAll().startsWith("%PDF"));
    }

    void settingsActAtOnceAndAreFound()
    {
        const QTemporaryDir folder;
        Settings settings(folder.filePath(QStringLiteral("config")),
                          folder.filePath(QStringLiteral("state")));
        QVERIFY(settings.theme() == ThemeChoice::System);
        add("a", "Zoom in", "Ctrl++");
        SettingsDialog dialog(settings, *m_registry);
        QSignalSpy themes(&dialog, &SettingsDialog::themeChanged);
        auto *theme = dialog.findChild<QComboBox *>();
        theme->setCurrentIndex(theme->findData(QStringLiteral("dark")));
        QCOMPARE(themes.count(), 1);
        QVERIFY(settings.theme() == ThemeChoice::Dark);

        dialog.searchEdit().setText(QStringLiteral("opacity"));
        QVERIFY(theme->parentWidget()->isHidden());
        QVERIFY(dialog.keyEditor().isHidden());
        dialog.searchEdit().setText(QStringLiteral("zoom in"));
        QVERIFY(!dialog.keyEditor().isHidden());
        dialog.searchEdit().clear();
        QVERIFY(!theme->parentWidget()->isHidden());
    }

    void settingsRememberWithinTheirBounds()
    {
        const QTemporaryDir folder;
        Settings settings(folder.filePath(QStringLiteral("config")),
                          folder.filePath(QStringLiteral("state")));
        settings.setTextPercent(900);
        QCOMPARE(settings.textPercent(), 200);
        settings.setPrecision(QStringLiteral("int8"));
        QCOMPARE(settings.precision(), QStringLiteral("int8"));
        settings.setPrecision(QStringLiteral("fp7"));
        QCOMPARE(settings.precision(), QStringLiteral("auto"));
        settings.setThumbnailMegabytes(1);
        QCOMPARE(settings.thumbnailMegabytes(), 32);
        settings.setKeys({{QStringLiteral("a"), {QStringLiteral("F5")}}});
        QCOMPARE(settings.keys().value(QStringLiteral("a")), QStringList{QStringLiteral("F5")});
        settings.setPlace(QStringLiteral("/p"), {QStringLiteral("viewer"), 7});
        settings.setPlace(QStringLiteral("/q"), {QStringLiteral("gallery"), 0});
        QCOMPARE(settings.place(QStringLiteral("/p")).page, QStringLiteral("viewer"));
        QCOMPARE(settings.place(QStringLiteral("/p")).picture, qint64{7});
        QVERIFY(settings.place(QStringLiteral("/r")).page.isEmpty());
        settings.saveNamedLayout({QStringLiteral("mine"), QStringLiteral("viewer"), "abc"});
        QCOMPARE(settings.namedLayouts().size(), qsizetype{1});
        settings.removeNamedLayout(QStringLiteral("mine"));
        QVERIFY(settings.namedLayouts().isEmpty());
    }

    void textGrowsWithTheSetting()
    {
        applyTheme(*qApp, ThemeKind::Light, 1.0);
        QLabel label(QStringLiteral("Text"));
        label.ensurePolished();
        const double before = label.font().pointSizeF();
        applyTheme(*qApp, ThemeKind::Light, 1.5);
        label.ensurePolished();
        QCOMPARE(label.font().pointSizeF(), before * 1.5);
        applyTheme(*qApp, ThemeKind::Light);
    }
};

QTEST_MAIN(TestActions)
#include "tst_actions.moc"
