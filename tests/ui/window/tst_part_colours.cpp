#include "core/taxonomy/taxonomy.h"
#include "ui/support/part_palette.h"
#include "ui/support/theme.h"

#include <QColor>
#include <QTest>

#include <array>
#include <cmath>

using namespace sapsam;
using namespace sapsam::ui;

namespace {

using Triple = std::array<double, 3>;
using Matrix = std::array<Triple, 3>;

// Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB.
constexpr Matrix kProtanopia = {{{0.152286, 1.052583, -0.204868},
                                 {0.114503, 0.786281, 0.099216},
                                 {-0.003882, -0.048116, 1.051998}}};
constexpr Matrix kDeuteranopia = {{{0.367322, 0.860646, -0.227968},
                                   {0.280085, 0.672501, 0.047413},
                                   {-0.011820, 0.042940, 0.968881}}};
constexpr Matrix kNormal = {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};

double linear(double value)
{
    return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
}

Triple seen(const QColor &color, const Matrix &eye)
{
    const Triple rgb = {linear(color.redF()), linear(color.greenF()), linear(color.blueF())};
    Triple result{};
    for (std::size_t row = 0; row < 3; ++row) {
        for (std::size_t column = 0; column < 3; ++column)
            result[row] += eye[row][column] * rgb[column];
        result[row] = std::clamp(result[row], 0.0, 1.0);
    }
    return result;
}

// CIE 1976 L*a*b* of linear sRGB, white point D65.
Triple labOf(const Triple &rgb)
{
    const double x = (0.4124 * rgb[0] + 0.3576 * rgb[1] + 0.1805 * rgb[2]) / 0.95047;
    const double y = 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2];
    const double z = (0.0193 * rgb[0] + 0.1192 * rgb[1] + 0.9505 * rgb[2]) / 1.08883;
    const auto f = [](double t) { return t > 0.008856 ? std::cbrt(t) : 7.787 * t + 16.0 / 116.0; };
    return {116.0 * f(y) - 16.0, 500.0 * (f(x) - f(y)), 200.0 * (f(y) - f(z))};
}

double distance(const QColor &one, const QColor &other, const Matrix &eye)
{
    const Triple a = labOf(seen(one, eye));
    const Triple b = labOf(seen(other, eye));
    return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

double luminance(const QColor &color)
{
    return 0.2126 * linear(color.redF()) + 0.7152 * linear(color.greenF())
           + 0.0722 * linear(color.blueF());
}

// WCAG 2.1: contrast of two colours, 1 to 21.
double contrast(const QColor &one, const QColor &other)
{
    const double a = luminance(one);
    const double b = luminance(other);
    return (std::max(a, b) + 0.05) / (std::min(a, b) + 0.05);
}

} // namespace

class TestPartColours : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void partsAreToldApartByEveryEye_data()
    {
        QTest::addColumn<int>("eye");
        QTest::newRow("full colour vision") << 0;
        QTest::newRow("protanopia") << 1;
        QTest::newRow("deuteranopia") << 2;
    }
    void partsAreToldApartByEveryEye()
    {
        QFETCH(const int, eye);
        const Matrix &matrix = eye == 0 ? kNormal : eye == 1 ? kProtanopia : kDeuteranopia;
        // A difference of 10 is seen at a glance (2.3 is just noticeable).
        constexpr double kAtAGlance = 10.0;
        const PartPalette palette = makePartPalette(defaultTaxonomy());
        const std::vector<PartStyle> &styles = palette.styles();
        QVERIFY(styles.size() > 5);
        QStringList tooClose;
        for (std::size_t one = 0; one < styles.size(); ++one) {
            for (std::size_t other = one + 1; other < styles.size(); ++other) {
                const double d = distance(styles[one].color, styles[other].color, matrix);
                if (d < kAtAGlance)
                    tooClose.append(QStringLiteral("%1 and %2: %3")
                                        .arg(styles[one].group, styles[other].group)
                                        .arg(d, 0, 'f', 1));
            }
        }
        QCOMPARE(tooClose, QStringList());
    }

    void textIsReadableOnItsGround_data()
    {
        QTest::addColumn<int>("theme");
        QTest::newRow("light") << static_cast<int>(ThemeKind::Light);
        QTest::newRow("dark") << static_cast<int>(ThemeKind::Dark);
    }
    void textIsReadableOnItsGround()
    {
        QFETCH(const int, theme);
        constexpr double kReadable = 4.5; // WCAG AA
        const QPalette palette = themePalette(static_cast<ThemeKind>(theme));
        for (const QPalette::ColorRole ground :
             {QPalette::Window, QPalette::Base, QPalette::AlternateBase}) {
            for (const QPalette::ColorRole text : {QPalette::Text, QPalette::PlaceholderText})
                QVERIFY(contrast(palette.color(text), palette.color(ground)) >= kReadable);
            for (const QColor &signal :
                 {goodColor(palette), warningColor(palette), errorColor(palette)})
                QVERIFY(contrast(signal, palette.color(ground)) >= kReadable);
        }
        QVERIFY(
            contrast(palette.color(QPalette::HighlightedText), palette.color(QPalette::Highlight))
            >= kReadable);
    }
};

QTEST_MAIN(TestPartColours)
#include "tst_part_colours.moc"
