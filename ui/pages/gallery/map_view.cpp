#include "ui/pages/gallery/map_view.h"

#include "core/base/error.h"
#include "ui/jobs/project_session.h"
#include "ui/models/gallery_model.h"
#include "ui/support/icons.h"
#include "ui/support/text.h"
#include "ui/support/theme.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/labels.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QListWidget>
#include <QPainter>
#include <QProgressBar>
#include <QPushButton>
#include <QSignalBlocker>
#include <QStackedWidget>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

namespace sapsam::ui {

namespace {

constexpr std::size_t kLegendValues = 24;
constexpr int kLegendWidth = 160;
constexpr int kRowRole = Qt::UserRole + 1;

// Told apart by people who see red and green alike, too: Okabe and Ito (2008), then tints.
constexpr std::array kHues = {0x0072B2, 0xE69F00, 0x009E73, 0xD55E00, 0x56B4E9, 0xCC79A7,
                              0xB8A700, 0x7A5AC8, 0x8C564B, 0x17A2A2, 0x9AA0A6, 0xC2185B};

struct NamedColour
{
    const char *name;
    int light; // on a light ground
    int dark;
};
constexpr std::array kNamed = {
    NamedColour{"black", 0x1E2128, 0x5B6270},  NamedColour{"white", 0xC3C9D4, 0xF5F7FA},
    NamedColour{"grey", 0x868D99, 0x9AA1AD},   NamedColour{"red", 0xD62F35, 0xF0565B},
    NamedColour{"orange", 0xEE7F1B, 0xF59542}, NamedColour{"yellow", 0xE0B50F, 0xF6D44A},
    NamedColour{"green", 0x2E9B4B, 0x53BE70},  NamedColour{"blue", 0x2A62D9, 0x5B8DF2},
    NamedColour{"purple", 0x8040BF, 0xA873E0}, NamedColour{"pink", 0xEA79AE, 0xF59CC6},
    NamedColour{"brown", 0x855230, 0xB07C55},  NamedColour{"beige", 0xCDB58B, 0xE0CDA8},
};

QIcon dot(const QColor &colour)
{
    QPixmap pixmap(28, 28);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(colour);
    painter.drawEllipse(5, 5, 18, 18);
    return QIcon(pixmap);
}

} // namespace

MapView::MapView(const PageContext &context, QWidget *parent)
    : QWidget(parent),
      m_context(context),
      m_canvas(new MapCanvas(context.thumbnails)),
      m_empty(new EmptyState),
      m_stack(new QStackedWidget),
      m_progressPage(new QWidget),
      m_stage(makeLabel({}, "muted")),
      m_bar(new QProgressBar),
      m_method(new QComboBox),
      m_colours(new QComboBox),
      m_lasso(new QToolButton),
      m_rectangle(new QToolButton),
      m_move(new QToolButton),
      m_info(makeLabel({}, "small")),
      m_legend(new QListWidget),
      m_lane(QStringLiteral("map"))
{
    m_method->addItem(tr("Near ones together"), QString::fromLatin1(nameOf(MapMethod::Neighbours)));
    m_method->addItem(tr("Principal components"),
                      QString::fromLatin1(nameOf(MapMethod::Components)));
    m_method->setAccessibleName(tr("How the map is made"));
    m_method->setToolTip(tr("How the map is made"));
    const auto addColour = [this](const QString &title, LabelKind kind, const QString &group) {
        m_colours->addItem(
            title, QVariant::fromValue(QPair<int, QString>(static_cast<int>(kind), group)));
    };
    addColour(tr("Identity"), LabelKind::Identity, {});
    addColour(tr("Split"), LabelKind::Split, {});
    addColour(tr("Tag"), LabelKind::Tag, {});
    addColour(tr("Review"), LabelKind::Review, {});
    addColour(tr("Rating"), LabelKind::Rating, {});
    addColour(tr("Source"), LabelKind::Source, {});
    for (const PartStyle &style : context.palette.styles())
        addColour(tr("Colour: %1").arg(style.title), LabelKind::ColourWord, style.group);
    m_colours->setAccessibleName(tr("Colour of the points"));
    m_colours->setToolTip(tr("Colour of the points"));
    for (QComboBox *box : {m_colours, m_method}) {
        box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
        box->setMinimumContentsLength(17);
    }
    m_info->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);

