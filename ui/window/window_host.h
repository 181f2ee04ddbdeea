#pragma once

#include "ui/window/main_window.h"

#include <QObject>
#include <QTranslator>

#include <memory>
#include <vector>

namespace sapsam::ui {

// Holds the window and makes it anew where a setting asks for it: the language, the folder of the
// models. The project, the page and the place on the screen stay. GUI thread.
class WindowHost final : public QObject
{
    Q_OBJECT

public:
    // keepModelsFolder: the options' folder was asked for on the command line, and stays.
    WindowHost(const WindowOptions &options, bool keepModelsFolder, QObject *parent = nullptr);
    ~WindowHost() override;

    MainWindow &window() { return *m_window; }

Q_SIGNALS:
    void rebuilt();

private:
    void installLanguage();
    void make();
    void rebuild();

    WindowOptions m_options;
    const bool m_keepModelsFolder;
    std::vector<std::unique_ptr<QTranslator>> m_translators;
    std::unique_ptr<MainWindow> m_window;
};

// The languages that the window speaks, besides English: "de".
QStringList shippedLanguages();

} // namespace sapsam::ui
