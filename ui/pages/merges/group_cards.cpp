#include "ui/pages/merges/group_cards.h"

#include "ui/support/text.h"
#include "ui/support/theme.h"

#include <QApplication>
#include <QContextMenuEvent>
#include <QDrag>
#include <QDragEnterEvent>
#include <QMimeData>
#include <QMouseEvent>
#include <QPainter>

#include <algorithm>
#include <set>

namespace sapsam::ui {

namespace {

constexpr int kGap = 10;
constexpr int kMinCardWidth = 196;
constexpr int kPadding = 12;
constexpr int kChipGap = 5;
constexpr int kChipPadding = 9;
constexpr int kDot = 8;
constexpr int kNewHeight = 56;
constexpr double kRadius = 10.0;

QColor withAlpha(QColor color, int alpha)
{
    color.setAlpha(alpha);
    return color;
}

QString triggerText(TriggerRule rule)
{
    switch (rule) {
    case TriggerRule::Any:
        return GroupCards::tr("any class");
    case TriggerRule::All:
        return GroupCards::tr("all classes");
    case TriggerRule::First:
        break;
    }
    return GroupCards::tr("first class");
}

QFont smallFont(const QWidget &widget)
{
    QFont font = widget.font();
    font.setPointSizeF(font.pointSizeF() * 0.88);
    return font;
}

QFont boldFont(const QWidget &widget)
{
    QFont font = widget.font();
    font.setWeight(QFont::DemiBold);
    return font;
}

} // namespace

ClassChip::ClassChip(const Content &content, int groupRow, QWidget *parent)
    : QWidget(parent), m_content(content), m_groupRow(groupRow)
{
    setFocusPolicy(Qt::TabFocus);
    setCursor(Qt::OpenHandCursor);
    setAccessibleName(content.name);
    QStringList tips = {tr("%1, class %2").arg(content.name).arg(content.id)};
    if (content.isFirst)
        tips.append(tr("the trigger rule asks for this one"));
    if (content.isShared)
        tips.append(tr("another group has it, too"));
    tips.append(tr("Drag it to another group; Delete takes it out"));
    setToolTip(tips.join(QLatin1Char('\n')));
    setAccessibleDescription(tips.join(QStringLiteral(". ")));
}

QSize ClassChip::sizeHint() const
{
    int width = 2 * kChipPadding + kDot + 6 + fontMetrics().horizontalAdvance(m_content.name);
    if (m_content.isFirst)
        width += 12;
    return {width, fontMetrics().height() + 8};
}

void ClassChip::paintEvent(QPaintEvent *event)
{
    static_cast<void>(event);
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QRectF body = QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5);
    const QColor warning = warningColor(palette());
    painter.setPen(hasFocus()           ? palette().color(QPalette::Highlight)
                   : m_content.isShared ? withAlpha(warning, 150)
                                        : palette().color(QPalette::Mid));
    painter.setBrush(m_content.isShared ? withAlpha(warning, 26)
                                        : palette().color(QPalette::AlternateBase));
    painter.drawRoundedRect(body, body.height() / 2.0, body.height() / 2.0);
    int x = kChipPadding;
    painter.setPen(palette().color(QPalette::Mid));
    painter.setBrush(m_content.colour);
    painter.drawEllipse(QRectF(x, (height() - kDot) / 2.0, kDot, kDot));
    x += kDot + 6;
    painter.setPen(palette().color(QPalette::Text));
    painter.drawText(QRect(x, 0, width() - x, height()), Qt::AlignVCenter | Qt::AlignLeft,
                     m_content.name);
    if (m_content.isFirst) {
        // A small flag at the end: the class that decides.
        const qreal right = width() - kChipPadding;
        const qreal middle = height() / 2.0;
        painter.setPen(Qt::NoPen);
        painter.setBrush(palette().color(QPalette::Highlight));
        const QPointF star[] = {
            {right - 6, middle - 4}, {right + 1, middle}, {right - 6, middle + 4}};
        painter.drawPolygon(star, 3);
    }
}

void ClassChip::mousePressEvent(QMouseEvent *event)
{
    m_pressedAt = event->pos();
    Q_EMIT pressed(event->modifiers());
    event->accept();
}

