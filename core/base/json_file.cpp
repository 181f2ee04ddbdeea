#include "core/base/json_file.h"

#include "core/base/file.h"

namespace sapsam {

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

} // namespace

Json parseJson(const std::string &text, const std::string &origin)
{
    const std::size_t start = std::string_view(text).starts_with(kByteOrderMark) ? 3 : 0;
    try {
        return Json::parse(text.begin() + static_cast<std::ptrdiff_t>(start), text.end());
    } catch (const nlohmann::json::exception &error) {
        throw Error(ErrorKind::Corrupt, "'" + origin + "' is not valid JSON: " + error.what());
    }
}

Json readJsonFile(const std::string &path)
{
    return parseJson(readFile(path), path);
}

void writeJsonFile(const std::string &path, const Json &json)
{
    writeFileAtomically(path, json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

void writeJsonFile(const std::string &path, const OrderedJson &json)
{
    writeFileAtomically(path,
                        json.dump(2, ' ', false, OrderedJson::error_handler_t::replace) + "\n");
}

} // namespace sapsam
