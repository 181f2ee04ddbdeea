#include "ui/support/system_theme.h"

#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusPendingCallWatcher>
#include <QDBusPendingReply>
#include <QDBusVariant>
#include <QFileInfo>
#include <QGuiApplication>

namespace sapsam::ui {

namespace {

const QString kService = QStringLiteral("org.freedesktop.portal.Desktop");
const QString kPath = QStringLiteral("/org/freedesktop/portal/desktop");
const QString kInterface = QStringLiteral("org.freedesktop.portal.Settings");
const QString kGroup = QStringLiteral("org.freedesktop.appearance");
const QString kKey = QStringLiteral("color-scheme");
constexpr uint kPreferDark = 1;
constexpr uint kPreferLight = 2;

// A session bus that is there already: asking for one must not start one.
bool hasSessionBus()
{
    return qEnvironmentVariableIsSet("DBUS_SESSION_BUS_ADDRESS")
           || QFileInfo::exists(qEnvironmentVariable("XDG_RUNTIME_DIR") + QStringLiteral("/bus"));
}

// The palette before the program's own one is set; the platform's theme made it.
ThemeKind kindAtStart()
{
    static const ThemeKind kKind = themeOf(QGuiApplication::palette());
    return kKind;
}

} // namespace

SystemTheme::SystemTheme(QObject *parent) : QObject(parent), m_kind(kindAtStart())
{
    if (QGuiApplication::platformName() == QLatin1String("offscreen") || !hasSessionBus())
        return;
    QDBusConnection bus = QDBusConnection::sessionBus();
    bus.connect(kService, kPath, kInterface, QStringLiteral("SettingChanged"), this,
                SLOT(settingChanged(QString, QString, QDBusVariant)));
    QDBusMessage ask =
        QDBusMessage::createMethodCall(kService, kPath, kInterface, QStringLiteral("Read"));
    ask << kGroup << kKey;
    auto *watcher = new QDBusPendingCallWatcher(bus.asyncCall(ask), this);
    connect(watcher, &QDBusPendingCallWatcher::finished, this, [this, watcher] {
        const QDBusPendingReply<QDBusVariant> reply = *watcher;
        watcher->deleteLater();
        if (reply.isError())
            return;
        QVariant value = reply.value().variant();
        // Read() wraps the value once more.
        if (value.canConvert<QDBusVariant>())
            value = value.value<QDBusVariant>().variant();
        setScheme(value.toUInt());
    });
}

void SystemTheme::settingChanged(const QString &group, const QString &key,
                                 const QDBusVariant &value)
{
    if (group == kGroup && key == kKey)
        setScheme(value.variant().toUInt());
}

void SystemTheme::setScheme(uint scheme)
{
    const ThemeKind kind = scheme == kPreferDark    ? ThemeKind::Dark
                           : scheme == kPreferLight ? ThemeKind::Light
                                                    : kindAtStart();
    if (kind == m_kind)
        return;
    m_kind = kind;
    Q_EMIT changed();
}

} // namespace sapsam::ui
