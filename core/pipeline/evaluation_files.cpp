#include "core/base/file.h"
#include "core/pipeline/contact_sheet.h"
#include "core/pipeline/evaluation_report.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>

// A report as a page and as a table.
namespace sapsam {

namespace {

constexpr const char *kStyle = R"css(
:root { color-scheme: light dark; --line: #8884; --muted: #777; --good: #2a8a4a; --warn: #b36b00; --bad: #c03030; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin: 0 0 .3rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .4rem; }
p.note, footer { color: var(--muted); }
.cards { display: flex; flex-wrap: wrap; gap: 1rem; }
.card { border: 1px solid var(--line); border-radius: .6rem; padding: .7rem 1.1rem; min-width: 8rem; }
.card b { display: block; font-size: 1.5rem; } .card span { color: var(--muted); font-size: .85rem; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; padding: .35rem .6rem;
  border-bottom: 1px solid var(--line); vertical-align: top; } td.n, th.n { text-align: right; }
tr.ours { font-weight: 600; } .badge { display: block; margin: .3rem 0; padding-left: .8rem; border-left: 4px solid var(--line); }
.good { border-color: var(--good); } .warning { border-color: var(--warn); } .problem { border-color: var(--bad); }
svg { width: 100%; max-width: 42rem; height: auto; } svg text { fill: var(--muted); font-size: 12px; }
)css";

std::string fixed(double value, int digits)
{
    char text[32];
    std::snprintf(text, sizeof text, "%.*f", digits, value);
    return text;
}

std::string csvField(const std::string &text)
{
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"')
            quoted += '"';
        quoted += c;
    }
    return quoted + "\"";
}

std::string curve(const std::vector<Interval> &cmc)
{
    constexpr double kLeft = 44.0;
    constexpr double kTop = 12.0;
    constexpr double kWidth = 620.0;
    constexpr double kHeight = 240.0;
    if (cmc.size() < 2)
        return {};
    const auto x = [&](std::size_t i) {
        return fixed(kLeft + kWidth * static_cast<double>(i) / static_cast<double>(cmc.size() - 1),
                     1);
    };
    const auto y = [&](double percent) {
        return fixed(kTop + kHeight * (1.0 - percent / 100.0), 1);
    };
    std::string svg = "<svg viewBox=\"0 0 680 290\" role=\"img\" aria-label=\"CMC curve\">";
    for (const int percent : {0, 25, 50, 75, 100})
        svg += "<line x1=\"44\" x2=\"664\" y1=\"" + y(percent) + "\" y2=\"" + y(percent)
               + "\" stroke=\"#8884\"/><text x=\"36\" text-anchor=\"end\" y=\"" + y(percent - 1.5)
               + "\">" + std::to_string(percent) + "</text>";
    std::string band;
    for (std::size_t i = 0; i < cmc.size(); ++i)
        band += x(i) + "," + y(cmc[i].high) + " ";
    for (std::size_t i = cmc.size(); i-- > 0;)
        band += x(i) + "," + y(cmc[i].low) + " ";
    std::string line;
    for (std::size_t i = 0; i < cmc.size(); ++i)
        line += x(i) + "," + y(cmc[i].mean) + " ";
    svg += "<polygon points=\"" + band
           + "\" fill=\"#5a6cf0\" fill-opacity=\".18\"/><polyline points=\"" + line
           + "\" fill=\"none\" stroke=\"#5a6cf0\" stroke-width=\"2.5\"/>";
    for (std::size_t i = 0; i < cmc.size(); ++i) {
        if (i == 0 || (i + 1) % 10 == 0)
            svg += "<text text-anchor=\"middle\" y=\"274\" x=\"" + x(i) + "\">"
                   + std::to_string(i + 1) + "</text>";
    }
    return svg + "</svg>\n";
}

std::string fileName(const std::string &path)
{
    return std::filesystem::path(path).filename().string();
}

} // namespace

