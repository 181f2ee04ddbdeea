#pragma once

#include "ui/support/action_registry.h"

#include <QDialog>

namespace sapsam::ui {

// Every key of the window on one page, with a filter.
class CheatSheetDialog final : public QDialog
{
    Q_OBJECT

public:
    explicit CheatSheetDialog(const QList<ActionSpec> &specs, QWidget *parent = nullptr);
};

} // namespace sapsam::ui
