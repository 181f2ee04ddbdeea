#pragma once

#include "core/base/error.h"
#include "core/store/project_store.h"

#include <cstdint>
#include <string>

namespace sapsam {

// The entry of a running job in the project: opened by the constructor, closed by finish(), and
// closed as failed when an exception passes.
class JobLedger
{
public:
    JobLedger(ProjectStore &store, const std::string &kind, const std::string &options)
        : m_store(store), m_id(store.beginJob(kind, options))
    {
    }
    ~JobLedger()
    {
        if (!m_open)
            return;
        try {
            m_store.endJob(m_id, "failed");
        } catch (const Error &) {
            // The disk is full or the database gone: the error under way says so already.
        }
    }
    JobLedger(const JobLedger &) = delete;
    JobLedger &operator=(const JobLedger &) = delete;

    void add(const std::string &item, const std::string &state, const std::string &reason = {})
    {
        m_store.addJobItem(m_id, {item, state, reason});
    }
    void finish(bool cancelled)
    {
        m_store.endJob(m_id, cancelled ? "cancelled" : "done");
        m_open = false;
    }

private:
    ProjectStore &m_store;
    std::int64_t m_id;
    bool m_open = true;
};

} // namespace sapsam
