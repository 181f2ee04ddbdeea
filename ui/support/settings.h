#pragma once

#include "ui/support/theme.h"

#include <QByteArray>
#include <QHash>
#include <QList>
#include <QSettings>
#include <QStringList>

namespace sapsam::ui {

// What the window remembers, typed. Preferences and state are two files, as the XDG rules ask:
// what the user chose, and what the window looked like. GUI thread.
class Settings
{
public:
    // Uses the given folders; they are made when first written to.
    Settings(const QString &configFolder, const QString &stateFolder);

    // $XDG_CONFIG_HOME/sapsam and $XDG_STATE_HOME/sapsam with their defaults below the home folder.
    static QString defaultConfigFolder();
    static QString defaultStateFolder();

    ThemeChoice theme() const;
    void setTheme(ThemeChoice theme);
    int textPercent() const; // 80 to 200; 100 is the design's size
    void setTextPercent(int percent);
    QString language() const; // "en", "de"; empty follows the system
    void setLanguage(const QString &language);
    QString modelsFolder() const; // empty: where the program finds its own
    void setModelsFolder(const QString &folder);
    QString precision() const; // how the models compute: "auto", "fp32", "bf16" or "int8"
    void setPrecision(const QString &precision);
    int thumbnailMegabytes() const; // what the gallery may keep in memory
    void setThumbnailMegabytes(int megabytes);
    QHash<QString, QStringList> keys() const; // what was changed: action id → keys
    void setKeys(const QHash<QString, QStringList> &keys);
    int cellWidth() const; // of the gallery, device-independent pixels
    void setCellWidth(int width);
    int overlayOpacity() const; // percent
    void setOverlayOpacity(int percent);

    QByteArray geometry() const;
    QByteArray layout() const; // empty when it was saved by another layout version
    void setLayout(const QByteArray &geometry, const QByteArray &layout);
    void forgetLayout();
    // Arrangements that the user named: where the docks are, and the page.
    struct NamedLayout
    {
        QString name;
        QString page;
        QByteArray state;
    };
    QList<NamedLayout> namedLayouts() const; // those of this layout version, by name
    void saveNamedLayout(const NamedLayout &layout);
    void removeNamedLayout(const QString &name);

    // Where somebody was in a project when it was closed.
    struct Place
    {
        QString page;
        qint64 picture = 0;
    };
    Place place(const QString &project) const;
    void setPlace(const QString &project, const Place &place);
    QStringList recentActions() const; // ids, newest first
    void setRecentActions(const QStringList &ids);

    QStringList recentProjects() const; // newest first
    void addRecentProject(const QString &folder);
    void removeRecentProject(const QString &folder);

private:
    QSettings m_config;
    QSettings m_state;
};

// Grows with every change of docks and toolbars; a layout of another version is not restored.
inline constexpr int kLayoutVersion = 2;

} // namespace sapsam::ui
