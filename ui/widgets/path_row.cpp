#include "ui/widgets/path_row.h"

#include <QDir>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QPushButton>

namespace sapsam::ui {

PathRow::PathRow(Kind kind, const QString &name, const QString &whenEmpty,
                 const QStringList &filters, QWidget *parent)
    : QWidget(parent),
      m_kind(kind),
      m_filters(filters),
      m_line(new QLineEdit),
      m_reset(new QPushButton(tr("Reset")))
{
    m_line->setReadOnly(true);
    m_line->setPlaceholderText(whenEmpty);
    m_line->setAccessibleName(name);
    auto *choose = new QPushButton(tr("Choose…"));
    choose->setAccessibleName(tr("Choose: %1").arg(name));
    m_reset->setAccessibleName(tr("Reset: %1").arg(name));
    m_reset->setEnabled(false);
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_line, 1);
    layout->addWidget(choose);
    layout->addWidget(m_reset);
    setFocusProxy(m_line);
    connect(choose, &QPushButton::clicked, this, &PathRow::ask);
    connect(m_reset, &QPushButton::clicked, this, [this] {
        setPath({});
        Q_EMIT chosen({});
    });
}

void PathRow::setPath(const QString &path)
{
    m_path = path;
    m_line->setText(QDir::toNativeSeparators(path));
    m_reset->setEnabled(!path.isEmpty());
}

void PathRow::ask()
{
    auto *dialog = new QFileDialog(this, m_line->accessibleName(), m_path);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(m_kind == Kind::Folder ? QFileDialog::Directory
                                               : QFileDialog::ExistingFile);
    if (!m_filters.isEmpty())
        dialog->setNameFilters(m_filters);
    connect(dialog, &QFileDialog::fileSelected, this, [this](const QString &path) {
        setPath(path);
        Q_EMIT chosen(path);
    });
    dialog->open();
}

} // namespace sapsam::ui
