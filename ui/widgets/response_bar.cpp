#include "ui/widgets/response_bar.h"

#include "ui/support/icons.h"
#include "ui/support/text.h"
#include "ui/widgets/chip.h"
#include "ui/widgets/flow_layout.h"
#include "ui/widgets/labels.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QToolButton>
#include <QVBoxLayout>

namespace sapsam::ui {

ResponseBar::ResponseBar(const PartPalette &palette, QWidget *parent)
    : QFrame(parent),
      m_palette(palette),
      m_title(makeLabel({}, "muted")),
      m_warning(makeLabel({}, "warning")),
      m_chipArea(new QWidget),
      m_chips(new FlowLayout(m_chipArea)),
      m_close(new QToolButton)
{
    setRole(this, "bar");
    setAccessibleName(tr("The description as understood"));
    m_warning->setWordWrap(true);
    m_warning->hide();
    m_close->setAccessibleName(tr("Back to all pictures"));
    m_close->setToolTip(tr("Back to all pictures (Esc)"));
    m_close->setAutoRaise(true);
    connect(m_close, &QToolButton::clicked, this, &ResponseBar::closeRequested);

    auto *text = new QVBoxLayout;
    text->setSpacing(6);
    text->addWidget(m_title);
    text->addWidget(m_chipArea);
    text->addWidget(m_warning);
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(18, 10, 12, 10);
    layout->addLayout(text, 1);
    layout->addWidget(m_close, 0, Qt::AlignTop);
    refreshIcons();
}

void ResponseBar::setResponse(const SearchResponse &response, int galleryCount)
{
    m_chips->clear();
    for (const QueryPart &part : response.parts) {
        const QString group = toQString(part.group);
        m_chips->addWidget(
            new Chip(m_palette.title(group), toQString(part.text), m_palette.color(group)));
    }
    m_chipArea->setVisible(!response.parts.empty());
    const auto milliseconds = (response.encodeSeconds + response.rankSeconds) * 1000.0;
    m_title->setText(tr("%1 of %2 people for “%3” · %4 ms · %5")
                         .arg(countText(static_cast<std::int64_t>(response.hits.size())),
                              countText(galleryCount), toQString(response.query),
                              QLocale().toString(milliseconds, 'f', 0),
                              toQString(response.modelName)));
    m_title->show();
    m_warnings.clear();
    for (const std::string &warning : response.warnings)
        m_warnings.append(toQString(warning));
    m_warning->setText(m_warnings.join(QLatin1Char('\n')));
    m_warning->setVisible(!m_warnings.isEmpty());
}

void ResponseBar::setMessage(const QString &message, bool isWarning)
{
    m_chips->clear();
    m_chipArea->hide();
    m_warnings.clear();
    m_title->setText(isWarning ? QString() : message);
    m_title->setVisible(!isWarning);
    m_warning->setText(isWarning ? message : QString());
    m_warning->setVisible(isWarning);
}

QString ResponseBar::message() const
{
    return m_warning->text().isEmpty() ? m_title->text() : m_warning->text();
}

int ResponseBar::chipCount() const
{
    return m_chips->count();
}

void ResponseBar::refreshIcons()
{
    m_close->setIcon(makeIcon(QStringLiteral("close"), palette()));
}

} // namespace sapsam::ui
