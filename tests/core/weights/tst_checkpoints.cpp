#include "core/base/file.h"
#include "core/base/json_file.h"
#include "core/base/random.h"
#include "core/base/sha256.h"
#include "core/weights/checkpoint.h"
#include "core/weights/pickle.h"
#include "core/weights/safetensors.h"
#include "core/weights/torch_checkpoint.h"
#include "tests/core/weights/torch_file_builder.h"
#include "tests/support/error_of.h"
#include "tests/support/golden_folder.h"

#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sys/resource.h>

using namespace sapsam;
using namespace sapsam::test;

namespace {

namespace fs = std::filesystem;

std::string goldenFolder()
{
    return shippedPath("pipeline/checkpoints");
}

std::string dtypeName(torch::ScalarType type)
{
    switch (type) {
    case torch::kFloat:
        return "float32";
    case torch::kDouble:
        return "float64";
    case torch::kHalf:
        return "float16";
    case torch::kBFloat16:
        return "bfloat16";
    case torch::kLong:
        return "int64";
    case torch::kInt:
        return "int32";
    case torch::kShort:
        return "int16";
    case torch::kChar:
        return "int8";
    case torch::kByte:
        return "uint8";
    case torch::kBool:
        return "bool";
    default:
        return "another type";
    }
}

std::string digestOf(const torch::Tensor &tensor)
{
    return sha256Of(
        {static_cast<const char *>(tensor.data_ptr()), static_cast<std::size_t>(tensor.nbytes())});
}

void readEverything(const TensorSource &source)
{
    for (const auto &name : source.names())
        source.read(name);
}

std::vector<float> valuesOf(const torch::Tensor &tensor)
{
    const auto flat = tensor.contiguous().view(-1);
    return {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()};
}

std::set<std::string> everythingBelow(const std::string &folder)
{
    std::set<std::string> result;
    for (const auto &entry : fs::recursive_directory_iterator(folder))
        result.insert(entry.path().string());
    return result;
}

long peakKilobytes()
{
    struct rusage usage = {};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

} // namespace

class TestCheckpoints : public QObject
{
    Q_OBJECT

private:
    QTemporaryDir m_folder;

    std::string fresh(const std::string &name) const
    {
        return m_folder.path().toStdString() + "/" + name;
    }

    std::string written(const std::string &content, const std::string &name = "file.pth") const
    {
        writeFileAtomically(fresh(name), content);
        return fresh(name);
    }

    // Opens a zip checkpoint of this pickle with the storage "0" of 1, 2, 3, 4.
    std::unique_ptr<TensorSource> opened(const PickleText &pickle) const
    {
        return openCheckpoint(written(zipCheckpoint(pickle.done(), {floatBytes({1, 2, 3, 4})})));
    }

private Q_SLOTS:
    void goodFilesReadExactly_data()
    {
        QTest::addColumn<QString>("file");
        const Json expected = readJsonFile(goldenFolder() + "/expected.json");
        QVERIFY(expected["files"].size() > 20);
        for (const auto &item : expected["files"].items())
            QTest::newRow(item.key().c_str()) << QString::fromStdString(item.key());
    }

