#include "ui/pages/viewer/checks_panel.h"

#include "ui/jobs/project_session.h"
#include "ui/models/gallery_model.h"
#include "ui/support/text.h"
#include "ui/support/theme.h"
#include "ui/widgets/labels.h"

#include <QComboBox>
#include <QLabel>
#include <QListView>
#include <QPainter>
#include <QPushButton>
#include <QSignalBlocker>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace sapsam::ui {

namespace {

constexpr int kPadding = 10;
constexpr int kBarHeight = 3;
constexpr int kMostWords = 3; // findings that a row names

QString kindText(PartFindingKind kind)
{
    switch (kind) {
    case PartFindingKind::WrongSize:
        return ChecksPanel::tr("Masks of another size");
    case PartFindingKind::Unlabelled:
        return ChecksPanel::tr("Person without a part");
    case PartFindingKind::Overlap:
        return ChecksPanel::tr("Overlaps");
    case PartFindingKind::Hole:
        return ChecksPanel::tr("Holes");
    case PartFindingKind::Island:
        return ChecksPanel::tr("Small pieces");
    case PartFindingKind::SideSwap:
        return ChecksPanel::tr("Left and right");
    case PartFindingKind::Order:
        return ChecksPanel::tr("Order of the body");
    case PartFindingKind::PairMissing:
        return ChecksPanel::tr("Half of a pair");
    }
    return {};
}

QFont smallFont(const QFont &font)
{
    QFont small = font;
    small.setPointSizeF(font.pointSizeF() * 0.9);
    return small;
}

} // namespace

QString findingText(const PartFinding &finding, const PartPalette &palette)
{
    // Classes of a label map come by their own names.
    const auto title = [&palette](const std::string &name) { return palette.title(toQString(name)); };
    const QString group = title(finding.group);
    const QString pixels = countText(finding.pixels);
    switch (finding.kind) {
    case PartFindingKind::WrongSize:
        return ChecksPanel::tr("%1: made for a picture of another size").arg(group);
    case PartFindingKind::Unlabelled:
        return finding.other.empty()
                   ? ChecksPanel::tr("%1 pixels of the person in no part").arg(pixels)
                   : ChecksPanel::tr("%1 pixels of the person in no part (%2)")
                         .arg(pixels, toQString(finding.other));
    case PartFindingKind::Overlap:
        return ChecksPanel::tr("%1 and %2 overlap: %3 pixels")
            .arg(group, title(finding.other), pixels);
    case PartFindingKind::Hole:
        return (finding.count == 1 ? ChecksPanel::tr("%1: a hole")
                                   : ChecksPanel::tr("%1: %n holes", nullptr, finding.count))
            .arg(group);
    case PartFindingKind::Island:
        return (finding.count == 1
                    ? ChecksPanel::tr("%1: a small piece apart")
                    : ChecksPanel::tr("%1: %n small pieces apart", nullptr, finding.count))
            .arg(group);
    case PartFindingKind::SideSwap:
        return ChecksPanel::tr("%1 and %2 may be swapped").arg(group, title(finding.other));
    case PartFindingKind::Order:
        return ChecksPanel::tr("%1 lies below %2").arg(group, title(finding.other));
    case PartFindingKind::PairMissing:
        return ChecksPanel::tr("%1 is missing, %2 is there").arg(group, title(finding.other));
    }
    return {};
}

// Model
// --------------------------------------------------------------------------------------------

CheckModel::CheckModel(const GalleryModel *gallery, QObject *parent)
    : QAbstractListModel(parent), m_gallery(gallery)
{
}

void CheckModel::setChecks(std::vector<PictureCheck> checks)
{
    beginResetModel();
    m_checks = std::move(checks);
    rebuild();
    endResetModel();
}

void CheckModel::setKind(std::optional<PartFindingKind> kind)
{
    beginResetModel();
    m_kind = kind;
    rebuild();
    endResetModel();
}

void CheckModel::setPalette(const PartPalette &palette)
{
    m_palette = palette;
    if (!m_rows.empty())
        Q_EMIT dataChanged(index(0), index(rowCount() - 1), {SummaryRole});
}

