#include "ui/dialogs/import_dialog.h"

#include "ui/widgets/labels.h"
#include "ui/widgets/path_list.h"

#include <QCheckBox>
#include <QDialogButtonBox>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

namespace sapsam::ui {

ImportDialog::ImportDialog(const QStringList &paths, QWidget *parent)
    : QDialog(parent),
      m_list(new PathList(
          {tr("Folders and files to import"),
           tr("Nothing to import yet"),
           tr("Files to import"),
           tr("Folder to import"),
           {tr("Pictures and videos (*.jpg *.jpeg *.png *.bmp *.webp *.tif *.tiff *.avi *.mp4 "
               "*.mkv *.mov)"),
            tr("All files (*)")}})),
      m_detect(new QCheckBox(tr("The pictures are scenes: cut the people out of them"))),
      m_import(nullptr)
{
    setWindowTitle(tr("Import"));
    resize(560, 420);
    QLabel *hint = makeLabel(tr("Folders are searched with all folders in them. People are always "
                                "cut out of videos. Your files stay where they are."),
                             "muted");
    hint->setWordWrap(true);

    auto *buttons = new QDialogButtonBox(QDialogButtonBox::Cancel);
    m_import = makePrimaryButton(tr("Import"));
    buttons->addButton(m_import, QDialogButtonBox::AcceptRole);
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(m_list, &PathList::changed, this, &ImportDialog::updateButton);

    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(24, 20, 24, 16);
    layout->setSpacing(12);
    layout->addWidget(makeLabel(tr("Import people"), "heading"));
    layout->addWidget(hint);
    layout->addWidget(m_list, 1);
    layout->addWidget(m_detect);
    layout->addWidget(buttons);
    m_list->addPaths(paths);
    updateButton();
}

void ImportDialog::updateButton()
{
    m_import->setEnabled(!m_list->paths().isEmpty());
}

QStringList ImportDialog::paths() const
{
    return m_list->paths();
}

bool ImportDialog::detectPeople() const
{
    return m_detect->isChecked();
}

} // namespace sapsam::ui
