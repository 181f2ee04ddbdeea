#include "ui/support/text.h"

#include <QCoreApplication>
#include <QLocale>

#include <cmath>

namespace sapsam::ui {

QString toQString(const std::string &text)
{
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

std::string toStdString(const QString &text)
{
    return text.toUtf8().toStdString();
}

QString countText(std::int64_t count)
{
    return QLocale().toString(static_cast<qlonglong>(count));
}

namespace {

struct Duration
{
    Q_DECLARE_TR_FUNCTIONS(Duration)
};

} // namespace

QString durationText(std::optional<double> seconds)
{
    if (!seconds || !std::isfinite(*seconds) || *seconds < 0.0)
        return {};
    constexpr double kTenths = 10.0; // below this many seconds a decimal says more
    if (*seconds < kTenths)
        return Duration::tr("%1 s").arg(QLocale().toString(*seconds, 'f', 1));
    const auto total = static_cast<qlonglong>(std::ceil(*seconds));
    if (total < 60)
        return Duration::tr("%1 s").arg(total);
    if (total < 3600)
        return Duration::tr("%1 min %2 s").arg(total / 60).arg(total % 60);
    return Duration::tr("%1 h %2 min").arg(total / 3600).arg((total % 3600) / 60);
}

QString scoreText(double score)
{
    return QLocale().toString(score, 'f', 3);
}

} // namespace sapsam::ui
