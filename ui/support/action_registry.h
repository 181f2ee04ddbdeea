#pragma once

#include <QHash>
#include <QKeySequence>
#include <QList>
#include <QObject>
#include <QString>

class QAction;
class QWidget;

namespace sapsam::ui {

// Where an action's keys work. Keys may repeat in different scopes other than Global.
enum class ActionScope { Global, Gallery, Viewer, Merges, Prompts, Search, Training, Evaluation };

struct ActionSpec
{
    QString id;   // stable, "view.zoom-in"
    QString text; // with the menu's ampersand
    QList<QKeySequence> keys;
    ActionScope scope = ActionScope::Global;
    QString icon;    // name in resources/icons, or empty
    QString tip;     // one sentence for the tooltip and the cheat-sheet
    QString section; // heading in the cheat-sheet
};

// Every action of the window with its keys, in one place: menus, toolbars, the cheat-sheet and the
// clash test all read it. GUI thread.
class ActionRegistry final : public QObject
{
    Q_OBJECT

public:
    explicit ActionRegistry(QObject *parent = nullptr);

    // Makes the action and attaches it to the widget whose focus (with children) gives it its keys.
    QAction *add(const ActionSpec &spec, QWidget *owner);
    // Null for an unknown id.
    QAction *action(const QString &id) const;
    const QList<ActionSpec> &specs() const { return m_specs; }

    // "Ctrl+L is used by a and b" for every pair that could fire at once.
    QStringList clashes() const;

    // Draws all icons again for another theme.
    void refreshIcons();

private:
    QList<ActionSpec> m_specs;
    QHash<QString, QAction *> m_actions;
};

} // namespace sapsam::ui