    const auto makeTool = [this](QToolButton *button, const char *icon, const QString &name,
                                 MapCanvas::Tool tool) {
        button->setObjectName(QString::fromLatin1(icon));
        button->setCheckable(true);
        button->setAutoExclusive(true);
        button->setAccessibleName(name);
        button->setToolTip(name);
        connect(button, &QToolButton::clicked, this, [this, tool] { m_canvas->setTool(tool); });
    };
    makeTool(m_lasso, "lasso", tr("Encircle pictures (Shift adds, Ctrl takes away)"),
             MapCanvas::Tool::Lasso);
    makeTool(m_rectangle, "box-prompt", tr("Box pictures (Shift adds, Ctrl takes away)"),
             MapCanvas::Tool::Rectangle);
    makeTool(m_move, "hand", tr("Move the map"), MapCanvas::Tool::Move);
    m_lasso->setChecked(true);

    m_legend->setFixedWidth(kLegendWidth);
    m_legend->setAccessibleName(tr("Legend"));
    m_legend->setToolTip(tr("A click selects the pictures of this colour"));
    m_legend->setIconSize({14, 14});
    m_legend->setSelectionMode(QAbstractItemView::NoSelection);
    m_legend->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_legend->setTextElideMode(Qt::ElideRight);

    auto *bar = new QHBoxLayout;
    bar->setContentsMargins(20, 2, 20, 6);
    bar->setSpacing(6);
    bar->addWidget(makeLabel(tr("Colour by"), "small"));
    bar->addWidget(m_colours);
    bar->addWidget(m_method);
    bar->addSpacing(6);
    bar->addWidget(m_lasso);
    bar->addWidget(m_rectangle);
    bar->addWidget(m_move);
    bar->addSpacing(6);
    bar->addWidget(m_info, 1);
    auto *plane = new QWidget;
    auto *planeRow = new QHBoxLayout;
    planeRow->setContentsMargins(0, 0, 14, 0);
    planeRow->setSpacing(12);
    planeRow->addWidget(m_canvas, 1);
    planeRow->addWidget(m_legend);
    auto *planeLayout = new QVBoxLayout(plane);
    planeLayout->setContentsMargins(0, 0, 0, 14);
    planeLayout->setSpacing(0);
    planeLayout->addLayout(bar);
    planeLayout->addLayout(planeRow, 1);

    setRole(m_progressPage, "page");
    auto *cancel = new QPushButton(tr("Cancel"));
    m_bar->setAccessibleName(tr("Progress of the map"));
    m_bar->setTextVisible(false);
    m_bar->setFixedWidth(320);
    auto *progressLayout = new QVBoxLayout(m_progressPage);
    progressLayout->addStretch(2);
    progressLayout->addWidget(makeLabel(tr("The map is being made"), "heading"), 0,
                              Qt::AlignHCenter);
    progressLayout->addWidget(m_stage, 0, Qt::AlignHCenter);
    progressLayout->addWidget(m_bar, 0, Qt::AlignHCenter);
    progressLayout->addSpacing(8);
    progressLayout->addWidget(cancel, 0, Qt::AlignHCenter);
    progressLayout->addStretch(3);