void CheckModel::rebuild()
{
    m_rows.clear();
    for (std::size_t i = 0; i < m_checks.size(); ++i) {
        const auto &findings = m_checks[i].findings;
        if (!m_kind
            || std::any_of(findings.begin(), findings.end(), [this](const PartFinding &finding) {
                   return finding.kind == *m_kind;
               }))
            m_rows.push_back(static_cast<int>(i));
    }
}

void CheckModel::replace(const PictureCheck &check)
{
    for (PictureCheck &known : m_checks) {
        if (known.imageId == check.imageId)
            known = check;
    }
    const int row = rowOf(check.imageId);
    if (row >= 0)
        Q_EMIT dataChanged(index(row), index(row));
}

int CheckModel::openCount() const
{
    return static_cast<int>(std::count_if(m_rows.begin(), m_rows.end(), [this](int place) {
        return !m_checks[static_cast<std::size_t>(place)].findings.empty();
    }));
}

int CheckModel::rowOf(qint64 imageId) const
{
    for (std::size_t row = 0; row < m_rows.size(); ++row) {
        if (m_checks[static_cast<std::size_t>(m_rows[row])].imageId == imageId)
            return static_cast<int>(row);
    }
    return -1;
}

qint64 CheckModel::idAt(int row) const
{
    return row < 0 || row >= rowCount()
               ? 0
               : m_checks[static_cast<std::size_t>(m_rows[static_cast<std::size_t>(row)])].imageId;
}

int CheckModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

QVariant CheckModel::data(const QModelIndex &index, int role) const
{
    if (!index.isValid() || index.row() >= rowCount())
        return {};
    const PictureCheck &check =
        m_checks[static_cast<std::size_t>(m_rows[static_cast<std::size_t>(index.row())])];
    switch (role) {
    case Qt::DisplayRole: {
        const GalleryItem *item = m_gallery == nullptr ? nullptr : m_gallery->item(check.imageId);
        return item != nullptr ? item->name : tr("Picture %1").arg(check.imageId);
    }
    case IdRole:
        return static_cast<qint64>(check.imageId);
    case SummaryRole:
    case Qt::ToolTipRole:
    case Qt::AccessibleDescriptionRole: {
        if (check.findings.empty())
            return tr("Mended");
        QStringList lines;
        for (PartFinding finding : check.findings) {
            if (role == SummaryRole && finding.kind == PartFindingKind::Unlabelled)
                finding.other.clear(); // which classes: there is no room for that
            lines.append(findingText(finding, m_palette));
        }
        if (role == Qt::ToolTipRole)
            return lines.join(QLatin1Char('\n'));
        if (role == SummaryRole && lines.size() > kMostWords)
            lines = lines.mid(0, kMostWords)
                    << tr("%n more", nullptr, static_cast<int>(lines.size()) - kMostWords);
        return lines.join(QStringLiteral(" · "));
    }
    case BadnessRole:
        return check.badness;
    case MendedRole:
        return check.findings.empty();
    default:
        return {};
    }
}

// Delegate
// -----------------------------------------------------------------------------------------

QSize CheckDelegate::sizeHint(const QStyleOptionViewItem &option, const QModelIndex &index) const
{
    Q_UNUSED(index)
    const int lines = QFontMetrics(option.font).height()
                      + 2 * QFontMetrics(smallFont(option.font)).height();
    return {200, lines + 2 * kPadding + kBarHeight + 6};
}

