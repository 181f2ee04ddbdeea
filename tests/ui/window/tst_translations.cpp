#include "core/taxonomy/taxonomy.h"
#include "ui/support/icons.h"
#include "ui/support/text.h"
#include "ui/window/window_host.h"

#include <QFile>
#include <QMenuBar>
#include <QProcess>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QXmlStreamReader>

using namespace sapsam;
using namespace sapsam::ui;

namespace {

QString sourceFolder()
{
    return QString::fromUtf8(SAPSAM_SOURCE_DIR);
}

struct Catalogue
{
    int texts = 0;
    QStringList missing; // "Context: text"
    QStringList broken;  // placeholders that differ
};

QStringList placeholders(const QString &text)
{
    static const QRegularExpression kPlaceholder(QStringLiteral("%(L?[0-9]|n)"));
    QStringList found;
    QRegularExpressionMatchIterator matches = kPlaceholder.globalMatch(text);
    while (matches.hasNext())
        found.append(matches.next().captured());
    found.sort();
    found.removeDuplicates();
    return found;
}

Catalogue readCatalogue(const QString &path)
{
    Catalogue result;
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        return result;
    QXmlStreamReader xml(&file);
    QString context;
    QString source;
    while (!xml.atEnd()) {
        if (!xml.readNextStartElement() && !xml.isStartElement())
            continue;
        if (xml.name() == QLatin1String("name")) {
            context = xml.readElementText();
        } else if (xml.name() == QLatin1String("source")) {
            source = xml.readElementText();
            ++result.texts;
        } else if (xml.name() == QLatin1String("translation")) {
            const QString type = xml.attributes().value(QStringLiteral("type")).toString();
            const QString text =
                xml.readElementText(QXmlStreamReader::IncludeChildElements).trimmed();
            if (type == QLatin1String("vanished") || type == QLatin1String("obsolete"))
                --result.texts;
            else if (type == QLatin1String("unfinished") || text.isEmpty())
                result.missing.append(context + QStringLiteral(": ") + source);
            else if (placeholders(source) != placeholders(text))
                result.broken.append(context + QStringLiteral(": ") + source);
        }
    }
    return result;
}

} // namespace

class TestTranslations : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { initializeResources(); }

    void everyTextOfTheWindowIsTranslated()
    {
        const QTemporaryDir folder;
        const QString catalogue = folder.filePath(QStringLiteral("sapsam_de.ts"));
        QVERIFY(QFile::copy(sourceFolder() + QStringLiteral("/resources/i18n/sapsam_de.ts"),
                            catalogue));
#if defined(SAPSAM_LUPDATE)
        // What was written since the catalogue was made shows up as unfinished.
        QProcess update;
        update.start(QStringLiteral(SAPSAM_LUPDATE),
                     {QStringLiteral("-silent"), QStringLiteral("-no-obsolete"),
                      QStringLiteral("-locations"), QStringLiteral("none"), QStringLiteral("-I"),
                      sourceFolder(), sourceFolder() + QStringLiteral("/ui"),
                      QStringLiteral("-extensions"), QStringLiteral("cpp,h"), QStringLiteral("-ts"),
                      catalogue});
        QVERIFY(update.waitForFinished(60'000));
        QCOMPARE(update.exitCode(), 0);
#endif
        const Catalogue found = readCatalogue(catalogue);

        QVERIFY(found.texts > 200);
        QVERIFY2(found.missing.isEmpty(), qPrintable(found.missing.join(QLatin1Char('\n'))));
        QVERIFY2(found.broken.isEmpty(), qPrintable(found.broken.join(QLatin1Char('\n'))));
    }

    void languageIsChangedInTheRunningWindow()
    {
        if (!shippedLanguages().contains(QStringLiteral("de")))
            QSKIP("built without lrelease: the window speaks English only");
        const QTemporaryDir folder;
        WindowOptions options;
        options.session.modelsFolder = folder.filePath(QStringLiteral("no-models"));
        options.session.engine.device = "cpu";
        options.session.palette = makePartPalette(defaultTaxonomy());
        options.configFolder = folder.filePath(QStringLiteral("config"));
        options.stateFolder = folder.filePath(QStringLiteral("state"));
        Settings(options.configFolder, options.stateFolder).setLanguage(QStringLiteral("en"));
        WindowHost host(options, true);
        const auto menus = [&host] {
            QStringList titles;
            for (const QAction *menu : host.window().menuBar()->actions())
                titles.append(menu->text().remove(QLatin1Char('&')));
            return titles;
        };
        QVERIFY(menus().contains(QStringLiteral("View")));
        QSignalSpy rebuilt(&host, &WindowHost::rebuilt);

        Settings(options.configFolder, options.stateFolder).setLanguage(QStringLiteral("de"));
        Q_EMIT host.window().rebuildRequested();

        QTRY_COMPARE(rebuilt.count(), 1);
        QVERIFY2(menus().contains(QStringLiteral("Ansicht")), qPrintable(menus().join(u',')));
    }
};

QTEST_MAIN(TestTranslations)
#include "tst_translations.moc"