void ClassChip::mouseMoveEvent(QMouseEvent *event)
{
    if ((event->buttons() & Qt::LeftButton) == 0
        || (event->pos() - m_pressedAt).manhattanLength() < QApplication::startDragDistance())
        return;
    auto *mime = new QMimeData;
    mime->setData(QString::fromLatin1(kClassMimeType), bytesOf({m_groupRow, {m_content.id}}));
    auto *drag = new QDrag(this);
    drag->setMimeData(mime);
    drag->setPixmap(grab());
    drag->setHotSpot(m_pressedAt);
    drag->exec(Qt::CopyAction | Qt::MoveAction, Qt::MoveAction);
}

void ClassChip::contextMenuEvent(QContextMenuEvent *event)
{
    Q_EMIT menuRequested(m_content.id, event->globalPos());
    event->accept();
}

void ClassChip::keyPressEvent(QKeyEvent *event)
{
    switch (event->key()) {
    case Qt::Key_Delete:
    case Qt::Key_Backspace:
        Q_EMIT removeRequested(m_content.id);
        return;
    case Qt::Key_Return:
    case Qt::Key_Enter:
    case Qt::Key_Menu:
        Q_EMIT menuRequested(m_content.id, mapToGlobal(rect().bottomLeft()));
        return;
    default:
        QWidget::keyPressEvent(event);
    }
}

GroupCard::GroupCard(GroupCards *parent) : QWidget(parent)
{
    setAttribute(Qt::WA_TransparentForMouseEvents, false);
}

void GroupCard::setContent(int row, const Content &content)
{
    const auto sameChips = [&] {
        return row == m_row && content.classes.size() == m_chips.size()
               && std::equal(content.classes.begin(), content.classes.end(),
                             m_content.classes.begin(), m_content.classes.end(),
                             [](const ClassChip::Content &a, const ClassChip::Content &b) {
                                 return a.id == b.id && a.name == b.name && a.colour == b.colour
                                        && a.isFirst == b.isFirst && a.isShared == b.isShared;
                             });
    };
    const bool keep = !m_chips.empty() && sameChips();
    m_row = row;
    m_content = content;
    setAccessibleName(tr("Group %1").arg(content.title));
    QStringList classes;
    for (const ClassChip::Content &item : content.classes)
        classes.append(item.name);
    QStringList description = {classes.isEmpty() ? tr("no class yet")
                                                 : classes.join(QStringLiteral(", "))};
    if (!content.counts.isEmpty())
        description.append(content.counts);
    description += content.marks;
    setAccessibleDescription(description.join(QStringLiteral(". ")));
    setToolTip(content.marks.join(QLatin1Char('\n')));
    if (!keep) {
        for (ClassChip *chip : m_chips) {
            chip->hide();
            chip->deleteLater();
        }
        m_chips.clear();
        auto *cards = static_cast<GroupCards *>(parentWidget());
        for (const ClassChip::Content &item : content.classes) {
            auto *chip = new ClassChip(item, row, this);
            connect(chip, &ClassChip::removeRequested, cards,
                    [this, cards](int id) { Q_EMIT cards->classRemoved(m_row, id); });
            connect(chip, &ClassChip::menuRequested, cards,
                    [this, cards](int id, const QPoint &at) {
                        Q_EMIT cards->classMenuRequested(m_row, id, at);
                    });
            connect(chip, &ClassChip::pressed, cards,
                    [this, cards](Qt::KeyboardModifiers modifiers) {
                        cards->setCurrentRow(m_row, modifiers);
                    });
            chip->show();
            m_chips.push_back(chip);
        }
    }
    placeChips(width(), false);
    update();
}

void GroupCard::setLook(bool isCurrent, bool isSelected, bool isDropTarget)
{
    if (m_isCurrent == isCurrent && m_isSelected == isSelected && m_isDropTarget == isDropTarget)
        return;
    m_isCurrent = isCurrent;
    m_isSelected = isSelected;
    m_isDropTarget = isDropTarget;
    update();
}

