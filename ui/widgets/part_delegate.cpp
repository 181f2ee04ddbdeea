#include "ui/widgets/part_delegate.h"

#include "ui/canvas/overlay.h"
#include "ui/models/part_model.h"
#include "ui/support/icons.h"

#include <QKeyEvent>
#include <QLineEdit>
#include <QMouseEvent>
#include <QPainter>

#include <algorithm>

namespace sapsam::ui {

namespace {

constexpr int kPadding = 10;
constexpr int kSwatchWidth = 14;
constexpr int kEyeSize = 18;
constexpr int kTextLeft = kPadding + kSwatchWidth + 10;

QFont smallFont(const QFont &font)
{
    QFont small = font;
    small.setPointSizeF(font.pointSizeF() * 0.88);
    return small;
}

// Broken between two facts only.
QString detailOf(const QModelIndex &index)
{
    const QString dot = QStringLiteral(" · ");
    QStringList facts = index.data(PartModel::DetailRole).toString().split(dot);
    for (QString &fact : facts)
        fact.replace(QLatin1Char(' '), QChar(QChar::Nbsp));
    return facts.join(QStringLiteral("\u00a0· "));
}

QSize wrappedSize(const QFont &font, int width, const QString &text)
{
    return QFontMetrics(font).boundingRect(QRect(0, 0, width, 1000), Qt::TextWordWrap, text).size();
}

} // namespace

PartDelegate::PartDelegate(QObject *parent) : QStyledItemDelegate(parent) {}

QRect PartDelegate::eyeRect(const QRect &card)
{
    return {card.right() - kPadding - kEyeSize, card.top() + kPadding - 2, kEyeSize, kEyeSize};
}

QRect PartDelegate::lockRect(const QRect &card)
{
    return eyeRect(card).translated(-kEyeSize - 8, 0);
}

QWidget *PartDelegate::createEditor(QWidget *parent, const QStyleOptionViewItem &option,
                                    const QModelIndex &index) const
{
    Q_UNUSED(option)
    auto *edit = new QLineEdit(parent);
    edit->setAccessibleName(tr("Phrase of: %1").arg(index.data().toString()));
    edit->setPlaceholderText(tr("Phrase, such as “a red jacket”"));
    return edit;
}

void PartDelegate::setEditorData(QWidget *editor, const QModelIndex &index) const
{
    const auto *edit = qobject_cast<QLineEdit *>(editor);
    if (edit == nullptr || !edit->isModified())
        QStyledItemDelegate::setEditorData(editor, index);
}

void PartDelegate::updateEditorGeometry(QWidget *editor, const QStyleOptionViewItem &option,
                                        const QModelIndex &index) const
{
    Q_UNUSED(index)
    const QRect card = option.rect.adjusted(4, 2, -4, -2);
    const int height = std::max(editor->sizeHint().height(), card.height() / 2);
    editor->setGeometry(card.left() + kTextLeft - 6, card.center().y() - height / 2 + 4,
                        card.width() - kTextLeft, std::min(height, editor->sizeHint().height()));
}

bool PartDelegate::eventFilter(QObject *watched, QEvent *event)
{
    // The page's own Enter must not take the editor's.
    if (event->type() == QEvent::ShortcutOverride) {
        const int key = static_cast<QKeyEvent *>(event)->key();
        if (key == Qt::Key_Return || key == Qt::Key_Enter || key == Qt::Key_Escape) {
            event->accept();
            return true;
        }
    }
    return QStyledItemDelegate::eventFilter(watched, event);
}

void PartDelegate::paint(QPainter *painter, const QStyleOptionViewItem &option,
                         const QModelIndex &index) const
{
    const QPalette &palette = option.palette;
    const bool visible = index.data(Qt::CheckStateRole).toInt() == Qt::Checked;
    const QRect card = option.rect.adjusted(4, 2, -4, -2);
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(Qt::NoPen);
    if (option.state.testFlag(QStyle::State_MouseOver)
        || option.state.testFlag(QStyle::State_Selected)) {
        QColor back = palette.color(QPalette::Midlight);
        if (option.state.testFlag(QStyle::State_Selected)) {
            back = palette.color(QPalette::Highlight);
            back.setAlphaF(0.16F);
        }
        painter->setBrush(back);
        painter->drawRoundedRect(card, 8, 8);
    }
    QColor swatch = index.data(PartModel::ColorRole).value<QColor>();
    if (!visible)
        swatch.setAlphaF(0.35F);
    paintSwatch(*painter,
                QRectF(card.left() + kPadding, card.top() + kPadding, kSwatchWidth,
                       card.height() - 2 * kPadding),
                swatch, index.data(PartModel::PatternRole).toInt());
    if (index.data(PartModel::ActiveRole).toBool()) {
        painter->setBrush(Qt::NoBrush);
        painter->setPen(QPen(palette.color(QPalette::Highlight), 1.5));
        painter->drawRoundedRect(QRectF(card).adjusted(1, 1, -1, -1), 8, 8);
        painter->setPen(Qt::NoPen);
    }

    const QFont small = smallFont(option.font);
    const int left = card.left() + kTextLeft;
    const int width = lockRect(card).left() - left - 6;
    const QColor quiet = palette.color(QPalette::PlaceholderText);
    int top = card.top() + kPadding - 3;

    painter->setFont(small);
    painter->setPen(quiet);
    const int smallHeight = QFontMetrics(small).height();
    painter->drawText(QRect(left, top, width, smallHeight), Qt::AlignLeft | Qt::AlignVCenter,
                      index.data().toString());
    top += smallHeight + 2;

    const QString phrase = index.data(PartModel::PhraseRole).toString();
    QFont phraseFont = option.font;
    if (phrase.isEmpty())
        phraseFont.setItalic(true);
    else
        phraseFont.setWeight(QFont::DemiBold);
    painter->setFont(phraseFont);
    painter->setPen(phrase.isEmpty() || !visible ? quiet : palette.color(QPalette::Text));
    const int full = card.right() - kPadding - left;
    const QString facts = detailOf(index);
    const int factsHeight = wrappedSize(small, full, facts).height();
    const QRect phraseRect(left, top, full, card.bottom() - kPadding - factsHeight - top);
    painter->drawText(phraseRect, Qt::AlignLeft | Qt::AlignTop | Qt::TextWordWrap,
                      phrase.isEmpty() ? tr("no phrase yet") : phrase);

    painter->setFont(small);
    painter->setPen(quiet);
    painter->drawText(QRect(left, card.bottom() - kPadding - factsHeight + 4, full, factsHeight),
                      Qt::AlignLeft | Qt::AlignTop | Qt::TextWordWrap, facts);

    const QPixmap eye = makeIconPixmap(visible ? QStringLiteral("eye") : QStringLiteral("eye-off"),
                                       quiet, kEyeSize, painter->device()->devicePixelRatioF());
    painter->drawPixmap(eyeRect(card).topLeft(), eye);
    const bool locked = index.data(PartModel::LockedRole).toBool();
    if (locked || option.state.testFlag(QStyle::State_MouseOver)
        || option.state.testFlag(QStyle::State_Selected)) {
        const QColor color = locked ? palette.color(QPalette::Text) : quiet;
        painter->drawPixmap(
            lockRect(card).topLeft(),
            makeIconPixmap(locked ? QStringLiteral("lock") : QStringLiteral("lock-open"), color,
                           kEyeSize, painter->device()->devicePixelRatioF()));
    }
    if (option.state.testFlag(QStyle::State_HasFocus)) {
        painter->setBrush(Qt::NoBrush);
        painter->setPen(QPen(palette.color(QPalette::Highlight), 1.5));
        painter->drawRoundedRect(QRectF(card).adjusted(1, 1, -1, -1), 8, 8);
    }
    painter->restore();
}

QSize PartDelegate::sizeHint(const QStyleOptionViewItem &option, const QModelIndex &index) const
{
    const QFont small = smallFont(option.font);
    QFont phraseFont = option.font;
    phraseFont.setWeight(QFont::DemiBold);
    const int width = std::max(120, option.rect.width()) - kTextLeft - kPadding - 8;
    const QString phrase = index.data(PartModel::PhraseRole).toString();
    const int phraseHeight =
        wrappedSize(phraseFont, width, phrase.isEmpty() ? QStringLiteral("x") : phrase).height();
    return {160, 2 * kPadding + QFontMetrics(small).height() + phraseHeight
                     + wrappedSize(small, width, detailOf(index)).height() + 6};
}

bool PartDelegate::editorEvent(QEvent *event, QAbstractItemModel *model,
                               const QStyleOptionViewItem &option, const QModelIndex &index)
{
    bool toggles = false;
    bool isAlone = false;
    if (event->type() == QEvent::MouseButtonRelease) {
        const auto *mouse = static_cast<QMouseEvent *>(event);
        const QRect card = option.rect.adjusted(4, 2, -4, -2);
        const auto hits = [mouse](const QRect &place) {
            return mouse->button() == Qt::LeftButton
                   && place.adjusted(-4, -6, 4, 6).contains(mouse->position().toPoint());
        };
        toggles = hits(eyeRect(card));
        isAlone = mouse->button() == Qt::LeftButton && mouse->modifiers().testFlag(Qt::AltModifier);
        if (hits(lockRect(card)))
            return model->setData(index, !index.data(PartModel::LockedRole).toBool(),
                                  PartModel::LockedRole);
    } else if (event->type() == QEvent::KeyPress) {
        const auto *key = static_cast<QKeyEvent *>(event);
        toggles = key->key() == Qt::Key_Space;
        isAlone = toggles && key->modifiers().testFlag(Qt::AltModifier);
    }
    if (isAlone) {
        Q_EMIT soloRequested(index);
        return true;
    }
    if (!toggles)
        return false;
    const bool checked = index.data(Qt::CheckStateRole).toInt() == Qt::Checked;
    return model->setData(index, checked ? Qt::Unchecked : Qt::Checked, Qt::CheckStateRole);
}

} // namespace sapsam::ui
