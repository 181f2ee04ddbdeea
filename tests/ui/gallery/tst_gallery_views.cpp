// The other views of the gallery: pictures side by side, the map of embeddings, near-duplicates.
#include "core/base/file.h"
#include "core/image/codec.h"
#include "core/pipeline/import.h"
#include "core/pipeline/project_map.h"
#include "core/search/feature_file.h"
#include "core/store/duplicates.h"
#include "core/store/edits.h"
#include "core/taxonomy/taxonomy.h"
#include "tests/ui/support/people_project.h"
#include "ui/gallery/thumbnail_grid.h"
#include "ui/jobs/project_session.h"
#include "ui/models/gallery_model.h"
#include "ui/pages/gallery/compare_view.h"
#include "ui/pages/gallery/filter_bar.h"
#include "ui/pages/gallery/gallery_page.h"
#include "ui/pages/gallery/map_view.h"
#include "ui/support/icons.h"
#include "ui/widgets/empty_state.h"

#include <QAction>
#include <QComboBox>
#include <QFile>
#include <QLabel>
#include <QListWidget>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <set>

using namespace sapsam;
using namespace sapsam::ui;

namespace {

using Ids = std::vector<std::int64_t>;

// A window's share of things around the gallery page, on a project of drawn people.
class Fixture
{
public:
    Fixture()
        : m_path(m_folder.filePath(QStringLiteral("p.sapsam")).toStdString()),
          m_thumbnails(readPicture, {})
    {
        test::makePeopleProject(m_path);
    }

    void open()
    {
        SessionOptions options;
        options.palette = makePartPalette(defaultTaxonomy());
        options.modelsFolder = m_folder.path();
        m_session = std::make_unique<ProjectSession>(options);
        PageContext context;
        context.session = m_session.get();
        context.gallery = &m_model;
        context.thumbnails = &m_thumbnails;
        context.palette = options.palette;
        context.openPicture = [this](qint64 id) { m_opened = id; };
        context.showProblem = [this](const QString &, const ErrorReport &error) {
            m_problem = QString::fromStdString(error.message);
        };
        m_page = std::make_unique<GalleryPage>(context);
        m_page->makeActions(m_actions);
        QObject::connect(m_session.get(), &ProjectSession::imagesLoaded, &m_model,
                         [this](const std::vector<GalleryItem> &items) {
                             m_model.setItems(items);
                             m_page->refresh();
                         });
        QObject::connect(m_session.get(), &ProjectSession::closed, &m_model, [this] {
            m_thumbnails.clear();
            m_model.setItems({});
            m_page->refresh();
        });
        m_page->resize(1100, 720);
        m_page->show();
        m_session->open(QString::fromStdString(m_path));
        const auto images = store().imageCount();
        QTRY_COMPARE(m_model.rowCount(), static_cast<int>(images));
        QTRY_VERIFY(m_page->isSettled());
    }

    // Embeddings of two clusters: odd ids and even ids.
    void embed()
    {
        ProjectStore opened = ProjectStore::open(m_path);
        FeatureTable table;
        table.modelHash = std::string(64, 'd');
        table.dimension = 4;
        for (const std::int64_t id : opened.imageIds()) {
            table.ids.push_back(id);
            const float angle = (id % 2 == 0 ? 1.2F : 0.0F) + 0.01F * static_cast<float>(id);
            table.rows.insert(table.rows.end(), {std::cos(angle), std::sin(angle), 0.0F, 0.0F});
        }
        writeFeatures(opened.featuresFolder() + "/test.images.feat", table);
        opened.recordModel("test", "retrieval", table.modelHash, "test");
        EmbeddingSetRecord set;
        set.modelName = "test";
        set.modelHash = table.modelHash;
        set.dimension = 4;
        set.count = static_cast<std::int64_t>(table.ids.size());
        set.file = "features/test.images.feat";
        opened.recordEmbeddingSet(set);
    }

