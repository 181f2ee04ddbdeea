#include "ui/dialogs/command_palette.h"

#include "ui/dialogs/command_model.h"
#include "ui/support/action_registry.h"

#include <QKeyEvent>
#include <QLineEdit>
#include <QListView>
#include <QPainter>
#include <QStyledItemDelegate>
#include <QVBoxLayout>

#include <algorithm>

namespace sapsam::ui {

namespace {

constexpr int kWidth = 560;
constexpr int kHeight = 420;
constexpr int kRowPadding = 9;

// Title with the matched letters in bold, its section, and the keys at the right.
class CommandDelegate final : public QStyledItemDelegate
{
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    QSize sizeHint(const QStyleOptionViewItem &option, const QModelIndex &) const override
    {
        return {0, option.fontMetrics.height() + 2 * kRowPadding};
    }

    void paint(QPainter *painter, const QStyleOptionViewItem &option,
               const QModelIndex &index) const override
    {
        const QPalette &palette = option.palette;
        const bool isOn = index.data(CommandModel::EnabledRole).toBool();
        const QColor quiet = palette.color(QPalette::PlaceholderText);
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        if (option.state.testFlag(QStyle::State_Selected)) {
            painter->setPen(Qt::NoPen);
            painter->setBrush(palette.color(QPalette::Midlight));
            painter->drawRoundedRect(option.rect.adjusted(1, 1, -1, -1), 7, 7);
        }
        QRect rect = option.rect.adjusted(12, 0, -12, 0);
        const QString keys = index.data(CommandModel::KeysRole).toString();
        painter->setFont(option.font);
        painter->setPen(quiet);
        painter->drawText(rect, Qt::AlignRight | Qt::AlignVCenter, keys);
        rect.setRight(rect.right() - option.fontMetrics.horizontalAdvance(keys) - 16);

        const QString title = index.data(Qt::DisplayRole).toString();
        const auto positions = index.data(CommandModel::PositionsRole).value<QList<int>>();
        QFont bold = option.font;
        bold.setBold(true);
        int x = rect.left();
        for (int at = 0; at < static_cast<int>(title.size()) && x < rect.right(); ++at) {
            const bool isMatched = positions.contains(at);
            const QFont &font = isMatched ? bold : option.font;
            painter->setFont(font);
            painter->setPen(!isOn       ? quiet
                            : isMatched ? palette.color(QPalette::Highlight)
                                        : palette.color(QPalette::Text));
            const QString letter(title[at]);
            painter->drawText(QRect(x, rect.top(), rect.width(), rect.height()),
                              Qt::AlignLeft | Qt::AlignVCenter, letter);
            x += QFontMetrics(font).horizontalAdvance(letter);
        }
        painter->setFont(option.font);
        painter->setPen(quiet);
        const QRect rest(x + 12, rect.top(), rect.right() - x - 12, rect.height());
        painter->drawText(
            rest, Qt::AlignLeft | Qt::AlignVCenter,
            option.fontMetrics.elidedText(index.data(CommandModel::SectionRole).toString(),
                                          Qt::ElideRight, std::max(0, rest.width())));
        painter->restore();
    }
};

} // namespace

CommandPalette::CommandPalette(const ActionRegistry &registry, const QStringList &unavailablePages,
                               QWidget *parent)
    : QDialog(parent, Qt::Popup),
      m_model(new CommandModel(registry, this)),
      m_edit(new QLineEdit),
      m_list(new QListView)
{
    setWindowTitle(tr("All actions"));
    setAttribute(Qt::WA_DeleteOnClose);
    setObjectName(QStringLiteral("palette"));
    m_model->setUnavailablePages(unavailablePages);
    m_model->setTyped({});
    m_edit->setPlaceholderText(tr("What do you want to do?"));
    m_edit->setAccessibleName(tr("Name of an action"));
    m_edit->setClearButtonEnabled(true);
    m_edit->installEventFilter(this);
    m_list->setModel(m_model);
    m_list->setItemDelegate(new CommandDelegate(m_list));
    m_list->setAccessibleName(tr("Actions"));
    m_list->setUniformItemSizes(true);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_list->setFrameShape(QFrame::NoFrame);
    m_list->setFocusPolicy(Qt::NoFocus);
    m_list->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    m_list->setMouseTracking(true);

    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(10, 10, 10, 10);
    layout->setSpacing(8);
    layout->addWidget(m_edit);
    layout->addWidget(m_list, 1);
    connect(m_edit, &QLineEdit::textChanged, this, [this](const QString &typed) {
        m_model->setTyped(typed.trimmed());
        selectRow(0);
    });
    connect(m_list, &QListView::clicked, this, &CommandPalette::choose);
    setFocusProxy(m_edit);
    selectRow(0);
}

void CommandPalette::showEvent(QShowEvent *event)
{
    QDialog::showEvent(event);
    const QWidget *parent = parentWidget();
    resize(std::min(kWidth, parent->width() - 40), std::min(kHeight, parent->height() - 80));
    move(parent->mapToGlobal(QPoint((parent->width() - width()) / 2, 60)));
    m_edit->setFocus();
}

bool CommandPalette::eventFilter(QObject *watched, QEvent *event)
{
    if (watched == m_edit && event->type() == QEvent::KeyPress) {
        const int row = m_list->currentIndex().row();
        const int page = std::max(1, m_list->height() / std::max(1, m_list->sizeHintForRow(0)) - 1);
        switch (static_cast<QKeyEvent *>(event)->key()) {
        case Qt::Key_Down:
            selectRow(row + 1);
            return true;
        case Qt::Key_Up:
            selectRow(row - 1);
            return true;
        case Qt::Key_PageDown:
            selectRow(row + page);
            return true;
        case Qt::Key_PageUp:
            selectRow(row - page);
            return true;
        case Qt::Key_Return:
        case Qt::Key_Enter:
            choose();
            return true;
        default:
            break;
        }
    }
    return QDialog::eventFilter(watched, event);
}

void CommandPalette::selectRow(int row)
{
    const int last = m_model->rowCount() - 1;
    m_list->setCurrentIndex(m_model->index(std::clamp(row, 0, std::max(0, last))));
}

void CommandPalette::choose()
{
    const QModelIndex index = m_list->currentIndex();
    if (!index.isValid() || !index.data(CommandModel::EnabledRole).toBool())
        return;
    const QString id = index.data(CommandModel::IdRole).toString();
    // Gone first: the action may open a window of its own, or ask who has the focus.
    close();
    Q_EMIT chosen(id);
}

} // namespace sapsam::ui
