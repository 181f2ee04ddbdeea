#pragma once

#include <QHash>
#include <QJsonObject>
#include <QKeySequence>
#include <QList>
#include <QObject>
#include <QString>
#include <QStringList>

class QAction;
class QWidget;

namespace sapsam::ui {

// Where an action's keys work. Keys may repeat in different scopes other than Global.
enum class ActionScope { Global, Gallery, Viewer, Merges, Prompts, Search, Training, Evaluation };

// The page that a scope belongs to ("viewer"); empty for Global.
QString pageOfScope(ActionScope scope);

struct ActionSpec
{
    QString id;               // stable, "view.zoom-in"
    QString text;             // with the menu's ampersand
    QList<QKeySequence> keys; // as they are now, after what the user changed
    ActionScope scope = ActionScope::Global;
    QString icon;    // name in resources/icons, or empty
    QString tip;     // one sentence for the tooltip and the cheat-sheet
    QString section; // heading in the cheat-sheet

    // The text without the menu's ampersand and dots.
    QString title() const;
};

// Every action of the window with its keys, in one place: menus, toolbars, the palette, the
// cheat-sheet and the clash test all read it. What the user changed is kept apart from the defaults
// (sparse): a default that changes in a later version reaches everybody who did not touch it.
// GUI thread.
class ActionRegistry final : public QObject
{
    Q_OBJECT

public:
    explicit ActionRegistry(QObject *parent = nullptr);

    // Makes the action and attaches it to the widget whose focus (with children) gives it its keys.
    QAction *add(const ActionSpec &spec, QWidget *owner);
    // Null for an unknown id.
    QAction *action(const QString &id) const;
    // Other words for the same action, such as the name of what it chooses now.
    void setText(const QString &id, const QString &text);
    const QList<ActionSpec> &specs() const { return m_specs; }
    ActionSpec spec(const QString &id) const; // without id for an unknown one

    // "Ctrl+L is used by a and b" for every pair that could fire at once.
    QStringList clashes() const;
    // Ids of the actions that would fire, too, if this one had the key.
    QStringList conflicts(const QString &id, const QKeySequence &key) const;

    // What the user changed: id → keys in portable text (an empty list for none).
    using Overrides = QHash<QString, QStringList>;
    void setKeys(const QString &id, const QList<QKeySequence> &keys);
    QList<QKeySequence> defaultKeys(const QString &id) const;
    bool isChanged(const QString &id) const { return m_overrides.contains(id); }
    void resetKeys(const QString &id);
    void resetAllKeys();
    const Overrides &overrides() const { return m_overrides; }
    // Also for actions that are added later.
    void setOverrides(const Overrides &overrides);

    // {"sapsam-keys": 1, "keys": {id: [key, …]}}: what differs from the defaults.
    QJsonObject exportScheme() const;
    // Takes all of it or nothing: throws Error(InvalidInput) naming the entry that is wrong (an
    // unknown id is not: it may belong to another version).
    void importScheme(const QJsonObject &scheme);

    // The ids of what was triggered, newest first, without repeats.
    const QStringList &recent() const { return m_recent; }
    void setRecent(const QStringList &ids) { m_recent = ids; }

    // While the reason is not empty, the actions that change the project stay off and say why.
    void setReadOnly(const QString &reason);
    void markAsChanging(const QStringList &ids);

    // Draws all icons again for another theme.
    void refreshIcons();

Q_SIGNALS:
    void keysChanged(const QString &id);
    void triggered(const QString &id);

private:
    struct Entry
    {
        QAction *action = nullptr;
        QList<QKeySequence> defaults;
        bool changesProject = false;
        bool wasEnabled = true; // what the page wants, while the project is read-only
    };
    void applyKeys(ActionSpec &spec, const QList<QKeySequence> &keys);
    void updateTip(const ActionSpec &spec);
    void holdBack(Entry &entry);
    qsizetype rowOf(const QString &id) const;

    QList<ActionSpec> m_specs;
    QHash<QString, Entry> m_entries;
    Overrides m_overrides;
    QStringList m_recent;
    QString m_readOnly;
    bool m_isHolding = false; // the registry itself switches an action
};

} // namespace sapsam::ui