int GroupCard::placeChips(int width, bool dryRun) const
{
    const int left = kPadding;
    const int top = kPadding + fontMetrics().height() + 8;
    int x = left;
    int y = top;
    int lineHeight = m_chips.empty() ? fontMetrics().height() : 0;
    for (ClassChip *chip : m_chips) {
        QSize size = chip->sizeHint();
        size.setWidth(std::min(size.width(), std::max(40, width - 2 * kPadding)));
        if (x > left && x + size.width() > width - kPadding) {
            x = left;
            y += lineHeight + kChipGap;
            lineHeight = 0;
        }
        if (!dryRun)
            chip->setGeometry(QRect(QPoint(x, y), size));
        x += size.width() + kChipGap;
        lineHeight = std::max(lineHeight, size.height());
    }
    return y + lineHeight;
}

int GroupCard::heightFor(int width) const
{
    const QFontMetrics small{smallFont(*this)};
    return placeChips(width, true) + 8 + small.height()
           + static_cast<int>(m_content.marks.size()) * (small.height() + 2) + kPadding;
}

void GroupCard::resizeEvent(QResizeEvent *event)
{
    placeChips(width(), false);
    QWidget::resizeEvent(event);
}

void GroupCard::paintEvent(QPaintEvent *event)
{
    static_cast<void>(event);
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QColor accent = palette().color(QPalette::Highlight);
    const QRectF body = QRectF(rect()).adjusted(1, 1, -1, -1);
    const bool isLit = m_isCurrent || m_isDropTarget || m_isSelected;
    painter.setPen(QPen(m_content.isError ? errorColor(palette())
                        : isLit           ? accent
                                          : palette().color(QPalette::Mid),
                        isLit || m_content.isError ? 1.6 : 1.0));
    painter.setBrush(palette().color(QPalette::Base));
    painter.drawRoundedRect(body, kRadius, kRadius);
    if (m_isDropTarget || m_isSelected) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(withAlpha(accent, m_isDropTarget ? 46 : 22));
        painter.drawRoundedRect(body, kRadius, kRadius);
    }

    const QFont bold = boldFont(*this);
    const QFontMetrics boldMetrics(bold);
    int x = kPadding;
    const QRectF swatch(x, kPadding + (boldMetrics.height() - 12) / 2.0, 12, 12);
    painter.setPen(palette().color(QPalette::Mid));
    painter.setBrush(m_content.colour);
    painter.drawRoundedRect(swatch, 3, 3);
    x += 20;
    int right = width() - kPadding;
    painter.setFont(smallFont(*this));
    const QFontMetrics small(painter.font());
    if (m_content.isChanged) {
        const QString text = tr("changed");
        const int wide = small.horizontalAdvance(text) + 12;
        const QRectF badge(right - wide,
                           kPadding + (boldMetrics.height() - small.height()) / 2.0 - 1, wide,
                           small.height() + 2);
        painter.setPen(Qt::NoPen);
        painter.setBrush(withAlpha(accent, 38));
        painter.drawRoundedRect(badge, badge.height() / 2, badge.height() / 2);
        painter.setPen(accent);
        painter.drawText(badge, Qt::AlignCenter, text);
        right -= wide + 6;
    }
    painter.setFont(bold);
    painter.setPen(palette().color(QPalette::Text));
    painter.drawText(QRect(x, kPadding, right - x, boldMetrics.height()),
                     Qt::AlignVCenter | Qt::AlignLeft,
                     boldMetrics.elidedText(m_content.title, Qt::ElideRight, right - x));

    painter.setFont(smallFont(*this));
    int y = placeChips(width(), true);
    if (m_chips.empty()) {
        painter.setPen(palette().color(QPalette::PlaceholderText));
        painter.drawText(QRect(kPadding, y - fontMetrics().height(), width() - 2 * kPadding,
                               fontMetrics().height()),
                         Qt::AlignVCenter | Qt::AlignLeft, tr("Drop classes here"));
    }
    y += 8;
    painter.setPen(palette().color(QPalette::PlaceholderText));
    QString foot = m_content.counts;
    if (m_content.classes.size() > 1)
        foot += (foot.isEmpty() ? QString() : QStringLiteral(" · ")) + m_content.trigger;
    if (m_content.isExclusive)
        foot += (foot.isEmpty() ? QString() : QStringLiteral(" · ")) + tr("exclusive");
    painter.drawText(QRect(kPadding, y, width() - 2 * kPadding, small.height()),
                     Qt::AlignVCenter | Qt::AlignLeft,
                     small.elidedText(foot, Qt::ElideRight, width() - 2 * kPadding));
    painter.setPen(m_content.isError ? errorColor(palette()) : warningColor(palette()));
    for (const QString &mark : m_content.marks) {
        y += small.height() + 2;
        painter.drawText(QRect(kPadding, y, width() - 2 * kPadding, small.height()),
                         Qt::AlignVCenter | Qt::AlignLeft,
                         small.elidedText(mark, Qt::ElideRight, width() - 2 * kPadding));
    }
}