    void goodFilesReadExactly()
    {
        QFETCH(QString, file);
        const Json expected = readJsonFile(goldenFolder() + "/expected.json");
        const Json &wanted = expected["files"][file.toStdString()];

        const auto source = openCheckpoint(goldenFolder() + "/" + file.toStdString());

        std::set<std::string> names;
        for (const auto &item : wanted["tensors"].items())
            names.insert(item.key());
        const auto found = source->names();
        QVERIFY(std::is_sorted(found.begin(), found.end()));
        QCOMPARE(std::set<std::string>(found.begin(), found.end()), names);
        for (const auto &item : wanted["tensors"].items()) {
            const auto shape = item.value()["shape"].get<std::vector<std::int64_t>>();
            const auto *info = source->find(item.key());
            QVERIFY(info);
            QCOMPARE(info->shape, shape);
            QCOMPARE(dtypeName(info->dtype), item.value()["dtype"].get<std::string>());
            const auto tensor = source->read(item.key());
            QVERIFY(tensor.is_contiguous());
            QCOMPARE(tensor.sizes().vec(), shape);
            QCOMPARE(tensor.scalar_type(), info->dtype);
            QVERIFY2(digestOf(tensor) == item.value()["sha256"].get<std::string>(),
                     item.key().c_str());
        }
        QVERIFY(!source->find("no such tensor"));
        VERIFY_ERROR(source->read("no such tensor"), ErrorKind::NotFound, "no such tensor");
        if (const auto *torchFile = dynamic_cast<const TorchCheckpoint *>(source.get())) {
            QCOMPARE(torchFile->wrapper(), wanted.value("wrapper", ""));
            QCOMPARE(torchFile->strippedPrefix(), wanted.value("stripped_prefix", ""));
            QCOMPARE(torchFile->container() == TorchCheckpoint::Container::TorchScript,
                     wanted.value("container", "") == "torchscript");
            QCOMPARE(torchFile->container() == TorchCheckpoint::Container::Legacy,
                     file.startsWith(QStringLiteral("legacy")));
        }
    }

    void malformedFilesAreRefused_data()
    {
        QTest::addColumn<QString>("file");
        const Json expected = readJsonFile(goldenFolder() + "/malformed/expected.json");
        QVERIFY(expected["refuse"].size() > 40);
        for (const auto &item : expected["refuse"].items())
            QTest::newRow(item.key().c_str()) << QString::fromStdString(item.key());
    }

    void malformedFilesAreRefused()
    {
        QFETCH(QString, file);
        const std::string folder = goldenFolder() + "/malformed";
        const Json expected = readJsonFile(folder + "/expected.json");
        const auto marker = expected["marker_file"].get<std::string>();
        const auto before = everythingBelow(goldenFolder());
        const auto peak = peakKilobytes();

        const auto error =
            errorOf([&] { readEverything(*openCheckpoint(folder + "/" + file.toStdString())); });

        QVERIFY2(error.has_value(), "it was accepted");
        QVERIFY2(error->kind() == ErrorKind::Corrupt || error->kind() == ErrorKind::Unsupported,
                 error->what());
        QVERIFY2(mentions(error, file.toStdString()), error->what());
        QVERIFY2(!fs::exists(marker), "it was executed");
        QCOMPARE(everythingBelow(goldenFolder()), before);
#ifndef __SANITIZE_ADDRESS__
        QVERIFY2(peakKilobytes() - peak < 32 * 1024, "it took too much memory");
#else
        (void)peak;
#endif
    }

    void controlFileLoads()
    {
        const auto source = openCheckpoint(goldenFolder() + "/malformed/control_ok.pth");

        QCOMPARE(source->names(), std::vector<std::string>{"w"});
        QCOMPARE(valuesOf(source->read("w")), (std::vector<float>{1, 2, 3, 4}));
    }

    // Whatever is changed in a good file: an Error or tensors, nothing else.
    void changedFilesNeverCrash_data()
    {
        goodFilesReadExactly_data();
    }

    void changedFilesNeverCrash()
    {
        QFETCH(QString, file);
        const std::string path = goldenFolder() + "/" + file.toStdString();
        if (std::filesystem::is_directory(path))
            return; // its files have rows of their own kind; a folder has no bytes to change
        const std::string good = readFile(path);
        const std::string target = fresh("changed");
        SeededRandom random(20240607);
        const auto below = [&](std::size_t limit) {
            return static_cast<std::size_t>(random.uniform() * static_cast<double>(limit));
        };
        const unsigned char interesting[] = {0, 1, 0x7f, 0x80, 0xff, '(', '.', 'R', '}', 'Q', 'b'};
        const int rounds = std::max(150, qEnvironmentVariableIntValue("SAPSAM_FUZZ_ROUNDS"));
        int refused = 0;
        int accepted = 0;

        for (int round = 0; round < rounds; ++round) {
            std::string changed = good;
            const auto kind = below(8);
            if (kind == 0) {
                changed.resize(below(changed.size()));
            } else if (kind == 1) { // a part is repeated or lost
                const auto from = below(changed.size());
                const auto size = std::min<std::size_t>(below(64), changed.size() - from);
                if (below(2) == 0)
                    changed.erase(from, size);
                else
                    changed.insert(from, changed.substr(from, size));
            } else {
                for (std::size_t flips = 1 + below(4); flips-- > 0 && !changed.empty();) {
                    // Half of them near the beginning, where the pickles are.
                    const auto at =
                        below(below(2) == 0 ? changed.size()
                                            : std::min<std::size_t>(changed.size(), 2048));
                    changed[at] =
                        static_cast<char>(below(2) == 0 ? interesting[below(sizeof interesting)]
                                                        : changed[at] ^ (1 << below(8)));
                }
            }
            std::ofstream(target, std::ios::binary) << changed;
            const auto error = errorOf([&] { readEverything(*openCheckpoint(target)); });
            ++(error ? refused : accepted);
            if (error)
                QVERIFY2(error->kind() == ErrorKind::Corrupt
                             || error->kind() == ErrorKind::Unsupported,
                         error->what());
        }
        QVERIFY(refused > 0);
        QVERIFY(accepted > 0);
    }

