#pragma once

#include "core/base/error.h"

#include <QDialog>

namespace sapsam::ui {

// What to do about a kind of error, in one or two sentences.
QString adviceFor(ErrorKind kind);

// What failed, why, and what to do next; the raw text stands under "Details". Not modal: show it
// with open() and let it delete itself.
class ErrorDialog final : public QDialog
{
    Q_OBJECT

public:
    // `what` names the action as the user knows it: "Segment".
    // `next`: what to do about it, where more is known than the kind of the error tells.
    ErrorDialog(const QString &what, const ErrorReport &error, QWidget *parent = nullptr,
                const QString &next = {});

    static void present(const QString &what, const ErrorReport &error, QWidget *parent,
                        const QString &next = {});
};

} // namespace sapsam::ui