void CheckDelegate::paint(QPainter *painter, const QStyleOptionViewItem &option,
                          const QModelIndex &index) const
{
    const QPalette &palette = option.palette;
    const bool isMended = index.data(CheckModel::MendedRole).toBool();
    const QRect card = option.rect.adjusted(4, 2, -4, -2);
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(Qt::NoPen);
    if (option.state.testFlag(QStyle::State_Selected)) {
        QColor back = palette.color(QPalette::Highlight);
        back.setAlphaF(0.16F);
        painter->setBrush(back);
        painter->drawRoundedRect(card, 8, 8);
    } else if (option.state.testFlag(QStyle::State_MouseOver)) {
        painter->setBrush(palette.color(QPalette::Midlight));
        painter->drawRoundedRect(card, 8, 8);
    }
    const QRect inside = card.adjusted(kPadding, kPadding - 2, -kPadding, -kPadding + 2);
    painter->setFont(option.font);
    painter->setPen(palette.color(isMended ? QPalette::PlaceholderText : QPalette::Text));
    const QFontMetrics metrics(option.font);
    painter->drawText(
        QRect(inside.left(), inside.top(), inside.width(), metrics.height()),
        Qt::AlignLeft | Qt::AlignVCenter,
        metrics.elidedText(index.data().toString(), Qt::ElideMiddle, inside.width()));
    const QFont small = smallFont(option.font);
    const QFontMetrics smallMetrics(small);
    painter->setFont(small);
    painter->setPen(isMended ? goodColor(palette) : palette.color(QPalette::PlaceholderText));
    const QRect words(inside.left(), inside.top() + metrics.height() + 2, inside.width(),
                      2 * smallMetrics.height());
    // Two lines of it; a word that does not fit the first leaves room there.
    painter->drawText(words, Qt::AlignLeft | Qt::AlignTop | Qt::TextWordWrap,
                      smallMetrics.elidedText(index.data(CheckModel::SummaryRole).toString(),
                                              Qt::ElideRight, 2 * words.width() - 40));
    if (!isMended) {
        const QRectF bar(inside.left(), inside.bottom() - kBarHeight + 2, inside.width(),
                         kBarHeight);
        painter->setPen(Qt::NoPen);
        painter->setBrush(palette.color(QPalette::Mid));
        painter->drawRoundedRect(bar, 1.5, 1.5);
        QRectF filled = bar;
        // Most pictures are a little wrong: the root spreads them.
        const double badness = std::clamp(index.data(CheckModel::BadnessRole).toDouble(), 0.0, 1.0);
        filled.setWidth(std::max(4.0, bar.width() * std::sqrt(badness)));
        painter->setBrush(warningColor(palette));
        painter->drawRoundedRect(filled, 1.5, 1.5);
    }
    painter->restore();
}

// Panel
// --------------------------------------------------------------------------------------------

ChecksPanel::ChecksPanel(ProjectSession *session, const GalleryModel *gallery, QWidget *parent)
    : QWidget(parent),
      m_session(session),
      m_model(new CheckModel(gallery, this)),
      m_list(new QListView),
      m_kinds(new QComboBox),
      m_start(makePrimaryButton(tr("Check all pictures"))),
      m_gallery(makeLinkButton(tr("Show them in the gallery"))),
      m_status(makeLabel({}, "small"))
{
    setRole(this, "panel");
    setProperty("sidePanel", QByteArrayLiteral("left"));
    setMinimumWidth(220);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 12, 0, 12);
    layout->setSpacing(6);
    const auto padded = [layout](QWidget *widget) {
        auto *box = new QVBoxLayout;
        box->setContentsMargins(16, 0, 16, 0);
        box->addWidget(widget);
        layout->addLayout(box);
    };
    padded(makeLabel(tr("PART CHECKS"), "section"));
    m_status->setWordWrap(true);
    padded(m_status);
    m_kinds->setAccessibleName(tr("Which findings"));
    m_kinds->addItem(tr("All findings"), -1);
    for (const PartFindingKind kind :
         {PartFindingKind::Unlabelled, PartFindingKind::Overlap, PartFindingKind::Hole,
          PartFindingKind::Island, PartFindingKind::SideSwap, PartFindingKind::Order,
          PartFindingKind::PairMissing, PartFindingKind::WrongSize})
        m_kinds->addItem(kindText(kind), static_cast<int>(kind));
    padded(m_kinds);
    m_list->setModel(m_model);
    m_list->setItemDelegate(new CheckDelegate(m_list));
    m_list->setObjectName(QStringLiteral("plainList"));
    m_list->setAccessibleName(tr("Pictures with something to mend, the worst first"));
    m_list->setUniformItemSizes(true);
    m_list->setMouseTracking(true);
    m_list->setFrameShape(QFrame::NoFrame);
    m_list->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    auto *listBox = new QVBoxLayout;
    listBox->setContentsMargins(8, 0, 8, 0);
    listBox->addWidget(m_list);
    layout->addLayout(listBox, 1);
    padded(m_gallery);
    padded(m_start);

    const auto choose = [this](const QModelIndex &index) {
        if (index.isValid())
            Q_EMIT pictureChosen(m_model->idAt(index.row()));
    };
    connect(m_list, &QAbstractItemView::clicked, this, choose);
    connect(m_list, &QAbstractItemView::activated, this, choose);
    connect(m_start, &QPushButton::clicked, this, &ChecksPanel::start);
    connect(m_kinds, &QComboBox::activated, this, [this](int row) {
        const int kind = m_kinds->itemData(row).toInt();
        m_model->setKind(kind < 0 ? std::nullopt
                                  : std::optional(static_cast<PartFindingKind>(kind)));
        m_isAtWorst = false;
        setCurrent(m_current);
        showStatus();
    });
    connect(m_gallery, &QPushButton::clicked, this, [this] {
        QStringList ids;
        for (int row = 0; row < m_model->rowCount(); ++row)
            ids.append(QString::number(m_model->idAt(row)));
        Q_EMIT filterRequested(QStringLiteral("id:") + ids.join(QLatin1Char(',')));
    });
    if (m_session != nullptr) {
        connect(m_session, &ProjectSession::closed, this, [this] {
            m_job = 0;
            m_hasChecked = false;
            m_model->setChecks({});
            showStatus();
        });
        // Cancelled or failed: nothing was answered.
        connect(m_session, &ProjectSession::jobFinished, this, [this](JobId job) {
            if (job == m_job) {
                m_job = 0;
                showStatus();
            }
        });
    }
    showStatus();
}