    m_empty->show(QStringLiteral("embed"), tr("Nothing to map yet"), {},
                  tr("Embed the pictures")); // a button always has a name
    m_stack->addWidget(plane);
    m_stack->addWidget(m_empty);
    m_stack->addWidget(m_progressPage);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_stack);
    refreshIcons();

    m_canvas->setCards([this](int row) { return cardOf(row); });
    connect(m_canvas, &MapCanvas::selectionMade, this,
            [this](const std::vector<int> &rows, MapCanvas::Change change) {
                std::vector<std::int64_t> chosen;
                for (const int row : rows)
                    chosen.push_back(m_ids[static_cast<std::size_t>(row)]);
                Q_EMIT selectionMade(chosen, change);
            });
    connect(m_canvas, &MapCanvas::opened, this,
            [this](int row) { Q_EMIT opened(m_ids[static_cast<std::size_t>(row)]); });
    connect(m_legend, &QListWidget::itemActivated, this, [this](QListWidgetItem *item) {
        const QString value = item->data(kRowRole).toString();
        std::vector<std::int64_t> chosen;
        for (std::size_t i = 0; i < m_labels.size() && item->data(kRowRole).isValid(); ++i) {
            if (toQString(m_labels[i]) == value && m_context.gallery->rowOf(m_ids[i]) >= 0)
                chosen.push_back(m_ids[i]);
        }
        Q_EMIT selectionMade(chosen, MapCanvas::Change::Replace);
    });
    connect(m_legend, &QListWidget::itemClicked, m_legend, &QListWidget::itemActivated);
    connect(m_colours, &QComboBox::currentIndexChanged, this, &MapView::loadLabels);
    connect(m_method, &QComboBox::currentIndexChanged, this, &MapView::load);
    connect(cancel, &QPushButton::clicked, this, [this] { m_lane.cancel(m_job); });
    connect(m_empty, &EmptyState::buttonClicked, this, [this] {
        if (m_nothingEmbedded)
            m_context.session->embed();
        else
            load();
    });
    connect(&m_lane, &JobRunner::progressed, this, [this](JobId, const Progress &progress) {
        m_stage->setText(progress.stage == "laying out"           ? tr("Laying out")
                         : progress.stage == "finding neighbours" ? tr("Finding neighbours")
                                                                  : tr("Preparing"));
        m_bar->setRange(0, static_cast<int>(progress.total));
        m_bar->setValue(static_cast<int>(progress.done));
        if (m_ids.empty() || m_isLoading)
            m_stack->setCurrentWidget(m_progressPage);
    });
    connect(&m_lane, &JobRunner::finished, this,
            [this](JobId job, JobOutcome outcome, const ErrorReport &) {
                // Cancelled before it began: nothing was delivered.
                if (job != m_job || !m_isLoading || outcome != JobOutcome::Cancelled)
                    return;
                m_isLoading = false;
                m_problem = tr("The map was cancelled.");
                if (std::exchange(m_loadAgain, false))
                    load();
                else
                    showState();
            });
    connect(m_context.session, &ProjectSession::contentChanged, this, [this] {
        m_isStale = true;
        if (isVisible())
            activate();
    });
    connect(m_context.session, &ProjectSession::jobFinished, this, [this] {
        if (isVisible())
            activate();
    });
}

MapView::~MapView()
{
    // What ends now has nobody to report to any more.
    m_lane.disconnect(this);
}

void MapView::activate()
{
    m_canvas->setFocus();
    if (!m_context.session->isOpen() || !std::exchange(m_isStale, false))
        return;
    // While pictures are being embedded the map would change with every portion of them.
    if (m_ids.empty() || !m_context.session->isWorking())
        load();
    else
        m_isStale = true;
    loadLabels();
}

void MapView::forget()
{
    ++m_generation;
    m_lane.cancelAll();
    m_isLoading = m_loadAgain = m_labelsLoading = m_labelsAgain = false;
    m_isStale = true;
    m_ids.clear();
    m_places.clear();
    m_rows.clear();
    m_labels.clear();
    m_values.clear();
    m_problem.clear();
    m_canvas->setPoints({});
    m_legend->clear();
}

bool MapView::isSettled() const
{
    return !m_isLoading && !m_labelsLoading && m_lane.isIdle();
}

bool MapView::showsEmptyState() const
{
    return m_stack->currentWidget() == m_empty;
}

void MapView::load()
{
    if (!m_context.session->isOpen())
        return;
    if (m_isLoading) {
        m_loadAgain = true;
        m_lane.cancel(m_job);
        return;
    }
    m_isLoading = true;
    struct Answer
    {
        ProjectMap map;
        std::optional<ErrorReport> error;
    };
    MapOptions options;
    options.method = mapMethodFromName(toStdString(m_method->currentData().toString()))
                         .value_or(MapMethod::Neighbours);
    m_stage->setText(tr("Preparing"));
    m_bar->setRange(0, 0);
    m_job = m_lane.start(
        QString(), this,
        [folder = toStdString(m_context.session->folder()),
         options](const CancelToken &cancel, const ProgressSink &progress) {
            Answer answer;
            try {
                ProjectStore store = ProjectStore::open(folder, ProjectStore::Access::ReadOnly);
                answer.map = projectMap(store, options, cancel, progress);
            } catch (const std::exception &) {
                answer.error = reportOfCurrentException();
            }
            return answer;
        },
        [this, generation = m_generation](Answer answer) {
            if (generation != m_generation)
                return;
            m_isLoading = false;
            if (std::exchange(m_loadAgain, false)) {
                load();
                return;
            }
            m_problem.clear();
            m_nothingEmbedded = false;
            if (answer.error) {
                m_nothingEmbedded = answer.error->kind == ErrorKind::NotFound;
                m_problem = toQString(answer.error->message);
                take({});
            } else if (answer.map.map.cancelled) {
                m_problem = tr("The map was cancelled.");
                take({});
            } else {
                take(std::move(answer.map));
            }
        });
}

