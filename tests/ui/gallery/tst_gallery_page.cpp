#include "core/store/gallery_query.h"
#include "core/taxonomy/taxonomy.h"
#include "tests/ui/support/people_project.h"
#include "ui/gallery/thumbnail_grid.h"
#include "ui/jobs/project_session.h"
#include "ui/models/gallery_model.h"
#include "ui/pages/gallery/facet_panel.h"
#include "ui/pages/gallery/filter_bar.h"
#include "ui/pages/gallery/gallery_page.h"
#include "ui/support/icons.h"

#include <QAbstractItemModelTester>
#include <QAction>
#include <QTemporaryDir>
#include <QTest>

using namespace sapsam;
using namespace sapsam::ui;

class TestGalleryPage : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void filtersFacetsRatingsAndUndoWorkOnARealProject()
    {
        initializeResources();
        const QTemporaryDir folder;
        const std::string path = folder.filePath(QStringLiteral("p.sapsam")).toStdString();
        test::makePeopleProject(path);
        SessionOptions options;
        options.palette = makePartPalette(defaultTaxonomy());
        options.modelsFolder = folder.path();
        ProjectSession session(options);
        GalleryModel model;
        const QAbstractItemModelTester tester(&model);
        ThumbnailCache thumbnails(readPicture, {});
        ActionRegistry actions;
        PageContext context;
        context.session = &session;
        context.gallery = &model;
        context.thumbnails = &thumbnails;
        context.palette = options.palette;
        context.openPicture = [](qint64) {};
        context.showProblem = [](const QString &, const ErrorReport &) {};
        GalleryPage page(context);
        page.makeActions(actions);
        QVERIFY(actions.clashes().isEmpty());
        connect(&session, &ProjectSession::imagesLoaded, &model,
                [&](const std::vector<GalleryItem> &items) { model.setItems(items); });
        page.resize(1000, 700);
        page.show();
        session.open(QString::fromStdString(path));
        QTRY_COMPARE(model.rowCount(), 12);
        QTRY_VERIFY(page.facetPanel()->topLevelItemCount() > 3);

        ProjectStore store = ProjectStore::open(path, ProjectStore::Access::ReadOnly);
        for (const char *text : {"colour:black", "has:shoes -colour:red", "identity:1*"}) {
            const auto expected =
                imagesMatching(store, requireFilter(text), *gallerySortFromName("name:desc"));
            page.filterBar()->setSort(*gallerySortFromName("name:desc"));
            page.showFiltered(QString::fromLatin1(text));
            QTRY_COMPARE(model.rowCount(), static_cast<int>(expected.size()));
            QTRY_VERIFY(page.isSettled() || expected.empty());
            for (std::size_t row = 0; row < expected.size(); ++row)
                QTRY_COMPARE(model.idAt(static_cast<int>(row)), static_cast<qint64>(expected[row]));
        }

        page.showFiltered(QStringLiteral("spilt:x"));
        QVERIFY(page.filterBar()->problem().contains(QStringLiteral("split")));
        page.filterBar()->setSort({});
        page.showFiltered({});
        QTRY_COMPARE(model.rowCount(), 12);
        QVERIFY(page.filterBar()->problem().isEmpty());

        // All that fit, then rated and taken back.
        page.grid()->selectAll();
        QCOMPARE(page.selectedIds().size(), std::size_t{12});
        actions.action(QStringLiteral("gallery.rate-4"))->trigger();
        actions.action(QStringLiteral("gallery.accept"))->trigger();
        QTRY_COMPARE(imagesMatching(store, requireFilter("rating:4 review:accepted")).size(),
                     std::size_t{12});
        QTRY_COMPARE(static_cast<int>(model.marks(model.idAt(0)).rating), 4);
        session.undoStack()->undo();
        session.undoStack()->undo();
        QTRY_COMPARE(imagesMatching(store, requireFilter("rating:0 review:none")).size(),
                     std::size_t{12});
    }
};

QTEST_MAIN(TestGalleryPage)
#include "tst_gallery_page.moc"
