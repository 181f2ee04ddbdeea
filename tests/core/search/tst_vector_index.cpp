#include "core/base/file.h"
#include "core/base/random.h"
#include "core/search/half_float.h"
#include "core/search/half_kernels.h"
#include "core/search/ranking.h"
#include "core/search/vector_index.h"
#include "tests/support/error_of.h"

#include <QDir>
#include <QTemporaryDir>
#include <QTest>

#include <cmath>
#include <set>

using namespace sapsam;

namespace {

// Unit vectors in groups of twenty around common centres.
FeatureTable makeTable(int count, int dimension, std::uint64_t seed = 3)
{
    FeatureTable table;
    table.modelHash = std::string(64, 'a');
    table.dimension = dimension;
    SeededRandom random(seed);
    std::vector<float> centre;
    for (int i = 0; i < count; ++i) {
        if (i % 20 == 0) {
            centre.clear();
            for (int k = 0; k < dimension; ++k)
                centre.push_back(static_cast<float>(random.normal()));
        }
        table.ids.push_back(1000 - i); // not ascending
        double square = 0.0;
        std::vector<float> row;
        for (int k = 0; k < dimension; ++k) {
            row.push_back(centre[static_cast<std::size_t>(k)]
                          + 0.5F * static_cast<float>(random.normal()));
            square += static_cast<double>(row.back()) * static_cast<double>(row.back());
        }
        for (const float value : row)
            table.rows.push_back(static_cast<float>(value / std::sqrt(square)));
    }
    return table;
}

std::vector<float> rowOf(const FeatureTable &table, std::size_t index)
{
    const auto begin =
        table.rows.begin()
        + static_cast<std::ptrdiff_t>(index * static_cast<std::size_t>(table.dimension));
    return {begin, begin + table.dimension};
}

} // namespace

