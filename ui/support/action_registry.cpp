#include "ui/support/action_registry.h"

#include "core/base/error.h"
#include "ui/support/icons.h"
#include "ui/support/text.h"

#include <QAction>
#include <QApplication>
#include <QJsonArray>
#include <QWidget>

#include <utility>

namespace sapsam::ui {

namespace {

constexpr int kMaxRecent = 12;
const QString kSchemeVersion = QStringLiteral("sapsam-keys");
const QString kSchemeKeys = QStringLiteral("keys");

QStringList textOf(const QList<QKeySequence> &keys)
{
    QStringList result;
    for (const QKeySequence &key : keys)
        result.append(key.toString(QKeySequence::PortableText));
    return result;
}

QList<QKeySequence> keysOf(const QStringList &texts)
{
    QList<QKeySequence> result;
    for (const QString &text : texts)
        result.append(QKeySequence(text, QKeySequence::PortableText));
    return result;
}

bool canMeet(const ActionSpec &one, const ActionSpec &other)
{
    return one.scope == other.scope || one.scope == ActionScope::Global
           || other.scope == ActionScope::Global;
}

} // namespace

QString pageOfScope(ActionScope scope)
{
    switch (scope) {
    case ActionScope::Global:
        return {};
    case ActionScope::Gallery:
        return QStringLiteral("gallery");
    case ActionScope::Viewer:
        return QStringLiteral("viewer");
    case ActionScope::Merges:
        return QStringLiteral("merges");
    case ActionScope::Prompts:
        return QStringLiteral("prompts");
    case ActionScope::Search:
        return QStringLiteral("search");
    case ActionScope::Training:
        return QStringLiteral("training");
    case ActionScope::Evaluation:
        return QStringLiteral("evaluation");
    }
    return {};
}

QString ActionSpec::title() const
{
    QString result = text;
    result.remove(QLatin1Char('&'));
    if (result.endsWith(QChar(0x2026)))
        result.chop(1);
    return result;
}

ActionRegistry::ActionRegistry(QObject *parent) : QObject(parent) {}

QAction *ActionRegistry::add(const ActionSpec &spec, QWidget *owner)
{
    auto *action = new QAction(spec.text, this);
    action->setObjectName(spec.id);
    action->setShortcutContext(spec.scope == ActionScope::Global ? Qt::WindowShortcut
                                                                 : Qt::WidgetWithChildrenShortcut);
    action->setStatusTip(QString());
    if (!spec.icon.isEmpty())
        action->setIcon(makeIcon(spec.icon, QApplication::palette()));
    if (owner != nullptr)
        owner->addAction(action);
    m_specs.append(spec);
    Entry &entry = m_entries[spec.id];
    entry.action = action;
    entry.defaults = spec.keys;
    const auto changed = m_overrides.constFind(spec.id);
    applyKeys(m_specs.last(), changed != m_overrides.constEnd() ? keysOf(*changed) : spec.keys);
    connect(action, &QAction::triggered, this, [this, id = spec.id] {
        m_recent.removeAll(id);
        m_recent.prepend(id);
        while (m_recent.size() > kMaxRecent)
            m_recent.removeLast();
        Q_EMIT triggered(id);
    });
    connect(action, &QAction::enabledChanged, this, [this, id = spec.id](bool on) {
        Entry &changedEntry = m_entries[id];
        if (m_isHolding || !changedEntry.changesProject || m_readOnly.isEmpty())
            return;
        // The page switched it on: it comes on when the project can be written again.
        changedEntry.wasEnabled = on;
        holdBack(changedEntry);
    });
    return action;
}

QAction *ActionRegistry::action(const QString &id) const
{
    return m_entries.value(id).action;
}

void ActionRegistry::setText(const QString &id, const QString &text)
{
    const qsizetype row = rowOf(id);
    if (row < 0)
        return;
    m_specs[row].text = text;
    action(id)->setText(text);
    updateTip(m_specs[row]);
}

qsizetype ActionRegistry::rowOf(const QString &id) const
{
    for (qsizetype row = 0; row < m_specs.size(); ++row) {
        if (m_specs[row].id == id)
            return row;
    }
    return -1;
}

ActionSpec ActionRegistry::spec(const QString &id) const
{
    const qsizetype row = rowOf(id);
    return row < 0 ? ActionSpec() : m_specs[row];
}

QStringList ActionRegistry::clashes() const
{
    QStringList result;
    for (qsizetype first = 0; first < m_specs.size(); ++first) {
        for (qsizetype second = first + 1; second < m_specs.size(); ++second) {
            const ActionSpec &one = m_specs[first];
            const ActionSpec &other = m_specs[second];
            if (!canMeet(one, other))
                continue;
            for (const QKeySequence &key : one.keys) {
                if (other.keys.contains(key))
                    result.append(QStringLiteral("%1 is used by %2 and %3")
                                      .arg(key.toString(), one.id, other.id));
            }
        }
    }
    return result;
}

QStringList ActionRegistry::conflicts(const QString &id, const QKeySequence &key) const
{
    QStringList result;
    const ActionSpec wanted = spec(id);
    for (const ActionSpec &other : m_specs) {
        if (other.id != id && canMeet(wanted, other) && other.keys.contains(key))
            result.append(other.id);
    }
    return result;
}

void ActionRegistry::applyKeys(ActionSpec &spec, const QList<QKeySequence> &keys)
{
    spec.keys = keys;
    m_entries[spec.id].action->setShortcuts(keys);
    updateTip(spec);
}

void ActionRegistry::updateTip(const ActionSpec &spec)
{
    const Entry entry = m_entries.value(spec.id);
    QString tip = spec.tip.isEmpty() ? spec.title() : spec.tip;
    if (!spec.keys.isEmpty())
        tip = tr("%1 (%2)").arg(tip, spec.keys.first().toString(QKeySequence::NativeText));
    if (entry.changesProject && !m_readOnly.isEmpty())
        tip += QLatin1Char('\n') + m_readOnly;
    entry.action->setToolTip(tip);
}

void ActionRegistry::setKeys(const QString &id, const QList<QKeySequence> &keys)
{
    const qsizetype row = rowOf(id);
    if (row < 0)
        return;
    if (keys == m_entries[id].defaults)
        m_overrides.remove(id);
    else
        m_overrides.insert(id, textOf(keys));
    applyKeys(m_specs[row], keys);
    Q_EMIT keysChanged(id);
}

QList<QKeySequence> ActionRegistry::defaultKeys(const QString &id) const
{
    return m_entries.value(id).defaults;
}

void ActionRegistry::resetKeys(const QString &id)
{
    setKeys(id, defaultKeys(id));
}

void ActionRegistry::resetAllKeys()
{
    setOverrides({});
}

void ActionRegistry::setOverrides(const Overrides &overrides)
{
    m_overrides = overrides;
    for (ActionSpec &spec : m_specs) {
        const auto changed = overrides.constFind(spec.id);
        const QList<QKeySequence> keys =
            changed != overrides.constEnd() ? keysOf(*changed) : m_entries[spec.id].defaults;
        if (keys == spec.keys)
            continue;
        applyKeys(spec, keys);
        Q_EMIT keysChanged(spec.id);
    }
}

QJsonObject ActionRegistry::exportScheme() const
{
    QJsonObject keys;
    for (auto entry = m_overrides.constBegin(); entry != m_overrides.constEnd(); ++entry)
        keys.insert(entry.key(), QJsonArray::fromStringList(entry.value()));
    return {{kSchemeVersion, 1}, {kSchemeKeys, keys}};
}

void ActionRegistry::importScheme(const QJsonObject &scheme)
{
    const auto fail = [](const QString &message) {
        throw Error(ErrorKind::InvalidInput, toStdString(message));
    };
    if (scheme.value(kSchemeVersion).toInt() != 1 || !scheme.value(kSchemeKeys).isObject())
        fail(tr("This is not a file of keys: “sapsam-keys” and “keys” are missing. Export the "
                "present keys to see what such a file looks like."));
    Overrides overrides;
    const QJsonObject keys = scheme.value(kSchemeKeys).toObject();
    for (auto entry = keys.constBegin(); entry != keys.constEnd(); ++entry) {
        if (!entry.value().isArray())
            fail(tr("“%1”: its keys must be a list.").arg(entry.key()));
        QStringList texts;
        for (const QJsonValue &value : entry.value().toArray()) {
            const QKeySequence key(value.toString(), QKeySequence::PortableText);
            if (key.isEmpty() || key[0].key() == Qt::Key_unknown)
                fail(tr("“%1”: “%2” is not a key.").arg(entry.key(), value.toString()));
            texts.append(key.toString(QKeySequence::PortableText));
        }
        overrides.insert(entry.key(), texts);
    }
    setOverrides(overrides);
}

void ActionRegistry::markAsChanging(const QStringList &ids)
{
    for (const QString &id : ids) {
        if (m_entries.contains(id))
            m_entries[id].changesProject = true;
    }
}

void ActionRegistry::holdBack(Entry &entry)
{
    m_isHolding = true;
    entry.action->setEnabled(m_readOnly.isEmpty() && entry.wasEnabled);
    m_isHolding = false;
}

void ActionRegistry::setReadOnly(const QString &reason)
{
    if (reason == m_readOnly)
        return;
    const bool wasHeld = !m_readOnly.isEmpty();
    m_readOnly = reason;
    for (const ActionSpec &spec : std::as_const(m_specs)) {
        Entry &entry = m_entries[spec.id];
        if (!entry.changesProject)
            continue;
        if (!wasHeld)
            entry.wasEnabled = entry.action->isEnabled();
        holdBack(entry);
        updateTip(spec);
    }
}

void ActionRegistry::refreshIcons()
{
    for (const ActionSpec &spec : std::as_const(m_specs)) {
        if (!spec.icon.isEmpty())
            m_entries.value(spec.id).action->setIcon(makeIcon(spec.icon, QApplication::palette()));
    }
}

} // namespace sapsam::ui
