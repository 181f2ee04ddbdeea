#include "core/weights/strict_loader.h"
#include "tests/support/error_of.h"

#include <QTemporaryDir>
#include <QtTest>

using namespace sapsam;

namespace {

class NetImpl final : public torch::nn::Module
{
public:
    NetImpl()
    {
        first = register_module("first", torch::nn::Linear(3, 2));
        second = register_module("second", torch::nn::Linear(3, 2));
        table = register_buffer("table", torch::zeros({4}));
    }
    torch::nn::Linear first{nullptr}, second{nullptr};
    torch::Tensor table;
};
TORCH_MODULE(Net);

std::map<std::string, torch::Tensor> complete()
{
    return {{"first.weight", torch::randn({2, 3})},
            {"first.bias", torch::randn({2})},
            {"second.weight", torch::randn({2, 3})},
            {"second.bias", torch::randn({2})},
            {"table", torch::randn({4})}};
}

} // namespace

class TestStrictLoader : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyTensorIsFilled()
    {
        Net net;
        const auto tensors = complete();

        const auto report = loadStrict(*net, MemoryTensorSource("memory", tensors));

        QVERIFY(torch::equal(net->first->weight, tensors.at("first.weight")));
        QVERIFY(torch::equal(net->table, tensors.at("table")));
        QVERIFY(report.ignored.empty());
        QVERIFY(net->first->weight.requires_grad());
    }

    void halvesAreConverted()
    {
        Net net;
        auto tensors = complete();
        tensors["table"] = torch::tensor({1.0F, 2.0F, 3.0F, 0.5F}).to(torch::kHalf);

        loadStrict(*net, MemoryTensorSource("memory", tensors));

        QCOMPARE(net->table.scalar_type(), torch::kFloat);
        QCOMPARE(net->table[3].item<float>(), 0.5F);
    }

    void everythingWrongIsNamedAtOnce()
    {
        Net net;
        const auto before = net->first->bias.clone();
        auto tensors = complete();
        tensors.erase("first.weight");
        tensors.erase("table");
        tensors["second.weight"] = torch::zeros({2, 4});
        tensors["third.weight"] = torch::zeros({9});

        const auto error = test::errorOf(
            [&] { loadStrict(*net, MemoryTensorSource("file.safetensors", tensors)); });

        QVERIFY(error.has_value());
        QCOMPARE(error->kind(), ErrorKind::Mismatch);
        for (const char *part :
             {"file.safetensors", "first.weight [2, 3]", "table [4]",
              "second.weight: expected [2, 3], found [2, 4]", "third.weight [9]"})
            QVERIFY2(test::mentions(error, part), part);
        QVERIFY(torch::equal(before, net->first->bias));
    }

    void prefixesAndOldNamesAreTranslated()
    {
        Net net;
        std::map<std::string, torch::Tensor> tensors;
        for (const auto &item : complete())
            tensors["module." + item.first] = item.second;
        tensors["module.first.gain"] = tensors["module.first.weight"];
        tensors.erase("module.first.weight");
        LoadOptions options;
        options.stripPrefixes = {"module."};
        options.replace = {{"first.gain", "first.weight"}};

        loadStrict(*net, MemoryTensorSource("memory", tensors), options);

        QVERIFY(torch::equal(net->first->weight, tensors["module.first.gain"]));
    }

    void ignorableAndTiedTensorsMayDiffer()
    {
        Net net;
        auto tensors = complete();
        tensors.erase("second.weight");
        tensors["a.position_ids"] = torch::arange(3);
        LoadOptions options;
        options.ignorable = {"*position_ids"};
        options.tied = {{"second.weight", "first.weight"}};

        const auto report = loadStrict(*net, MemoryTensorSource("memory", tensors), options);

        QCOMPARE(report.ignored, std::vector<std::string>{"a.position_ids"});
        QCOMPARE(report.tied, std::vector<std::string>{"second.weight"});
        QVERIFY(torch::equal(net->second->weight, tensors["first.weight"]));
        QCOMPARE(namedTensorsOf(*net, options).size(), std::size_t(4));
    }

    void twoNamesForOneTensorAreAMismatch()
    {
        Net net;
        auto tensors = complete();
        tensors["module.table"] = torch::zeros({4});
        LoadOptions options;
        options.stripPrefixes = {"module."};

        VERIFY_ERROR(loadStrict(*net, MemoryTensorSource("memory", tensors), options),
                     ErrorKind::Mismatch, "module.table");
    }

    void otherShapesMayBeAdapted()
    {
        Net net;
        auto tensors = complete();
        tensors["table"] = torch::ones({8});
        LoadOptions options;
        options.adapt = [](const std::string &name, const torch::Tensor &stored,
                           torch::IntArrayRef wanted) {
            return name == "table" ? stored.slice(0, 0, wanted[0]) : torch::Tensor();
        };

        const auto report = loadStrict(*net, MemoryTensorSource("memory", tensors), options);

        QCOMPARE(report.adapted, std::vector<std::string>{"table"});
        QCOMPARE(net->table.sum().item<float>(), 4.0F);
    }

    void savedModuleLoadsAgain()
    {
        const QTemporaryDir folder;
        const auto file = folder.filePath(QStringLiteral("m.safetensors")).toStdString();
        Net first, second;

        saveModule(*first, file);
        loadStrict(*second, SafetensorsFile(file));

        QVERIFY(torch::equal(first->second->weight, second->second->weight));
    }
};

QTEST_GUILESS_MAIN(TestStrictLoader)
#include "tst_strict_loader.moc"
