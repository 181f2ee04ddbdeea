#pragma once

#include "ui/pages/page.h"

#include <QList>

namespace sapsam::ui {

// The pages in the order of their tabs, without parents. The one place that knows them all.
QList<WorkbenchPage *> makePages(const PageContext &context);

} // namespace sapsam::ui