GroupCards::GroupCards(QWidget *parent) : QWidget(parent)
{
    setAcceptDrops(true);
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(tr("Groups"));
    setAccessibleDescription(
        tr("Arrow keys go from group to group, Shift selects several, Enter edits"));
}

void GroupCards::setGroups(const Taxonomy &taxonomy, const MergeImpact &impact,
                           const Taxonomy &base)
{
    const auto findings = taxonomyFindings(taxonomy);
    std::set<int> shared;
    for (const TaxonomyFinding &finding : findings) {
        if (finding.kind == TaxonomyFinding::Kind::SharedClass
            || finding.kind == TaxonomyFinding::Kind::ExclusiveClash)
            shared.insert(finding.classId);
    }
    while (m_cards.size() > taxonomy.groups.size()) {
        m_cards.back()->hide();
        m_cards.back()->deleteLater();
        m_cards.pop_back();
    }
    while (m_cards.size() < taxonomy.groups.size()) {
        m_cards.push_back(new GroupCard(this));
        m_cards.back()->show();
    }
    for (std::size_t i = 0; i < taxonomy.groups.size(); ++i) {
        const PartGroup &group = taxonomy.groups[i];
        GroupCard::Content content;
        content.title = toQString(group.title);
        content.name = toQString(group.name);
        content.colour = QColor(group.colour[0], group.colour[1], group.colour[2]);
        content.trigger = triggerText(taxonomy.triggerOf(group));
        content.isExclusive = group.exclusive;
        const PartGroup *old = base.findGroup(group.name);
        content.isChanged =
            old == nullptr || !(*old == group) || taxonomy.triggerOf(group) != base.triggerOf(*old);
        for (const int id : group.classes) {
            ClassChip::Content chip;
            chip.id = id;
            const LabelClass *label = taxonomy.findClass(id);
            chip.name = label != nullptr ? toQString(label->name) : tr("unknown class %1").arg(id);
            if (label != nullptr)
                chip.colour = QColor(label->colour[0], label->colour[1], label->colour[2]);
            chip.isFirst = group.classes.size() > 1 && id == group.classes.front()
                           && taxonomy.triggerOf(group) == TriggerRule::First;
            chip.isShared = shared.contains(id);
            content.classes.push_back(chip);
        }
        const GroupImpact *item = impact.findGroup(group.name);
        if (item != nullptr && impact.labelled + impact.masked > 0) {
            const QString about = item->isEstimate ? QStringLiteral("≈ ") : QString();
            content.counts = item->picturesBefore == item->picturesAfter || item->isNew
                                 ? tr("%1 pictures").arg(about + countText(item->picturesAfter))
                                 : tr("%1 → %2 pictures")
                                       .arg(countText(item->picturesBefore),
                                            about + countText(item->picturesAfter));
            if (item->skipped > 0)
                content.marks.append(
                    tr("Skipped in %n pictures", nullptr, static_cast<int>(item->skipped)));
        }
        for (const TaxonomyFinding &finding : findings) {
            const bool isMine = finding.group == group.name || finding.other == group.name;
            if (!isMine)
                continue;
            if (finding.severity == TaxonomyFinding::Severity::Error) {
                content.isError = true;
                QString text = toQString(finding.text);
                text[0] = text[0].toUpper();
                content.marks.prepend(text);
            } else if (finding.kind == TaxonomyFinding::Kind::SharedClass) {
                const QString other =
                    toQString(finding.group == group.name ? finding.other : finding.group);
                const PartGroup *second = taxonomy.findGroup(toStdString(other));
                QString text = tr("%1 is in “%2”, too")
                                   .arg(toQString(taxonomy.className(finding.classId)),
                                        second != nullptr ? toQString(second->title) : other);
                for (const SharedClassImpact &item2 : impact.shared) {
                    if (item2.classId == finding.classId && item2.pictures > 0)
                        text += QStringLiteral(": ")
                                + tr("%n pictures", nullptr, static_cast<int>(item2.pictures));
                }
                text[0] = text[0].toUpper();
                content.marks.append(text);
            }
        }
        m_cards[i]->setContent(static_cast<int>(i), content);
    }
    m_selected.removeIf([this](int row) { return row >= count(); });
    if (m_current >= count())
        setCurrentRow(count() - 1);
    place();
    showSelection();
}

