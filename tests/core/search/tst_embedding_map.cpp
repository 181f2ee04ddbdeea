#include "core/search/embedding_map.h"

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/random.h"
#include "tests/support/error_of.h"

#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <cmath>

using namespace sapsam;

namespace {

constexpr int kGroups = 6;

// Unit vectors around kGroups directions; group i % kGroups.
FeatureTable makeTable(int count, int dimension = 32, double spread = 0.25)
{
    FeatureTable table;
    table.modelHash = std::string(64, 'b');
    table.dimension = dimension;
    SeededRandom random(11);
    std::vector<std::vector<double>> centres(kGroups);
    for (auto &centre : centres) {
        for (int d = 0; d < dimension; ++d)
            centre.push_back(random.normal());
    }
    for (int i = 0; i < count; ++i) {
        table.ids.push_back(count - i); // not ascending
        std::vector<double> row;
        double square = 0.0;
        for (int d = 0; d < dimension; ++d) {
            row.push_back(centres[static_cast<std::size_t>(i % kGroups)][static_cast<std::size_t>(d)]
                          + spread * random.normal());
            square += row.back() * row.back();
        }
        for (const double value : row)
            table.rows.push_back(static_cast<float>(value / std::sqrt(square)));
    }
    return table;
}

// Of each point, the share of its ten nearest in the plane that belong to its group.
double purity(const EmbeddingMap &map)
{
    const std::size_t count = map.ids.size();
    double sum = 0.0;
    for (std::size_t i = 0; i < count; ++i) {
        std::vector<std::pair<float, std::size_t>> others;
        for (std::size_t j = 0; j < count; ++j) {
            const float x = map.places[2 * i] - map.places[2 * j];
            const float y = map.places[2 * i + 1] - map.places[2 * j + 1];
            if (i != j)
                others.emplace_back(x * x + y * y, j);
        }
        std::nth_element(others.begin(), others.begin() + 9, others.end());
        for (std::size_t k = 0; k < 10; ++k)
            sum += others[k].second % kGroups == i % kGroups ? 0.1 : 0.0;
    }
    return sum / static_cast<double>(count);
}

} // namespace

class TestEmbeddingMap : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { QVERIFY(m_folder.isValid()); }

    void nearOnesStayNear_data()
    {
        QTest::addColumn<int>("count");
        QTest::newRow("all compared with all") << 600;
        QTest::newRow("by the approximate index") << 4800;
    }
    void nearOnesStayNear()
    {
        QFETCH(int, count);
        const MappedFeatures features = mapped(makeTable(count));
        MapOptions options;
        options.epochs = 60;

        const EmbeddingMap map = mapEmbeddings(features, options);

        QCOMPARE(map.ids.size(), static_cast<std::size_t>(count));
        QCOMPARE(map.ids.front(), std::int64_t{count});
        QVERIFY(std::all_of(map.places.begin(), map.places.end(),
                            [](float place) { return place >= 0.0F && place <= 1.0F; }));
        QVERIFY2(purity(map) > 0.97, qPrintable(QString::number(purity(map))));
    }

    void theSameSeedGivesTheSameMap()
    {
        const MappedFeatures features = mapped(makeTable(500));
        MapOptions options;
        options.epochs = 30;
        const EmbeddingMap one = mapEmbeddings(features, options);
        const EmbeddingMap again = mapEmbeddings(features, options);
        options.seed = 2;
        const EmbeddingMap other = mapEmbeddings(features, options);

        QCOMPARE(one.places, again.places);
        QVERIFY(one.places != other.places);
    }

    void componentsArePrincipal()
    {
        // Along one line: the first axis has it all.
        FeatureTable table;
        table.modelHash = std::string(64, 'c');
        table.dimension = 8;
        for (int i = 0; i < 50; ++i) {
            table.ids.push_back(i + 1);
            const double angle = 0.01 * i;
            for (int d = 0; d < 8; ++d)
                table.rows.push_back(static_cast<float>(d == 2   ? std::cos(angle)
                                                        : d == 5 ? std::sin(angle)
                                                                 : 0.0));
        }
        const MappedFeatures features = mapped(table);
        MapOptions options;
        options.method = MapMethod::Components;

        const EmbeddingMap map = mapEmbeddings(features, options);

        const float direction = map.places[98] - map.places[0];
        QCOMPARE(std::abs(direction), 1.0F);
        for (std::size_t i = 1; i < 50; ++i) {
            QVERIFY((map.places[2 * i] - map.places[2 * i - 2]) * direction > 0.0F);
            QVERIFY(std::abs(map.places[2 * i + 1] - 0.5F) < 0.1F);
        }
    }

    void fewPicturesHaveAMapToo()
    {
        for (int count = 1; count <= 5; ++count) {
            const EmbeddingMap map = mapEmbeddings(mapped(makeTable(count)));
            QCOMPARE(map.places.size(), static_cast<std::size_t>(2 * count));
            QVERIFY(std::none_of(map.places.begin(), map.places.end(),
                                 [](float place) { return std::isnan(place); }));
        }
    }

    void aStoredMapComesBackOnlyForItsFeaturesAndOptions()
    {
        const MappedFeatures features = mapped(makeTable(80));
        MapOptions options;
        options.epochs = 5;
        const EmbeddingMap map = mapEmbeddings(features, options);
        const std::string file = path("a.map");
        writeMap(file, map, options, features.checksum());

        const auto back = readMap(file, options, features.checksum());
        QVERIFY(back.has_value());
        QCOMPARE(back->ids, map.ids);
        QCOMPARE(back->places, map.places);
        QVERIFY(!readMap(file, options, features.checksum() + 1));
        options.seed = 9;
        QVERIFY(!readMap(file, options, features.checksum()));
        options.seed = 1;
        std::string bytes = readFile(file);
        bytes[100] = static_cast<char>(bytes[100] ^ 1);
        writeFileAtomically(file, bytes);
        QVERIFY(!readMap(file, options, features.checksum()));
        writeFileAtomically(file, "SAPMAPS1");
        QVERIFY(!readMap(file, options, features.checksum()));
        QVERIFY(!readMap(path("missing.map"), options, features.checksum()));
    }

    void badOptionsAreRefusedAndCancellingIsNoMap()
    {
        const MappedFeatures features = mapped(makeTable(50));
        MapOptions options;
        options.neighbours = 1;
        VERIFY_ERROR(mapEmbeddings(features, options), ErrorKind::InvalidInput, "neighbours");
        CancelSource cancel;
        cancel.cancel();
        const EmbeddingMap map = mapEmbeddings(features, {}, cancel.token());
        QVERIFY(map.cancelled);
        QVERIFY(map.places.empty());
    }

private:
    std::string path(const char *name) const
    {
        return m_folder.filePath(QString::fromLatin1(name)).toStdString();
    }
    MappedFeatures mapped(const FeatureTable &table) const
    {
        writeFeatures(path("a.feat"), table);
        return MappedFeatures(path("a.feat"));
    }

    QTemporaryDir m_folder;
};

QTEST_GUILESS_MAIN(TestEmbeddingMap)
#include "tst_embedding_map.moc"
