#pragma once

#include "core/pipeline/evaluation_report.h"

#include <QString>

// What core says of a measurement, in the window's language. A badge that this version does not
// know, or that was stored without its number, keeps the text of its report.
namespace sapsam::ui {

QString badgeTitle(const std::string &code, const std::string &fallback);
QString badgeText(const ProtocolBadge &badge, const EvaluationReport &report);

} // namespace sapsam::ui