GroupCard *GroupCards::card(int row) const
{
    return row < 0 || row >= count() ? nullptr : m_cards[static_cast<std::size_t>(row)];
}

QList<int> GroupCards::selectedRows() const
{
    QList<int> rows = m_selected;
    rows.removeAll(m_current);
    std::sort(rows.begin(), rows.end());
    if (m_current >= 0)
        rows.prepend(m_current);
    return rows;
}

void GroupCards::setCurrentRow(int row, Qt::KeyboardModifiers modifiers)
{
    row = std::clamp(row, -1, count() - 1);
    if ((modifiers & Qt::ControlModifier) != 0 && m_current >= 0) {
        if (!m_selected.contains(m_current))
            m_selected.append(m_current);
        if (row != m_current && m_selected.contains(row)) {
            m_selected.removeAll(row);
            row = m_current;
        } else {
            if (!m_selected.contains(row))
                m_selected.append(row);
            row = m_current; // the first one stays what others are merged into
        }
    } else if ((modifiers & Qt::ShiftModifier) != 0 && m_anchor >= 0) {
        m_selected.clear();
        for (int i = std::min(m_anchor, row); i <= std::max(m_anchor, row); ++i)
            m_selected.append(i);
    } else {
        m_selected = row >= 0 ? QList<int>{row} : QList<int>{};
        m_anchor = row;
    }
    const bool isOther = row != m_current;
    m_current = row;
    showSelection();
    if (isOther)
        Q_EMIT currentChanged(row);
    Q_EMIT selectionChanged();
}

void GroupCards::showSelection()
{
    for (int row = 0; row < count(); ++row)
        card(row)->setLook(row == m_current, m_selected.size() > 1 && m_selected.contains(row),
                           row == m_dropRow);
    update();
}

int GroupCards::columns() const
{
    return std::max(1, (width() + kGap) / (kMinCardWidth + kGap));
}

void GroupCards::place()
{
    const int perRow = columns();
    const int cardWidth = (width() - (perRow - 1) * kGap) / perRow;
    int y = 0;
    for (int first = 0; first <= count(); first += perRow) {
        int rowHeight = 0;
        for (int row = first; row < std::min(count(), first + perRow); ++row)
            rowHeight = std::max(rowHeight, card(row)->heightFor(cardWidth));
        if (rowHeight == 0)
            rowHeight = kNewHeight;
        for (int row = first; row < std::min(count() + 1, first + perRow); ++row) {
            const QRect place((row - first) * (cardWidth + kGap), y, cardWidth, rowHeight);
            if (row < count())
                card(row)->setGeometry(place);
            else
                m_newPlace = place;
        }
        y += rowHeight + kGap;
    }
    if (m_height != y) {
        m_height = y;
        setMinimumHeight(y);
        updateGeometry();
    }
}

QSize GroupCards::sizeHint() const
{
    return {kMinCardWidth * 2 + kGap, m_height};
}

void GroupCards::resizeEvent(QResizeEvent *event)
{
    place();
    QWidget::resizeEvent(event);
}

