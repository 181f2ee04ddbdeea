#include "ui/window/window_host.h"

#include "core/taxonomy/taxonomy.h"

#include <QCoreApplication>
#include <QDir>
#include <QLibraryInfo>
#include <QLocale>

#include <utility>

namespace sapsam::ui {

namespace {

const QString kTranslations = QStringLiteral(":/i18n");

} // namespace

QStringList shippedLanguages()
{
    QStringList languages;
    for (const QString &file : QDir(kTranslations).entryList({QStringLiteral("sapsam_*.qm")}))
        languages.append(file.mid(7, file.size() - 10));
    return languages;
}

WindowHost::WindowHost(const WindowOptions &options, bool keepModelsFolder, QObject *parent)
    : QObject(parent), m_options(options), m_keepModelsFolder(keepModelsFolder)
{
    make();
}

WindowHost::~WindowHost()
{
    m_window.reset();
    for (const auto &translator : m_translators)
        QCoreApplication::removeTranslator(translator.get());
}

void WindowHost::installLanguage()
{
    for (const auto &translator : m_translators)
        QCoreApplication::removeTranslator(translator.get());
    m_translators.clear();
    const QString language = Settings(m_options.configFolder, m_options.stateFolder).language();
    const QLocale locale = language.isEmpty() ? QLocale::system() : QLocale(language);
    QLocale::setDefault(locale);
    const std::pair<QString, QString> catalogues[] = {
        {QStringLiteral("qtbase"), QLibraryInfo::path(QLibraryInfo::TranslationsPath)},
        {QStringLiteral("sapsam"), kTranslations},
    };
    for (const auto &[name, folder] : catalogues) {
        auto translator = std::make_unique<QTranslator>();
        if (!translator->load(locale, name, QStringLiteral("_"), folder))
            continue;
        QCoreApplication::installTranslator(translator.get());
        m_translators.push_back(std::move(translator));
    }
}

void WindowHost::make()
{
    installLanguage();
    WindowOptions options = m_options;
    // Its titles are in the language of the window.
    options.session.palette = makePartPalette(defaultTaxonomy());
    const Settings settings(options.configFolder, options.stateFolder);
    options.session.engine.precision = settings.precision().toStdString();
    const QString models = settings.modelsFolder();
    if (!m_keepModelsFolder && !models.isEmpty()) {
        options.session.modelsFolder = models;
        options.importFolder = models;
    }
    m_window = std::make_unique<MainWindow>(options);
    // Later: who asks is a member of the window.
    connect(m_window.get(), &MainWindow::rebuildRequested, this, &WindowHost::rebuild,
            Qt::QueuedConnection);
}

void WindowHost::rebuild()
{
    const QString project = m_window->session().isOpen() ? m_window->session().folder() : QString();
    const QByteArray geometry = m_window->saveGeometry();
    const bool wasShown = m_window->isVisible();
    m_window.reset();
    make();
    m_window->restoreGeometry(geometry);
    if (!project.isEmpty())
        m_window->openProject(project);
    if (wasShown) {
        m_window->show();
        m_window->showSettings();
    }
    Q_EMIT rebuilt();
}

} // namespace sapsam::ui
