#pragma once

#include <QDialog>
#include <QStringList>

class QCheckBox;
class QPushButton;

namespace sapsam::ui {

class PathList;

// What to import: folders, pictures, videos; and whether people are to be cut out of scenes.
class ImportDialog final : public QDialog
{
    Q_OBJECT

public:
    explicit ImportDialog(const QStringList &paths, QWidget *parent = nullptr);

    QStringList paths() const;
    bool detectPeople() const;

private:
    void updateButton();

    PathList *m_list;
    QCheckBox *m_detect;
    QPushButton *m_import;
};

} // namespace sapsam::ui
