#include "ui/pages/merges/merge_draft.h"

#include "ui/support/text.h"

#include <QUndoCommand>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace sapsam::ui {

namespace {

// For new groups, beyond the shipped nine: told apart without colour vision, too.
constexpr std::array<Colour, 12> kColours = {{{230, 159, 0},
                                              {86, 180, 233},
                                              {0, 158, 115},
                                              {240, 228, 66},
                                              {0, 114, 178},
                                              {213, 94, 0},
                                              {204, 121, 167},
                                              {136, 34, 85},
                                              {68, 170, 153},
                                              {153, 153, 51},
                                              {150, 45, 125},
                                              {102, 102, 102}}};

bool contains(const std::vector<int> &ids, int id)
{
    return std::find(ids.begin(), ids.end(), id) != ids.end();
}

// "Upper clothes" → "upper-clothes": what files and the store call it.
std::string keyOf(const std::string &title)
{
    std::string key;
    for (const char c : title) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 'A' && byte <= 'Z')
            key += static_cast<char>(byte - 'A' + 'a');
        else if ((byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte >= 0x80)
            key += c;
        else if (!key.empty() && key.back() != '-')
            key += '-';
    }
    while (!key.empty() && key.back() == '-')
        key.pop_back();
    return key.empty() ? "group" : key;
}

} // namespace

// A step keeps the whole draft before and after: it is a few kilobytes.
class MergeDraft::Step final : public QUndoCommand
{
public:
    Step(MergeDraft &draft, const QString &text, State after)
        : QUndoCommand(text), m_draft(draft), m_before(draft.m_state), m_after(std::move(after))
    {
    }

    void undo() override { show(m_before); }
    void redo() override { show(m_after); }

private:
    void show(const State &state)
    {
        m_draft.m_state = state;
        Q_EMIT m_draft.changed();
    }

    MergeDraft &m_draft;
    State m_before;
    State m_after;
};

bool MergeDraft::State::operator==(const State &other) const
{
    return taxonomy.name == other.taxonomy.name && taxonomy.classes == other.taxonomy.classes
           && taxonomy.trigger == other.taxonomy.trigger && taxonomy.groups == other.taxonomy.groups
           && sources == other.sources && removed == other.removed;
}

MergeDraft::MergeDraft(QObject *parent) : QObject(parent)
{
    m_undo.setUndoLimit(500);
}

MergeDraft::State MergeDraft::stateOf(const Taxonomy &taxonomy, const Taxonomy &base)
{
    State state;
    state.taxonomy = taxonomy;
    std::set<std::string> taken;
    for (const PartGroup &group : taxonomy.groups) {
        state.sources.emplace_back();
        if (base.findGroup(group.name) != nullptr && taken.insert(group.name).second)
            state.sources.back().push_back(group.name);
    }
    for (std::size_t i = 0; i < taxonomy.groups.size(); ++i) {
        if (!state.sources[i].empty())
            continue;
        for (const PartGroup &old : base.groups) {
            if (std::set<int>(old.classes.begin(), old.classes.end())
                    == std::set<int>(taxonomy.groups[i].classes.begin(),
                                     taxonomy.groups[i].classes.end())
                && taken.insert(old.name).second) {
                state.sources[i].push_back(old.name);
                break;
            }
        }
    }
    return state;
}

void MergeDraft::reset(const Taxonomy &base)
{
    m_base = base;
    m_state = stateOf(base, base);
    m_undo.clear();
    Q_EMIT changed();
}

void MergeDraft::rebase(const Taxonomy &base)
{
    m_base = base;
    Q_EMIT changed();
}

bool MergeDraft::isChanged() const
{
    return !taxonomyDiff(m_base, m_state.taxonomy).empty() || !mapping().empty();
}

std::vector<GroupMapping> MergeDraft::mapping() const
{
    std::vector<GroupMapping> mapping;
    for (const PartGroup &old : m_base.groups) {
        bool isFound = false;
        for (std::size_t i = 0; i < m_state.sources.size() && !isFound; ++i) {
            const auto &sources = m_state.sources[i];
            if (std::find(sources.begin(), sources.end(), old.name) == sources.end())
                continue;
            isFound = true;
            const std::string &name = m_state.taxonomy.groups[i].name;
            if (name != old.name || sources.size() > 1)
                mapping.push_back({old.name, name});
        }
        if (!isFound
            && std::find(m_state.removed.begin(), m_state.removed.end(), old.name)
                   != m_state.removed.end())
            mapping.push_back({old.name, {}});
    }
    // A union is told in full, with the group that stays where it is; alone that says nothing.
    std::erase_if(mapping, [&](const GroupMapping &entry) {
        return entry.from == entry.to
               && std::none_of(mapping.begin(), mapping.end(), [&](const GroupMapping &other) {
                      return other.to == entry.to && other.from != entry.from;
                  });
    });
    return mapping;
}

