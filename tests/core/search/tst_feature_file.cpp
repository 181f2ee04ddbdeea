#include "core/base/file.h"
#include "core/base/random.h"
#include "core/search/feature_file.h"
#include "core/search/half_float.h"
#include "tests/support/error_of.h"

#include <QTemporaryDir>
#include <QTest>

#include <cmath>
#include <limits>

using namespace sapsam;

namespace {

FeatureTable makeTable(int count, int dimension)
{
    FeatureTable table;
    table.modelHash = std::string(62, 'a') + "09";
    table.dimension = dimension;
    SeededRandom random(7);
    for (int i = 0; i < count; ++i) {
        table.ids.push_back(1000 - 3 * i);
        for (int j = 0; j < dimension; ++j)
            table.rows.push_back(static_cast<float>(random.uniform(-1.0, 1.0)));
    }
    return table;
}

} // namespace

class TestFeatureFile : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void whatIsWrittenIsRead();
    void anEmptyTableIsRead();
    void everyHalfSurvivesTheWayThere();
    void roundingGoesToTheNearestEven();
    void fastAndPortableConversionsAgree();
    void aMissingFileIsNotFound();
    void halfAFileIsCorrupt();
    void oneChangedByteIsCorrupt();
    void anotherKindOfFileIsCorrupt();
    void anotherModelIsAMismatch();
    void aTableThatDoesNotFitTogetherIsInvalidInput();
    void aHashThatIsNoHashIsInvalidInput();
    void aFailedWriteLeavesTheOldFile();

private:
    std::string path(const char *name) const
    {
        return m_folder.filePath(QLatin1String(name)).toStdString();
    }

    QTemporaryDir m_folder;
};

void TestFeatureFile::whatIsWrittenIsRead()
{
    const FeatureTable table = makeTable(37, 19);

    writeFeatures(path("a.feat"), table);
    const FeatureTable back = readFeatures(path("a.feat"), table.modelHash);

    QCOMPARE(back.modelHash, table.modelHash);
    QCOMPARE(back.dimension, 19);
    QVERIFY(back.ids == table.ids);
    QCOMPARE(back.rows.size(), table.rows.size());
    for (std::size_t i = 0; i < table.rows.size(); ++i)
        QVERIFY(std::abs(back.rows[i] - table.rows[i])
                <= 0x1p-11F * std::abs(table.rows[i]) + 0x1p-25F);
    QCOMPARE(readFile(path("a.feat")).size(), std::size_t{64 + 37 * 8 + 37 * 19 * 2});
}

void TestFeatureFile::anEmptyTableIsRead()
{
    writeFeatures(path("empty.feat"), makeTable(0, 8));

    const FeatureTable back = readFeatures(path("empty.feat"));

    QCOMPARE(back.dimension, 8);
    QVERIFY(back.ids.empty());
}

void TestFeatureFile::everyHalfSurvivesTheWayThere()
{
    for (std::uint32_t bits = 0; bits <= 0xFFFFU; ++bits) {
        const auto half = static_cast<std::uint16_t>(bits);
        const float value = floatFromHalfPortable(half);
        if (std::isnan(value)) {
            QVERIFY(std::isnan(floatFromHalfPortable(halfFromFloatPortable(value))));
            continue;
        }
        QCOMPARE(halfFromFloatPortable(value), half);
    }
}

void TestFeatureFile::roundingGoesToTheNearestEven()
{
    QCOMPARE(halfFromFloatPortable(1.0F), std::uint16_t{0x3C00});
    QCOMPARE(halfFromFloatPortable(-2.0F), std::uint16_t{0xC000});
    QCOMPARE(halfFromFloatPortable(1.0F + 0x1p-11F), std::uint16_t{0x3C00});
    QCOMPARE(halfFromFloatPortable(1.0F + 3 * 0x1p-11F), std::uint16_t{0x3C02});
    QCOMPARE(halfFromFloatPortable(65504.0F), std::uint16_t{0x7BFF});
    QCOMPARE(halfFromFloatPortable(65519.0F), std::uint16_t{0x7BFF});
    QCOMPARE(halfFromFloatPortable(65520.0F), std::uint16_t{0x7C00});
    QCOMPARE(halfFromFloatPortable(0x1p-24F), std::uint16_t{0x0001});
    QCOMPARE(halfFromFloatPortable(0x1p-25F), std::uint16_t{0x0000});
    QCOMPARE(halfFromFloatPortable(0x1.8p-24F), std::uint16_t{0x0002});
}