    void archivesInEveryFormOfZipAreRead_data()
    {
        QTest::addColumn<bool>("zip64");
        QTest::addColumn<bool>("dataDescriptor");
        QTest::addColumn<QString>("comment");
        QTest::newRow("plain") << false << false << QString();
        QTest::newRow("zip64") << true << false << QString();
        QTest::newRow("data descriptors") << false << true << QString();
        QTest::newRow("zip64 and data descriptors") << true << true << QString();
        QTest::newRow("comment") << true << true << QStringLiteral("PK\x05\x06 is no end");
    }

    void archivesInEveryFormOfZipAreRead()
    {
        QFETCH(bool, zip64);
        QFETCH(bool, dataDescriptor);
        QFETCH(QString, comment);
        ZipOptions options;
        options.zip64 = zip64;
        options.dataDescriptor = dataDescriptor;
        options.comment = comment.toStdString();
        const auto pickle = PickleText().simpleStateDict().done();

        const auto source =
            openCheckpoint(written(zipCheckpoint(pickle, {floatBytes({1, 2, 3, 4})}, options)));

        QCOMPARE(valuesOf(source->read("w")), (std::vector<float>{1, 2, 3, 4}));
    }

    void brokenArchivesAreCorrupt()
    {
        const auto pickle = PickleText().simpleStateDict().done();
        const auto data = floatBytes({1, 2, 3, 4});
        const auto open = [&](const std::string &bytes) { openCheckpoint(written(bytes)); };
        ZipText empty;
        ZipText twoRoots;
        twoRoots.add("a/data.pkl", pickle);
        twoRoots.add("b/data.pkl", pickle);
        ZipOptions compressed;
        compressed.method = 8;

        VERIFY_ERROR(open("PK\x03\x04" + empty.done()), ErrorKind::Corrupt, "no data.pkl");
        VERIFY_ERROR(open(twoRoots.done()), ErrorKind::Corrupt, "several data.pkl");
        VERIFY_ERROR(open(zipCheckpoint(pickle, {data, data}, {}, {{"archive/version", "2\n"}})),
                     ErrorKind::Corrupt, "same name");
        VERIFY_ERROR(open(zipCheckpoint(pickle, {data}, compressed)), ErrorKind::Unsupported,
                     "compressed");
        VERIFY_ERROR(open(zipCheckpoint(pickle, {data}, {}, {{"archive/byteorder", "big"}})),
                     ErrorKind::Unsupported, "big-endian");
        VERIFY_ERROR(open(zipCheckpoint(pickle, {data}, {}, {{"a\\b", ""}})), ErrorKind::Corrupt,
                     "leaves its folder");
    }

    void namesOfFilesAreInTheMessage()
    {
        const auto path = written("nothing that anybody knows", "слово.pth");

        VERIFY_ERROR(openCheckpoint(path), ErrorKind::Corrupt, path);
        VERIFY_ERROR(openCheckpoint(fresh("absent.pth")), ErrorKind::NotFound, "absent.pth");
        VERIFY_ERROR(openCheckpoint(written("")), ErrorKind::Corrupt, "empty");
        VERIFY_ERROR(openCheckpoint(written("\x80\x02}.")), ErrorKind::Unsupported, "bare pickle");
        VERIFY_ERROR(TorchCheckpoint{path}, ErrorKind::Corrupt, path);
    }

