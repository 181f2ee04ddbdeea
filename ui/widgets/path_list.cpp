#include "ui/widgets/path_list.h"

#include "ui/widgets/labels.h"

#include <QDir>
#include <QEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QListWidget>
#include <QPainter>
#include <QPushButton>
#include <QVBoxLayout>

namespace sapsam::ui {

PathList::PathList(const Words &words, QWidget *parent)
    : QWidget(parent),
      m_words(words),
      m_list(new QListWidget),
      m_remove(makeLinkButton(tr("Remove")))
{
    m_list->setAccessibleName(words.name);
    m_list->setSelectionMode(QAbstractItemView::ExtendedSelection);
    m_list->setTextElideMode(Qt::ElideMiddle);
    m_list->viewport()->installEventFilter(this);
    auto *folder = new QPushButton(tr("Add folder…"));
    auto *files = new QPushButton(tr("Add files…"));
    m_remove->setEnabled(false);
    auto *adders = new QHBoxLayout;
    adders->addWidget(files);
    adders->addWidget(folder);
    adders->addStretch(1);
    adders->addWidget(m_remove);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(8);
    layout->addWidget(m_list, 1);
    layout->addLayout(adders);
    connect(folder, &QPushButton::clicked, this, [this] { ask(true); });
    connect(files, &QPushButton::clicked, this, [this] { ask(false); });
    connect(m_remove, &QPushButton::clicked, this, [this] {
        qDeleteAll(m_list->selectedItems());
        Q_EMIT changed();
    });
    connect(m_list, &QListWidget::itemSelectionChanged, this,
            [this] { m_remove->setEnabled(!m_list->selectedItems().isEmpty()); });
}

QStringList PathList::paths() const
{
    QStringList result;
    for (int row = 0; row < m_list->count(); ++row)
        result.append(m_list->item(row)->data(Qt::UserRole).toString());
    return result;
}

void PathList::addPaths(const QStringList &paths)
{
    const int before = m_list->count();
    QStringList known = this->paths();
    for (const QString &path : paths) {
        const QString whole = QFileInfo(path).absoluteFilePath();
        if (known.contains(whole))
            continue;
        known.append(whole);
        auto *item = new QListWidgetItem(QDir::toNativeSeparators(whole), m_list);
        item->setData(Qt::UserRole, whole);
        item->setToolTip(QDir::toNativeSeparators(whole));
    }
    if (m_list->count() != before)
        Q_EMIT changed();
}

void PathList::clear()
{
    m_list->clear();
    Q_EMIT changed();
}

void PathList::ask(bool folders)
{
    auto *dialog = new QFileDialog(this, folders ? m_words.askFolder : m_words.askFiles);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(folders ? QFileDialog::Directory : QFileDialog::ExistingFiles);
    if (!folders)
        dialog->setNameFilters(m_words.filters);
    connect(dialog, &QFileDialog::filesSelected, this, &PathList::addPaths);
    dialog->open();
}

bool PathList::eventFilter(QObject *watched, QEvent *event)
{
    if (watched == m_list->viewport() && event->type() == QEvent::Paint && m_list->count() == 0) {
        QPainter painter(m_list->viewport());
        painter.setPen(palette().color(QPalette::PlaceholderText));
        painter.drawText(m_list->viewport()->rect().adjusted(12, 8, -12, -8),
                         Qt::AlignCenter | Qt::TextWordWrap, m_words.whenEmpty);
        return true;
    }
    return QWidget::eventFilter(watched, event);
}

} // namespace sapsam::ui