void GroupCards::paintEvent(QPaintEvent *event)
{
    static_cast<void>(event);
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const bool isTarget = m_dropRow == count();
    const QColor accent = palette().color(QPalette::Highlight);
    painter.setPen(QPen(isTarget ? accent : palette().color(QPalette::Mid), 1.2, Qt::DashLine));
    painter.setBrush(isTarget ? QBrush(withAlpha(accent, 40)) : QBrush(Qt::NoBrush));
    painter.drawRoundedRect(QRectF(m_newPlace).adjusted(1, 1, -1, -1), kRadius, kRadius);
    painter.setPen(palette().color(isTarget ? QPalette::Highlight : QPalette::PlaceholderText));
    painter.drawText(m_newPlace, Qt::AlignCenter, tr("+ New group"));
}

int GroupCards::rowAt(const QPoint &point) const
{
    for (int row = 0; row < count(); ++row) {
        if (card(row)->geometry().contains(point))
            return row;
    }
    return m_newPlace.contains(point) ? count() : -1;
}

void GroupCards::dragEnterEvent(QDragEnterEvent *event)
{
    if (event->mimeData()->hasFormat(QString::fromLatin1(kClassMimeType)))
        event->acceptProposedAction();
}

void GroupCards::dragMoveEvent(QDragMoveEvent *event)
{
    m_dropRow = rowAt(event->position().toPoint());
    showSelection();
    event->setAccepted(m_dropRow >= 0);
}

void GroupCards::dragLeaveEvent(QDragLeaveEvent *event)
{
    m_dropRow = -1;
    showSelection();
    QWidget::dragLeaveEvent(event);
}

void GroupCards::dropEvent(QDropEvent *event)
{
    const int row = rowAt(event->position().toPoint());
    m_dropRow = -1;
    showSelection();
    if (row < 0)
        return;
    event->acceptProposedAction();
    Q_EMIT classesDropped(row,
                          draggedOf(event->mimeData()->data(QString::fromLatin1(kClassMimeType))));
}

void GroupCards::keyPressEvent(QKeyEvent *event)
{
    const int perRow = columns();
    int step = 0;
    switch (event->key()) {
    case Qt::Key_Left:
        step = -1;
        break;
    case Qt::Key_Right:
        step = 1;
        break;
    case Qt::Key_Up:
        step = -perRow;
        break;
    case Qt::Key_Down:
        step = perRow;
        break;
    case Qt::Key_Home:
        step = -count();
        break;
    case Qt::Key_End:
        step = count();
        break;
    case Qt::Key_Return:
    case Qt::Key_Enter:
        if ((event->modifiers() & Qt::ControlModifier) == 0 && m_current >= 0) {
            Q_EMIT editRequested(m_current);
            return;
        }
        QWidget::keyPressEvent(event);
        return;
    case Qt::Key_Menu:
        if (m_current >= 0)
            Q_EMIT groupMenuRequested(m_current, mapToGlobal(card(m_current)->geometry().center()));
        return;
    default:
        QWidget::keyPressEvent(event);
        return;
    }
    if ((event->modifiers() & (Qt::AltModifier | Qt::ControlModifier)) != 0 || count() == 0) {
        QWidget::keyPressEvent(event);
        return;
    }
    setCurrentRow(std::clamp(std::max(m_current, 0) + step, 0, count() - 1),
                  event->modifiers() & Qt::ShiftModifier);
}

void GroupCards::contextMenuEvent(QContextMenuEvent *event)
{
    const int row = rowAt(event->pos());
    if (row < 0 || row >= count())
        return;
    if (!m_selected.contains(row))
        setCurrentRow(row);
    Q_EMIT groupMenuRequested(row, event->globalPos());
}

void GroupCards::mousePressEvent(QMouseEvent *event)
{
    const int row = rowAt(event->pos());
    if (row == count() && event->button() == Qt::LeftButton) {
        Q_EMIT classesDropped(row, {});
        return;
    }
    if (row >= 0)
        setCurrentRow(row, event->modifiers());
    QWidget::mousePressEvent(event);
}

void GroupCards::mouseDoubleClickEvent(QMouseEvent *event)
{
    const int row = rowAt(event->pos());
    if (row >= 0 && row < count())
        Q_EMIT editRequested(row);
}

} // namespace sapsam::ui
