#include "ui/support/settings.h"

#include <QDir>

#include <algorithm>

namespace sapsam::ui {

namespace {

constexpr int kMaxRecentProjects = 8;
constexpr int kDefaultCellWidth = 132;
constexpr int kDefaultOverlayOpacity = 45;

QString folderFromEnvironment(const char *variable, const QString &fallback)
{
    const QString value = qEnvironmentVariable(variable);
    // The specification says that relative paths are to be ignored.
    const QString base = QDir::isAbsolutePath(value) ? value : fallback;
    return base + QStringLiteral("/sapsam");
}

} // namespace

Settings::Settings(const QString &configFolder, const QString &stateFolder)
    : m_config(configFolder + QStringLiteral("/workbench.ini"), QSettings::IniFormat),
      m_state(stateFolder + QStringLiteral("/workbench-state.ini"), QSettings::IniFormat)
{
}

QString Settings::defaultConfigFolder()
{
    return folderFromEnvironment("XDG_CONFIG_HOME", QDir::homePath() + QStringLiteral("/.config"));
}

QString Settings::defaultStateFolder()
{
    return folderFromEnvironment("XDG_STATE_HOME",
                                 QDir::homePath() + QStringLiteral("/.local/state"));
}

ThemeKind Settings::theme() const
{
    return themeFromName(m_config.value(QStringLiteral("theme")).toString());
}

void Settings::setTheme(ThemeKind theme)
{
    m_config.setValue(QStringLiteral("theme"), nameOfTheme(theme));
}

int Settings::cellWidth() const
{
    return m_config.value(QStringLiteral("cellWidth"), kDefaultCellWidth).toInt();
}

void Settings::setCellWidth(int width)
{
    m_config.setValue(QStringLiteral("cellWidth"), width);
}

int Settings::overlayOpacity() const
{
    const int percent =
        m_config.value(QStringLiteral("overlayOpacity"), kDefaultOverlayOpacity).toInt();
    return std::clamp(percent, 0, 100);
}

void Settings::setOverlayOpacity(int percent)
{
    m_config.setValue(QStringLiteral("overlayOpacity"), percent);
}

QByteArray Settings::geometry() const
{
    return m_state.value(QStringLiteral("geometry")).toByteArray();
}

QByteArray Settings::layout() const
{
    if (m_state.value(QStringLiteral("layoutVersion")).toInt() != kLayoutVersion)
        return {};
    return m_state.value(QStringLiteral("layout")).toByteArray();
}

void Settings::setLayout(const QByteArray &geometry, const QByteArray &layout)
{
    m_state.setValue(QStringLiteral("geometry"), geometry);
    m_state.setValue(QStringLiteral("layout"), layout);
    m_state.setValue(QStringLiteral("layoutVersion"), kLayoutVersion);
}

void Settings::forgetLayout()
{
    m_state.remove(QStringLiteral("layout"));
    m_state.remove(QStringLiteral("layoutVersion"));
}

QStringList Settings::recentProjects() const
{
    return m_state.value(QStringLiteral("recentProjects")).toStringList();
}

void Settings::addRecentProject(const QString &folder)
{
    QStringList list = recentProjects();
    list.removeAll(folder);
    list.prepend(folder);
    while (list.size() > kMaxRecentProjects)
        list.removeLast();
    m_state.setValue(QStringLiteral("recentProjects"), list);
}

void Settings::removeRecentProject(const QString &folder)
{
    QStringList list = recentProjects();
    list.removeAll(folder);
    m_state.setValue(QStringLiteral("recentProjects"), list);
}

} // namespace sapsam::ui
