#include "core/base/file.h"
#include "core/image/codec.h"
#include "core/image/resize.h"
#include "core/pipeline/find_duplicates.h"
#include "core/pipeline/import.h"
#include "core/pipeline/project_map.h"
#include "core/store/duplicates.h"
#include "core/store/gallery_query.h"
#include "core/store/picture_labels.h"
#include "tests/support/error_of.h"
#include "tests/ui/support/people_project.h"

#include <QTemporaryDir>
#include <QTest>

#include <cmath>
#include <filesystem>

using namespace sapsam;

namespace {

std::vector<std::int64_t> fitting(ProjectStore &store, const char *filter, const char *sort = "id")
{
    return imagesMatching(store, requireFilter(filter), *gallerySortFromName(sort));
}

using Ids = std::vector<std::int64_t>;

} // namespace

// What the gallery asks of whole projects: near-duplicates and the map of embeddings.
class TestGalleryJobs : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        QVERIFY(m_folder->isValid());
        m_project = m_folder->filePath(QStringLiteral("p.sapsam")).toStdString();
        test::makePeopleProject(m_project);
        m_store = std::make_unique<ProjectStore>(ProjectStore::open(m_project));
    }

    void copiesInAProjectAreFoundFilteredAndSorted()
    {
        QVERIFY(!duplicateSearch(*m_store).wasDone);
        const Ids before = m_store->imageIds();
        QCOMPARE(before.size(), std::size_t{12});
        addCopies();

        const DuplicateReport report = findDuplicates(*m_store, {}, {}, {});

        // The larger one of picture 3, then picture 3, then its JPEG; the exact copy of picture 8.
        const auto groups = duplicateGroups(*m_store);
        QCOMPARE(groups.size(), std::size_t{2});
        QCOMPARE(groups[0].id, std::int64_t{3});
        QCOMPARE(groups[0].images, (Ids{14, 3, 13}));
        QCOMPARE(groups[1].images, (Ids{8, 15}));
        QCOMPARE(report.images, std::int64_t{15});
        QCOMPARE(report.hashed, std::int64_t{14}); // the exact copy needs no look
        QCOMPARE(report.copies, std::int64_t{3});
        QVERIFY(report.failed.empty());

        QCOMPARE(fitting(*m_store, "duplicate:yes", "duplicates"), (Ids{14, 3, 13, 8, 15}));
        QCOMPARE(fitting(*m_store, "duplicate:copy"), (Ids{3, 13, 15}));
        QCOMPARE(fitting(*m_store, "duplicate:best"), (Ids{8, 14}));
        QCOMPARE(fitting(*m_store, "duplicate:8"), (Ids{8, 15}));
        QCOMPARE(fitting(*m_store, "duplicate:no").size(), std::size_t{10});
        // What is no duplicate comes last.
        QCOMPARE(fitting(*m_store, "", "duplicates").front(), std::int64_t{14});
        VERIFY_ERROR(fitting(*m_store, "duplicate:some"), ErrorKind::InvalidInput, "copy");

        const DuplicateSearch search = duplicateSearch(*m_store);
        QVERIFY(search.wasDone);
        QCOMPARE(search.images, std::int64_t{15});
        QCOMPARE(search.groups, std::int64_t{2});
        QCOMPARE(search.copies, std::int64_t{3});
        QCOMPARE(search.fresh, std::int64_t{0});

        // Once more: nothing is decoded, the same is found.
        const DuplicateReport again = findDuplicates(*m_store, {}, {}, {});
        QCOMPARE(again.hashed, std::int64_t{0});
        QCOMPARE(again.groups, std::int64_t{2});
    }

    void newPicturesAreCountedUntilTheNextSearch()
    {
        findDuplicates(*m_store, {}, {}, {});
        QCOMPARE(duplicateSearch(*m_store).groups, std::int64_t{0});
        addCopies();
        QCOMPARE(duplicateSearch(*m_store).fresh, std::int64_t{3});
        findDuplicates(*m_store, {}, {}, {});
        QCOMPARE(duplicateSearch(*m_store).fresh, std::int64_t{0});
    }

    void aPictureThatVanishedIsNamedAndTheOthersAreCompared()
    {
        addCopies();
        std::filesystem::remove(m_store->image(5).path);

        const DuplicateReport report = findDuplicates(*m_store, {}, {}, {});

        QCOMPARE(report.failed.size(), std::size_t{1});
        QCOMPARE(report.failed[0].imageId, std::int64_t{5});
        QVERIFY(!report.failed[0].reason.empty());
        QCOMPARE(report.groups, std::int64_t{2});
        QCOMPARE(report.images, std::int64_t{14});
    }

    void aCancelledSearchLeavesTheLastGroups()
    {
        addCopies();
        findDuplicates(*m_store, {}, {}, {});
        CancelSource cancel;
        cancel.cancel();
        QVERIFY(findDuplicates(*m_store, {}, cancel.token(), {}).cancelled);
        QCOMPARE(duplicateGroups(*m_store).size(), std::size_t{2});
    }

    void aMapIsMadeOnceAndKept()
    {
        embed(12);
        MapOptions options;
        options.neighbours = 3;

        const ProjectMap made = projectMap(*m_store, options, {}, {});
        const ProjectMap kept = projectMap(*m_store, options, {}, {});

        QCOMPARE(made.map.ids, m_store->imageIds());
        QVERIFY(!made.wasStored);
        QVERIFY(kept.wasStored);
        QCOMPARE(kept.map.ids, made.map.ids);
        QCOMPARE(kept.map.places, made.map.places);
        QCOMPARE(made.unembedded, std::int64_t{0});

        // Other embeddings, another map.
        embed(9, 0.5F);
        const ProjectMap fresh = projectMap(*m_store, options, {}, {});
        QVERIFY(!fresh.wasStored);
        QCOMPARE(fresh.unembedded, std::int64_t{3});
    }

    void withoutEmbeddingsThereIsNoMapAndTheReasonIsSaid()
    {
        VERIFY_ERROR(projectMap(*m_store, {}, {}, {}), ErrorKind::NotFound, "sapsam embed");
    }

    void labelsAreThoseOfTheProject()
    {
        const Ids ids{12, 1};
        QCOMPARE(labelsOf(*m_store, ids, LabelKind::Identity),
                 (std::vector<std::string>{"6", "1"}));
        QCOMPARE(labelsOf(*m_store, ids, LabelKind::Split),
                 (std::vector<std::string>{"test", "test"}));
        QCOMPARE(labelsOf(*m_store, ids, LabelKind::Tag), (std::vector<std::string>{"", ""}));
        const Ids all = m_store->imageIds();
        const auto colours = labelsOf(*m_store, all, LabelKind::ColourWord, "clothes");
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (colours[i].empty())
                continue;
            const Ids found = fitting(*m_store, ("clothes.colour:" + colours[i]).c_str());
            QVERIFY(std::find(found.begin(), found.end(), all[i]) != found.end());
        }
        QVERIFY(std::any_of(colours.begin(), colours.end(),
                            [](const std::string &colour) { return !colour.empty(); }));
    }

