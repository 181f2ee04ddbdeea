#include "core/engine/paper_tables.h"

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/sha256.h"
#include "core/engine/task_inputs.h"
#include "core/train/sap_sam_settings.h"
#include "core/train/tasks.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <sstream>

namespace sapsam {

namespace {

namespace fs = std::filesystem;

const char *const kRetrievalColumns[] = {"R@1", "R@5", "R@10"};

OrderedJson retrievalNumbers(double one, double five, double ten)
{
    return {{"R@1", one}, {"R@5", five}, {"R@10", ten}};
}

class TableMaker
{
public:
    TableMaker(int number, std::string title, std::string task, const Json &base)
        : m_base(base.is_null() ? Json::object() : base)
    {
        if (!m_base.is_object())
            throw Error(ErrorKind::InvalidInput, "the configuration of a table is a JSON object");
        m_table.number = number;
        m_table.title = std::move(title);
        m_table.task = std::move(task);
        if (m_table.task == "retrieval")
            m_table.columns.assign(std::begin(kRetrievalColumns), std::end(kRetrievalColumns));
        else
            m_table.columns = {"mIoU"};
        if (m_base.contains("task") && m_base.at("task") != m_table.task)
            throw Error(ErrorKind::InvalidInput, std::string("table ") + std::to_string(number)
                                                     + " trains the task '" + m_table.task
                                                     + "', the configuration is for "
                                                     + m_base.at("task").dump());
        m_base["task"] = m_table.task;
        if (!m_base.contains("data") && !m_base.contains("pack"))
            throw Error(ErrorKind::InvalidInput,
                        "the configuration of a table names its 'data': a data set, or "
                        "\"synthetic\" for drawn people");
    }

    void add(const std::string &name, const Json &own, const OrderedJson &paper)
    {
        TableRow row;
        row.name = name;
        row.config = m_base;
        for (const auto &item : own.items()) {
            if (m_base.contains(item.key()))
                throw Error(ErrorKind::InvalidInput,
                            "the setting '" + item.key()
                                + std::string("' is what the rows of table ")
                                + std::to_string(m_table.number)
                                + " differ in; leave it out of the configuration");
            row.config[item.key()] = item.value();
        }
        row.config["name"] = std::string("table-") + std::to_string(m_table.number) + "-row-"
                             + std::to_string(m_table.rows.size() + 1);
        row.paper = paper;
        m_table.rows.push_back(std::move(row));
    }

    Json take(const char *key)
    {
        const Json value = m_base.value(key, Json());
        m_base.erase(key);
        return value;
    }

