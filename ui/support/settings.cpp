#include "ui/support/settings.h"

#include <QDir>

#include <algorithm>

namespace sapsam::ui {

namespace {

constexpr int kMaxRecentProjects = 8;
constexpr int kDefaultCellWidth = 132;
constexpr int kDefaultOverlayOpacity = 45;
constexpr int kMinTextPercent = 80;
constexpr int kMaxTextPercent = 200;
constexpr int kDefaultThumbnailMegabytes = 128;
constexpr int kMinThumbnailMegabytes = 32;
constexpr int kMaxThumbnailMegabytes = 4096;
constexpr int kMaxPlaces = 50; // projects whose last page and picture are remembered

QHash<QString, QStringList> keysFromVariant(const QVariantMap &map)
{
    QHash<QString, QStringList> keys;
    for (auto entry = map.constBegin(); entry != map.constEnd(); ++entry)
        keys.insert(entry.key(), entry.value().toStringList());
    return keys;
}

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

ThemeChoice Settings::theme() const
{
    return themeChoiceFromName(m_config.value(QStringLiteral("theme")).toString());
}

void Settings::setTheme(ThemeChoice theme)
{
    m_config.setValue(QStringLiteral("theme"), nameOfThemeChoice(theme));
}

int Settings::textPercent() const
{
    return std::clamp(m_config.value(QStringLiteral("textPercent"), 100).toInt(), kMinTextPercent,
                      kMaxTextPercent);
}

void Settings::setTextPercent(int percent)
{
    m_config.setValue(QStringLiteral("textPercent"), percent);
}

QString Settings::language() const
{
    return m_config.value(QStringLiteral("language")).toString();
}

void Settings::setLanguage(const QString &language)
{
    m_config.setValue(QStringLiteral("language"), language);
}

QString Settings::modelsFolder() const
{
    return m_config.value(QStringLiteral("modelsFolder")).toString();
}

void Settings::setModelsFolder(const QString &folder)
{
    m_config.setValue(QStringLiteral("modelsFolder"), folder);
}

QString Settings::precision() const
{
    const QString stored = m_config.value(QStringLiteral("precision")).toString();
    static const QStringList kKnown = {QStringLiteral("fp32"), QStringLiteral("bf16"),
                                       QStringLiteral("int8")};
    return kKnown.contains(stored) ? stored : QStringLiteral("auto");
}

void Settings::setPrecision(const QString &precision)
{
    m_config.setValue(QStringLiteral("precision"), precision);
}

int Settings::thumbnailMegabytes() const
{
    return std::clamp(
        m_config.value(QStringLiteral("thumbnailMegabytes"), kDefaultThumbnailMegabytes).toInt(),
        kMinThumbnailMegabytes, kMaxThumbnailMegabytes);
}

void Settings::setThumbnailMegabytes(int megabytes)
{
    m_config.setValue(QStringLiteral("thumbnailMegabytes"), megabytes);
}

QHash<QString, QStringList> Settings::keys() const
{
    return keysFromVariant(m_config.value(QStringLiteral("keys")).toMap());
}

void Settings::setKeys(const QHash<QString, QStringList> &keys)
{
    QVariantMap map;
    for (auto entry = keys.constBegin(); entry != keys.constEnd(); ++entry)
        map.insert(entry.key(), entry.value());
    if (map.isEmpty())
        m_config.remove(QStringLiteral("keys"));
    else
        m_config.setValue(QStringLiteral("keys"), map);
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

QList<Settings::NamedLayout> Settings::namedLayouts() const
{
    QList<NamedLayout> result;
    const QVariantMap map = m_state.value(QStringLiteral("namedLayouts")).toMap();
    for (auto entry = map.constBegin(); entry != map.constEnd(); ++entry) {
        const QVariantMap fields = entry.value().toMap();
        if (fields.value(QStringLiteral("version")).toInt() == kLayoutVersion)
            result.append({entry.key(), fields.value(QStringLiteral("page")).toString(),
                           fields.value(QStringLiteral("state")).toByteArray()});
    }
    return result;
}

void Settings::saveNamedLayout(const NamedLayout &layout)
{
    QVariantMap map = m_state.value(QStringLiteral("namedLayouts")).toMap();
    map.insert(layout.name, QVariantMap{{QStringLiteral("version"), kLayoutVersion},
                                        {QStringLiteral("page"), layout.page},
                                        {QStringLiteral("state"), layout.state}});
    m_state.setValue(QStringLiteral("namedLayouts"), map);
}

void Settings::removeNamedLayout(const QString &name)
{
    QVariantMap map = m_state.value(QStringLiteral("namedLayouts")).toMap();
    map.remove(name);
    m_state.setValue(QStringLiteral("namedLayouts"), map);
}

Settings::Place Settings::place(const QString &project) const
{
    for (const QVariant &entry : m_state.value(QStringLiteral("places")).toList()) {
        const QVariantMap fields = entry.toMap();
        if (fields.value(QStringLiteral("project")).toString() == project)
            return {fields.value(QStringLiteral("page")).toString(),
                    fields.value(QStringLiteral("picture")).toLongLong()};
    }
    return {};
}

void Settings::setPlace(const QString &project, const Place &place)
{
    QVariantList places{QVariantMap{{QStringLiteral("project"), project},
                                    {QStringLiteral("page"), place.page},
                                    {QStringLiteral("picture"), place.picture}}};
    for (const QVariant &entry : m_state.value(QStringLiteral("places")).toList()) {
        if (entry.toMap().value(QStringLiteral("project")).toString() != project
            && places.size() < kMaxPlaces)
            places.append(entry);
    }
    m_state.setValue(QStringLiteral("places"), places);
}

QStringList Settings::recentActions() const
{
    return m_state.value(QStringLiteral("recentActions")).toStringList();
}

void Settings::setRecentActions(const QStringList &ids)
{
    m_state.setValue(QStringLiteral("recentActions"), ids);
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