    void wrappersAreOpenedInSeveralLevels()
    {
        PickleText pickle;
        pickle.raw("}").text("state_dict").raw("}").text("model").simpleStateDict();
        pickle.raw("s").text("epoch").number(3).raw("ss").text("note").text("x").raw("s");

        const auto source = opened(pickle);

        QCOMPARE(source->names(), std::vector<std::string>{"w"});
        QCOMPARE(dynamic_cast<TorchCheckpoint &>(*source).wrapper(),
                 std::string("state_dict.model"));
    }

    void numbersBesideTheWeightsArePassedOver()
    {
        PickleText pickle;
        pickle.simpleStateDict().text("step").number(3).raw("s");

        QCOMPARE(opened(pickle)->names(), std::vector<std::string>{"w"});
    }

    void callInPlaceOfAWeightIsCorrupt()
    {
        PickleText pickle;
        pickle.simpleStateDict().text("v").global("os", "system").raw("(").text("true").raw("tRs");

        VERIFY_ERROR(opened(pickle), ErrorKind::Corrupt, "a call of 'os.system'");
    }

    void untypedStoragesTakeTheTypeOfTheTensor()
    {
        const auto pickle = [](const std::string &dtype, std::int64_t count) {
            PickleText text;
            text.raw("}").text("w").global("torch._utils", "_rebuild_tensor_v3").raw("(");
            text.storage("UntypedStorage", "0", 16).number(0).tuple({count}).tuple({1});
            return text.raw("\x89}").global("torch", dtype).raw("tRs");
        };

        const auto floats = opened(pickle("float32", 4));
        const auto halves = opened(pickle("float16", 8));

        QCOMPARE(valuesOf(floats->read("w")), (std::vector<float>{1, 2, 3, 4}));
        QCOMPARE(halves->find("w")->dtype, torch::kHalf);
        VERIFY_ERROR(opened(pickle("float32", 5)), ErrorKind::Corrupt, "beyond its storage");
        VERIFY_ERROR(opened(pickle("uint32", 4)), ErrorKind::Unsupported, "uint32");
        VERIFY_ERROR(opened(pickle("float8_e4m3fn", 4)), ErrorKind::Unsupported, "float8_e4m3fn");
    }

    void subclassesAndParametersAreTheirTensors()
    {
        PickleText pickle;
        pickle.raw("}").text("w").global("torch._tensor", "_rebuild_from_type_v2").raw("(");
        pickle.global("torch._utils", "_rebuild_tensor_v2").global("mine", "Tensor").raw("(");
        pickle.storage("FloatStorage", "0", 4).number(1).tuple({3}).tuple({1}).raw("\x89}t}tRs");
        pickle.text("p").global("torch._utils", "_rebuild_parameter").raw("(");
        pickle.tensor("0", 4, {2, 2}, {1, 2}).raw("\x88}tRs");

        const auto source = opened(pickle);

        QCOMPARE(valuesOf(source->read("w")), (std::vector<float>{2, 3, 4}));
        QCOMPARE(valuesOf(source->read("p")), (std::vector<float>{1, 3, 2, 4}));
    }

    void foreignKindsOfTensorsAreUnsupported()
    {
        PickleText pickle;
        pickle.raw("}").text("w").global("torch._utils", "_rebuild_qtensor").raw(")Rs");

        VERIFY_ERROR(opened(pickle), ErrorKind::Unsupported, "_rebuild_qtensor");
    }

    void modulesThatContainThemselvesAreRefused()
    {
        // A module whose children "a" and "b" are itself; its parts would be without end.
        PickleText loop;
        loop.global("m", "M").raw(")\x81q\x01}").text("_parameters").raw("}s").text("_modules");
        loop.raw("}").text("a").raw("h\x01s").text("b").raw("h\x01ssb");

        VERIFY_ERROR(opened(loop), ErrorKind::Corrupt, "without end");
    }