void MergeDraft::push(const QString &text, State state)
{
    if (state == m_state)
        return;
    m_undo.push(new Step(*this, text, std::move(state)));
}

PartGroup *MergeDraft::group(State &state, int row) const
{
    if (row < 0 || row >= static_cast<int>(state.taxonomy.groups.size()))
        return nullptr;
    return &state.taxonomy.groups[static_cast<std::size_t>(row)];
}

Colour MergeDraft::freeColour() const
{
    for (const Colour &colour : kColours) {
        if (std::none_of(m_state.taxonomy.groups.begin(), m_state.taxonomy.groups.end(),
                         [&](const PartGroup &group) { return group.colour == colour; }))
            return colour;
    }
    return kColours.back();
}

void MergeDraft::addClasses(int row, const QList<int> &ids)
{
    State state = m_state;
    PartGroup *target = group(state, row);
    if (target == nullptr)
        return;
    for (const int id : ids) {
        if (!contains(target->classes, id) && state.taxonomy.findClass(id) != nullptr)
            target->classes.push_back(id);
    }
    push(tr("Add to “%1”").arg(toQString(target->title)), state);
}

void MergeDraft::removeClass(int row, int id)
{
    State state = m_state;
    if (PartGroup *target = group(state, row)) {
        std::erase(target->classes, id);
        push(tr("Take %1 out of “%2”")
                 .arg(toQString(state.taxonomy.className(id)), toQString(target->title)),
             state);
    }
}

void MergeDraft::moveClass(int from, int to, int id)
{
    State state = m_state;
    PartGroup *source = group(state, from);
    PartGroup *target = group(state, to);
    if (source == nullptr || target == nullptr || from == to)
        return;
    std::erase(source->classes, id);
    if (!contains(target->classes, id))
        target->classes.push_back(id);
    push(tr("Move %1 to “%2”")
             .arg(toQString(state.taxonomy.className(id)), toQString(target->title)),
         state);
}

void MergeDraft::makeFirst(int row, int id)
{
    State state = m_state;
    PartGroup *target = group(state, row);
    if (target == nullptr || !contains(target->classes, id))
        return;
    std::erase(target->classes, id);
    target->classes.insert(target->classes.begin(), id);
    push(tr("Put %1 first in “%2”")
             .arg(toQString(state.taxonomy.className(id)), toQString(target->title)),
         state);
}

void MergeDraft::addGroup(const QString &title, const QList<int> &ids)
{
    State state = m_state;
    PartGroup fresh;
    for (const int id : ids) {
        if (state.taxonomy.findClass(id) != nullptr && !contains(fresh.classes, id))
            fresh.classes.push_back(id);
    }
    QString shown = title.trimmed();
    if (shown.isEmpty() && !fresh.classes.empty())
        shown = toQString(state.taxonomy.className(fresh.classes.front()));
    if (shown.isEmpty())
        shown = tr("New group");
    shown[0] = shown[0].toUpper();
    const std::string key = keyOf(toStdString(shown));
    fresh.name = key;
    // A name that the base used means its masks: a new group must not take them over by accident.
    for (int number = 2;
         state.taxonomy.findGroup(fresh.name) != nullptr || m_base.findGroup(fresh.name) != nullptr;
         ++number)
        fresh.name = key + "-" + std::to_string(number);
    fresh.title = toStdString(shown);
    for (int number = 2;
         std::any_of(state.taxonomy.groups.begin(), state.taxonomy.groups.end(),
                     [&](const PartGroup &other) { return other.title == fresh.title; });
         ++number)
        fresh.title = toStdString(shown) + " " + std::to_string(number);
    fresh.phrase = "the " + key;
    fresh.colour = freeColour();
    state.taxonomy.groups.push_back(std::move(fresh));
    state.sources.emplace_back();
    push(tr("Add the group “%1”").arg(shown), state);
}

void MergeDraft::removeGroups(const QList<int> &rows)
{
    State state = m_state;
    QList<int> sorted = rows;
    std::sort(sorted.begin(), sorted.end(), std::greater<>());
    sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
    QString title;
    for (const int row : sorted) {
        const PartGroup *gone = group(state, row);
        if (gone == nullptr)
            continue;
        title = toQString(gone->title);
        const auto at = static_cast<std::ptrdiff_t>(row);
        const auto &sources = state.sources[static_cast<std::size_t>(row)];
        state.removed.insert(state.removed.end(), sources.begin(), sources.end());
        state.sources.erase(state.sources.begin() + at);
        state.taxonomy.groups.erase(state.taxonomy.groups.begin() + at);
    }
    push(sorted.size() == 1 ? tr("Delete “%1”").arg(title)
                            : tr("Delete %n groups", nullptr, static_cast<int>(sorted.size())),
         state);
}

