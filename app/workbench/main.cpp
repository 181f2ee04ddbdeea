#include "app/cli/manual.h"
#include "core/base/error.h"
#include "core/base/version.h"
#include "core/engine/engine_options.h"
#include "core/pipeline/engines.h"
#include "core/taxonomy/taxonomy.h"
#include "ui/pages/page.h"
#include "ui/support/action_registry.h"
#include "ui/support/icons.h"
#include "ui/support/text.h"
#include "ui/support/theme.h"
#include "ui/support/watched_application.h"
#include "ui/window/main_window.h"
#include "ui/window/window_host.h"

#include <QAction>
#include <QApplication>
#include <QDialog>
#include <QDir>
#include <QElapsedTimer>
#include <QFileInfo>
#include <QTemporaryDir>
#include <QThread>
#include <QTimer>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace {

using namespace sapsam;
using namespace sapsam::ui;

constexpr int kPollMs = 50;
constexpr int kScreenshotTimeoutMs = 300'000;
constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

struct Arguments
{
    std::string project;
    std::string models;
    std::string query;
    std::vector<std::string> screenshot; // page, file
    std::string theme;
    std::string size;
    std::string language;
    std::string device = "auto";
};

// The action that brings up a dialog which can be pictured; empty for pages.
QString dialogAction(const QString &name)
{
    if (name == QLatin1String("settings"))
        return QStringLiteral("app.settings");
    if (name == QLatin1String("palette"))
        return QStringLiteral("view.palette");
    if (name == QLatin1String("keys"))
        return QStringLiteral("help.keys");
    if (name == QLatin1String("import-model"))
        return QStringLiteral("models.import");
    return {};
}

bool needsProject(const QString &page)
{
    return page != QLatin1String("start") && dialogAction(page).isEmpty();
}

// Waits until the wanted page shows what it has to show, saves it and ends the program.
class Screenshot final : public QObject
{
public:
    Screenshot(MainWindow &window, const QString &page, const QString &file)
        : m_window(window), m_page(page), m_file(file)
    {
        m_clock.start();
        m_timer.setInterval(kPollMs);
        connect(&m_timer, &QTimer::timeout, this, [this] { poll(); });
        m_timer.start();
    }

private:
    void poll()
    {
        if (!m_window.problem().isEmpty() && needsProject(m_page))
            return finish(m_window.problem());
        if (m_clock.elapsed() > kScreenshotTimeoutMs)
            return finish(QStringLiteral("the window did not come to rest"));
        if (!m_window.isSettled() || (needsProject(m_page) && m_window.showsStartPage()))
            return;
        if (!m_askedForPage && m_window.page(m_page) != nullptr) {
            m_askedForPage = true;
            m_window.showPage(m_page);
            m_window.page(m_page)->prepareScreenshot();
            return;
        }
        if (!m_askedForPage && !dialogAction(m_page).isEmpty()) {
            m_askedForPage = true;
            m_window.actions().action(dialogAction(m_page))->trigger();
            return;
        }
        // Twice at rest: what the last answer changed has been laid out and drawn.
        if (++m_restful < 3)
            return;
        QWidget *wanted = &m_window;
        if (!dialogAction(m_page).isEmpty()) {
            wanted = m_window.findChild<QDialog *>();
            if (wanted == nullptr)
                return finish(QStringLiteral("the dialog did not come up"));
        }
        if (wanted->grab().save(m_file))
            return finish({});
        finish(QStringLiteral("%1 could not be written").arg(m_file));
    }

    void finish(const QString &problem)
    {
        m_timer.stop();
        if (!problem.isEmpty())
            std::fprintf(stderr, "screenshot: %s\n", problem.toUtf8().constData());
        QApplication::exit(problem.isEmpty() ? 0 : kExitFailed);
    }

    MainWindow &m_window;
    const QString m_page;
    const QString m_file;
    QTimer m_timer;
    QElapsedTimer m_clock;
    bool m_askedForPage = false;
    int m_restful = 0;
};

QString userDataFolder()
{
    QString data = qEnvironmentVariable("XDG_DATA_HOME");
    if (!QDir::isAbsolutePath(data))
        data = QDir::homePath() + QStringLiteral("/.local/share");
    return data + QStringLiteral("/sapsam");
}

// The project of what a file manager hands over: its folder, or the database in it.
QString projectFolder(const QString &path)
{
    const QFileInfo file(path);
    return file.fileName() == QLatin1String("project.sqlite") ? file.absolutePath() : path;
}

// Where packaging/run.sh makes it: $SAPSAM_DEMO_DIR, else beside the models in a source tree, else
// in the user's data folder.
QString demoProjectFolder(const QString &modelsFolder)
{
    const QString name = QStringLiteral("/people.sapsam");
    const QStringList places = {qEnvironmentVariable("SAPSAM_DEMO_DIR"),
                                QDir::cleanPath(modelsFolder + QStringLiteral("/../demo")),
                                userDataFolder() + QStringLiteral("/demo")};
    for (const QString &place : places) {
        if (!place.isEmpty() && QFileInfo::exists(place + name))
            return place + name;
    }
    return {};
}