void TestFeatureFile::fastAndPortableConversionsAgree()
{
    std::vector<float> values;
    SeededRandom random(11);
    for (int i = 0; i < 20001; ++i)
        values.push_back(
            static_cast<float>(random.normal() * std::exp2(random.uniform(-28.0, 17.0))));
    values.push_back(std::numeric_limits<float>::infinity());

    std::vector<std::uint16_t> halves(values.size());
    halfFromFloat(values.data(), halves.data(), values.size());
    std::vector<float> back(values.size());
    floatFromHalf(halves.data(), back.data(), halves.size());

    for (std::size_t i = 0; i < values.size(); ++i) {
        QCOMPARE(halves[i], halfFromFloatPortable(values[i]));
        QVERIFY(back[i] == floatFromHalfPortable(halves[i]));
    }
}

void TestFeatureFile::aMissingFileIsNotFound()
{
    VERIFY_ERROR(readFeatures(path("absent.feat")), ErrorKind::NotFound, "absent.feat");
}

void TestFeatureFile::halfAFileIsCorrupt()
{
    writeFeatures(path("half.feat"), makeTable(10, 8));
    const std::string whole = readFile(path("half.feat"));

    for (const std::size_t size :
         {std::size_t{0}, std::size_t{40}, std::size_t{64}, whole.size() / 2, whole.size() - 1}) {
        writeFileAtomically(path("half.feat"), whole.substr(0, size));
        VERIFY_ERROR(readFeatures(path("half.feat")), ErrorKind::Corrupt, "half.feat");
        VERIFY_ERROR(readFeatures(path("half.feat")), ErrorKind::Corrupt,
                     "embed the project again");
    }
}

void TestFeatureFile::oneChangedByteIsCorrupt()
{
    writeFeatures(path("bit.feat"), makeTable(10, 8));
    std::string bytes = readFile(path("bit.feat"));
    bytes[200] = static_cast<char>(bytes[200] ^ 4);
    writeFileAtomically(path("bit.feat"), bytes);

    VERIFY_ERROR(readFeatures(path("bit.feat")), ErrorKind::Corrupt, "checksum");
}

void TestFeatureFile::anotherKindOfFileIsCorrupt()
{
    writeFileAtomically(path("text.feat"), std::string(500, 'x'));

    VERIFY_ERROR(readFeatures(path("text.feat")), ErrorKind::Corrupt, "not a feature file");
}

void TestFeatureFile::anotherModelIsAMismatch()
{
    writeFeatures(path("model.feat"), makeTable(3, 4));

    VERIFY_ERROR(readFeatures(path("model.feat"), std::string(64, 'b')), ErrorKind::Mismatch,
                 "embed the project again");
}

void TestFeatureFile::aTableThatDoesNotFitTogetherIsInvalidInput()
{
    FeatureTable table = makeTable(3, 4);
    table.rows.pop_back();

    VERIFY_ERROR(writeFeatures(path("bad.feat"), table), ErrorKind::InvalidInput, "bad.feat");
}

void TestFeatureFile::aHashThatIsNoHashIsInvalidInput()
{
    FeatureTable table = makeTable(3, 4);
    table.modelHash = "my model";

    VERIFY_ERROR(writeFeatures(path("bad.feat"), table), ErrorKind::InvalidInput, "my model");
}

void TestFeatureFile::aFailedWriteLeavesTheOldFile()
{
    writeFeatures(path("kept.feat"), makeTable(3, 4));
    FeatureTable broken = makeTable(5, 4);
    broken.rows.clear();

    VERIFY_ERROR(writeFeatures(path("kept.feat"), broken), ErrorKind::InvalidInput, "kept.feat");

    QCOMPARE(readFeatures(path("kept.feat")).ids.size(), std::size_t{3});
}

QTEST_GUILESS_MAIN(TestFeatureFile)
#include "tst_feature_file.moc"