    void sharedModulesDoNotGrowWithoutEnd()
    {
        // Each of 60 modules holds the one before twice: 2^60 paths, no tensor.
        PickleText pickle;
        for (int i = 0; i < 60; ++i) {
            const std::string before(1, static_cast<char>(i));
            pickle.global("m", "M").raw(")\x81}").text("_parameters").raw("}s").text("_modules");
            pickle.raw("}");
            if (i > 0)
                pickle.text("a").raw("h" + before + "s").text("b").raw("h" + before + "s");
            pickle.raw("sbq" + std::string(1, static_cast<char>(i + 1)));
            pickle.raw(i < 59 ? "0" : "");
        }

        VERIFY_ERROR(opened(pickle), ErrorKind::Corrupt, "any model has");
    }

    void picklesAreTakenApartAndNotRun()
    {
        PickleText text;
        text.raw("(").global("os", "system").text("x").raw("\x85R").number(-7).raw("I42\n");
        text.raw(std::string("G\x40\x09\x21\xfb\x54\x44\x2d\x18", 9))
            .raw("\x88N\x8f(K\x01K\x02\x90");
        text.global("collections", "OrderedDict").raw("](").text("k").raw("K\x05\x86\x65\x85Rt");
        const auto bytes = text.done() + "rest";
        std::size_t position = 0;

        const Pickle pickle(bytes, position, "origin");

        const auto &root = pickle[pickle.root()];
        QCOMPARE(position, bytes.size() - 4);
        QCOMPARE(root.kind, PickleKind::Tuple);
        QCOMPARE(root.items.size(), std::size_t(8));
        const auto at = [&](std::size_t i) { return pickle[root.items[i]]; };
        QCOMPARE(at(0).kind, PickleKind::Call);
        QVERIFY(pickle.isGlobal(pickle[at(0).first], "os", "system"));
        QCOMPARE(at(1).integer, std::int64_t(-7));
        QCOMPARE(at(2).integer, std::int64_t(42));
        QCOMPARE(at(3).real, 3.141592653589793);
        QCOMPARE(at(4).integer, std::int64_t(1));
        QCOMPARE(at(5).kind, PickleKind::None);
        QCOMPARE(at(6).items.size(), std::size_t(2));
        const auto *value = pickle.find(at(7), "k");
        QVERIFY(value);
        QCOMPARE(value->integer, std::int64_t(5));
    }

    void brokenPicklesAreCorrupt_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QTest::newRow("nothing") << QByteArray();
        QTest::newRow("no STOP") << QByteArray("N");
        QTest::newRow("stack underflow") << QByteArray("0.");
        QTest::newRow("takes what lies below a mark") << QByteArray("N(\x85t.");
        QTest::newRow("tuple without mark") << QByteArray("Nt.");
        QTest::newRow("odd dictionary") << QByteArray("(Nd.");
        QTest::newRow("items of a number") << QByteArray("K\x01NNs.");
        QTest::newRow("appends to a number") << QByteArray("K\x01Na.");
        QTest::newRow("arguments that are no tuple") << QByteArray("cm\nn\nNR.");
        QTest::newRow("name without end") << QByteArray("cmodule");
        QTest::newRow("number that is none") << QByteArray("I12x\n.");
        QTest::newRow("negative length") << QByteArray("\x8b\xff\xff\xff\xff.", 6);
        QTest::newRow("text of 2^64 - 1 bytes")
            << QByteArray("\x8d\xff\xff\xff\xff\xff\xff\xff\xff.", 10);
        QTest::newRow("frame beyond the end") << QByteArray("\x95\x10\0\0\0\0\0\0\0N.", 11);
        QTest::newRow("protocol 9") << QByteArray("\x80\x09N.");
        QTest::newRow("memo never written") << QByteArray("h\x05.");
        QTest::newRow("class named by a number") << QByteArray("K\x01K\x02\x93.");
    }

