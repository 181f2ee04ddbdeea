#pragma once

#include "core/pipeline/searcher.h"
#include "ui/support/part_palette.h"

#include <QFrame>

class QLabel;
class QToolButton;

namespace sapsam::ui {

class FlowLayout;

// Above the ranked gallery: the description as it was understood, part by part, and what was odd
// about it.
class ResponseBar final : public QFrame
{
    Q_OBJECT

public:
    explicit ResponseBar(const PartPalette &palette, QWidget *parent = nullptr);

    void setResponse(const SearchResponse &response, int galleryCount);
    // A sentence instead of an answer: searching, or why nothing came.
    void setMessage(const QString &message, bool isWarning);
    QString message() const;
    QStringList warnings() const { return m_warnings; }
    int chipCount() const;
    void refreshIcons();

Q_SIGNALS:
    void closeRequested();

private:
    PartPalette m_palette;
    QLabel *m_title;
    QLabel *m_warning;
    QWidget *m_chipArea;
    FlowLayout *m_chips;
    QToolButton *m_close;
    QStringList m_warnings;
};

} // namespace sapsam::ui