void ChecksPanel::start()
{
    if (m_session == nullptr || !m_session->isOpen() || isChecking())
        return;
    m_job = m_session->run(
        tr("Check the parts"), this,
        [](ProjectStore &store, Engines &, const CancelToken &cancel, const ProgressSink &progress) {
            return checkProject(store, {}, {}, cancel, progress);
        },
        [this](PartCheckReport report) {
            m_hasChecked = true;
            m_model->setChecks(std::move(report.pictures));
            showStatus();
            // Not the picture that is shown: it may be far down the list. It is not opened either,
            // because somebody may be drawing.
            m_isAtWorst = m_model->rowCount() > 0;
            m_list->setCurrentIndex(m_model->index(0));
            m_list->scrollToTop();
        });
    showStatus();
}

void ChecksPanel::setCurrent(qint64 imageId)
{
    if (imageId == m_current && m_isAtWorst)
        return; // the same picture, shown again
    m_isAtWorst = false;
    m_current = imageId;
    const QModelIndex index = m_model->index(m_model->rowOf(imageId));
    m_list->setCurrentIndex(index);
    if (index.isValid())
        m_list->scrollTo(index);
}

void ChecksPanel::step(int direction)
{
    int row = m_isAtWorst ? -1 : m_model->rowOf(m_current);
    if (row < 0 && direction < 0)
        row = m_model->rowCount();
    for (row += direction; row >= 0 && row < m_model->rowCount(); row += direction) {
        if (!m_model->index(row).data(CheckModel::MendedRole).toBool())
            return Q_EMIT pictureChosen(m_model->idAt(row));
    }
}

void ChecksPanel::showAgain(const PictureCheck &check)
{
    m_model->replace(check);
    showStatus();
}

void ChecksPanel::showStatus()
{
    const int left = m_model->openCount();
    m_start->setEnabled(!isChecking());
    m_start->setText(m_hasChecked ? tr("Check again") : tr("Check all pictures"));
    m_list->setVisible(m_model->rowCount() > 0 || !m_hasChecked);
    m_gallery->setVisible(m_model->rowCount() > 0);
    m_kinds->setEnabled(!m_model->checks().empty());
    m_status->setText(
        isChecking()    ? tr("Looking at the masks of all pictures…")
        : !m_hasChecked ? tr("Finds gaps, overlaps, holes, crumbs and swapped sides, and lists the "
                             "pictures with the most to mend first.")
        : left == 0     ? tr("Nothing is left to mend.")
        : left == 1     ? tr("One picture to mend")
                        : tr("%n pictures to mend, the worst first", nullptr, left));
}

} // namespace sapsam::ui