void MergeDraft::mergeGroups(const QList<int> &rows)
{
    State state = m_state;
    PartGroup *target = rows.isEmpty() ? nullptr : group(state, rows.first());
    if (target == nullptr || rows.size() < 2)
        return;
    const QString title = toQString(target->title);
    auto &sources = state.sources[static_cast<std::size_t>(rows.first())];
    QList<int> gone;
    for (const int row : rows.mid(1)) {
        const PartGroup *other = group(state, row);
        if (other == nullptr || other == target || gone.contains(row))
            continue;
        for (const int id : other->classes) {
            if (!contains(target->classes, id))
                target->classes.push_back(id);
        }
        const auto &more = state.sources[static_cast<std::size_t>(row)];
        sources.insert(sources.end(), more.begin(), more.end());
        gone.append(row);
    }
    std::sort(gone.begin(), gone.end(), std::greater<>());
    for (const int row : std::as_const(gone)) {
        state.sources.erase(state.sources.begin() + row);
        state.taxonomy.groups.erase(state.taxonomy.groups.begin() + row);
    }
    push(tr("Merge %n groups into “%1”", nullptr, static_cast<int>(gone.size())).arg(title), state);
}

void MergeDraft::moveGroup(int from, int to)
{
    State state = m_state;
    const PartGroup *moved = group(state, from);
    if (moved == nullptr || group(state, to) == nullptr || from == to)
        return;
    const QString title = toQString(moved->title);
    const auto shift = [from, to](auto &list) {
        auto first = list.begin() + std::min(from, to);
        auto last = list.begin() + std::max(from, to) + 1;
        std::rotate(first, from < to ? first + 1 : last - 1, last);
    };
    shift(state.taxonomy.groups);
    shift(state.sources);
    push(tr("Move “%1”").arg(title), state);
}

void MergeDraft::setTitle(int row, const QString &title)
{
    State state = m_state;
    PartGroup *target = group(state, row);
    if (target == nullptr || title.trimmed().isEmpty())
        return;
    const QString before = toQString(target->title);
    target->title = toStdString(title.trimmed());
    push(tr("Call “%1” “%2”").arg(before, title.trimmed()), state);
}

void MergeDraft::setName(int row, const QString &name)
{
    State state = m_state;
    PartGroup *target = group(state, row);
    if (target == nullptr || name.trimmed().isEmpty())
        return;
    target->name = keyOf(toStdString(name.trimmed()));
    push(tr("Rename “%1” to %2").arg(toQString(target->title), toQString(target->name)), state);
}

void MergeDraft::setPhrase(int row, const QString &phrase)
{
    State state = m_state;
    PartGroup *target = group(state, row);
    if (target == nullptr || phrase.trimmed().isEmpty())
        return;
    target->phrase = toStdString(phrase.trimmed());
    push(tr("Ask for “%1”").arg(phrase.trimmed()), state);
}

void MergeDraft::setColour(int row, const Colour &colour)
{
    State state = m_state;
    if (PartGroup *target = group(state, row)) {
        target->colour = colour;
        push(tr("Colour of “%1”").arg(toQString(target->title)), state);
    }
}

void MergeDraft::setTrigger(int row, std::optional<TriggerRule> rule)
{
    State state = m_state;
    if (PartGroup *target = group(state, row)) {
        target->trigger = rule;
        push(tr("Trigger rule of “%1”").arg(toQString(target->title)), state);
    }
}

void MergeDraft::setExclusive(int row, bool exclusive)
{
    State state = m_state;
    if (PartGroup *target = group(state, row)) {
        target->exclusive = exclusive;
        push(exclusive ? tr("Make “%1” exclusive").arg(toQString(target->title))
                       : tr("Let “%1” share its classes").arg(toQString(target->title)),
             state);
    }
}

void MergeDraft::setCommonTrigger(TriggerRule rule)
{
    State state = m_state;
    state.taxonomy.trigger = rule;
    push(tr("Common trigger rule"), state);
}

void MergeDraft::replace(const Taxonomy &taxonomy, const QString &text)
{
    push(text, stateOf(taxonomy, m_base));
}

} // namespace sapsam::ui