class TestVectorIndex : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_table = makeTable(800, 72);
        writeFeatures(path("a.feat"), m_table);
    }

    void everyKernelComputesTheSameWithinRounding_data()
    {
        QTest::addColumn<int>("dimension");
        for (const int dimension : {1, 7, 8, 16, 33, 64, 72, 192, 512})
            QTest::addRow("%d", dimension) << dimension;
    }
    void everyKernelComputesTheSameWithinRounding()
    {
        QFETCH(int, dimension);
        const FeatureTable table = makeTable(50, dimension);
        std::vector<std::uint16_t> halves(table.rows.size());
        halfFromFloat(table.rows.data(), halves.data(), halves.size());
        const std::vector<float> query = rowOf(table, 3);
        for (const HalfKernel kernel :
             {HalfKernel::Portable, HalfKernel::Avx2, HalfKernel::Avx512}) {
            if (static_cast<int>(kernel) > static_cast<int>(widestHalfKernel()))
                continue;
            std::vector<float> scores(50);
            dotHalfRows(halves.data(), 50, query.data(), query.size(), scores.data(), kernel);
            for (std::size_t i = 0; i < 50; ++i) {
                double exact = 0.0;
                for (std::size_t k = 0; k < query.size(); ++k)
                    exact +=
                        static_cast<double>(query[k])
                        * static_cast<double>(floatFromHalfPortable(halves[i * query.size() + k]));
                QVERIFY(std::abs(static_cast<double>(scores[i]) - exact) < 2e-6);
            }
        }
    }

    void mappedRowsRankAsTheTableDoes()
    {
        const MappedFeatures features(path("a.feat"));
        const FeatureTable stored = readFeatures(path("a.feat"));
        const std::vector<float> query = rowOf(stored, 17);
        const auto expected = rankByCosine(stored, query, 25);
        const auto ranked = rankByCosine(features.rows(), query, 25);
        const auto all = rankByCosine(features.rows(), query, 0);
        QCOMPARE(ranked.size(), std::size_t{25});
        QCOMPARE(all.size(), m_table.ids.size());
        QCOMPARE(ranked.front().imageId, m_table.ids[17]);
        for (std::size_t i = 0; i < ranked.size(); ++i) {
            QCOMPARE(ranked[i].imageId, expected[i].imageId);
            // The number of hits asked for changes neither order nor score.
            QCOMPARE(ranked[i].imageId, all[i].imageId);
            QCOMPARE(ranked[i].score, all[i].score);
        }
    }

    void rowsThatAreNotAllowedAreLeftOut()
    {
        const MappedFeatures features(path("a.feat"));
        std::vector<char> allowed(m_table.ids.size(), 0);
        allowed[5] = allowed[9] = 1;
        const auto ranked = rankByCosine(features.rows(), rowOf(m_table, 9), 10, allowed);
        QCOMPARE(ranked.size(), std::size_t{2});
        QCOMPARE(ranked.front().imageId, m_table.ids[9]);
    }

    void rowsWrittenOneByOneMakeTheSameFile()
    {
        FeatureWriter writer(path("b.feat"), m_table.modelHash, m_table.dimension, m_table.ids);
        for (std::size_t i = 0; i < m_table.ids.size(); ++i)
            writer.append(rowOf(m_table, i).data(), 1);
        writer.finish();
        QCOMPARE(readFile(path("b.feat")), readFile(path("a.feat")));
    }

    void anUnfinishedFileIsNotThere()
    {
        {
            FeatureWriter writer(path("c.feat"), m_table.modelHash, m_table.dimension, m_table.ids);
            writer.append(m_table.rows.data(), 10);
            VERIFY_ERROR(writer.finish(), ErrorKind::InvalidInput, "10 rows");
        }
        QCOMPARE(QDir(m_folder->path()).entryList(QDir::Files),
                 QStringList{QStringLiteral("a.feat")});
    }

    void theIndexFindsWhatTheExactRankingFinds()
    {
        const MappedFeatures features(path("a.feat"));
        const VectorIndex built = VectorIndex::build(features);
        built.write(path("a.index"));
        const VectorIndex index = VectorIndex::read(path("a.index"), features);
        QVERIFY(index.probes() < index.lists());
        QCOMPARE(index.probes(), built.probes());
        int found = 0;
        for (std::size_t q = 0; q < 40; ++q) {
            const std::vector<float> query = rowOf(m_table, q * 19);
            const auto exact = rankByCosine(features.rows(), query, 10);
            std::set<std::int64_t> ids;
            for (const RankedImage &image : index.search(features, query, 10)) {
                ids.insert(image.imageId);
                for (const RankedImage &other : exact) {
                    if (other.imageId == image.imageId)
                        QCOMPARE(image.score, other.score); // exactly
                }
            }
            for (const RankedImage &image : exact)
                found += static_cast<int>(ids.count(image.imageId));
        }
        QVERIFY2(found >= 380, qPrintable(QString::number(found)));
    }

    void lookingIntoAllListsIsExact()
    {
        const MappedFeatures features(path("a.feat"));
        const VectorIndex index = VectorIndex::build(features);
        const std::vector<float> query = rowOf(m_table, 100);
        const auto exact = rankByCosine(features.rows(), query, 30);
        const auto all = index.search(features, query, 30, index.lists());
        QCOMPARE(all.size(), exact.size());
        for (std::size_t i = 0; i < exact.size(); ++i) {
            QCOMPARE(all[i].imageId, exact[i].imageId);
            QCOMPARE(all[i].score, exact[i].score);
        }
    }

    void anIndexOfOtherFeaturesIsRefused()
    {
        VectorIndex::build(MappedFeatures(path("a.feat"))).write(path("a.index"));
        FeatureTable other = m_table;
        other.modelHash = std::string(64, 'b');
        writeFeatures(path("b.feat"), other);
        const MappedFeatures otherModel(path("b.feat"));
        VERIFY_ERROR(VectorIndex::read(path("a.index"), otherModel), ErrorKind::Mismatch,
                     "another model");
        VERIFY_ERROR(VectorIndex::read(path("a.index"), otherModel), ErrorKind::Mismatch,
                     "sapsam index");

        writeFeatures(path("c.feat"), makeTable(800, 72, 4));
        const MappedFeatures later(path("c.feat"));
        VERIFY_ERROR(VectorIndex::read(path("a.index"), later), ErrorKind::Mismatch,
                     "earlier features");
    }

    void aDamagedIndexIsRefused_data()
    {
        QTest::addColumn<int>("kept");
        QTest::addColumn<int>("flipped");
        QTest::newRow("empty") << 0 << -1;
        QTest::newRow("header only") << 64 << -1;
        QTest::newRow("half-written") << 2000 << -1;
        QTest::newRow("a flipped byte") << -1 << 500;
        QTest::newRow("another magic") << -1 << 2;
    }
    void aDamagedIndexIsRefused()
    {
        QFETCH(int, kept);
        QFETCH(int, flipped);
        const MappedFeatures features(path("a.feat"));
        VectorIndex::build(features).write(path("a.index"));
        std::string content = readFile(path("a.index"));
        if (kept >= 0)
            content.resize(static_cast<std::size_t>(kept));
        if (flipped >= 0)
            content[static_cast<std::size_t>(flipped)] ^= 1;
        writeFileAtomically(path("a.index"), content);
        VERIFY_ERROR(VectorIndex::read(path("a.index"), features), ErrorKind::Corrupt, "a.index");
    }

    void nothingToIndexIsInvalidInput()
    {
        FeatureTable none;
        none.modelHash = m_table.modelHash;
        none.dimension = 8;
        writeFeatures(path("none.feat"), none);
        const MappedFeatures features(path("none.feat"));
        VERIFY_ERROR(VectorIndex::build(features), ErrorKind::InvalidInput, "nothing");
    }

private:
    std::string path(const char *name) const
    {
        return m_folder->filePath(QString::fromLatin1(name)).toStdString();
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    FeatureTable m_table;
};

QTEST_GUILESS_MAIN(TestVectorIndex)
#include "tst_vector_index.moc"
