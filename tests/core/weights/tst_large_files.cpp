// What reading costs: a load never takes much more memory than what is loaded, and no file, however
// hostile, takes much more than its own size. Each measurement runs in a process of its own.
#include "core/base/file.h"
#include "core/weights/bare_construction.h"
#include "core/weights/checkpoint.h"
#include "core/weights/strict_loader.h"
#include "tests/core/weights/torch_file_builder.h"
#include "tests/support/error_of.h"

#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <cstdio>
#include <fstream>

using namespace sapsam;
using namespace sapsam::test;

namespace {

constexpr std::int64_t kLayers = 18;
constexpr std::int64_t kWidth = 2048; // 18 layers are 302 MB in float32

class StackImpl final : public torch::nn::Module
{
public:
    StackImpl(std::int64_t layers, std::int64_t width)
    {
        for (std::int64_t i = 0; i < layers; ++i)
            register_module("layer" + std::to_string(i), torch::nn::Linear(width, width));
    }
};
TORCH_MODULE(Stack);

std::int64_t kilobytes(const char *field)
{
    std::ifstream status("/proc/self/status");
    const std::string wanted = std::string(field) + ":";
    for (std::string line; std::getline(status, line);) {
        if (line.compare(0, wanted.size(), wanted) == 0)
            return std::stoll(line.substr(wanted.size()));
    }
    return -1;
}

// Runs something and prints by how much the memory rose at most, in bytes.
template <typename Function>
int measured(Function function)
{
    torch::empty({1}).add_(1);                     // libtorch's own set-up
    std::ofstream("/proc/self/clear_refs") << "5"; // the peak begins here
    const auto before = kilobytes("VmRSS");
    const std::string outcome = function();
    std::printf("%lld %s\n", static_cast<long long>((kilobytes("VmHWM") - before) * 1024),
                outcome.c_str());
    return 0;
}

// Also by hand, for files of any size: --load FILE bf16|fp32.
int loadInChild(const char *path, const char *type)
{
    const auto dtype = std::string(type) == "bf16" ? torch::kBFloat16 : torch::kFloat;
    return measured([&] {
        const auto source = openCheckpoint(path);
        const auto layers = static_cast<std::int64_t>(source->names().size()) / 2;
        const BareConstruction bare(dtype);
        Stack stack(layers, source->find("layer0.bias")->shape[0]);
        loadStrict(*stack, *source);
        double sum = 0;
        for (const auto &parameter : stack->parameters())
            sum += parameter.view(-1)[-1].item<double>();
        return std::to_string(sum);
    });
}

int openInChild(const char *path)
{
    return measured([&] {
        const auto error = errorOf([&] {
            const auto source = openCheckpoint(path);
            for (const auto &name : source->names())
                source->read(name);
        });
        return std::string(error ? nameOf(error->kind()) : "read");
    });
}

std::string safetensorsOf(const std::string &header)
{
    std::string bytes(8, '\0');
    const std::uint64_t size = header.size();
    std::memcpy(bytes.data(), &size, 8);
    return bytes + header;
}

// An entry of a header and a comma.
std::string emptyTensor(int number)
{
    std::string text = "\"";
    text += std::to_string(number);
    text += "\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},";
    return text;
}

std::string repeated(const std::string &text, std::size_t times)
{
    std::string result;
    result.reserve(text.size() * times);
    for (std::size_t i = 0; i < times; ++i)
        result += text;
    return result;
}

} // namespace

class TestLargeFiles : public QObject
{
    Q_OBJECT

private:
    QTemporaryDir m_folder;

    std::string path(const char *name) const { return m_folder.path().toStdString() + "/" + name; }

    // The first word is the rise in bytes, the second the outcome.
    QList<QByteArray> child(const QStringList &arguments) const
    {
        QProcess process;
        process.start(QCoreApplication::applicationFilePath(), arguments);
        if (!process.waitForFinished(200000) || process.exitCode() != 0)
            return {"-1", process.readAllStandardError()};
        return process.readAllStandardOutput().trimmed().split(' ');
    }

private Q_SLOTS:
    void initTestCase()
    {
        QVERIFY(m_folder.isValid());
        // Every value of layer i is i, of its bias 0.5.
        NamedTensors tensors;
        for (std::int64_t i = 0; i < kLayers; ++i) {
            const std::string layer = "layer" + std::to_string(i);
            tensors.emplace_back(layer + ".weight",
                                 torch::full({kWidth, kWidth}, static_cast<double>(i)));
            tensors.emplace_back(layer + ".bias", torch::full({kWidth}, 0.5));
        }
        writeSafetensors(path("stack.safetensors"), tensors);

        PickleText pickle;
        pickle.raw("}");
        std::vector<std::string> storages;
        for (const auto &item : tensors) {
            const auto sizes = item.second.sizes().vec();
            const auto strides = sizes.size() == 2 ? std::vector<std::int64_t>{kWidth, 1}
                                                   : std::vector<std::int64_t>{1};
            pickle.text(item.first)
                .tensor(std::to_string(storages.size()), item.second.numel(), sizes, strides)
                .raw("s");
            storages.emplace_back(static_cast<const char *>(item.second.data_ptr()),
                                  item.second.nbytes());
        }
        writeFileAtomically(path("stack.pth"), zipCheckpoint(pickle.done(), storages));
    }

