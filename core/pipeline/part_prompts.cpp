#include "core/pipeline/part_prompts.h"

#include "core/base/resources.h"

namespace sapsam {

std::vector<SegmentPrompt> segmentPrompts(const Taxonomy &taxonomy)
{
    std::vector<SegmentPrompt> prompts;
    for (const PartGroup &group : taxonomy.groups)
        prompts.push_back({group.name, group.phrase});
    return prompts;
}

PromptTemplate defaultPromptTemplate()
{
    return readPromptTemplate(resourcePath("templates/default.json"));
}

} // namespace sapsam
