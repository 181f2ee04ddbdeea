#include "ui/pages/search/search_page.h"

#include "core/image/rle.h"
#include "core/pipeline/ranking_files.h"
#include "core/store/gallery_query.h"
#include "core/store/taxonomy_versions.h"
#include "ui/canvas/picture_canvas.h"
#include "ui/dialogs/error_dialog.h"
#include "ui/gallery/thumbnail_grid.h"
#include "ui/jobs/project_session.h"
#include "ui/pages/search/calibration_dialog.h"
#include "ui/pages/search/explanation_panel.h"
#include "ui/pages/search/part_adder.h"
#include "ui/pages/search/query_chip.h"
#include "ui/pages/search/term_chip.h"
#include "ui/support/picture_source.h"
#include "ui/support/pixels.h"
#include "ui/support/text.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/filter_edit.h"
#include "ui/widgets/flow_layout.h"
#include "ui/widgets/labels.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QDir>
#include <QDragEnterEvent>
#include <QDropEvent>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QImage>
#include <QLabel>
#include <QListWidget>
#include <QLocale>
#include <QMenu>
#include <QMimeData>
#include <QPushButton>
#include <QSignalBlocker>
#include <QSlider>
#include <QSplitter>
#include <QStackedWidget>
#include <QUrl>
#include <QVBoxLayout>

#include <algorithm>

