#pragma once

#include "ui/support/action_registry.h"

#include <QDialog>

class QPagedPaintDevice;

namespace sapsam::ui {

// Every key of the window on one page, with a filter; can be printed or saved as PDF.
class CheatSheetDialog final : public QDialog
{
    Q_OBJECT

public:
    explicit CheatSheetDialog(const QList<ActionSpec> &specs, QWidget *parent = nullptr);

private:
    void print();
    void savePdf();

    QList<ActionSpec> m_specs;
};

// The same sheet on paper: a printer, or a QPdfWriter. GUI thread.
void printCheatSheet(const QList<ActionSpec> &specs, QPagedPaintDevice &device);

} // namespace sapsam::ui
