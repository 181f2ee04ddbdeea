#pragma once

#include "ui/support/theme.h"

#include <QByteArray>
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

    ThemeKind theme() const;
    void setTheme(ThemeKind theme);
    int cellWidth() const; // of the gallery, device-independent pixels
    void setCellWidth(int width);
    int overlayOpacity() const; // percent
    void setOverlayOpacity(int percent);

    QByteArray geometry() const;
    QByteArray layout() const; // empty when it was saved by another layout version
    void setLayout(const QByteArray &geometry, const QByteArray &layout);
    void forgetLayout();

    QStringList recentProjects() const; // newest first
    void addRecentProject(const QString &folder);
    void removeRecentProject(const QString &folder);

private:
    QSettings m_config;
    QSettings m_state;
};

// Grows with every change of docks and toolbars; a layout of another version is not restored.
inline constexpr int kLayoutVersion = 1;

} // namespace sapsam::ui
