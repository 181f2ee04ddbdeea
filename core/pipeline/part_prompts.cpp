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

std::string partWord(const Taxonomy &taxonomy, const std::string &group)
{
    const PartGroup *found = taxonomy.findGroup(group);
    if (found == nullptr || found->phrase.empty())
        return group;
    constexpr const char *kArticle = "the ";
    return found->phrase.rfind(kArticle, 0) == 0 ? found->phrase.substr(4) : found->phrase;
}

PromptTemplate defaultPromptTemplate()
{
    return readPromptTemplate(resourcePath("templates/default.json"));
}

} // namespace sapsam