std::string evaluationHtml(const EvaluationReport &report)
{
    std::string html = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>"
                       + htmlEscaped(titleOf(report)) + "</title><style>" + kStyle
                       + "</style></head><body>\n<h1>" + htmlEscaped(titleOf(report))
                       + "</h1>\n<p class=\"note\">" + htmlEscaped(report.createdAt) + " · model "
                       + htmlEscaped(report.modelHash.substr(0, 12)) + " · "
                       + std::to_string(report.bootstrap.resamples) + " resamples over "
                       + (report.kind == "retrieval" ? "identities" : "pictures") + ", seed "
                       + std::to_string(report.bootstrap.seed) + "</p>\n<div class=\"cards\">";
    for (const MeasuredMetric &metric : report.metrics) {
        html += "<div class=\"card\">" + htmlEscaped(metric.name) + "<b>"
                + fixed(metric.value.mean, 2) + "</b><span>";
        if (metric.hasInterval)
            html += fixed(100.0 * report.bootstrap.level, 0) + " %: " + fixed(metric.value.low, 1)
                    + " – " + fixed(metric.value.high, 1);
        html += "</span></div>";
    }
    html += "</div>\n<h2>Protocol</h2>\n";
    for (const ProtocolBadge &badge : report.badges)
        html += std::string("<div class=\"badge ") + nameOf(badge.level) + "\"><b>"
                + htmlEscaped(badge.title) + "</b> " + htmlEscaped(badge.text) + "</div>\n";

    const PaperComparison paper = comparisonWithPaper(report);
    html += "<h2>" + htmlEscaped(paper.title) + "</h2>\n<table><tr><th>Model</th>";
    for (const std::string &column : paper.columns)
        html += "<th class=\"n\">" + htmlEscaped(column) + "</th>";
    html += "<th>Measured on</th></tr>\n";
    for (const PaperComparison::Row &row : paper.rows) {
        html += row.isOurs ? "<tr class=\"ours\"><td>" : "<tr><td>";
        html += htmlEscaped(row.name) + "</td>";
        for (const std::optional<double> &value : row.values)
            html += "<td class=\"n\">" + (value ? fixed(*value, 2) : std::string("–")) + "</td>";
        html += "<td>" + htmlEscaped(row.data) + "</td></tr>\n";
    }
    html += "</table><p class=\"note\">" + htmlEscaped(paper.note) + "</p>\n";

    if (report.kind == "retrieval") {
        html += "<h2>CMC: share of queries with a right picture among the first k</h2>\n"
                + curve(report.cmc) + "<h2>Misses by cause</h2>\n";
        for (const FailureCause cause : failureCauses()) {
            std::string rows;
            int count = 0;
            for (const EvaluatedQuery &query : report.queries) {
                if (query.verdict.cause != cause)
                    continue;
                ++count;
                rows += "<tr><td class=\"n\">"
                        + (query.result.firstRank > 0 ? std::to_string(query.result.firstRank)
                                                      : std::string("–"))
                        + "</td><td>" + htmlEscaped(query.text) + "</td><td>"
                        + htmlEscaped(query.verdict.evidence) + "</td></tr>\n";
            }
            if (count > 0)
                html += "<h3>" + htmlEscaped(titleOf(cause)) + " (" + std::to_string(count)
                        + ")</h3><p class=\"note\">" + htmlEscaped(ruleOf(cause))
                        + "</p><table><tr><th class=\"n\">Rank</th><th>Caption</th><th>Evidence"
                          "</th></tr>\n"
                        + rows + "</table>\n";
        }
    } else {
        html += "<h2>Per part</h2>\n<table><tr><th>Part</th><th class=\"n\">Pairs</th><th "
                "class=\"n\">Mean IoU of pairs</th><th class=\"n\">Lowest</th><th class=\"n\">"
                "Highest</th><th class=\"n\">IoU of all pixels</th></tr>\n";
        for (const ParsedClass &parsed : report.classes)
            html += "<tr><td>" + htmlEscaped(parsed.group) + "</td><td class=\"n\">"
                    + std::to_string(parsed.pairs) + "</td><td class=\"n\">" + fixed(parsed.mean, 2)
                    + "</td><td class=\"n\">" + fixed(parsed.lowest, 2) + "</td><td class=\"n\">"
                    + fixed(parsed.highest, 2) + "</td><td class=\"n\">"
                    + fixed(parsed.matrixIou, 2) + "</td></tr>\n";
        html += "</table>\n<h2>Pixels, truth by prediction</h2>\n<table><tr><th></th>";
        for (const std::string &name : report.matrixNames)
            html += "<th class=\"n\">" + htmlEscaped(name) + "</th>";
        html += "</tr>\n";
        const std::size_t size = report.matrixNames.size();
        for (std::size_t truth = 0; truth < size; ++truth) {
            html += "<tr><th>" + htmlEscaped(report.matrixNames[truth]) + "</th>";
            for (std::size_t predicted = 0; predicted < size; ++predicted)
                html += "<td class=\"n\">" + std::to_string(report.matrix[truth * size + predicted])
                        + "</td>";
            html += "</tr>\n";
        }
        html += "</table>\n";
    }
    return html + "<footer>SAP-SAM Workbench " + htmlEscaped(report.program)
           + "</footer></body></html>\n";
}

std::string evaluationCsv(const EvaluationReport &report)
{
    if (report.kind == "parsing") {
        std::string csv = "part,pairs,mean_iou,lowest,highest,matrix_iou\r\n";
        for (const ParsedClass &parsed : report.classes)
            csv += csvField(parsed.group) + "," + std::to_string(parsed.pairs) + ","
                   + fixed(parsed.mean, 4) + "," + fixed(parsed.lowest, 4) + ","
                   + fixed(parsed.highest, 4) + "," + fixed(parsed.matrixIou, 4) + "\r\n";
        return csv;
    }
    std::string csv = "query,identity,first_rank,last_rank,relevant,ap,inp,best_right,first_hit,"
                      "cause,evidence\r\n";
    for (const EvaluatedQuery &query : report.queries) {
        const auto nameAt = [&](int picture) {
            return fileName(report.gallery[static_cast<std::size_t>(picture)].path);
        };
        csv += csvField(query.text) + "," + csvField(query.identity) + ","
               + std::to_string(query.result.firstRank) + ","
               + std::to_string(query.result.lastRank) + "," + std::to_string(query.result.relevant)
               + "," + fixed(query.result.averagePrecision, 6) + ","
               + fixed(query.result.inverseNegativePenalty, 6) + ","
               + csvField(query.result.firstRank > 0 ? nameAt(query.bestRight.picture) : "") + ","
               + csvField(query.top.empty() ? "" : nameAt(query.top.front().picture)) + ","
               + (query.verdict.cause == FailureCause::None ? "" : nameOf(query.verdict.cause))
               + "," + csvField(query.verdict.evidence) + "\r\n";
    }
    return csv;
}

void writeEvaluation(const EvaluationReport &report, const std::string &path)
{
    const std::string ending = std::filesystem::path(path).extension().string();
    if (ending == ".json")
        writeFileAtomically(path, jsonOf(report).dump(1, ' ', false, Json::error_handler_t::replace)
                                      + "\n");
    else if (ending == ".html")
        writeFileAtomically(path, evaluationHtml(report));
    else if (ending == ".csv")
        writeFileAtomically(path, evaluationCsv(report));
    else
        throw Error(ErrorKind::InvalidInput,
                    "'" + path + "': a report is written as .json, .html or .csv");
}

} // namespace sapsam
