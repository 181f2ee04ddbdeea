#pragma once

#include "core/base/error.h"
#include "core/base/json_file.h"
#include "core/weights/tensor_source.h"
#include "tests/support/golden_folder.h"

#include <map>
#include <string>
#include <vector>

namespace sapsam::test {

// Names and shapes without values: what a published file of full size looks like from outside, by
// its list in the golden folder's keys/.
class OutlineSource final : public TensorSource
{
public:
    explicit OutlineSource(const std::string &keysFile) : m_origin(keysFile)
    {
        for (const auto &item : readJsonFile(shippedPath("keys/" + keysFile + ".json"))) {
            TensorInfo info;
            info.dtype = item[2] == "F16" ? torch::kHalf : torch::kFloat;
            info.shape = item[1].get<std::vector<std::int64_t>>();
            m_infos[item[0]] = info;
        }
    }

    const std::string &origin() const override { return m_origin; }
    std::vector<std::string> names() const override
    {
        std::vector<std::string> result;
        for (const auto &info : m_infos)
            result.push_back(info.first);
        return result;
    }
    const TensorInfo *find(const std::string &name) const override
    {
        const auto found = m_infos.find(name);
        return found == m_infos.end() ? nullptr : &found->second;
    }
    torch::Tensor read(const std::string &name) const override
    {
        throw Error(ErrorKind::Internal, "nothing may be read, not even " + name);
    }

    std::map<std::string, TensorInfo> &infos() { return m_infos; }

private:
    std::string m_origin;
    std::map<std::string, TensorInfo> m_infos;
};

} // namespace sapsam::test
