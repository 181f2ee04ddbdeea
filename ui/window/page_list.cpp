#include "ui/window/page_list.h"

#include "ui/pages/evaluation/evaluation_page.h"
#include "ui/pages/gallery/gallery_page.h"
#include "ui/pages/merges/merges_page.h"
#include "ui/pages/prompts/prompts_page.h"
#include "ui/pages/search/search_page.h"
#include "ui/pages/training/training_page.h"
#include "ui/pages/viewer/viewer_page.h"

namespace sapsam::ui {

QList<WorkbenchPage *> makePages(const PageContext &context)
{
    return {
        new GalleryPage(context),
        new ViewerPage(context),
        new MergesPage(context),
        new PromptsPage(context),
        new SearchPage(context),
        new TrainingPage(context),
        new EvaluationPage(context),
    };
}

} // namespace sapsam::ui