void MapView::take(ProjectMap map)
{
    // The same map again: where the user looks stays.
    if (map.map.ids != m_ids || map.map.places != m_places) {
        m_ids = map.map.ids;
        m_places = map.map.places;
        m_rows.clear();
        m_rows.reserve(static_cast<qsizetype>(m_ids.size()));
        for (std::size_t row = 0; row < m_ids.size(); ++row)
            m_rows.insert(m_ids[row], static_cast<int>(row));
        m_labels.clear();
        m_canvas->setPoints(m_places);
        updateShown();
        setSelected(std::vector<std::int64_t>(m_selected));
        loadLabels();
    }
    m_info->setText(map.unembedded > 0 ? tr("%1 not embedded").arg(countText(map.unembedded))
                                       : QString());
    m_info->setToolTip(tr("%1 pictures by %2")
                           .arg(countText(static_cast<std::int64_t>(m_ids.size())),
                                toQString(map.model)));

    showState();
}

void MapView::showState()
{
    if (!m_ids.empty()) {
        m_stack->setCurrentIndex(0);
        return;
    }
    if (m_nothingEmbedded)
        m_empty->show(QStringLiteral("embed"), tr("Nothing to map yet"),
                      tr("The map shows which pictures look alike to the model. For that they must "
                         "be embedded first."),
                      m_context.session->isReadOnly() ? QString() : tr("Embed the pictures"));
    else
        m_empty->show(QStringLiteral("error"), tr("There is no map"), m_problem, tr("Try again"));
    m_stack->setCurrentWidget(m_empty);
}

void MapView::loadLabels()
{
    if (!m_context.session->isOpen() || m_ids.empty())
        return;
    if (m_labelsLoading) {
        m_labelsAgain = true;
        return;
    }
    m_labelsLoading = true;
    const auto wanted = m_colours->currentData().value<QPair<int, QString>>();
    m_context.session->read(
        this,
        [ids = m_ids, kind = static_cast<LabelKind>(wanted.first),
         group = toStdString(wanted.second)](ProjectStore &store, const CancelToken &) {
            return labelsOf(store, ids, kind, group);
        },
        [this](const std::vector<std::string> &labels) {
            m_labelsLoading = false;
            if (std::exchange(m_labelsAgain, false) || labels.size() != m_ids.size())
                loadLabels();
            else
                takeLabels(labels);
        },
        [this](const ErrorReport &error) {
            m_labelsLoading = false;
            m_info->setText(toQString(error.message));
        });
}

QString MapView::titleOf(const QString &value) const
{
    const auto wanted = m_colours->currentData().value<QPair<int, QString>>();
    switch (static_cast<LabelKind>(wanted.first)) {
    case LabelKind::Review:
        return value == QLatin1String("accepted")   ? tr("Accepted")
               : value == QLatin1String("rejected") ? tr("Rejected")
               : value == QLatin1String("unsure")   ? tr("Unsure")
                                                    : tr("Not reviewed");
    case LabelKind::Rating:
        return value.isEmpty() ? tr("Not rated") : QString(value.toInt(), QChar(0x2605));
    default:
        return value.isEmpty() ? tr("None") : value;
    }
}

QColor MapView::colourOf(const QString &value, int place, int values) const
{
    if (value.isEmpty())
        return palette().color(QPalette::PlaceholderText);
    const auto wanted = m_colours->currentData().value<QPair<int, QString>>();
    const bool isDark = themeOf(palette()) == ThemeKind::Dark;
    switch (static_cast<LabelKind>(wanted.first)) {
    case LabelKind::ColourWord:
        for (const NamedColour &named : kNamed) {
            if (value == QLatin1String(named.name))
                return QColor::fromRgb(static_cast<QRgb>(isDark ? named.dark : named.light));
        }
        break;
    case LabelKind::Review:
        return value == QLatin1String("accepted")   ? goodColor(palette())
               : value == QLatin1String("rejected") ? errorColor(palette())
                                                    : warningColor(palette());
    default:
        break;
    }
    if (values <= static_cast<int>(kHues.size()))
        return QColor::fromRgb(static_cast<QRgb>(kHues[static_cast<std::size_t>(place)]));
    // Neighbours in the list are far apart on the circle of hues.
    const double hue = std::fmod(place * 0.61803398875, 1.0);
    return QColor::fromHslF(static_cast<float>(hue), place % 2 == 0 ? 0.62F : 0.5F,
                            isDark ? 0.64F : 0.46F);
}