    PaperTable m_table;

private:
    Json m_base;
};

PaperTable imageDecodingTable(const Json &base)
{
    TableMaker maker(4, "Image decoding", "retrieval", base);
    const auto row = [&](const char *name, const char *decoding, const OrderedJson &paper) {
        maker.add(name, {{"losses", "sdm+mim"}, {"imageDecoding", decoding}}, paper);
    };
    row("discrete", "codes", retrievalNumbers(69.54, 85.21, 92.65));
    row("discrete w/o background", "codes-but-zero", retrievalNumbers(69.77, 85.63, 92.74));
    row("linear & after PE", "patch-embeddings", retrievalNumbers(72.69, 86.23, 93.67));
    row("linear & after ViT", "features", retrievalNumbers(71.56, 85.97, 93.01));
    return maker.m_table;
}

PaperTable promptTable(const Json &base)
{
    TableMaker maker(5, "Prompt features of Person-SAM", "person-sam", base);
    const auto row = [&](const char *name, const char *design, double paper) {
        maker.add(name, {{"promptDesign", design}}, {{"mIoU", paper}});
    };
    row("f_A[CLS]", "cls-sparse", 56.31);
    row("f_A", "tokens-sparse", 59.27);
    row("f_A[CLS]·f_I", "cls-dot", 58.01);
    row("Φ_MCA(f_p; f_A, f_A)", "mca-dense", 61.55);
    return maker.m_table;
}

PaperTable alignmentTable(const Json &base)
{
    TableMaker maker(6, "Alignment of parts and phrases", "retrieval", base);
    maker.add("w/o matching", {{"losses", "sdm"}}, retrievalNumbers(70.42, 86.73, 92.04));
    const auto row = [&](const char *name, const char *alignment, const OrderedJson &paper) {
        maker.add(name, {{"losses", "sdm+matching"}, {"alignment", alignment}}, paper);
    };
    row("avgPool", "avgpool", retrievalNumbers(32.96, 55.10, 65.53));
    row("Conv1D", "conv1d", retrievalNumbers(53.87, 76.49, 83.35));
    row("MHSA", "mhsa", retrievalNumbers(68.99, 87.33, 92.07));
    row("ELCA", "elca", retrievalNumbers(73.59, 89.51, 93.55));
    return maker.m_table;
}

PaperTable backboneTable(const Json &base)
{
    TableMaker maker(7, "Larger backbone", "retrieval", base);
    const Json backbones = maker.take("backbones");
    const auto row = [&](const char *method, const char *backbone, const char *architecture,
                         const char *losses, const OrderedJson &paper) {
        Json own = {{"losses", losses}};
        const Json given = backbones.is_object() ? backbones.value(backbone, Json()) : Json();
        if (given.is_object())
            own.update(given);
        else
            own["architecture"] = architecture;
        maker.add(std::string(method) + ", CLIP (" + backbone + ")", own, paper);
    };
    const char *const everything = "sdm+mlm_part+matching";
    row("Baseline", "ViT/B-16", "vit-b-16", "sdm", retrievalNumbers(70.42, 86.73, 92.04));
    row("SAP-SAM", "ViT/B-16", "vit-b-16", everything, retrievalNumbers(75.05, 89.93, 93.73));
    row("Baseline", "ViT/L-14", "vit-l-14", "sdm", retrievalNumbers(72.13, 87.15, 92.71));
    row("SAP-SAM", "ViT/L-14", "vit-l-14", everything, retrievalNumbers(76.28, 90.87, 94.75));
    return maker.m_table;
}

// What a finished run measured: the final numbers, or those at its best step.
OrderedJson numbersOf(const std::string &run, const Json &best)
{
    std::istringstream stream(readFile(run + "/metrics.jsonl"));
    OrderedJson numbers;
    for (std::string line; std::getline(stream, line);) {
        const OrderedJson json = OrderedJson::parse(line, nullptr, false);
        if (json.is_object() && json.contains("final"))
            return json.at("final");
        if (json.is_object() && json.contains("validation") && best.is_object()
            && json.at("step") == best.at("step"))
            numbers = json.at("validation");
    }
    return numbers;
}

std::string numberText(const OrderedJson &numbers, const std::string &column)
{
    if (!numbers.is_object() || !numbers.contains(column) || !numbers.at(column).is_number())
        return "–";
    double value = numbers.at(column).get<double>();
    if (column == "mIoU" && value <= 1.0)
        value *= 100.0; // shares; the paper prints percent
    char text[32];
    std::snprintf(text, sizeof text, "%.2f", value);
    return text;
}

std::string textOf(const PaperTable &table, const OrderedJson &rows, const std::string &data)
{
    std::string text = std::string("Table ") + std::to_string(table.number) + ": " + table.title
                       + "\n\n| Method |";
    std::string line = "|---|";
    for (const char *who : {"paper", "here"}) {
        for (const std::string &column : table.columns) {
            text += " " + column + " (" + who + ") |";
            line += "---:|";
        }
    }
    text += " measured on |\n" + line + "---|\n";
    for (std::size_t i = 0; i < table.rows.size(); ++i) {
        const OrderedJson &row = rows.at(i);
        const auto addCell = [&text](const std::string &value) {
            text += ' ';
            text += value;
            text += " |";
        };
        text += '|';
        addCell(table.rows[i].name);
        for (const std::string &column : table.columns)
            addCell(numberText(table.rows[i].paper, column));
        for (const std::string &column : table.columns)
            addCell(numberText(row.at("numbers"), column));
        std::string split = "–";
        if (row.at("numbers").is_object() && row.at("numbers").contains("split"))
            split = row.at("numbers").at("split").get<std::string>();
        if (row.at("numbers").is_object() && row.at("numbers").value("chosenOnTest", false))
            split += ", chosen on test";
        addCell(split);
        text += '\n';
    }
    return text + "\nThe paper's numbers are for CUHK-PEDES (table 5: ATR). Here: " + data + ".\n";
}

std::string dataText(const PaperTable &table)
{
    const Json &config = table.rows.front().config;
    const std::string data =
        config.contains("data") ? config.at("data").get<std::string>() : std::string();
    if (data == "synthetic")
        return "drawn people of the project's own generator, which no published number is for";
    return data.empty() ? config.at("pack").get<std::string>() : data;
}

} // namespace

PaperTable paperTable(int number, const Json &base)
{
    switch (number) {
    case 4:
        return imageDecodingTable(base);
    case 5:
        return promptTable(base);
    case 6:
        return alignmentTable(base);
    case 7:
        return backboneTable(base);
    default:
        throw Error(ErrorKind::InvalidInput,
                    std::string("there are runs for the tables 4, 5, 6 and 7, not for ")
                        + std::to_string(number));
    }
}

OrderedJson describe(const PaperTable &table)
{
    OrderedJson json;
    json["table"] = table.number;
    json["title"] = table.title;
    json["task"] = table.task;
    json["rows"] = OrderedJson::array();
    for (const TableRow &row : table.rows) {
        OrderedJson entry;
        entry["name"] = row.name;
        entry["config"] = row.config;
        json["rows"].push_back(std::move(entry));
    }
    return json;
}

TableOutcome runTable(const PaperTable &table, const TableRequest &request,
                      const CancelToken &cancel, const ProgressSink &progress)
{
    for (const int row : request.rows) {
        if (row < 1 || row > static_cast<int>(table.rows.size()))
            throw Error(ErrorKind::InvalidInput, std::string("table ")
                                                     + std::to_string(table.number) + " has "
                                                     + std::to_string(table.rows.size())
                                                     + " rows, not " + std::to_string(row));
    }
    // All of them, before hours are spent on the first.
    for (const TableRow &row : table.rows)
        training::makeTask(table.task, row.config, engine::taskInputs());
    makeFolder(request.runsFolder);
    TableOutcome outcome;
    outcome.json = describe(table);
    const std::string hash =
        sha256Of(outcome.json.dump() + " " + std::to_string(request.seed)).substr(0, 8);
    const std::string stem =
        request.runsFolder + std::string("/table-") + std::to_string(table.number) + "-" + hash;
    OrderedJson kept;
    if (fs::exists(stem + ".json"))
        kept = OrderedJson::parse(readFile(stem + ".json"), nullptr, false);
    outcome.isComplete = true;
    OrderedJson &rows = outcome.json["rows"];
    for (std::size_t i = 0; i < table.rows.size(); ++i) {
        OrderedJson &row = rows[i];
        row["paper"] = table.rows[i].paper;
        row["run"] = nullptr;
        row["state"] = "waiting";
        row["numbers"] = nullptr;
        if (kept.is_object() && kept.contains("rows") && i < kept.at("rows").size())
            for (const char *key : {"run", "state", "numbers"})
                row[key] = kept.at("rows").at(i).value(key, row[key]);
    }
    const auto save = [&] {
        outcome.text = textOf(table, rows, dataText(table));
        writeJsonFile(stem + ".json", outcome.json);
        writeFileAtomically(stem + ".md", outcome.text);
    };
    for (std::size_t i = 0; i < table.rows.size(); ++i) {
        OrderedJson &row = rows[i];
        const bool isAsked =
            request.rows.empty()
            || std::find(request.rows.begin(), request.rows.end(), static_cast<int>(i) + 1)
                   != request.rows.end();
        if (row.at("state") == "done" || !isAsked || cancel.isCancelled()) {
            outcome.isComplete = outcome.isComplete && row.at("state") == "done";
            continue;
        }
        TrainRequest run;
        run.engine = request.engine;
        // One that failed before its first checkpoint begins anew, with the settings of today.
        const bool goesOn =
            row.at("run").is_string()
            && fs::exists(row.at("run").get<std::string>() + "/checkpoints/last.resume");
        if (goesOn) {
            run.resumeFolder = row.at("run").get<std::string>();
        } else {
            run.task = table.task;
            run.config = table.rows[i].config;
            run.runsFolder = request.runsFolder;
            run.seed = request.seed;
            run.started = [&](const std::string &folder) {
                row["run"] = folder;
                row["state"] = "running";
                save();
            };
        }
        const TrainOutcome trained = train(run, cancel, progress);
        row["run"] = trained.runFolder;
        row["state"] = trained.state;
        if (trained.state == "done")
            row["numbers"] = numbersOf(trained.runFolder, trained.best);
        outcome.isComplete = outcome.isComplete && trained.state == "done";
        save();
    }
    save();
    return outcome;
}

} // namespace sapsam