    void brokenPicklesAreCorrupt()
    {
        QFETCH(QByteArray, bytes);
        std::size_t position = 0;

        VERIFY_ERROR(
            Pickle(std::string_view(bytes.constData(), static_cast<std::size_t>(bytes.size())),
                   position, "the origin"),
            ErrorKind::Corrupt, "the origin");
    }

    void picklesOfTooManyValuesAreCorrupt()
    {
        const std::string bytes = std::string(2'500'000, ']') + ".";
        std::size_t position = 0;

        VERIFY_ERROR(Pickle(bytes, position, "origin"), ErrorKind::Corrupt, "more values");
    }

    void folderIsOpenedByTheNamesThatPeopleUse()
    {
        const auto folder = fresh("folder");
        makeFolder(folder);
        VERIFY_ERROR(openCheckpoint(folder), ErrorKind::NotFound, "no weights");

        fs::copy(goldenFolder() + "/zip_ordered.pth", folder + "/encoder.pkl");
        QCOMPARE(openCheckpoint(folder)->origin(), folder + "/encoder.pkl");

        fs::copy(goldenFolder() + "/zip_ordered.pth", folder + "/other.pth");
        VERIFY_ERROR(openCheckpoint(folder), ErrorKind::Unsupported, "several");

        fs::copy(goldenFolder() + "/zip_ordered.pth", folder + "/pytorch_model.bin");
        QCOMPARE(openCheckpoint(folder)->origin(), folder + "/pytorch_model.bin");

        writeSafetensors(folder + "/model.safetensors", {{"a", torch::ones({2})}});
        QCOMPARE(openCheckpoint(folder)->origin(), folder + "/model.safetensors");
    }

    void brokenIndicesAreCorrupt()
    {
        const auto folder = fresh("shards");
        makeFolder(folder);
        const auto index = folder + "/model.safetensors.index.json";
        writeSafetensors(folder + "/one.safetensors", {{"a", torch::ones({2})}});
        const auto open = [&](const std::string &text) {
            writeFileAtomically(index, text);
            return openCheckpoint(folder);
        };

        QCOMPARE(open(R"({"weight_map":{"a":"one.safetensors"}})")->read("a").numel(),
                 std::int64_t(2));
        VERIFY_ERROR(open("{}"), ErrorKind::Corrupt, "weight_map");
        VERIFY_ERROR(open("[1"), ErrorKind::Corrupt, "index.json");
        VERIFY_ERROR(open(std::string(100'000, '[')), ErrorKind::Corrupt, "nested");
        VERIFY_ERROR(open(R"({"weight_map":{"a":7}})"), ErrorKind::Corrupt, "no file");
        VERIFY_ERROR(open(R"({"weight_map":{"a":"/etc/passwd"}})"), ErrorKind::Corrupt,
                     "no file of its folder");
        VERIFY_ERROR(open(R"({"weight_map":{"a":".."}})"), ErrorKind::Corrupt,
                     "no file of its folder");
        VERIFY_ERROR(open(R"({"weight_map":{"a":"model.safetensors.index.json"}})"),
                     ErrorKind::Corrupt, "no file of its folder");
        VERIFY_ERROR(open(R"({"weight_map":{"a":"two.safetensors"}})"), ErrorKind::Corrupt,
                     "absent");
        VERIFY_ERROR(open(R"({"weight_map":{"b":"one.safetensors"}})"), ErrorKind::Corrupt,
                     "does not hold it");
    }

    void shardsOfAHubCacheAreLinks()
    {
        const auto blobs = fresh("blobs");
        const auto snapshot = fresh("snapshot");
        makeFolder(blobs);
        makeFolder(snapshot);
        writeSafetensors(blobs + "/0123abcd", {{"a", torch::full({3}, 5.0)}});
        fs::create_symlink("../blobs/0123abcd", snapshot + "/model-1.safetensors");
        writeFileAtomically(snapshot + "/model.safetensors.index.json",
                            R"({"weight_map":{"a":"model-1.safetensors"}})");

        QCOMPARE(valuesOf(openCheckpoint(snapshot)->read("a")), (std::vector<float>{5, 5, 5}));
    }
};

QTEST_GUILESS_MAIN(TestCheckpoints)
#include "tst_checkpoints.moc"