int runWindow(int argc, char **argv, const Arguments &arguments)
{
    if (!arguments.screenshot.empty() && qEnvironmentVariableIsEmpty("DISPLAY")
        && qEnvironmentVariableIsEmpty("WAYLAND_DISPLAY")
        && qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM"))
        qputenv("QT_QPA_PLATFORM", "offscreen");

    QCoreApplication::setApplicationName(QStringLiteral("sapsam-workbench"));
    QCoreApplication::setApplicationVersion(QString::fromLatin1(programVersion()));
    QGuiApplication::setApplicationDisplayName(QStringLiteral("SAP-SAM Workbench"));
    QGuiApplication::setDesktopFileName(QStringLiteral("org.sapsam.Workbench"));
    WatchedApplication application(argc, argv);
    initializeResources();
    QApplication::setWindowIcon(applicationIcon());
    WindowOptions options;
    options.session.modelsFolder =
        toQString(arguments.models.empty() ? defaultModelsFolder() : arguments.models);
    // As the command line does: the user's own folder unless another one was asked for.
    if (!arguments.models.empty() || !qEnvironmentVariableIsEmpty("SAPSAM_MODELS_DIR"))
        options.importFolder = options.session.modelsFolder;
    options.session.engine.device = arguments.device;
    // One core stays with the window where there are enough of them.
    const int cores = std::max(1, QThread::idealThreadCount());
    options.session.engine.threads = cores > 2 ? cores - 1 : cores;
    options.session.palette = makePartPalette(defaultTaxonomy());
    options.demoProject = demoProjectFolder(options.session.modelsFolder);
    options.demoTarget = userDataFolder() + QStringLiteral("/demo/people.sapsam");

    // A picture for the handbook shows the window as it is after the installation.
    QTemporaryDir untouched;
    if (!arguments.screenshot.empty()) {
        options.stateFolder = untouched.filePath(QStringLiteral("state"));
        options.configFolder = untouched.filePath(QStringLiteral("config"));
        Settings(options.configFolder, options.stateFolder)
            .setLanguage(toQString(arguments.language.empty() ? "en" : arguments.language));
    }
    WindowHost host(options, !arguments.models.empty());
    MainWindow &window = host.window();
    if (!arguments.screenshot.empty()) {
        const QString wanted = toQString(arguments.screenshot[0]);
        QStringList known = {QStringLiteral("start"), QStringLiteral("search"),
                             QStringLiteral("settings"), QStringLiteral("palette"),
                             QStringLiteral("keys"), QStringLiteral("import-model")};
        for (const WorkbenchPage *page : window.pages())
            known.append(page->pageId());
        known.removeDuplicates();
        if (!known.contains(wanted)) {
            std::fprintf(stderr, "--screenshot: the page is one of %s\n",
                         known.join(QStringLiteral(", ")).toUtf8().constData());
            return kExitUsage;
        }
    }
    if (!arguments.theme.empty())
        window.setTheme(themeFromName(toQString(arguments.theme)));
    int width = 0;
    int height = 0;
    if (std::sscanf(arguments.size.c_str(), "%dx%d", &width, &height) == 2)
        window.resize(width, height);
    if (!arguments.project.empty())
        window.openProject(projectFolder(toQString(arguments.project)));
    if (!arguments.query.empty())
        window.runQuery(toQString(arguments.query));
    window.show();

    std::unique_ptr<Screenshot> screenshot;
    if (!arguments.screenshot.empty())
        screenshot = std::make_unique<Screenshot>(window, toQString(arguments.screenshot[0]),
                                                  toQString(arguments.screenshot[1]));
    return QApplication::exec();
}

} // namespace

// The launcher calls this as the program's main function.
extern "C" int sapsamMain(int argc, char **argv)
{
    sapsam::prepareProcess(argc, argv);

    Arguments arguments;
    CLI::App parser{"Window of the SAP-SAM Workbench: find a person by a description"};
    parser.set_version_flag("--version", std::string("sapsam-workbench ") + programVersion());
    parser.add_option("project", arguments.project, "Project folder to open (NAME.sapsam)");
    parser.add_option("--models", arguments.models, "Folder with the models and their manifest");
    parser.add_option("--query", arguments.query, "Description to search for at the start");
    parser
        .add_option(
            "--screenshot", arguments.screenshot,
            "PAGE FILE: save a picture of a page (start, gallery, viewer, search, …) and end")
        ->expected(2);
    parser.add_option("--theme", arguments.theme, "Colours of this run")
        ->check(CLI::IsMember({"dark", "light"}));
    parser.add_option("--size", arguments.size, "WxH of the window")
        ->check([](const std::string &text) {
            int width = 0;
            int height = 0;
            const bool good =
                std::sscanf(text.c_str(), "%dx%d", &width, &height) == 2 && width > 0 && height > 0;
            return good ? std::string() : std::string("a size looks like 1280x800");
        });
    parser.add_option("--language", arguments.language, "Language of a screenshot")
        ->check(CLI::IsMember({"de", "en"}));
    parser.add_option("--device", arguments.device, "auto, cpu or cuda:N");
    std::string manual;
    parser.add_option("--manual", manual, "man or bash: print the manual page or the completion")
        ->check(CLI::IsMember({"man", "bash"}))
        ->group(""); // for the build
    // Qt takes options of its own, such as -platform.
    parser.allow_extras();
    try {
        parser.parse(argc, argv);
        if (!manual.empty()) {
            const std::string text = manual == "man"
                                         ? sapsam::cli::manualPage(parser, "sapsam-workbench")
                                         : sapsam::cli::bashCompletion(parser, "sapsam-workbench");
            std::fwrite(text.data(), 1, text.size(), stdout);
            return 0;
        }
        if (!arguments.screenshot.empty()) {
            const std::string &page = arguments.screenshot[0];
            if (needsProject(toQString(page)) && arguments.project.empty())
                throw CLI::ValidationError("--screenshot", "this page needs a project");
            if (page == "search" && arguments.query.empty())
                throw CLI::ValidationError("--screenshot", "this page needs --query");
        }
    } catch (const CLI::ParseError &error) {
        const int code = parser.exit(error);
        return code == 0 ? 0 : kExitUsage;
    }
    try {
        return runWindow(argc, argv, arguments);
    } catch (const sapsam::Error &error) {
        std::fprintf(stderr, "sapsam-workbench: %s\n", error.what());
        return kExitFailed;
    }
}
