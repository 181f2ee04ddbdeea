#include "core/base/file.h"
#include "core/weights/safetensors.h"
#include "tests/support/error_of.h"

#include <QFile>
#include <QTemporaryDir>
#include <QtTest>

using namespace sapsam;

namespace {

std::string fileOf(const std::string &header, std::size_t dataBytes)
{
    std::string bytes(8, '\0');
    const std::uint64_t size = header.size();
    std::memcpy(bytes.data(), &size, 8);
    return bytes + header + std::string(dataBytes, '\x01');
}

} // namespace

class TestSafetensors : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;

    std::string path(const char *name) const
    {
        return m_folder.filePath(QString::fromUtf8(name)).toStdString();
    }

private Q_SLOTS:
    void writtenTensorsComeBack()
    {
        const NamedTensors tensors = {{"b.weight", torch::randn({3, 4})},
                                      {"a", torch::arange(5, torch::kLong)},
                                      {"scalar", torch::tensor(2.5)},
                                      {"empty", torch::zeros({0, 7})},
                                      {"half", torch::randn({2}).to(torch::kHalf)},
                                      {"bfloat", torch::randn({2}).to(torch::kBFloat16)},
                                      {"flags", torch::tensor({true, false, true})},
                                      {"strided", torch::randn({4, 6}).t()}};
        SafetensorsOptions options;
        options.metadata = {{"made by", "a test"}};
        const auto file = path("Gewichte äöü.safetensors");

        writeSafetensors(file, tensors, options);
        const SafetensorsFile read(file);

        QCOMPARE(read.names().size(), tensors.size());
        QCOMPARE(read.metadata(), options.metadata);
        for (const auto &item : tensors) {
            const auto back = read.read(item.first);
            QCOMPARE(back.scalar_type(), item.second.scalar_type());
            QVERIFY2(torch::equal(back, item.second), item.first.c_str());
        }
        QVERIFY(!QFile::exists(QString::fromStdString(file + ".part")));
    }

    void floatTypeConvertsFloatsOnly()
    {
        SafetensorsOptions options;
        options.floatType = torch::kHalf;
        const auto value = torch::tensor({0.5F, -2.0F});

        writeSafetensors(path("half"), {{"x", value}, {"n", torch::arange(3, torch::kLong)}},
                         options);
        const SafetensorsFile read(path("half"));

        QCOMPARE(read.find("x")->dtype, torch::kHalf);
        QCOMPARE(read.find("n")->dtype, torch::kLong);
        QVERIFY(torch::equal(read.read("x").to(torch::kFloat), value));
    }

    void sameTensorsGiveTheSameBytes()
    {
        const auto x = torch::randn({5}), y = torch::randn({2, 2});

        writeSafetensors(path("one"), {{"x", x}, {"y", y}});
        writeSafetensors(path("two"), {{"y", y}, {"x", x}});

        QCOMPARE(readFile(path("one")), readFile(path("two")));
    }

    void nameThatOccursTwiceCannotBeWritten()
    {
        const auto x = torch::zeros({1});

        VERIFY_ERROR(writeSafetensors(path("twice"), {{"x", x}, {"x", x}}), ErrorKind::InvalidInput,
                     "'x'");
        QVERIFY(!QFile::exists(QString::fromStdString(path("twice"))));
    }

    void absentFileIsNotFound()
    {
        VERIFY_ERROR(SafetensorsFile(path("absent")), ErrorKind::NotFound, "absent");
    }

    void absentTensorIsNotFound()
    {
        writeSafetensors(path("x"), {{"x", torch::zeros({1})}});
        const SafetensorsFile read(path("x"));

        QVERIFY(!read.find("y"));
        VERIFY_ERROR(read.read("y"), ErrorKind::NotFound, "'y'");
    }

    void damagedFilesAreCorrupt_data()
    {
        QTest::addColumn<QByteArray>("content");
        QTest::addColumn<QString>("mentioned");
        const auto row = [](const char *name, const std::string &content, const char *mentioned) {
            QTest::newRow(name) << QByteArray::fromStdString(content)
                                << QString::fromUtf8(mentioned);
        };
        const std::string a = R"("a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]})";
        row("empty", "", "0 bytes");
        row("shorter than the length", "abc", "3 bytes");
        row("ends in the header", fileOf("{" + a + "}", 8).substr(0, 20), "truncated");
        row("absurd header length", std::string(8, '\x7f') + "{}", "claims");
        row("not an object", fileOf("[1]", 0), "'{'");
        row("not JSON", fileOf("{\"a\":", 0), "JSON");
        row("data truncated", fileOf("{" + a + "}", 7), "tensor 'a'");
        row("bytes behind the data", fileOf("{" + a + "}", 9), "1 bytes follow");
        row("gap", fileOf(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}})", 4), "gap");
        row("overlap",
            fileOf(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
                   R"("b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}})",
                   6),
            "tensor 'b' overlaps");
        row("size and shape disagree",
            fileOf(R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", 8), "[3]");
        row("end before begin",
            fileOf(R"({"a":{"dtype":"U8","shape":[0],"data_offsets":[8,0]}})", 8), "tensor 'a'");
        row("name twice", fileOf("{" + a + "," + a + "}", 8), "occurs twice");
        row("unknown element type",
            fileOf(R"({"a":{"dtype":"Q7","shape":[2],"data_offsets":[0,8]}})", 8), "'Q7'");
        row("negative side", fileOf(R"({"a":{"dtype":"U8","shape":[-2],"data_offsets":[0,8]}})", 8),
            "shape");
        row("product overflows",
            fileOf(
                R"({"a":{"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,0]}})",
                0),
            "too large");
        row("offsets missing", fileOf(R"({"a":{"dtype":"U8","shape":[2]}})", 2), "data_offsets");
        row("metadata of the wrong kind", fileOf(R"({"__metadata__":{"x":1}})", 0), "__metadata__");
    }
    void damagedFilesAreCorrupt()
    {
        QFETCH(QByteArray, content);
        QFETCH(QString, mentioned);
        const auto file = path("damaged.safetensors");
        writeFileAtomically(file, content.toStdString());

        VERIFY_ERROR(SafetensorsFile{file}, ErrorKind::Corrupt, mentioned.toStdString());
        VERIFY_ERROR(SafetensorsFile{file}, ErrorKind::Corrupt, "damaged.safetensors");
    }

    void foreignElementTypeIsUnsupported()
    {
        writeFileAtomically(
            path("f8"), fileOf(R"({"a":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,2]}})", 2));

        VERIFY_ERROR(SafetensorsFile(path("f8")), ErrorKind::Unsupported, "F8_E4M3");
    }

    void headerMayBePaddedAndEmpty()
    {
        writeFileAtomically(path("padded"),
                            fileOf("{\"__metadata__\":{\"format\":\"pt\"}}      ", 0));

        const SafetensorsFile read(path("padded"));

        QVERIFY(read.names().empty());
        QCOMPARE(read.metadata().at("format"), std::string("pt"));
    }
};

QTEST_GUILESS_MAIN(TestSafetensors)
#include "tst_safetensors.moc"
