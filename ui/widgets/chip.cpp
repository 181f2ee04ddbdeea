#include "ui/widgets/chip.h"

#include <QPainter>

namespace sapsam::ui {

namespace {

constexpr int kPadding = 10;
constexpr int kDot = 9;
constexpr int kGap = 6;

} // namespace

Chip::Chip(const QString &caption, const QString &text, const QColor &dot, QWidget *parent)
    : QWidget(parent), m_caption(caption), m_text(text), m_dot(dot)
{
    setAccessibleName(caption.isEmpty() ? text : caption + QStringLiteral(": ") + text);
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
}

QSize Chip::sizeHint() const
{
    int width = 2 * kPadding + fontMetrics().horizontalAdvance(m_text);
    if (m_dot.isValid())
        width += kDot + kGap;
    if (!m_caption.isEmpty())
        width += fontMetrics().horizontalAdvance(m_caption) + kGap;
    return {width, fontMetrics().height() + 10};
}

QSize Chip::minimumSizeHint() const
{
    return sizeHint();
}

void Chip::paintEvent(QPaintEvent *event)
{
    static_cast<void>(event);
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QRectF body = QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5);
    painter.setPen(palette().color(QPalette::Mid));
    painter.setBrush(palette().color(QPalette::Base));
    painter.drawRoundedRect(body, body.height() / 2.0, body.height() / 2.0);
    int x = kPadding;
    if (m_dot.isValid()) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(m_dot);
        painter.drawEllipse(QRectF(x, (height() - kDot) / 2.0, kDot, kDot));
        x += kDot + kGap;
    }
    if (!m_caption.isEmpty()) {
        painter.setPen(palette().color(QPalette::PlaceholderText));
        painter.drawText(QRect(x, 0, width(), height()), Qt::AlignVCenter | Qt::AlignLeft,
                         m_caption);
        x += fontMetrics().horizontalAdvance(m_caption) + kGap;
    }
    painter.setPen(palette().color(QPalette::Text));
    painter.drawText(QRect(x, 0, width(), height()), Qt::AlignVCenter | Qt::AlignLeft, m_text);
}

} // namespace sapsam::ui
