#pragma once

#include <QApplication>
#include <QStringList>

#include <chrono>
#include <vector>

namespace sapsam::ui {

// An application that notices when the GUI thread is blocked: an event whose handling takes longer
// than the limit is logged with its receiver, and with the slowest event inside of it. Time that a
// nested event loop (a menu, a dialog) waits is not a block, nor is time for which the processor
// was given to other programs.
// The limit comes from SAPSAM_WATCHDOG (milliseconds; 0 switches it off), else it is 100 ms in a
// debug build and off in a release build. GUI thread.
class WatchedApplication final : public QApplication
{
    Q_OBJECT

public:
    WatchedApplication(int &argc, char **argv);

    void setLimitMs(int limit) { m_limitMs = limit; }
    int limitMs() const { return m_limitMs; }
    // "the event MouseButtonPress of ThumbnailGrid 'grid' took 140 ms", in order.
    const QStringList &blocks() const { return m_blocks; }
    void clearBlocks() { m_blocks.clear(); }

    bool notify(QObject *receiver, QEvent *event) override;

private:
    using Clock = std::chrono::steady_clock;
    struct Frame
    {
        Clock::time_point start;
        double waited = 0.0; // for the processor until the start, ms
        int loopLevel = 0;
        bool hasNestedLoop = false;
    };
    struct Slowest
    {
        double ms = 0.0;
        QString what;
    };
    double waitedMs();

    int m_limitMs = 0;
    std::vector<Frame> m_frames;
    Slowest m_inner;
    QStringList m_blocks;
    int m_schedule = -1; // the thread's schedstat
};

} // namespace sapsam::ui
