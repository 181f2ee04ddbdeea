#include "ui/pages/gallery/gallery_page.h"

#include "ui/gallery/thumbnail_grid.h"
#include "ui/models/gallery_model.h"
#include "ui/support/text.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/labels.h"
#include "ui/widgets/match_panel.h"
#include "ui/widgets/response_bar.h"

#include <QAction>
#include <QHBoxLayout>
#include <QItemSelectionModel>
#include <QLabel>
#include <QMenu>
#include <QSlider>
#include <QSplitter>
#include <QStackedWidget>
#include <QVBoxLayout>

namespace sapsam::ui {

GalleryPage::GalleryPage(const PageContext &context, QWidget *parent)
    : WorkbenchPage(parent),
      m_context(context),
      m_model(context.gallery),
      m_grid(new ThumbnailGrid(context.thumbnails)),
      m_bar(new ResponseBar(context.palette)),
      m_match(new MatchPanel(context.palette)),
      m_empty(new EmptyState),
      m_stack(new QStackedWidget),
      m_count(makeLabel({}, "muted")),
      m_size(new QSlider(Qt::Horizontal))
{
    setRole(this, "page");
    m_grid->setModel(m_model);
    m_bar->hide();
    m_match->hide();

    m_size->setRange(ThumbnailGrid::kMinCellWidth, ThumbnailGrid::kMaxCellWidth);
    m_size->setValue(m_grid->cellWidth());
    m_size->setFixedWidth(140);
    m_size->setAccessibleName(tr("Size of the pictures"));
    m_size->setToolTip(tr("Size of the pictures (Ctrl and the mouse wheel)"));
    auto *header = new QHBoxLayout;
    header->setContentsMargins(20, 10, 20, 6);
    header->addWidget(m_count, 1);
    header->addWidget(makeLabel(tr("Size"), "small"));
    header->addSpacing(8);
    header->addWidget(m_size);

    m_stack->addWidget(m_grid);
    m_stack->addWidget(m_empty);
    auto *left = new QWidget;
    auto *leftLayout = new QVBoxLayout(left);
    leftLayout->setContentsMargins(0, 0, 0, 0);
    leftLayout->setSpacing(0);
    leftLayout->addLayout(header);
    leftLayout->addWidget(m_stack, 1);
    auto *splitter = new QSplitter(Qt::Horizontal);
    splitter->setHandleWidth(1);
    splitter->addWidget(left);
    splitter->addWidget(m_match);
    splitter->setStretchFactor(0, 1);
    splitter->setStretchFactor(1, 0);
    splitter->setCollapsible(0, false);
    splitter->setSizes({900, 290});
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(m_bar);
    layout->addWidget(splitter, 1);

    connect(m_size, &QSlider::valueChanged, m_grid, &ThumbnailGrid::setCellWidth);
    connect(m_grid, &ThumbnailGrid::cellWidthChanged, m_size, &QSlider::setValue);
    connect(m_grid, &QAbstractItemView::activated, this, [this](const QModelIndex &index) {
        m_context.openPicture(index.data(GalleryModel::IdRole).toLongLong());
    });
    connect(m_grid->selectionModel(), &QItemSelectionModel::selectionChanged, this,
            [this] { updateCount(); });
    connect(m_grid->selectionModel(), &QItemSelectionModel::currentChanged, this,
            [this] { showCurrentMatch(); });
    connect(m_model, &QAbstractItemModel::modelReset, this, [this] { updateCount(); });
    connect(m_bar, &ResponseBar::closeRequested, this, &GalleryPage::closeSearchRequested);
    connect(m_empty, &EmptyState::buttonClicked, this, [this] {
        if (m_offer == Offer::Import)
            Q_EMIT importRequested();
        else if (m_offer == Offer::Embed)
            Q_EMIT embedRequested();
    });
    refresh();
}

void GalleryPage::makeActions(ActionRegistry &actions)
{
    const auto add = [&](const char *id, const QString &text, const QStringList &keys,
                         const char *icon, QWidget *owner, auto &&slot) {
        ActionSpec spec;
        spec.id = QString::fromLatin1(id);
        spec.text = text;
        for (const QString &key : keys)
            spec.keys.append(QKeySequence(key, QKeySequence::PortableText));
        spec.scope = ActionScope::Gallery;
        spec.icon = QString::fromLatin1(icon);
        spec.section = tr("Gallery");
        QAction *action = actions.add(spec, owner);
        connect(action, &QAction::triggered, this, slot);
        m_actions.append(action);
    };
    add("gallery.open", tr("Open in the viewer"),
        {QStringLiteral("Return"), QStringLiteral("Enter")}, "viewer", m_grid, [this] {
            const QModelIndex current = m_grid->currentIndex();
            if (current.isValid())
                m_context.openPicture(current.data(GalleryModel::IdRole).toLongLong());
        });
    add("gallery.all", tr("Back to all pictures"), {QStringLiteral("Esc")}, "", this,
        [this] { Q_EMIT closeSearchRequested(); });
    add("gallery.bigger", tr("Bigger pictures"),
        {QStringLiteral("Ctrl++"), QStringLiteral("Ctrl+=")}, "zoom-in", this,
        [this] { m_grid->setCellWidth(m_grid->cellWidth() + 16); });
    add("gallery.smaller", tr("Smaller pictures"), {QStringLiteral("Ctrl+-")}, "zoom-out", this,
        [this] { m_grid->setCellWidth(m_grid->cellWidth() - 16); });
    add("gallery.select-all", tr("Select all"), {QStringLiteral("Ctrl+A")}, "", m_grid,
        [this] { m_grid->selectAll(); });
}

void GalleryPage::fillMenu(QMenu &menu)
{
    menu.addActions(m_actions);
}

void GalleryPage::activate()
{
    m_grid->setFocus();
}

bool GalleryPage::isSettled() const
{
    return m_grid->isSettled();
}

bool GalleryPage::showsEmptyState() const
{
    return m_stack->currentWidget() == m_empty;
}

void GalleryPage::refresh()
{
    if (m_offer == Offer::Embed)
        return; // stays until the next query
    if (m_model->totalCount() == 0) {
        m_offer = Offer::Import;
        m_empty->show(QStringLiteral("gallery"), tr("No pictures yet"),
                      tr("Import a folder of person pictures, scenes or a video. You can also drop "
                         "them into this window."),
                      tr("Import…"));
        m_stack->setCurrentWidget(m_empty);
    } else if (m_model->rowCount() == 0) {
        m_offer = Offer::Nothing;
        m_empty->show(QStringLiteral("search"), tr("Nobody found"),
                      tr("No picture of this gallery is embedded for this query."));
        m_stack->setCurrentWidget(m_empty);
    } else {
        m_offer = Offer::Nothing;
        m_stack->setCurrentWidget(m_grid);
    }
    updateCount();
}

void GalleryPage::updateCount()
{
    const int selected = m_grid->selectionModel() != nullptr
                             ? [this] {
                                   int count = 0;
                                   for (const QItemSelectionRange &range :
                                        m_grid->selectionModel()->selection())
                                       count += range.height();
                                   return count;
                               }()
                             : 0;
    m_count->setText(m_model->isRanked()
                         ? tr("%1 ranked").arg(countText(m_model->rowCount()))
                         : tr("%1 in the gallery").arg(countText(m_model->totalCount())));
    Q_EMIT selectionCountChanged(selected);
}

void GalleryPage::showAll()
{
    m_offer = Offer::Nothing;
    m_hits.clear();
    m_bar->hide();
    m_match->hide();
    m_model->clearRanking();
    refresh();
}

void GalleryPage::showSearching(const QString &text)
{
    m_bar->setMessage(tr("Searching for “%1”…").arg(text), false);
    m_bar->show();
}

void GalleryPage::showResponse(const SearchResponse &response)
{
    m_offer = Offer::Nothing;
    m_hits.clear();
    std::vector<GalleryHit> hits;
    hits.reserve(response.hits.size());
    for (const SearchHit &hit : response.hits) {
        m_hits.insert(hit.imageId, hit);
        hits.push_back({hit.imageId, hit.rank, hit.score, MatchPanel::summaryOf(hit)});
    }
    m_bar->setResponse(response, m_model->totalCount());
    m_bar->show();
    m_match->clear();
    m_match->show();
    m_model->setRanking(std::move(hits));
    refresh();
    if (m_model->rowCount() > 0)
        m_grid->setCurrentIndex(m_model->index(0));
}

void GalleryPage::showNotEmbedded(const QString &why)
{
    m_offer = Offer::Embed;
    m_bar->hide();
    m_match->hide();
    m_empty->show(QStringLiteral("embed"), tr("Nothing to search in yet"),
                  tr("The pictures must be embedded once before they can be searched. ") + why,
                  tr("Embed now"));
    m_stack->setCurrentWidget(m_empty);
}

void GalleryPage::showQueryProblem(const QString &message)
{
    m_bar->setMessage(message, true);
    m_bar->show();
}

void GalleryPage::showCurrentMatch()
{
    const int row = m_grid->currentIndex().row();
    const GalleryItem *item = m_model->itemAt(row);
    if (item == nullptr || !m_hits.contains(item->id)) {
        m_match->clear();
        return;
    }
    m_match->setHit(m_hits.value(item->id), item->name);
}

void GalleryPage::refreshIcons()
{
    m_bar->refreshIcons();
}

} // namespace sapsam::ui
