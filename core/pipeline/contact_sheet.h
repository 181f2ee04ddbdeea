#pragma once

#include "core/pipeline/export.h"
#include "core/taxonomy/taxonomy.h"

#include <string>

namespace sapsam {

// One HTML page without outside references: pictures as JPEG inside, masks drawn over them in their
// groups' colours, phrases beside, a strip for each search. Counts the pictures shown in
// report.written and lists what could not be shown in report.skipped.
std::string makeContactSheet(ProjectStore &store, const ExportOptions &options,
                             const Taxonomy &taxonomy, ExportReport &report,
                             const CancelToken &cancel, const ProgressSink &progress);

std::string htmlEscaped(const std::string &text);
std::string base64Of(const std::string &bytes);

} // namespace sapsam
