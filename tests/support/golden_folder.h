#pragma once

#include <QByteArray>
#include <QtGlobal>

#include <string>

namespace sapsam::test {

// Reference data that is shipped: $SAPSAM_GOLDEN_DIR when set, else tests/golden of the source
// tree. For tests without libtorch; golden_case.h has the same for the networks.
inline std::string shippedPath(const std::string &relative)
{
    const QByteArray set = qgetenv("SAPSAM_GOLDEN_DIR");
    return (set.isEmpty() ? std::string(SAPSAM_SOURCE_DIR) + "/tests/golden" : set.toStdString())
           + "/" + relative;
}

} // namespace sapsam::test
