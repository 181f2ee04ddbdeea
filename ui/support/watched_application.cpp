#include "ui/support/watched_application.h"

#include "core/base/log.h"
#include "ui/support/text.h"

#include <QEvent>
#include <QMetaEnum>
#include <QThread>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

namespace sapsam::ui {

namespace {

#if defined(QT_NO_DEBUG) || defined(NDEBUG)
constexpr int kDefaultLimitMs = 0;
#else
constexpr int kDefaultLimitMs = 100;
#endif

QString describe(QEvent::Type type, const char *receiver, const QString &name)
{
    const char *event = QMetaEnum::fromType<QEvent::Type>().valueToKey(type);
    return QStringLiteral("the event %1 of %2%3")
        .arg(event != nullptr ? QString::fromLatin1(event) : QString::number(type),
             QString::fromLatin1(receiver),
             name.isEmpty() ? QString() : QStringLiteral(" '%1'").arg(name));
}

} // namespace

WatchedApplication::WatchedApplication(int &argc, char **argv)
    : QApplication(argc, argv), m_limitMs(kDefaultLimitMs)
{
    bool isNumber = false;
    const int limit = qEnvironmentVariableIntValue("SAPSAM_WATCHDOG", &isNumber);
    if (isNumber)
        m_limitMs = limit;
    m_schedule = ::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
}

// Nanoseconds on the run queue are the second number of schedstat (proc(5)); 0 where the system
// does not count them.
double WatchedApplication::waitedMs()
{
    if (m_schedule < 0)
        return 0.0;
    std::array<char, 96> text{};
    if (::pread(m_schedule, text.data(), text.size() - 1, 0) <= 0)
        return 0.0;
    unsigned long long ran = 0;
    unsigned long long waited = 0;
    if (std::sscanf(text.data(), "%llu %llu", &ran, &waited) != 2)
        return 0.0;
    constexpr double kNsPerMs = 1e6;
    return static_cast<double>(waited) / kNsPerMs;
}

bool WatchedApplication::notify(QObject *receiver, QEvent *event)
{
    if (m_limitMs <= 0 || QThread::currentThread() != thread())
        return QApplication::notify(receiver, event);

    const int level = QThread::currentThread()->loopLevel();
    const bool isOuter = m_frames.empty() || level > m_frames.back().loopLevel;
    if (isOuter) {
        for (Frame &frame : m_frames)
            frame.hasNestedLoop = true;
        m_inner = {};
    }
    // The receiver may be gone afterwards.
    const QEvent::Type type = event->type();
    const char *receiverClass = receiver->metaObject()->className();
    const Clock::time_point start = Clock::now();
    m_frames.push_back({start, isOuter ? waitedMs() : 0.0, level, false});

    const bool result = QApplication::notify(receiver, event);

    const Frame frame = m_frames.back();
    m_frames.pop_back();
    const double ms = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
    if (frame.hasNestedLoop || ms < m_limitMs)
        return result;
    if (!isOuter) {
        // The innermost one that is slow by itself says most: it ends first.
        if (m_inner.ms == 0.0)
            m_inner = {ms, describe(type, receiverClass, {})};
        return result;
    }
    const double blocked = ms - (waitedMs() - frame.waited);
    if (blocked < m_limitMs)
        return result;
    QString block = QStringLiteral("%1 took %2 ms")
                        .arg(describe(type, receiverClass, {}))
                        .arg(blocked, 0, 'f', 0);
    if (m_inner.ms > 0.0)
        block += QStringLiteral(", mostly %1").arg(m_inner.what);
    m_blocks.append(block);
    logWarning("the window was blocked: " + toStdString(block));
    return result;
}

} // namespace sapsam::ui