    void loadCostsLittleMoreThanTheNetwork_data()
    {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QString>("type");
        for (const char *file : {"stack.safetensors", "stack.pth"}) {
            for (const char *type : {"bf16", "fp32"})
                QTest::addRow("%s as %s", file, type)
                    << QString::fromLatin1(file) << QString::fromLatin1(type);
        }
    }

    void loadCostsLittleMoreThanTheNetwork()
    {
        QFETCH(QString, file);
        QFETCH(QString, type);
        const double size = static_cast<double>(kLayers * kWidth * (kWidth + 1))
                            * (type == QStringLiteral("bf16") ? 2 : 4);

        const auto answer = child({QStringLiteral("--load"), m_folder.filePath(file), type});

        const double rise = answer[0].toDouble();
        QVERIFY2(rise > 0, answer[1].constData());
        qInfo("%.1f MB for a network of %.1f MB: %.3f", rise / 1e6, size / 1e6, rise / size);
        QVERIFY2(rise <= 1.15 * size, answer[0].constData());
        QVERIFY2(rise >= 0.9 * size, "the measurement sees nothing");
        // The last values of all tensors: 0 + … + 17 and 18 halves.
        QCOMPARE(answer[1].toDouble(), 153.0 + 9.0);
    }

    void hostileFilesTakeMemoryInProportion_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<double>("factor"); // of the file's size, at most
        QTest::addColumn<QString>("outcome");
        const auto row = [](const char *name, const std::string &bytes, double factor,
                            const char *outcome) {
            QTest::newRow(name) << QByteArray::fromStdString(bytes) << factor
                                << QString::fromLatin1(outcome);
        };
        constexpr std::size_t kMany = 20 << 20;
        row("header of brackets", safetensorsOf(R"({"a":)" + std::string(kMany, '[') + "}"), 1.5,
            "corrupt");
        row("header of one long name", safetensorsOf("{\"" + std::string(kMany, 'n') + "\":1}"), 6,
            "corrupt");
        row("shape of many sides",
            safetensorsOf(R"({"a":{"dtype":"F32","shape":[)" + repeated("1,", kMany / 2)
                          + R"(1],"data_offsets":[0,4]}})"),
            1.5, "corrupt");
        row("many notes of the wrong kind",
            safetensorsOf("{" + repeated(R"("a":[[]],)", kMany / 9) + R"("b":1})"), 1.5, "corrupt");
        std::string entries = "{";
        for (int i = 0; i < 300000; ++i)
            entries += emptyTensor(i);
        entries.back() = '}';
        row("many empty tensors", safetensorsOf(entries), 12, "read");
        // The densest that a pickle has: a dictionary for each byte. A value takes about 120 bytes.
        row("pickle of dictionaries",
            zipCheckpoint("\x80\x02" + std::string(1900000, '}') + ".", {}), 320, "corrupt");
        row("pickle of marks", zipCheckpoint("\x80\x02" + std::string(1900000, '(') + ".", {}), 64,
            "corrupt");
        row("index of brackets", std::string(kMany, '['), 1.5, "corrupt");
    }

    void hostileFilesTakeMemoryInProportion()
    {
        QFETCH(QByteArray, bytes);
        QFETCH(double, factor);
        QFETCH(QString, outcome);
        const bool isIndex = bytes.startsWith('[');
        const auto file = path(isIndex ? "hostile.index.json" : "hostile");
        writeFileAtomically(file, bytes.toStdString());

        const auto answer = child({QStringLiteral("--open"), QString::fromStdString(file)});

        QCOMPARE(QString::fromLatin1(answer[1]), outcome);
        const double rise = answer[0].toDouble();
        qInfo("%.1f times the file's %.1f MB", rise / static_cast<double>(bytes.size()),
              static_cast<double>(bytes.size()) / 1e6);
#ifndef __SANITIZE_ADDRESS__
        QVERIFY2(rise <= factor * static_cast<double>(bytes.size()) + 8e6, answer[0].constData());
#endif
    }
};

int main(int argc, char **argv)
{
    const std::string verb = argc > 1 ? argv[1] : "";
    if (verb == "--load" && argc == 4)
        return loadInChild(argv[2], argv[3]);
    if (verb == "--open" && argc == 3)
        return openInChild(argv[2]);
    const QCoreApplication app(argc, argv);
    TestLargeFiles test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_large_files.moc"
