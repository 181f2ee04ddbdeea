#pragma once

#include <QByteArray>
#include <QtGlobal>

#include <filesystem>
#include <string>

// Reference data that is not ours to ship lies beside the repository: $SAPSAM_SHARED_DIR, by
// default the folder "shared" next to the source tree. Tests that need it skip, visibly, where it
// is absent.
namespace sapsam::test {

inline std::string sharedFolder()
{
    const QByteArray set = qgetenv("SAPSAM_SHARED_DIR");
    if (!set.isEmpty())
        return set.toStdString();
    const QByteArray source = qgetenv("SAPSAM_SOURCE_DIR");
    return (source.isEmpty() ? std::string(SAPSAM_SOURCE_DIR) : source.toStdString())
           + "/../shared";
}

// A path below the pipeline's reference data.
inline std::string sharedPath(const std::string &relative)
{
    return sharedFolder() + "/golden/pipeline/" + relative;
}

inline bool hasShared(const std::string &relative)
{
    std::error_code ignored;
    return std::filesystem::exists(sharedPath(relative), ignored);
}

} // namespace sapsam::test

// First line of a test that needs such data.
#define SAPSAM_NEEDS_SHARED(relative)                                                              \
    do {                                                                                           \
        if (!sapsam::test::hasShared(relative))                                                    \
            QSKIP(                                                                                 \
                qPrintable(QStringLiteral("no reference data at %1; set SAPSAM_SHARED_DIR")        \
                               .arg(QString::fromStdString(sapsam::test::sharedPath(relative))))); \
    } while (false)