void MapView::takeLabels(const std::vector<std::string> &labels)
{
    m_labels = labels;
    QHash<QString, qint64> counts;
    for (const std::string &label : labels)
        ++counts[toQString(label)];
    m_values.clear();
    for (auto value = counts.cbegin(); value != counts.cend(); ++value)
        m_values.push_back({value.key(), titleOf(value.key()), {}, value.value()});
    QHash<QString, std::string> keys; // 2 comes before 10
    for (const Label &label : m_values)
        keys.insert(label.value, naturalKey(toStdString(label.value)));
    std::sort(m_values.begin(), m_values.end(), [&keys](const Label &a, const Label &b) {
        if (a.value.isEmpty() != b.value.isEmpty())
            return b.value.isEmpty(); // none comes last
        return a.count != b.count ? a.count > b.count : keys[a.value] < keys[b.value];
    });
    QHash<QString, QRgb> colours;
    for (std::size_t i = 0; i < m_values.size(); ++i) {
        m_values[i].colour =
            colourOf(m_values[i].value, static_cast<int>(i), static_cast<int>(m_values.size()));
        colours.insert(m_values[i].value, m_values[i].colour.rgb());
    }
    std::vector<QRgb> points;
    points.reserve(labels.size());
    for (const std::string &label : labels)
        points.push_back(colours.value(toQString(label)));
    m_canvas->setColours(std::move(points));

    m_legend->clear();
    for (std::size_t i = 0; i < m_values.size() && i < kLegendValues; ++i) {
        auto *item = new QListWidgetItem(
            dot(m_values[i].colour),
            QStringLiteral("%1  %2").arg(m_values[i].title, countText(m_values[i].count)),
            m_legend);
        item->setData(kRowRole, m_values[i].value);
    }
    if (m_values.size() > kLegendValues) {
        auto *more = new QListWidgetItem(
            tr("and %1 more").arg(countText(
                static_cast<std::int64_t>(m_values.size() - kLegendValues))),
            m_legend);
        more->setFlags(Qt::NoItemFlags);
    }
}

MapCanvas::Card MapView::cardOf(int row) const
{
    MapCanvas::Card card;
    const auto place = static_cast<std::size_t>(row);
    const GalleryItem *item = m_context.gallery->item(m_ids[place]);
    if (item == nullptr)
        return card;
    card.picture = item->picture;
    card.title = item->name;
    if (place < m_labels.size())
        card.text = titleOf(toQString(m_labels[place]));
    return card;
}

void MapView::updateShown()
{
    if (m_ids.empty())
        return;
    std::vector<char> faded(m_ids.size(), 0);
    bool any = false;
    for (std::size_t row = 0; row < m_ids.size(); ++row) {
        faded[row] = m_context.gallery->rowOf(m_ids[row]) < 0 ? 1 : 0;
        any = any || faded[row] != 0;
    }
    m_canvas->setFaded(any ? std::move(faded) : std::vector<char>());
}

void MapView::setSelected(const std::vector<std::int64_t> &selected)
{
    m_selected = selected;
    std::vector<char> flags(m_ids.size(), 0);
    for (const std::int64_t id : selected) {
        const auto row = m_rows.constFind(id);
        if (row != m_rows.constEnd())
            flags[static_cast<std::size_t>(*row)] = 1;
    }
    m_canvas->setSelected(selected.empty() ? std::vector<char>() : std::move(flags));
}

void MapView::setTool(MapCanvas::Tool tool)
{
    QToolButton *button = tool == MapCanvas::Tool::Lasso       ? m_lasso
                          : tool == MapCanvas::Tool::Rectangle ? m_rectangle
                                                               : m_move;
    button->setChecked(true);
    m_canvas->setTool(tool);
}

void MapView::refreshIcons()
{
    for (QToolButton *button : {m_lasso, m_rectangle, m_move})
        button->setIcon(makeIcon(button->objectName(), palette()));
    if (!m_labels.empty())
        takeLabels(std::vector<std::string>(m_labels));
}

} // namespace sapsam::ui
