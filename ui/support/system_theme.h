#pragma once

#include "ui/support/theme.h"

#include <QObject>

class QDBusVariant;

namespace sapsam::ui {

// Whether the desktop is light or dark, and when that changes: by the desktop portal's
// org.freedesktop.appearance color-scheme, else by the palette that the program was started with.
// Nothing waits for the portal. GUI thread.
class SystemTheme final : public QObject
{
    Q_OBJECT

public:
    explicit SystemTheme(QObject *parent = nullptr);

    ThemeKind kind() const { return m_kind; }

Q_SIGNALS:
    void changed();

private Q_SLOTS:
    void settingChanged(const QString &group, const QString &key, const QDBusVariant &value);

private:
    void setScheme(uint scheme);

    ThemeKind m_kind;
};

} // namespace sapsam::ui
