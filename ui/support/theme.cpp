#include "ui/support/theme.h"

#include <QApplication>
#include <QFile>
#include <QRegularExpression>
#include <QStyleFactory>

namespace sapsam::ui {

namespace {

struct ThemeColors
{
    QColor window, surface, raised, hover, border, text, muted, accent, accentHover, accentText,
        accentSoft, canvas, scroll, warning, warningSoft;
};

ThemeColors colorsOf(ThemeKind kind)
{
    const auto rgb = [](QRgb value) { return QColor(value); };
    if (kind == ThemeKind::Dark) {
        return {rgb(0x16191f), rgb(0x1c2028), rgb(0x252a34), rgb(0x2a303b), rgb(0x323947),
                rgb(0xe7eaf0), rgb(0x98a2b3), rgb(0x8c9bff), rgb(0xa3afff), rgb(0x10131c),
                rgb(0x2d3457), rgb(0x101318), rgb(0x3d4554), rgb(0xf0b558), rgb(0x3a3020)};
    }
    return {rgb(0xf5f6f9), rgb(0xffffff), rgb(0xffffff), rgb(0xeaedf3), rgb(0xdde1e9),
            rgb(0x1b2230), rgb(0x5f6b7e), rgb(0x4457d6), rgb(0x3547c2), rgb(0xffffff),
            rgb(0xe3e7fd), rgb(0xe9ecf2), rgb(0xc3cad6), rgb(0x9a5b00), rgb(0xfff3dc)};
}

QString styleSheet(ThemeKind kind, double textScale)
{
    const ThemeColors colors = colorsOf(kind);
    QFile file(QStringLiteral(":/style/workbench.qss"));
    if (!file.open(QIODevice::ReadOnly))
        return {};
    QString sheet = QString::fromUtf8(file.readAll());
    sheet.replace(QStringLiteral("@check"), kind == ThemeKind::Dark
                                                ? QStringLiteral("check-on-dark")
                                                : QStringLiteral("check-on-light"));
    // Longer names first: @accent is a prefix of @accentText.
    const QList<std::pair<QString, QColor>> names = {
        {QStringLiteral("@accentHover"), colors.accentHover},
        {QStringLiteral("@accentText"), colors.accentText},
        {QStringLiteral("@accentSoft"), colors.accentSoft},
        {QStringLiteral("@accent"), colors.accent},
        {QStringLiteral("@warningSoft"), colors.warningSoft},
        {QStringLiteral("@warning"), colors.warning},
        {QStringLiteral("@window"), colors.window},
        {QStringLiteral("@surface"), colors.surface},
        {QStringLiteral("@raised"), colors.raised},
        {QStringLiteral("@hover"), colors.hover},
        {QStringLiteral("@border"), colors.border},
        {QStringLiteral("@scroll"), colors.scroll},
        {QStringLiteral("@muted"), colors.muted},
        {QStringLiteral("@text"), colors.text},
    };
    for (const auto &[name, color] : names)
        sheet.replace(name, color.name());
    if (textScale == 1.0)
        return sheet;
    static const QRegularExpression kSize(QStringLiteral("font-size: ([0-9.]+)pt"));
    QString scaled;
    qsizetype from = 0;
    QRegularExpressionMatchIterator sizes = kSize.globalMatch(sheet);
    while (sizes.hasNext()) {
        const QRegularExpressionMatch size = sizes.next();
        scaled += sheet.mid(from, size.capturedStart() - from);
        scaled += QStringLiteral("font-size: %1pt").arg(size.captured(1).toDouble() * textScale);
        from = size.capturedEnd();
    }
    return scaled + sheet.mid(from);
}

} // namespace

QPalette themePalette(ThemeKind kind)
{
    const ThemeColors colors = colorsOf(kind);
    QPalette palette;
    palette.setColor(QPalette::Window, colors.window);
    palette.setColor(QPalette::WindowText, colors.text);
    palette.setColor(QPalette::Base, colors.surface);
    palette.setColor(QPalette::AlternateBase, colors.raised);
    palette.setColor(QPalette::Text, colors.text);
    palette.setColor(QPalette::Button, colors.raised);
    palette.setColor(QPalette::ButtonText, colors.text);
    palette.setColor(QPalette::BrightText, colors.text);
    palette.setColor(QPalette::ToolTipBase, colors.raised);
    palette.setColor(QPalette::ToolTipText, colors.text);
    palette.setColor(QPalette::PlaceholderText, colors.muted);
    palette.setColor(QPalette::Highlight, colors.accent);
    palette.setColor(QPalette::HighlightedText, colors.accentText);
    palette.setColor(QPalette::Link, colors.accent);
    palette.setColor(QPalette::LinkVisited, colors.accent);
    palette.setColor(QPalette::Light, colors.raised);
    palette.setColor(QPalette::Midlight, colors.hover);
    palette.setColor(QPalette::Mid, colors.border);
    palette.setColor(QPalette::Dark, colors.canvas);
    palette.setColor(QPalette::Shadow, colors.scroll);
    for (const QPalette::ColorRole role :
         {QPalette::Text, QPalette::WindowText, QPalette::ButtonText})
        palette.setColor(QPalette::Disabled, role, colors.muted);
    return palette;
}

void applyTheme(QApplication &application, ThemeKind kind, double textScale)
{
    QApplication::setStyle(QStyleFactory::create(QStringLiteral("Fusion")));
    QApplication::setPalette(themePalette(kind));
    application.setStyleSheet(styleSheet(kind, textScale));
}

ThemeKind themeFromName(const QString &name, ThemeKind fallback)
{
    if (name == QLatin1String("dark"))
        return ThemeKind::Dark;
    if (name == QLatin1String("light"))
        return ThemeKind::Light;
    return fallback;
}

QString nameOfTheme(ThemeKind kind)
{
    return kind == ThemeKind::Dark ? QStringLiteral("dark") : QStringLiteral("light");
}

ThemeKind themeOf(const QPalette &palette)
{
    return palette.color(QPalette::Window).lightness() < 128 ? ThemeKind::Dark : ThemeKind::Light;
}

ThemeChoice themeChoiceFromName(const QString &name, ThemeChoice fallback)
{
    if (name == QLatin1String("system"))
        return ThemeChoice::System;
    if (name == QLatin1String("dark"))
        return ThemeChoice::Dark;
    if (name == QLatin1String("light"))
        return ThemeChoice::Light;
    return fallback;
}

QString nameOfThemeChoice(ThemeChoice choice)
{
    switch (choice) {
    case ThemeChoice::Light:
        return QStringLiteral("light");
    case ThemeChoice::Dark:
        return QStringLiteral("dark");
    case ThemeChoice::System:
        break;
    }
    return QStringLiteral("system");
}

QColor goodColor(const QPalette &palette)
{
    return themeOf(palette) == ThemeKind::Dark ? QColor(0x4fc58a) : QColor(0x1a7f4b);
}

QColor warningColor(const QPalette &palette)
{
    return colorsOf(themeOf(palette)).warning;
}

QColor errorColor(const QPalette &palette)
{
    return themeOf(palette) == ThemeKind::Dark ? QColor(0xff7b72) : QColor(0xc02b2b);
}

} // namespace sapsam::ui