    ProjectStore store() const
    {
        return ProjectStore::open(m_path, ProjectStore::Access::ReadOnly);
    }
    GalleryPage &page() { return *m_page; }
    GalleryModel &model() { return m_model; }
    ProjectSession &session() { return *m_session; }
    ThumbnailCache &thumbnails() { return m_thumbnails; }
    ActionRegistry &actions() { return m_actions; }
    void trigger(const char *id) { m_actions.action(QString::fromLatin1(id))->trigger(); }
    qint64 opened() const { return m_opened; }
    const QString &problem() const { return m_problem; }
    const std::string &path() const { return m_path; }

private:
    QTemporaryDir m_folder;
    std::string m_path;
    GalleryModel m_model;
    ThumbnailCache m_thumbnails;
    ActionRegistry m_actions;
    std::unique_ptr<ProjectSession> m_session;
    std::unique_ptr<GalleryPage> m_page;
    qint64 m_opened = 0;
    QString m_problem;
};

void wheel(QWidget *widget, const QPointF &place, int delta)
{
    QWheelEvent event(place, widget->mapToGlobal(place), {}, {0, delta}, Qt::NoButton,
                      Qt::NoModifier, Qt::NoScrollPhase, false);
    QCoreApplication::sendEvent(widget, &event);
}

} // namespace

