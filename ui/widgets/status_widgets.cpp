#include "ui/widgets/status_widgets.h"

#include "ui/models/job_log_model.h"
#include "ui/support/icons.h"
#include "ui/support/text.h"
#include "ui/widgets/labels.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QProgressBar>

#include <cmath>

namespace sapsam::ui {

DeviceChip::DeviceChip(QWidget *parent) : QToolButton(parent)
{
    setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    setAutoRaise(true);
    setFocusPolicy(Qt::TabFocus);
    setText(tr("Looking for devices…"));
    setAccessibleName(tr("Device of the engine"));
    refreshIcons();
}

void DeviceChip::setDevice(const DeviceInfo &device)
{
    const QString where = device.device == "cpu" ? tr("CPU") : toQString(device.device).toUpper();
    setText(QStringLiteral("%1 · %2").arg(where, toQString(device.precision)));
    QStringList tip;
    tip.append(toQString(device.name));
    tip.append(tr("threads: %1").arg(device.threads));
    if (!device.whyNotGpu.empty())
        tip.append(tr("No GPU: %1").arg(toQString(device.whyNotGpu)));
    tip.append(
        tr("libtorch %1, %2").arg(toQString(device.libtorchVersion), toQString(device.blas)));
    setToolTip(tip.join(QLatin1Char('\n')));
    setAccessibleName(tr("Device of the engine: %1").arg(text()));
    setAccessibleDescription(toolTip());
}

void DeviceChip::setFailure(const ErrorReport &error)
{
    setText(tr("No device"));
    setToolTip(toQString(error.message));
    setAccessibleDescription(toolTip());
}

void DeviceChip::refreshIcons()
{
    setIcon(makeIcon(QStringLiteral("chip"), palette()));
}

SavedLabel::SavedLabel(QWidget *parent) : QWidget(parent), m_label(makeLabel({}, "small"))
{
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(10, 0, 6, 0);
    layout->addWidget(m_label);
    setAccessibleName(tr("Saved state"));
}

void SavedLabel::clear()
{
    m_label->clear();
}

void SavedLabel::setSaved(const QDateTime &time)
{
    m_label->setText(
        tr("All changes saved · %1").arg(QLocale().toString(time.time(), QLocale::ShortFormat)));
    m_label->setToolTip(tr("Everything is stored as soon as it is made; there is no Save."));
}

void SavedLabel::setReadOnly(const QString &reason)
{
    m_label->setText(tr("Read only"));
    m_label->setToolTip(reason);
}

void SavedLabel::setProblem(const QString &problem)
{
    m_label->setText(tr("Not everything could be saved"));
    m_label->setToolTip(problem);
}

QString SavedLabel::text() const
{
    return m_label->text();
}

JobProgress::JobProgress(JobLogModel *model, QWidget *parent)
    : QWidget(parent),
      m_model(model),
      m_text(makeLabel({}, "small")),
      m_bar(new QProgressBar),
      m_cancel(new QToolButton)
{
    m_text->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    m_bar->setFixedWidth(140);
    m_bar->setTextVisible(false);
    m_bar->setAccessibleName(tr("Progress of the running job"));
    m_cancel->setAutoRaise(true);
    m_cancel->setAccessibleName(tr("Cancel the running job"));
    m_cancel->setToolTip(tr("Cancel the running job; it goes on there when it is started again"));
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(6, 0, 6, 0);
    layout->setSpacing(8);
    layout->addWidget(m_text);
    layout->addWidget(m_bar);
    layout->addWidget(m_cancel);
    QSizePolicy policy = sizePolicy();
    policy.setRetainSizeWhenHidden(false);
    setSizePolicy(policy);
    connect(m_cancel, &QToolButton::clicked, this, [this] { Q_EMIT cancelRequested(m_job); });
    connect(model, &JobLogModel::jobChanged, this, &JobProgress::update);
    refreshIcons();
    update();
}

void JobProgress::update()
{
    const JobEntry *entry = m_model->running();
    setVisible(entry != nullptr);
    if (entry == nullptr) {
        m_job = 0;
        return;
    }
    m_job = entry->id;
    QString text = entry->title;
    if (entry->progress.total > 0)
        text += QStringLiteral(" %1/%2").arg(countText(entry->progress.done),
                                             countText(entry->progress.total));
    const QString left = durationText(entry->progress.etaSeconds);
    if (!left.isEmpty())
        text += QStringLiteral(" · ") + tr("%1 left").arg(left);
    m_text->setText(text);
    const double fraction = JobLogModel::fractionOf(*entry);
    m_bar->setRange(0, fraction < 0.0 ? 0 : 1000);
    m_bar->setValue(static_cast<int>(std::lround(fraction * 1000.0)));
}

void JobProgress::refreshIcons()
{
    m_cancel->setIcon(makeIcon(QStringLiteral("close"), palette()));
}

} // namespace sapsam::ui