private:
    // Of picture 3: saved as JPEG (13), twice as large (14). Of picture 8: the same bytes (15).
    void addCopies()
    {
        const std::string other = m_project + "-copies";
        std::filesystem::create_directories(other);
        const ImageRecord third = m_store->image(3);
        const Image image = readImage(third.path);
        writeFileAtomically(other + "/a.jpg", encodeJpeg(image, 80));
        writeFileAtomically(other + "/b.png", encodePng(resize(image, image.width * 2,
                                                               image.height * 2,
                                                               ResizeFilter::Bicubic)));
        writeFileAtomically(other + "/c.png", readFile(m_store->image(8).path));
        ImportOptions options;
        options.paths = {other};
        const ImportReport report = importPaths(*m_store, options, {}, {});
        QCOMPARE(report.imported, std::int64_t{3});
    }

    void embed(int count, float turn = 0.1F)
    {
        FeatureTable table;
        table.modelHash = std::string(64, 'd');
        table.dimension = 4;
        for (int i = 0; i < count; ++i) {
            table.ids.push_back(i + 1);
            const float angle = turn * static_cast<float>(i);
            table.rows.insert(table.rows.end(), {std::cos(angle), std::sin(angle), 0.0F, 0.0F});
        }
        writeFeatures(m_store->featuresFolder() + "/test.images.feat", table);
        m_store->recordModel("test", "retrieval", table.modelHash, "test");
        EmbeddingSetRecord set;
        set.modelName = "test";
        set.modelHash = table.modelHash;
        set.dimension = 4;
        set.count = count;
        set.file = "features/test.images.feat";
        m_store->recordEmbeddingSet(set);
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::string m_project;
    std::unique_ptr<ProjectStore> m_store;
};

QTEST_GUILESS_MAIN(TestGalleryJobs)
#include "tst_gallery_jobs.moc"
