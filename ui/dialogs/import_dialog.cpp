#include "ui/dialogs/import_dialog.h"

#include "ui/widgets/labels.h"

#include <QCheckBox>
#include <QDialogButtonBox>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QLabel>
#include <QListWidget>
#include <QPushButton>
#include <QVBoxLayout>

namespace sapsam::ui {

ImportDialog::ImportDialog(const QStringList &paths, QWidget *parent)
    : QDialog(parent),
      m_list(new QListWidget),
      m_detect(new QCheckBox(tr("The pictures are scenes: cut the people out of them"))),
      m_import(nullptr)
{
    setWindowTitle(tr("Import"));
    resize(560, 420);
    m_list->setAccessibleName(tr("Folders and files to import"));
    m_list->setSelectionMode(QAbstractItemView::ExtendedSelection);
    m_list->setTextElideMode(Qt::ElideMiddle);
    QLabel *hint = makeLabel(tr("Folders are searched with all folders in them. People are always "
                                "cut out of videos. Your files stay where they are."),
                             "muted");
    hint->setWordWrap(true);

    auto *folder = new QPushButton(tr("Add folder…"));
    auto *files = new QPushButton(tr("Add files…"));
    auto *remove = makeLinkButton(tr("Remove"));
    auto *adders = new QHBoxLayout;
    adders->addWidget(folder);
    adders->addWidget(files);
    adders->addStretch(1);
    adders->addWidget(remove);

    auto *buttons = new QDialogButtonBox(QDialogButtonBox::Cancel);
    m_import = makePrimaryButton(tr("Import"));
    buttons->addButton(m_import, QDialogButtonBox::AcceptRole);
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(folder, &QPushButton::clicked, this, [this] {
        const QString path = QFileDialog::getExistingDirectory(this, tr("Folder to import"));
        if (!path.isEmpty())
            addPaths({path});
    });
    connect(files, &QPushButton::clicked, this, [this] {
        addPaths(QFileDialog::getOpenFileNames(
            this, tr("Files to import"), {},
            tr("Pictures and videos (*.jpg *.jpeg *.png *.bmp *.webp *.tif *.tiff *.avi *.mp4 "
               "*.mkv *.mov);;All files (*)")));
    });
    connect(remove, &QPushButton::clicked, this, [this] {
        qDeleteAll(m_list->selectedItems());
        updateButton();
    });

    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(24, 20, 24, 16);
    layout->setSpacing(12);
    layout->addWidget(makeLabel(tr("Import people"), "heading"));
    layout->addWidget(hint);
    layout->addWidget(m_list, 1);
    layout->addLayout(adders);
    layout->addWidget(m_detect);
    layout->addWidget(buttons);
    addPaths(paths);
}

void ImportDialog::addPaths(const QStringList &paths)
{
    for (const QString &path : paths) {
        if (m_list->findItems(path, Qt::MatchExactly).isEmpty())
            m_list->addItem(path);
    }
    updateButton();
}

void ImportDialog::updateButton()
{
    m_import->setEnabled(m_list->count() > 0);
}

QStringList ImportDialog::paths() const
{
    QStringList result;
    for (int row = 0; row < m_list->count(); ++row)
        result.append(m_list->item(row)->text());
    return result;
}

bool ImportDialog::detectPeople() const
{
    return m_detect->isChecked();
}

} // namespace sapsam::ui