class TestGalleryViews : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { initializeResources(); }

    void picturesAreComparedJudgedAndTheJudgementUndone()
    {
        Fixture f;
        f.open();
        QVERIFY2(f.actions().clashes().isEmpty(),
                 qPrintable(f.actions().clashes().join(QLatin1Char('\n'))));
        f.page().select({3, 5, 9});
        f.trigger("gallery.compare");
        QTRY_VERIFY(f.page().isComparing());
        CompareView &view = *f.page().compareView();
        QCOMPARE(view.ids(), (Ids{3, 5, 9}));
        QCOMPARE(view.currentId(), qint64{3});

        // Each pane shows its own picture, all its masks and phrases.
        ProjectStore store = f.store();
        for (const ComparePane *pane : view.panes()) {
            const ComparedPicture &picture = pane->picture();
            QCOMPARE(picture.picture.size(), QSize(64, 128));
            QCOMPARE(picture.layers.size(), store.regions(picture.id).size());
            QVERIFY(picture.layers.size() >= 3);
            QVERIFY(std::any_of(picture.parts.begin(), picture.parts.end(),
                                [](const ComparedPart &part) { return !part.phrase.isEmpty(); }));
        }
        QVERIFY(!view.grab().isNull());

        // Keys mean the pane that has the focus.
        QTest::keyClick(view.panes()[0], Qt::Key_Right);
        QCOMPARE(view.currentId(), qint64{5});
        f.trigger("gallery.rate-5");
        f.trigger("gallery.reject");
        QTRY_COMPARE(view.panes()[1]->picture().rating, 5);
        QTRY_COMPARE(view.panes()[1]->picture().state, QStringLiteral("rejected"));
        QCOMPARE(view.panes()[0]->picture().rating, 0);
        QVERIFY(view.panes()[1]->accessibleName().contains(QStringLiteral("★★★★★")));
        QVERIFY(!view.panes()[1]->picture().picture.isNull());
        QTRY_COMPARE(f.session().undoStack()->count(), 2);
        f.session().undoStack()->undo();
        QTRY_COMPARE(view.panes()[1]->picture().state, QString());
        QCOMPARE(view.panes()[1]->picture().rating, 5);

        f.trigger("gallery.open");
        QCOMPARE(f.opened(), qint64{5});
        f.trigger("gallery.all"); // Esc
        QVERIFY(!f.page().isComparing());
        QCOMPARE(f.page().selectedIds(), (Ids{3, 5, 9}));
    }

    void linkedPicturesMoveTogetherAndUnlinkedAlone()
    {
        Fixture f;
        f.open();
        f.page().compare({1, 2, 3});
        QTRY_VERIFY(f.page().isComparing());
        CompareView &view = *f.page().compareView();
        CompareCanvas *first = view.panes()[0]->canvas();
        CompareCanvas *second = view.panes()[1]->canvas();

        // The place under the mouse stays there.
        const QPointF mouse(first->width() * 0.4, first->height() * 0.3);
        const QRectF before = first->picturePlace();
        const QPointF held((mouse.x() - before.left()) / before.width(),
                           (mouse.y() - before.top()) / before.height());
        wheel(first, mouse, 960);
        const QRectF after = first->picturePlace();
        QVERIFY(after.height() > 3 * before.height());
        QVERIFY(std::abs(after.top() + held.y() * after.height() - mouse.y()) < 1.0);
        QVERIFY(second->view() == first->view());

        f.trigger("gallery.compare-link");
        wheel(first, mouse, -480);
        QVERIFY(!(second->view() == first->view()));
        f.trigger("gallery.compare-link"); // together again, where the current one is
        QVERIFY(second->view() == first->view());
        f.trigger("gallery.fit");
        QVERIFY(second->view() == SharedView());

        QVERIFY(view.isOverlayVisible());
        const QImage with = first->grab().toImage();
        f.trigger("gallery.compare-masks");
        QVERIFY(with != first->grab().toImage());
    }

    void aComparisonNeedsTwoPicturesAndTakesSix()
    {
        Fixture f;
        f.open();
        f.page().compare({1});
        QTest::qWait(0);
        QVERIFY(!f.page().isComparing());
        f.page().grid()->selectAll();
        f.trigger("gallery.compare");
        QTRY_VERIFY(f.page().isComparing());
        QCOMPARE(f.page().compareView()->ids(), (Ids{1, 2, 3, 4, 5, 6}));

        for (int i = 0; i < 4; ++i)
            f.trigger("gallery.compare-remove");
        QCOMPARE(f.page().compareView()->ids(), (Ids{5, 6}));
        QVERIFY(f.page().isComparing());
        f.trigger("gallery.compare-remove"); // one alone is no comparison
        QVERIFY(!f.page().isComparing());
    }

    void aPictureThatVanishedIsComparedByItsMasks()
    {
        Fixture f;
        std::filesystem::remove(f.store().image(2).path);
        f.open();
        f.page().compare({1, 2});
        QTRY_VERIFY(f.page().isComparing());
        const ComparedPicture &gone = f.page().compareView()->panes()[1]->picture();
        QVERIFY(gone.problem.contains(QStringLiteral("pers")));
        QCOMPARE(gone.picture.size(), QSize(64, 128));
        QVERIFY(!gone.layers.empty());
    }

    void theMapSelectsInTheGridAndTheGridInTheMap()
    {
        Fixture f;
        f.embed();
        f.open();
        f.page().grid()->setCurrentIndex(f.model().index(4, 0));
        f.trigger("gallery.map");
        QVERIFY(f.page().showsMap());
        MapView &map = *f.page().mapView();
        QTRY_COMPARE(map.ids().size(), std::size_t{12});
        QTRY_VERIFY(map.isSettled());
        QVERIFY(!map.showsEmptyState());
        MapCanvas &canvas = *map.canvas();
        // What was chosen before there was a map stands out in it.
        QCOMPARE(std::count(canvas.selected().begin(), canvas.selected().end(), 1), 1);
        QCOMPARE(static_cast<int>(canvas.selected().at(4)), 1);

        // The same places as on the command line.
        ProjectStore store = f.store();
        const ProjectMap expected = projectMap(store, {}, {}, {});
        QVERIFY(expected.wasStored);
        QCOMPARE(map.ids(), expected.map.ids);

        // A rectangle around the even ones, drawn with the mouse.
        map.setTool(MapCanvas::Tool::Rectangle);
        QRectF box;
        for (int row = 0; row < canvas.count(); ++row) {
            const QPointF place = canvas.placeOf(row);
            if (map.ids()[static_cast<std::size_t>(row)] % 2 == 0)
                box = box.isNull() ? QRectF(place - QPointF(3, 3), QSizeF(6, 6))
                                   : box.united({place - QPointF(3, 3), QSizeF(6, 6)});
        }
        QTest::mousePress(&canvas, Qt::LeftButton, {}, box.topLeft().toPoint());
        QTest::mouseMove(&canvas, box.bottomRight().toPoint());
        QTest::mouseRelease(&canvas, Qt::LeftButton, {}, box.bottomRight().toPoint());
        QCOMPARE(f.page().selectedIds(), (Ids{2, 4, 6, 8, 10, 12}));

        // One more with Shift, out again with Ctrl.
        const QPoint first = canvas.placeOf(0).toPoint();
        QTest::mouseClick(&canvas, Qt::LeftButton, Qt::ShiftModifier, first);
        QCOMPARE(f.page().selectedIds().front(), std::int64_t{1});
        QTest::mouseClick(&canvas, Qt::LeftButton, Qt::ControlModifier, first);
        QCOMPARE(f.page().selectedIds(), (Ids{2, 4, 6, 8, 10, 12}));

        // What is chosen can be judged right here, and shows up in the grid.
        f.trigger("gallery.accept");
        QTRY_COMPARE(imagesMatching(store, requireFilter("review:accepted")),
                     (Ids{2, 4, 6, 8, 10, 12}));
        f.trigger("gallery.all"); // Esc: back to the grid
        QVERIFY(!f.page().showsMap());
        QCOMPARE(f.page().selectedIds(), (Ids{2, 4, 6, 8, 10, 12}));

        // What a filter leaves out stands back and is not taken.
        f.page().showFiltered(QStringLiteral("id<=4"));
        QTRY_COMPARE(f.model().rowCount(), 4);
        f.trigger("gallery.map");
        QCOMPARE(canvas.rowsWithin(QPolygonF(QRectF(canvas.rect()))),
                 (std::vector<int>{0, 1, 2, 3}));
        QVERIFY(!map.grab().isNull());
    }

    void theMapIsWalkedByKeysAndColouredByWhatIsKnown()
    {
        Fixture f;
        f.embed();
        f.open();
        f.trigger("gallery.map");
        MapView &map = *f.page().mapView();
        QTRY_COMPARE(map.ids().size(), std::size_t{12});
        QTRY_VERIFY(map.isSettled());
        MapCanvas &canvas = *map.canvas();
        const auto *legend = map.findChild<QListWidget *>();
        QTRY_COMPARE(legend->count(), 6); // identities

        canvas.setCurrent(0);
        std::set<int> seen{0};
        for (const Qt::Key key : {Qt::Key_Right, Qt::Key_Left, Qt::Key_Up, Qt::Key_Down}) {
            for (int step = 0; step < 12; ++step) {
                QTest::keyClick(&canvas, key);
                seen.insert(canvas.current());
            }
        }
        QVERIFY(seen.size() > 3);
        QTest::keyClick(&canvas, Qt::Key_Space);
        const std::int64_t id = map.ids()[static_cast<std::size_t>(canvas.current())];
        QCOMPARE(f.page().selectedIds(), Ids{id});
        QVERIFY(!canvas.accessibleDescription().isEmpty());
        f.trigger("gallery.open");
        QCOMPARE(f.opened(), static_cast<qint64>(id));
        QTest::keyClick(&canvas, Qt::Key_Space);
        QVERIFY(f.page().selectedIds().empty());

        // By the colour word of the upper clothes: the legend has the words of the phrases.
        const int clothes = map.colourBox()->findText(QStringLiteral("Upper clothes"),
                                                      Qt::MatchContains | Qt::MatchCaseSensitive);
        QVERIFY(clothes >= 0);
        map.colourBox()->setCurrentIndex(clothes);
        QTRY_VERIFY(map.isSettled());
        ProjectStore store = f.store();
        const GalleryAnswer all = askGallery(store, {});
        for (int row = 0; row < legend->count(); ++row) {
            const QString word = legend->item(row)->text().section(QLatin1Char(' '), 0, 0);
            const bool isKnown =
                std::any_of(all.facets.colours.begin(), all.facets.colours.end(),
                            [&](const FacetValue &value) {
                                return QString::fromStdString(value.value) == word;
                            });
            QVERIFY2(isKnown || word == QLatin1String("None"), qPrintable(word));
        }
        // A click on a colour selects its pictures.
        Q_EMIT map.findChild<QListWidget *>()->itemClicked(legend->item(0));
        QVERIFY(!f.page().selectedIds().empty());
    }

    void withoutEmbeddingsTheMapSaysWhatToDo()
    {
        Fixture f;
        f.open();
        f.trigger("gallery.map");
        MapView &map = *f.page().mapView();
        QTRY_VERIFY(map.isSettled() && map.showsEmptyState());
        QCOMPARE(map.emptyState()->title(), QStringLiteral("Nothing to map yet"));

        // Once there are some it comes by itself.
        f.embed();
        QTRY_COMPARE(map.ids().size(), std::size_t{12});
        QVERIFY(!map.showsEmptyState());
    }

    void nearDuplicatesAreFoundShownAndTheCopiesRejected()
    {
        Fixture f;
        {
            ProjectStore store = ProjectStore::open(f.path());
            const std::string other = f.path() + "-copies";
            std::filesystem::create_directories(other);
            writeFileAtomically(other + "/a.jpg",
                                encodeJpeg(readImage(store.image(4).path), 80));
            writeFileAtomically(other + "/b.png", readFile(store.image(9).path));
            ImportOptions options;
            options.paths = {other};
            importPaths(store, options, {}, {});
        }
        f.open();
        QCOMPARE(f.model().rowCount(), 14);

        f.trigger("gallery.duplicates");

        QTRY_COMPARE(f.page().filterBar()->filter(), QStringLiteral("duplicate:yes"));
        QTRY_COMPARE(f.model().rowCount(), 4);
        const Ids shown{f.model().idAt(0), f.model().idAt(1), f.model().idAt(2), f.model().idAt(3)};
        QCOMPARE(shown, (Ids{4, 13, 9, 14}));
        QVERIFY(f.model().marks(4).isBest);
        QVERIFY(!f.model().marks(13).isBest);
        QCOMPARE(f.model().marks(13).duplicateOf, std::int64_t{4});
        QVERIFY(f.model()
                    .index(1)
                    .data(Qt::AccessibleTextRole)
                    .toString()
                    .contains(QStringLiteral("near-duplicate")));
        QVERIFY(!f.page().grid()->grab().isNull());

        f.trigger("gallery.select-copies");
        QTRY_COMPARE(f.page().selectedIds(), (Ids{13, 14}));
        f.trigger("gallery.reject");
        ProjectStore store = f.store();
        QTRY_COMPARE(imagesMatching(store, requireFilter("review:rejected")), (Ids{13, 14}));
        QTRY_COMPARE(f.session().undoStack()->count(), 1); // the window knows of it, too
        f.session().undoStack()->undo();
        QTRY_VERIFY(imagesMatching(store, requireFilter("review:rejected")).empty());

        // Known already: shown at once, without another job.
        f.trigger("gallery.all");
        QTRY_COMPARE(f.model().rowCount(), 14);
        const auto jobs = store.recentJobs(10).size();
        f.trigger("gallery.duplicates");
        QTRY_COMPARE(f.model().rowCount(), 4);
        QCOMPARE(store.recentJobs(10).size(), jobs);
    }

    void withoutDuplicatesThePageSaysSo()
    {
        Fixture f;
        f.open();
        f.trigger("gallery.duplicates");
        QTRY_VERIFY(f.page().showsEmptyState());
        QCOMPARE(f.page().emptyState()->title(), QStringLiteral("No near-duplicates"));
    }

    void thumbnailsComeFromTheProjectTheSecondTime()
    {
        Fixture f;
        f.open();
        QVERIFY(f.thumbnails().diskHits() == 0);
        f.session().close();
        QVERIFY(QFile::exists(QString::fromStdString(f.path() + "/thumbnails.sqlite")));
        f.session().open(QString::fromStdString(f.path()));
        QTRY_VERIFY(f.thumbnails().diskHits() > 0);
        QVERIFY(f.thumbnails().diskProblem().isEmpty());
    }

    void oneHundredThousandPointsAreTakenRight()
    {
        ThumbnailCache cache([](const PictureRef &, const QSize &) { return QImage(); }, {});
        MapCanvas canvas(&cache);
        canvas.resize(800, 700);
        constexpr int kCount = 100'000;
        std::vector<float> places;
        for (int i = 0; i < kCount; ++i) {
            places.push_back(static_cast<float>(i % 400) / 399.0F);
            places.push_back(static_cast<float>(i / 400) / 249.0F);
        }
        canvas.setPoints(places);
        QVERIFY(!canvas.grab().isNull());
        canvas.zoomBy(6.0);
        for (const int row : {50'200, 49'800, 52'345}) {
            const QPointF place = canvas.placeOf(row);
            if (QRectF(canvas.rect()).contains(place))
                QCOMPARE(canvas.rowAt(place), row);
        }
        canvas.fit();
        // The triangle of the left lower half: by arithmetic and by the lasso.
        const QPolygonF triangle{canvas.placeOf(0), canvas.placeOf(399),
                                 canvas.placeOf(249 * 400)};
        const std::vector<int> rows = canvas.rowsWithin(triangle);
        QVERIFY(std::abs(static_cast<int>(rows.size()) - kCount / 2) < kCount / 100);
        for (const int row : rows)
            QVERIFY(row % 400 / 399.0 + row / 400 / 249.0 < 1.02);
    }
};

QTEST_MAIN(TestGalleryViews)
#include "tst_gallery_views.moc"
