#pragma once

#include "core/pipeline/merge_preview.h"
#include "core/taxonomy/taxonomy.h"

#include <QList>
#include <QObject>
#include <QUndoStack>

#include <optional>
#include <string>
#include <vector>

namespace sapsam::ui {

// The merges that are being worked on: the project's current ones and every step away from them.
// Nothing of it is stored before it is applied; until then its own undo stack takes steps back.
// Groups are named by their row. GUI thread.
class MergeDraft final : public QObject
{
    Q_OBJECT

public:
    explicit MergeDraft(QObject *parent = nullptr);

    // Starts again from these; the steps are forgotten.
    void reset(const Taxonomy &base);
    // The project works with others now; the draft and its steps stay.
    void rebase(const Taxonomy &base);

    const Taxonomy &base() const { return m_base; }
    const Taxonomy &taxonomy() const { return m_state.taxonomy; }
    bool isChanged() const;
    QUndoStack *undoStack() { return &m_undo; }

    // Where the masks of the base's groups go: renamed, united and removed ones.
    std::vector<GroupMapping> mapping() const;

    // Each of these is one step. Rows and ids that are not there, and steps that change nothing,
    // are ignored.
    void addClasses(int row, const QList<int> &ids);
    void removeClass(int row, int id);
    void moveClass(int from, int to, int id);
    void makeFirst(int row, int id);
    void addGroup(const QString &title, const QList<int> &ids); // "" is named after the classes
    void removeGroups(const QList<int> &rows);
    void mergeGroups(const QList<int> &rows); // into the first of them
    void moveGroup(int from, int to);
    void setTitle(int row, const QString &title);
    void setName(int row, const QString &name);
    void setPhrase(int row, const QString &phrase);
    void setColour(int row, const Colour &colour);
    void setTrigger(int row, std::optional<TriggerRule> rule);
    void setExclusive(int row, bool exclusive);
    void setCommonTrigger(TriggerRule rule);
    // Another version, or a file: groups take over the masks of those with their name, or else
    // with their classes.
    void replace(const Taxonomy &taxonomy, const QString &text);

Q_SIGNALS:
    void changed();

private:
    struct State
    {
        Taxonomy taxonomy;
        std::vector<std::vector<std::string>> sources; // of each group, in the base
        std::vector<std::string> removed;              // groups of the base

        bool operator==(const State &other) const;
    };
    class Step;
    void push(const QString &text, State state);
    PartGroup *group(State &state, int row) const;
    Colour freeColour() const;
    static State stateOf(const Taxonomy &taxonomy, const Taxonomy &base);

    Taxonomy m_base;
    State m_state;
    QUndoStack m_undo;
};

} // namespace sapsam::ui
