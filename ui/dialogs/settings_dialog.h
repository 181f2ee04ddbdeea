#pragma once

#include <QDialog>
#include <QList>
#include <QString>

class QLineEdit;
class QScrollArea;

namespace sapsam::ui {

class ActionRegistry;
class KeyEditor;
class ModelList;
class Settings;

// Everything that can be set, on one page with a search field. There is no OK: a change acts and is
// stored at once. GUI thread; settings and registry outlive it.
class SettingsDialog final : public QDialog
{
    Q_OBJECT

public:
    // `modelsFolder`: that the window works with; empty for the program's own.
    SettingsDialog(Settings &settings, ActionRegistry &registry, const QString &modelsFolder = {},
                   QWidget *parent = nullptr);

    QLineEdit &searchEdit() { return *m_search; }
    KeyEditor &keyEditor() { return *m_keys; }
    ModelList &modelList() { return *m_models; }

Q_SIGNALS:
    void themeChanged();
    void textSizeChanged();
    void cellWidthChanged(int width);
    void overlayOpacityChanged(int percent);
    void thumbnailMemoryChanged(int megabytes);
    void languageChanged();     // shows in a window that is made anew
    void modelsFolderChanged(); // likewise
    void precisionChanged();    // likewise
    void importModelRequested();

private:
    struct Row
    {
        QString text; // what the search looks at
        QWidget *widget = nullptr;
        int section = 0;
    };
    void addSection(const QString &title);
    void addRow(const QString &title, const QString &explanation, QWidget *control);
    // Below its title, over the whole width.
    void addWideRow(const QString &title, const QString &explanation, QWidget *control);
    void filter(const QString &text);

    Settings &m_settings;
    QLineEdit *m_search;
    QScrollArea *m_scroll;
    QWidget *m_content;
    QList<QWidget *> m_sections;
    QStringList m_sectionTitles;
    QList<Row> m_rows;
    KeyEditor *m_keys;
    ModelList *m_models = nullptr;
    QWidget *m_nothing = nullptr;
};

} // namespace sapsam::ui