namespace sapsam::ui {

namespace {

constexpr int kMaxHits = 500; // nobody scrolls further
constexpr int kHistory = 50;
constexpr qsizetype kHistoryLetters = 70; // some two lines
constexpr int kRerankDelayMs = 30;
constexpr int kFilterDelayMs = 250; // of typing
constexpr int kShareSteps = 100;
constexpr int kMaskFactor = 4; // masks of small pictures are enlarged for a smooth edge

struct Shown
{
    QImage picture;
    std::vector<OverlayLayer> layers;
    QStringList groups;
};

// Where to write; a name without an ending gets that of the kind that is chosen: "Table (*.csv)".
QString askForTarget(QWidget *parent, const QString &title, const QString &kinds)
{
    QFileDialog dialog(parent, title);
    dialog.setAcceptMode(QFileDialog::AcceptSave);
    dialog.setNameFilters(kinds.split(QStringLiteral(";;")));
    const auto setEnding = [&dialog](const QString &kind) {
        dialog.setDefaultSuffix(
            kind.section(QStringLiteral("(*."), 1, 1).section(QLatin1Char(')'), 0, 0));
    };
    setEnding(dialog.nameFilters().constFirst());
    QObject::connect(&dialog, &QFileDialog::filterSelected, &dialog, setEnding);
    return dialog.exec() == QDialog::Accepted ? dialog.selectedFiles().constFirst() : QString();
}

QString reasonOf(const SearchResponse &response)
{
    switch (response.noLine) {
    case NoLine::NoCalibration:
        return SearchPage::tr("this model is not calibrated; `sapsam calibrate` does it.");
    case NoLine::NothingSaid:
        return SearchPage::tr("the scores of this model say too little.");
    case NoLine::NoPlainText:
        return SearchPage::tr(
            "scores of pictures, judgements and denials alone are not calibrated.");
    case NoLine::OtherReranking:
        return response.isReranked
                   ? SearchPage::tr("scores re-ranked by parts are not calibrated.")
                   : SearchPage::tr("only scores re-ranked by parts are calibrated.");
    case NoLine::OtherLength: {
        QStringList lengths;
        for (const LengthCalibration &length : response.lengths)
            lengths.append(CalibrationDialog::lengthText(length));
        return SearchPage::tr("the calibration holds for %1; this description has %2.")
            .arg(lengths.join(QStringLiteral(", ")))
            .arg(response.words);
    }
    case NoLine::None:
        break;
    }
    return {};
}

} // namespace

// The searcher of the open project; used on the engine lane only.
struct SearchPage::Holder
{
    Searcher &searcherOf(ProjectStore &store, Engines &engines)
    {
        if (!searcher)
            searcher = std::make_unique<Searcher>(store, engines);
        return *searcher;
    }
    std::unique_ptr<Searcher> searcher;
};

SearchPage::SearchPage(const PageContext &context, QWidget *parent)
    : WorkbenchPage(parent),
      m_context(context),
      m_holder(std::make_shared<Holder>()),
      m_summary(makeLabel({}, "muted")),
      m_warning(makeLabel({}, "warning")),
      m_note(makeLabel({}, "small")),
      m_reliability(makeLinkButton(tr("What is a score worth?"))),
      m_chipArea(new QWidget),
      m_chipLayout(new FlowLayout(m_chipArea)),
      m_addPart(makeLinkButton(tr("+ Part"))),
      m_adder(new PartAdder),
      m_filter(new FilterEdit),
      m_shareArea(new QWidget),
      m_share(new QSlider(Qt::Horizontal)),
      m_shareText(makeLabel({}, "small")),
      m_reranking(new QComboBox),
      m_grid(new ThumbnailGrid(context.thumbnails)),
      m_empty(new EmptyState),
      m_stack(new QStackedWidget),
      m_canvas(new PictureCanvas),
      m_explanation(new ExplanationPanel(context.palette)),
      m_history(new QListWidget)
{
    setRole(this, "page");
    setAcceptDrops(true);
    m_model.setRanking({});
    m_grid->setModel(&m_model);
    m_grid->setAccessibleName(tr("Ranked people"));
    m_warning->setWordWrap(true);
    m_note->setWordWrap(true);
    m_warning->hide();
    m_note->hide();
    m_reliability->hide();
    m_canvas->setAccessibleName(tr("The selected person"));
    m_canvas->setMinimumHeight(160);
    m_history->setAccessibleName(tr("Earlier searches"));
    m_history->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_history->setWordWrap(true);
    m_history->setResizeMode(QListView::Adjust); // for the width that the scroll bar leaves
    m_rerank.setSingleShot(true);
    m_rerank.setInterval(kRerankDelayMs);
    connect(&m_rerank, &QTimer::timeout, this, [this] { start(); });
    m_filterTyped.setSingleShot(true);
    m_filterTyped.setInterval(kFilterDelayMs);
    connect(&m_filterTyped, &QTimer::timeout, this, &SearchPage::filterTyped);
    m_filter->setMaximumWidth(560);
    connect(m_filter, &QLineEdit::textChanged, this, [this] { m_filterTyped.start(); });
    connect(m_filter, &QLineEdit::returnPressed, this, &SearchPage::filterTyped);

    m_addPart->setToolTip(tr("Add a part to the query: which one, and what it looks like"));
    connect(m_addPart, &QPushButton::clicked, this, [this] {
        m_adder->begin();
        m_addPart->hide();
    });
    connect(m_adder, &PartAdder::closed, this, [this] {
        m_addPart->show();
        m_addPart->setFocus();
    });
    connect(m_adder, &PartAdder::added, this, [this](const QueryTerm &term) {
        m_addPart->show();
        addPart(term);
    });

    m_share->setRange(0, kShareSteps);
    m_share->setFixedWidth(110);
    m_share->setAccessibleName(tr("Share of the picture in the score"));
    m_share->setToolTip(tr("How much the picture counts beside the description"));
    connect(m_share, &QSlider::valueChanged, this, [this](int value) {
        m_query.exampleShare = static_cast<double>(value) / kShareSteps;
        m_shareText->setText(tr("picture %1 %").arg(value));
        m_rerank.start();
    });
    auto *shareLayout = new QHBoxLayout(m_shareArea);
    shareLayout->setContentsMargins(0, 0, 0, 0);
    shareLayout->setSpacing(8);
    shareLayout->addWidget(makeLabel(tr("Text"), "muted"));
    shareLayout->addWidget(m_share);
    shareLayout->addWidget(makeLabel(tr("Picture"), "muted"));
    shareLayout->addWidget(m_shareText);
    m_shareArea->hide();

    m_reranking->addItem(tr("as measured"), static_cast<int>(Reranking::Auto));
    m_reranking->addItem(tr("on"), static_cast<int>(Reranking::On));
    m_reranking->addItem(tr("off"), static_cast<int>(Reranking::Off));
    m_reranking->setAccessibleName(tr("Re-rank by parts"));
    m_reranking->setToolTip(tr("Whether the phrases of the parts change the order, or explain it "
                               "only. “As measured”: as it was better on a labelled set."));
    connect(m_reranking, &QComboBox::currentIndexChanged, this, [this] {
        m_query.reranking = static_cast<Reranking>(m_reranking->currentData().toInt());
        m_rerank.start();
    });
    connect(m_reliability, &QPushButton::clicked, this, [this] { showCalibration(); });

    auto *bar = new QFrame;
    setRole(bar, "bar");
    auto *barLayout = new QVBoxLayout(bar);
    barLayout->setContentsMargins(18, 10, 18, 10);
    barLayout->setSpacing(6);
    auto *controls = new QHBoxLayout;
    controls->setSpacing(14);
    controls->addWidget(m_filter, 1);
    controls->addWidget(m_shareArea);
    controls->addStretch();
    controls->addWidget(makeLabel(tr("Re-rank by parts"), "muted"));
    controls->addWidget(m_reranking);
    auto *notes = new QHBoxLayout;
    notes->setSpacing(8);
    notes->addWidget(m_note, 1);
    notes->addWidget(m_reliability, 0, Qt::AlignTop);
    barLayout->addWidget(m_summary);
    barLayout->addWidget(m_chipArea);
    barLayout->addLayout(controls);
    barLayout->addWidget(m_warning);
    barLayout->addLayout(notes);

    m_stack->addWidget(m_grid);
    m_stack->addWidget(m_empty);

    auto *historyPanel = new QWidget;
    setRole(historyPanel, "panel");
    auto *historyLayout = new QVBoxLayout(historyPanel);
    historyLayout->setContentsMargins(12, 12, 12, 12);
    historyLayout->addWidget(makeLabel(tr("EARLIER SEARCHES"), "section"));
    historyLayout->addWidget(m_history, 1);

    auto *right = new QSplitter(Qt::Vertical);
    right->setHandleWidth(1);
    right->addWidget(m_canvas);
    right->addWidget(m_explanation);
    right->setSizes({300, 340});
    auto *splitter = new QSplitter(Qt::Horizontal);
    splitter->setHandleWidth(1);
    splitter->addWidget(historyPanel);
    splitter->addWidget(m_stack);
    splitter->addWidget(right);
    splitter->setStretchFactor(1, 1);
    splitter->setSizes({190, 640, 320});
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(bar);
    layout->addWidget(splitter, 1);

    connect(m_grid, &QAbstractItemView::activated, this, [this](const QModelIndex &index) {
        m_context.openPicture(index.data(GalleryModel::IdRole).toLongLong());
    });
    connect(m_grid->selectionModel(), &QItemSelectionModel::currentChanged, this,
            [this] { showCurrent(); });
    connect(m_history, &QListWidget::itemActivated, this, [this](QListWidgetItem *item) {
        const auto row = static_cast<std::size_t>(m_history->row(item));
        if (row < m_stored.size())
            run(m_stored[row]);
    });
    connect(m_explanation, &ExplanationPanel::groupPointed, this, [this](const QString &group) {
        m_canvas->setHighlighted(group.isEmpty() ? -1
                                                 : static_cast<int>(m_layerGroups.indexOf(group)));
    });
    connect(m_explanation, &ExplanationPanel::likeRequested, this, &SearchPage::moreLikeThis);
    connect(m_explanation, &ExplanationPanel::partJudged, this,
            [this](const QString &group, bool relevant) {
                if (currentId() == 0)
                    return;
                SearchQuery query = m_query;
                std::erase_if(query.feedback, [&](const Judgement &judgement) {
                    return judgement.imageId == currentId()
                           && judgement.group == toStdString(group);
                });
                query.feedback.push_back({currentId(), toStdString(group), relevant});
                run(query, true, Place::SamePicture);
            });
    connect(m_empty, &EmptyState::buttonClicked, this, [this] {
        if (m_offersEmbedding)
            Q_EMIT embedRequested();
    });
    ProjectSession *session = m_context.session;
    connect(session, &ProjectSession::imagesLoaded, this,
            [this](const std::vector<GalleryItem> &items) {
                m_model.setItems(items);
                showDivider();
            });
    connect(session, &ProjectSession::opened, this, [this] {
        loadHistory();
        loadMerges();
    });
    connect(session, &ProjectSession::edited, this, [this](const Edit &edit) {
        if (std::any_of(edit.changes.begin(), edit.changes.end(), [](const Change &change) {
                return change.kind == EditKind::Setting && change.key == kCurrentTaxonomyKey;
            }))
            loadMerges();
    });
    connect(session, &ProjectSession::taxonomyChanged, this, [this] {
        m_context.palette = m_context.session->palette();
        m_explanation->setPartPalette(m_context.palette);
    });
    connect(session, &ProjectSession::closed, this, [this] {
        m_holder = std::make_shared<Holder>();
        m_isRunning = m_isWaiting = m_loadsPicture = false;
        m_query = {};
        m_response = {};
        m_steps.clear();
        m_step = -1;
        m_model.setRanking({});
        m_model.setItems({});
        m_history->clear();
        m_stored.clear();
        m_rerank.stop();
        m_filterTyped.stop();
        showQuery();
        showNotes();
        m_warning->hide();
        m_summary->clear();
        m_stack->setCurrentWidget(m_empty);
    });
    m_empty->show(QStringLiteral("search"), tr("Describe a person"),
                  tr("Type what somebody looks like in the box above, such as “a woman in a red "
                     "jacket without a hat”. A picture can be dropped or pasted here, too."));
    m_stack->setCurrentWidget(m_empty);
    m_parts = m_context.palette;
    m_adder->setParts(m_parts);
    showQuery();
}

void SearchPage::makeActions(ActionRegistry &actions)
{
    const auto add = [&](const char *id, const QString &text, const QStringList &keys,
                         QWidget *owner, auto &&slot) {
        ActionSpec spec;
        spec.id = QString::fromLatin1(id);
        spec.text = text;
        for (const QString &key : keys)
            spec.keys.append(QKeySequence(key, QKeySequence::PortableText));
        spec.scope = ActionScope::Search;
        spec.section = tr("Search");
        QAction *action = actions.add(spec, owner);
        connect(action, &QAction::triggered, this, slot);
        m_actions.append(action);
        return action;
    };
    add("search.relevant", tr("Relevant: more of this kind"), {QStringLiteral("+")}, m_grid,
        [this] { judge(true); });
    add("search.not-relevant", tr("Not relevant: less of this kind"), {QStringLiteral("-")}, m_grid,
        [this] { judge(false); });
    add("search.like", tr("More like this person"), {QStringLiteral("M")}, m_grid,
        [this] { moreLikeThis({}); });
    add("search.compose", tr("As described, and like this person"), {QStringLiteral("Shift+M")},
        m_grid, [this] { composeWithThis(); });
    add("search.open", tr("Open in the viewer"),
        {QStringLiteral("Return"), QStringLiteral("Enter")}, m_grid, [this] {
            if (currentId() != 0)
                m_context.openPicture(currentId());
        });
    add("search.back", tr("Back to the search before"), {QStringLiteral("Alt+Left")}, this,
        [this] { goBack(); });
    add("search.forward", tr("Forward to the next search"), {QStringLiteral("Alt+Right")}, this,
        [this] { goForward(); });
    add("search.picture", tr("Search with a picture…"), {}, this, [this] {
        const QString file = QFileDialog::getOpenFileName(this, tr("Search with a picture"));
        if (!file.isEmpty())
            setExamplePicture(file);
    });
    add("search.paste", tr("Search with the picture of the clipboard"), {QStringLiteral("Ctrl+V")},
        m_grid, [this] { paste(); });
    add("search.filter", tr("Filter the search"), {QStringLiteral("Ctrl+F")}, this, [this] {
        m_filter->setFocus();
        m_filter->selectAll();
    });
    add("search.add-part", tr("Add a part to the query…"), {QStringLiteral("Insert")}, this,
        [this] { m_addPart->click(); });
    add("search.rerank", tr("Re-rank by parts: on or off"), {QStringLiteral("Ctrl+Alt+R")}, this,
        [this] {
            const Reranking wanted = m_response.isReranked ? Reranking::Off : Reranking::On;
            m_reranking->setCurrentIndex(m_reranking->findData(static_cast<int>(wanted)));
        });
    m_calibrationAction = add("search.calibration", tr("What is a score worth?…"), {}, this,
                              [this] { showCalibration(); });
    m_calibrationAction->setEnabled(false);
    add("search.save", tr("Save the search…"), {QStringLiteral("Ctrl+S")}, this, [this] {
        const QString file = askForTarget(this, tr("Save the search"), tr("Searches (*.sapsamq)"));
        if (!file.isEmpty())
            saveSession(file);
    });
    add("search.reopen", tr("Open a saved search…"), {QStringLiteral("Ctrl+Shift+O")}, this,
        [this] {
            const QString file = QFileDialog::getOpenFileName(this, tr("Open a saved search"), {},
                                                              tr("Searches (*.sapsamq)"));
            if (!file.isEmpty())
                openSession(file);
        });
    add("search.export", tr("Export the ranking…"), {QStringLiteral("Ctrl+Shift+E")}, this, [this] {
        const QString file = askForTarget(this, tr("Export the ranking"),
                                          tr("Table (*.csv);;Sheet (*.html);;TREC (*.trec)"));
        if (!file.isEmpty())
            exportTo(file);
    });
}

void SearchPage::fillMenu(QMenu &menu)
{
    menu.addActions(m_actions);
}

void SearchPage::activate()
{
    m_grid->setFocus();
}

bool SearchPage::isSettled() const
{
    return !m_isRunning && !m_isWaiting && !m_rerank.isActive() && !m_filterTyped.isActive()
           && !m_loadsPicture
           && (showsEmptyState() || m_grid->isSettled());
}

bool SearchPage::showsEmptyState() const
{
    return m_stack->currentWidget() == m_empty;
}

QString SearchPage::message() const
{
    return m_warning->text().isEmpty() ? m_summary->text() : m_warning->text();
}

qint64 SearchPage::currentId() const
{
    return m_model.idAt(m_grid->currentIndex().row());
}

void SearchPage::search(const QString &text)
{
    SearchQuery query = queryOf(toStdString(text), m_taxonomy);
    query.filter = m_query.filter;
    query.reranking = m_query.reranking;
    query.like = m_query.like;
    query.imageFile = m_query.imageFile;
    query.exampleShare = m_query.exampleShare;
    run(query);
}

void SearchPage::run(const SearchQuery &query, bool remember, Place place)
{
    m_query = query;
    m_place = place;
    m_remember = m_remember || remember;
    if (remember) {
        m_steps.resize(static_cast<std::size_t>(m_step + 1));
        m_steps.push_back(query);
        m_step = static_cast<int>(m_steps.size()) - 1;
        showQuery();
        Q_EMIT queryChanged(toQString(query.text));
    }
    start();
}

void SearchPage::step(int steps)
{
    const int wanted = m_step + steps;
    if (wanted < 0 || wanted >= static_cast<int>(m_steps.size()))
        return;
    m_step = wanted;
    m_query = m_steps[static_cast<std::size_t>(wanted)];
    m_place = Place::First;
    showQuery();
    Q_EMIT queryChanged(toQString(m_query.text));
    start();
}

void SearchPage::start()
{
    if (!m_context.session->isOpen())
        return;
    if (m_isRunning) {
        m_isWaiting = true;
        return;
    }
    m_isRunning = true;
    Q_EMIT busyChanged(true);
    const JobEntry *running = m_context.session->jobs().running();
    m_summary->setText(running != nullptr ? tr("Searching after “%1”…").arg(running->title)
                                          : tr("Searching…"));
    SearchRequest request;
    request.query = m_query;
    request.top = kMaxHits;
    request.explainTop = kMaxHits;
    request.remember = std::exchange(m_remember, false);
    const Place place = std::exchange(m_place, Place::SamePicture);
    const auto next = [this] {
        m_isRunning = false;
        Q_EMIT busyChanged(false);
        if (std::exchange(m_isWaiting, false))
            start();
    };
    m_context.session->run(
        {}, this,
        [holder = m_holder, request](ProjectStore &store, Engines &engines, const CancelToken &,
                                     const ProgressSink &) {
            return holder->searcherOf(store, engines).search(request);
        },
        [this, next, place](const SearchResponse &response) {
            showResponse(response, place);
            next();
        },
        [this, next](const ErrorReport &error) {
            showError(error);
            next();
        },
        JobRunner::Priority::Next);
}

void SearchPage::showResponse(const SearchResponse &response, Place place)
{
    const qint64 before = currentId();
    const int rowBefore = m_grid->currentIndex().row();
    m_response = response;
    m_offersEmbedding = false;
    m_hitOf.clear();
    std::vector<GalleryHit> hits;
    for (const SearchHit &hit : response.hits) {
        m_hitOf.insert(hit.imageId, static_cast<int>(hits.size()));
        hits.push_back({hit.imageId, hit.rank, hit.score, ExplanationPanel::summaryOf(hit)});
    }
    m_model.setRanking(std::move(hits));
    const double milliseconds = 1000.0 * response.rankSeconds;
    m_summary->setText(tr("%1 of %2 people · encoded in %3 ms, ranked in %4 ms · %5")
                           .arg(countText(static_cast<std::int64_t>(response.hits.size())),
                                countText(response.gallery),
                                QLocale().toString(1000.0 * response.encodeSeconds, 'f', 0),
                                QLocale().toString(milliseconds, 'f', 0),
                                toQString(response.modelName)));
    showWarnings();
    showNotes();
    if (m_model.rowCount() == 0) {
        m_empty->show(QStringLiteral("search"), tr("Nobody found"),
                      m_query.filter.empty()
                          ? tr("No picture of the project is embedded.")
                          : tr("No embedded picture fits the filter “%1”.")
                                .arg(toQString(m_query.filter)));
        m_stack->setCurrentWidget(m_empty);
        showCurrent();
        return;
    }
    m_stack->setCurrentWidget(m_grid);
    showDivider();
    const int row = place == Place::First         ? 0
                    : place == Place::SamePicture ? m_model.rowOf(before)
                                                  : std::min(rowBefore, m_model.rowCount() - 1);
    m_grid->setCurrentIndex(m_model.index(std::max(0, row)));
    showCurrent();
    if (response.queryId != 0)
        loadHistory();
}

void SearchPage::showError(const ErrorReport &error)
{
    m_summary->clear();
    const QString text = toQString(error.message) + QLatin1Char('\n') + adviceFor(error.kind);
    m_offersEmbedding =
        error.kind == ErrorKind::Mismatch || error.kind == ErrorKind::Corrupt
        || (error.kind == ErrorKind::NotFound && m_context.session->counts().embedded == 0
            && QFile::exists(m_context.modelsFolder + QStringLiteral("/manifest.json")));
    if (m_offersEmbedding) {
        m_warning->hide();
        m_empty->show(QStringLiteral("embed"),
                      error.kind == ErrorKind::NotFound ? tr("Nothing to search in yet")
                                                        : tr("The features cannot be used"),
                      text,
                      error.kind == ErrorKind::NotFound ? tr("Embed now") : tr("Embed again"));
        m_stack->setCurrentWidget(m_empty);
        return;
    }
    m_warning->setText(text);
    m_warning->show();
}

QString SearchPage::textOf(const SearchWarning &warning)
{
    using Kind = SearchWarning::Kind;
    const auto value = [&](std::size_t i) {
        return i < warning.values.size() ? toQString(warning.values[i]) : QString();
    };
    switch (warning.kind) {
    case Kind::CutOff:
        return tr("The description has %1 tokens, the model reads %2: the end was left out, "
                  "shorten it")
            .arg(value(0), value(1));
    case Kind::NoGroup:
        return tr("The merges of the project have no part for “%1” (%2); only the words count")
            .arg(value(0), value(1));
    case Kind::Merges:
        return value(0);
    case Kind::NoPart:
        return tr("No garment or other part of a person was recognised in the description; it is "
                  "compared as a whole");
    case Kind::UnknownWords: {
        QStringList words;
        for (const std::string &word : warning.values)
            words.append(tr("“%1”").arg(toQString(word)));
        return tr("The model does not know %1; it guesses from pieces of what is unknown")
            .arg(words.join(QStringLiteral(", ")));
    }
    case Kind::NothingToDeny:
        return tr("No part has been found on any picture, so nothing can be denied; find parts and "
                  "write phrases first");
    case Kind::LatePhrases:
        return tr("%n phrase(s) were written after embedding and do not count; embed again",
                  nullptr, value(0).toInt());
    case Kind::NotEmbedded:
        return tr("%n image(s) are not embedded and cannot be found; embed again", nullptr,
                  value(0).toInt());
    }
    return toQString(warning.text);
}

void SearchPage::showWarnings()
{
    QStringList warnings;
    for (const SearchWarning &warning : m_response.warnings)
        warnings.append(textOf(warning));
    m_warning->setText(warnings.join(QLatin1Char('\n')));
    m_warning->setVisible(!warnings.isEmpty());
}

QString SearchPage::note() const
{
    return m_note->text();
}

void SearchPage::showNotes()
{
    const SearchResponse &response = m_response;
    const bool isShown = !response.modelHash.empty() && !response.hits.empty();
    m_note->setVisible(isShown);
    m_reliability->setVisible(isShown && !response.lengths.empty());
    if (m_calibrationAction != nullptr)
        m_calibrationAction->setEnabled(m_reliability->isVisibleTo(this));
    if (!isShown)
        return;
    QStringList notes;
    if (response.line) {
        const Calibration &fitted = response.line->fitted.calibration;
        const QString error = QLocale().toString(
            100.0 * (fitted.likelyError > 0.0 ? fitted.likelyError : fitted.error), 'f', 1);
        const QString length = CalibrationDialog::lengthText(response.line->fitted);
        notes.append(
            response.line->above == 0
                ? tr("Probably no match: no hit reaches the score of %1 (calibrated for %2; error "
                     "%3 %).")
                      .arg(scoreText(response.line->threshold), length, error)
                : tr("Probable matches: the first %1; below the score of %2 probably no match "
                     "(calibrated for %3; error %4 %).")
                      .arg(countText(response.line->above), scoreText(response.line->threshold),
                           length, error));
    } else {
        notes.append(tr("No line for “probably no match”: %1").arg(reasonOf(response)));
    }
    const auto mAp = [](double value) { return QLocale().toString(value, 'f', 1); };
    QString measured = tr("whether that helps was not measured for this model");
    if (response.reranking)
        measured = tr("measured on %1 (%2 queries): mAP %3 by the cosine, %4 re-ranked")
                       .arg(toQString(response.reranking->source),
                            countText(response.reranking->queries),
                            mAp(response.reranking->cosine), mAp(response.reranking->reranked));
    notes.append(response.isReranked ? tr("Re-ranked by parts; %1.").arg(measured)
                                     : tr("Parts explain, they do not re-rank; %1.").arg(measured));
    if (!response.structure.feedback.empty()) {
        const auto &clicks = response.feedback;
        if (!clicks || clicks->learned.empty() || clicks->plain.empty())
            notes.append(
                tr("Your judgements count; whether that helps was not measured for this model."));
        else
            notes.append(
                tr("Your judgements count; measured on %1: after %2 of them a right one is "
                   "first for %3 %, without learning for %4 %.")
                    .arg(toQString(clicks->source))
                    .arg(clicks->learned.size() - 1)
                    .arg(mAp(clicks->learned.back()), mAp(clicks->plain.back())));
    }
    m_note->setText(notes.join(QLatin1Char('\n')));
}

void SearchPage::showDivider()
{
    if (!m_response.line || m_response.line->isLast) {
        m_grid->setDivider(-1);
        return;
    }
    // By score: hits that are not in the gallery yet have no row.
    int row = 0;
    while (row < m_model.rowCount()
           && m_model.hitAt(row)->score >= m_response.line->threshold)
        ++row;
    m_grid->setDivider(row, tr("probably no match below %1")
                                .arg(scoreText(m_response.line->threshold)));
}

CalibrationDialog *SearchPage::showCalibration()
{
    if (m_response.lengths.empty())
        return nullptr;
    auto *dialog = new CalibrationDialog(m_response.lengths,
                                         toQString(m_response.calibrationSource),
                                         m_response.words, this);
    dialog->open();
    return dialog;
}

// What the controls say, without asking again.
void SearchPage::showQuery()
{
    showChips();
    const QSignalBlocker filter(m_filter);
    const QSignalBlocker share(m_share);
    const QSignalBlocker reranking(m_reranking);
    if (m_filter->text() != toQString(m_query.filter))
        m_filter->setText(toQString(m_query.filter));
    const int percent = static_cast<int>(m_query.exampleShare * kShareSteps + 0.5);
    m_share->setValue(percent);
    m_shareText->setText(tr("picture %1 %").arg(percent));
    const bool hasText = !m_query.text.empty()
                         || std::any_of(m_query.terms.begin(), m_query.terms.end(),
                                        [](const QueryTerm &term) { return !term.negated; });
    m_shareArea->setVisible(m_query.hasExample() && hasText);
    m_reranking->setCurrentIndex(m_reranking->findData(static_cast<int>(m_query.reranking)));
}

void SearchPage::filterTyped()
{
    m_filterTyped.stop();
    const QString problem = m_filter->problem();
    if (!problem.isEmpty()) {
        m_warning->setText(problem);
        m_warning->show();
        return;
    }
    const std::string filter = toStdString(m_filter->text().trimmed());
    if (filter == m_query.filter) {
        showWarnings();
        return;
    }
    m_query.filter = filter;
    if (!m_response.modelHash.empty())
        m_rerank.start();
}

void SearchPage::addPart(const QueryTerm &term)
{
    SearchQuery query = m_query;
    query.terms.push_back(term);
    run(query);
}

void SearchPage::loadMerges()
{
    struct Loaded
    {
        Taxonomy taxonomy;
        FilterVocabulary words;
    };
    m_context.session->read(
        this,
        [](ProjectStore &store, const CancelToken &) {
            return Loaded{searchTaxonomy(store), filterVocabulary(store)};
        },
        [this](const Loaded &loaded) {
            m_filter->setVocabulary(loaded.words);
            if (loaded.taxonomy.version == m_taxonomy.version)
                return;
            m_taxonomy = loaded.taxonomy;
            m_parts = makePartPalette(m_taxonomy);
            m_adder->setParts(m_parts);
            m_explanation->setPartPalette(m_parts);
            showChips();
            if (!m_response.modelHash.empty())
                start();
        });
}

QString SearchPage::groupOf(const QueryTerm &term) const
{
    const std::vector<std::string> groups = groupsOfTerm(term, m_taxonomy);
    return toQString(groups.empty() ? term.group : groups.front());
}

void SearchPage::showChips()
{
    // These two stay.
    for (QWidget *widget : {static_cast<QWidget *>(m_addPart), static_cast<QWidget *>(m_adder)}) {
        for (int i = 0; i < m_chipLayout->count(); ++i) {
            if (m_chipLayout->itemAt(i)->widget() == widget)
                delete m_chipLayout->takeAt(i);
        }
    }
    m_chipLayout->clear();
    m_chips.clear();
    for (std::size_t i = 0; i < m_query.terms.size(); ++i) {
        const QString group = groupOf(m_query.terms[i]);
        auto *chip = new TermChip(m_query.terms[i], m_parts.title(group), m_parts.color(group));
        connect(chip, &TermChip::changed, this, [this, chip, i] {
            m_query.terms[i] = chip->term();
            m_rerank.start();
        });
        connect(chip, &TermChip::removed, this, [this, i] {
            SearchQuery query = m_query;
            query.terms.erase(query.terms.begin() + static_cast<std::ptrdiff_t>(i));
            run(query);
        });
        m_chipLayout->addWidget(chip);
        m_chips.append(chip);
    }
    showQueryChips();
    m_chipLayout->addWidget(m_addPart);
    m_chipLayout->setAlignment(m_addPart, Qt::AlignVCenter);
    m_chipLayout->addWidget(m_adder);
}

// As the grid names it.
QString SearchPage::exampleName(const SearchQuery &query) const
{
    if (!query.like)
        return toQString(query.imageFile).section(QLatin1Char('/'), -1);
    const GalleryItem *item = m_model.item(query.like->imageId);
    return item != nullptr ? item->name : tr("picture %1").arg(query.like->imageId);
}

void SearchPage::showQueryChips()
{
    m_exampleChip = nullptr;
    m_feedbackChip = nullptr;
    const auto add = [this](const QString &text, const QString &tip, auto &&takeOut) {
        auto *chip = new QueryChip(text, tip);
        connect(chip, &QueryChip::removed, this, [this, takeOut] {
            SearchQuery query = m_query;
            takeOut(query);
            // Nothing is left to ask: the page waits for the next description.
            if (query.text.empty() && query.terms.empty() && !query.hasExample()) {
                m_query = query;
                showQuery();
                return;
            }
            run(query);
        });
        m_chipLayout->addWidget(chip);
        return chip;
    };
    if (m_query.hasExample()) {
        const bool isPart = m_query.like && !m_query.like->group.empty();
        m_exampleChip = add(
            isPart ? tr("%1 like in %2")
                         .arg(m_parts.title(toQString(m_query.like->group)), exampleName(m_query))
                   : tr("like %1").arg(exampleName(m_query)),
            tr("The picture that shows what is looked for; words compose with it"),
            [](SearchQuery &query) {
                query.like.reset();
                query.imageFile.clear();
            });
    }
    if (!m_query.feedback.empty()) {
        const auto relevant =
            std::count_if(m_query.feedback.begin(), m_query.feedback.end(),
                          [](const Judgement &judgement) { return judgement.relevant; });
        const auto others = static_cast<std::ptrdiff_t>(m_query.feedback.size()) - relevant;
        m_feedbackChip = add(
            tr("judged: %1 right, %2 wrong").arg(relevant).arg(others),
            tr("What you said of hits and their parts: what looks like the right ones rises, what "
               "looks like the wrong ones falls. Where everybody is on one picture only, there is "
               "nothing to learn."),
            [](SearchQuery &query) { query.feedback.clear(); });
    }
}

void SearchPage::showCurrent()
{
    const qint64 id = currentId();
    const auto hit = m_hitOf.constFind(id);
    const GalleryItem *item = m_model.item(id);
    if (hit == m_hitOf.constEnd() || item == nullptr) {
        m_explanation->clear();
        ++m_pictureRequest;
        m_loadsPicture = false;
        m_layerGroups.clear();
        m_canvas->setMessage({});
        return;
    }
    SearchHit shown = m_response.hits[static_cast<std::size_t>(*hit)];
    for (Contribution &contribution : shown.contributions) {
        if (contribution.kind == Contribution::Kind::Example)
            contribution.text = toStdString(exampleName(m_response.structure));
    }
    m_explanation->setHit(shown, item->name,
                          m_response.line ? m_response.line->here.probability(shown.score) : -1.0);
    const quint64 request = ++m_pictureRequest;
    m_loadsPicture = true;
    m_context.session->read(
        this,
        [id, palette = m_parts](ProjectStore &store, const CancelToken &) {
            Shown loaded;
            loaded.picture = readPicture(pictureRef(store, store.image(id)));
            for (const RegionRecord &region : store.regions(id)) {
                const QImage mask =
                    toQImage(maskOfRle(rleFromString(region.rle, region.width, region.height)));
                OverlayLayer layer;
                layer.group = toQString(region.group);
                layer.color = palette.color(layer.group);
                layer.fill = smoothedMask(mask, kMaskFactor);
                layer.outline = maskOutline(layer.fill, 3);
                if (!loaded.layers.empty()
                    && loaded.layers.front().fill.size() != layer.fill.size())
                    continue;
                loaded.groups.append(layer.group);
                loaded.layers.push_back(std::move(layer));
            }
            return loaded;
        },
        [this, request](const Shown &loaded) {
            if (request != m_pictureRequest)
                return;
            m_loadsPicture = false;
            m_layerGroups = loaded.groups;
            m_canvas->setPicture(loaded.picture, loaded.layers);
        },
        [this, request](const ErrorReport &error) {
            if (request != m_pictureRequest)
                return;
            m_loadsPicture = false;
            m_layerGroups.clear();
            m_canvas->setMessage(toQString(error.message));
        });
}

void SearchPage::judge(bool relevant)
{
    const qint64 id = currentId();
    if (id == 0)
        return;
    SearchQuery query = m_query;
    const Judgement wanted{id, {}, relevant};
    const bool isRepeated =
        std::find(query.feedback.begin(), query.feedback.end(), wanted) != query.feedback.end();
    std::erase_if(query.feedback, [&](const Judgement &judgement) {
        return judgement.imageId == id && judgement.group.empty();
    });
    if (!isRepeated) // said twice, it is taken back
        query.feedback.push_back(wanted);
    // What was sent away is not followed to the end of the ranking.
    run(query, true, relevant || isRepeated ? Place::SamePicture : Place::SameRow);
}

void SearchPage::moreLikeThis(const QString &group)
{
    const qint64 id = currentId();
    if (id == 0)
        return;
    SearchQuery query;
    query.like = SearchExample{id, toStdString(group)};
    query.filter = m_query.filter;
    query.reranking = m_query.reranking;
    run(query);
}

void SearchPage::composeWithThis()
{
    const qint64 id = currentId();
    if (id == 0)
        return;
    SearchQuery query = m_query;
    query.like = SearchExample{id, {}};
    query.imageFile.clear();
    run(query);
}

void SearchPage::setExamplePicture(const QString &file)
{
    SearchQuery query = m_query;
    query.like.reset();
    query.feedback.clear();
    query.imageFile = toStdString(file);
    run(query);
}

void SearchPage::paste()
{
    const QImage picture = QApplication::clipboard()->image();
    const QString file = QDir::temp().filePath(QStringLiteral("sapsam-clipboard.png"));
    if (!picture.isNull() && picture.save(file))
        setExamplePicture(file);
}

void SearchPage::dragEnterEvent(QDragEnterEvent *event)
{
    const QList<QUrl> urls = event->mimeData()->urls();
    if (m_context.session->isOpen() && urls.size() == 1 && urls.first().isLocalFile()
        && QFileInfo(urls.first().toLocalFile()).isFile())
        event->acceptProposedAction();
}

void SearchPage::dropEvent(QDropEvent *event)
{
    event->acceptProposedAction();
    const QString file = event->mimeData()->urls().first().toLocalFile();
    if (file.endsWith(QLatin1String(".sapsamq")))
        openSession(file);
    else
        setExamplePicture(file);
}

void SearchPage::loadHistory()
{
    m_context.session->read(
        this,
        [](ProjectStore &store, const CancelToken &) {
            std::vector<SearchQuery> queries;
            for (const QueryRecord &record : store.recentQueries(kHistory)) {
                SearchQuery query;
                try {
                    query = queryOfJson(parseJson(record.structure, "the history"), "the history");
                } catch (const Error &) {
                    query = queryOf(record.text); // of an earlier version
                }
                // Asked again, it is listed once, where it was asked last.
                if (std::find(queries.begin(), queries.end(), query) == queries.end())
                    queries.push_back(std::move(query));
            }
            return queries;
        },
        [this](const std::vector<SearchQuery> &queries) {
            m_stored = queries;
            m_history->clear();
            for (const SearchQuery &query : queries) {
                const QString title = toQString(titleOf(query));
                m_history->addItem(title.size() > kHistoryLetters
                                       ? title.left(kHistoryLetters - 1) + QStringLiteral("…")
                                       : title);
                m_history->item(m_history->count() - 1)->setToolTip(title);
            }
        });
}

void SearchPage::saveSession(const QString &file)
{
    m_context.session->read(
        this,
        [response = m_response, path = toStdString(file)](ProjectStore &store,
                                                          const CancelToken &) {
            writeSession(path, sessionOf(store, response));
            return true;
        },
        [](bool) {},
        [this](const ErrorReport &error) { m_context.showProblem(tr("Save the search"), error); });
}

void SearchPage::openSession(const QString &file)
{
    struct Opened
    {
        SearchSession session;
        SearchResponse response;
        std::vector<std::string> changes;
    };
    m_context.session->run(
        {}, this,
        [holder = m_holder, path = toStdString(file)](ProjectStore &store, Engines &engines,
                                                      const CancelToken &, const ProgressSink &) {
            Opened opened;
            opened.session = readSession(path);
            SearchRequest request;
            request.query = opened.session.query;
            request.top = std::max(1, static_cast<int>(opened.session.results.size()));
            opened.response = holder->searcherOf(store, engines).search(request);
            opened.changes = changesSince(opened.session, store, opened.response);
            return opened;
        },
        [this](const Opened &opened) {
            m_query = opened.session.query;
            m_steps.resize(static_cast<std::size_t>(m_step + 1));
            m_steps.push_back(m_query);
            ++m_step;
            showQuery();
            Q_EMIT queryChanged(toQString(m_query.text));
            showResponse(opened.response, Place::First);
            QStringList changes;
            for (const std::string &change : opened.changes)
                changes.append(toQString(change));
            m_warning->setText(
                changes.isEmpty()
                    ? tr("The ranking is as it was saved.")
                    : tr("Not as it was saved: %1.").arg(changes.join(QStringLiteral("; "))));
            m_warning->show();
        },
        [this](const ErrorReport &error) {
            m_context.showProblem(tr("Open a saved search"), error);
        },
        JobRunner::Priority::Next);
}

void SearchPage::exportTo(const QString &file)
{
    m_context.session->run(
        tr("Export the ranking"), this,
        [response = m_response, path = toStdString(file)](ProjectStore &store, Engines &,
                                                          const CancelToken &cancel,
                                                          const ProgressSink &progress) {
            exportRanking(store, response, rankingFormatOf(path), path, cancel, progress);
            return true;
        },
        [](bool) {});
}

} // namespace sapsam::ui
