#pragma once

#include <QString>

#include <cstdint>
#include <optional>
#include <string>

// The edge between core's UTF-8 std::string and Qt, and how numbers read in the window.
namespace sapsam::ui {

QString toQString(const std::string &text);
std::string toStdString(const QString &text);

// "1 234" with the locale's separator.
QString countText(std::int64_t count);
// "0.4 s", "31 s", "2 min 5 s", "1 h 4 min"; empty when unknown.
QString durationText(std::optional<double> seconds);
// "0.314": scores always carry three decimals so that they line up.
QString scoreText(double score);

} // namespace sapsam::ui
