#include "ui/support/action_registry.h"

#include "ui/support/icons.h"

#include <QAction>
#include <QApplication>
#include <QStringList>
#include <QWidget>

namespace sapsam::ui {

ActionRegistry::ActionRegistry(QObject *parent) : QObject(parent) {}

QAction *ActionRegistry::add(const ActionSpec &spec, QWidget *owner)
{
    auto *action = new QAction(spec.text, this);
    action->setObjectName(spec.id);
    action->setShortcuts(spec.keys);
    action->setShortcutContext(spec.scope == ActionScope::Global ? Qt::WindowShortcut
                                                                 : Qt::WidgetWithChildrenShortcut);
    QString tip = spec.tip.isEmpty() ? QString(spec.text).remove(QLatin1Char('&')) : spec.tip;
    if (!spec.keys.isEmpty())
        tip += QStringLiteral(" (%1)").arg(spec.keys.first().toString(QKeySequence::NativeText));
    action->setToolTip(tip);
    action->setStatusTip(QString());
    if (!spec.icon.isEmpty())
        action->setIcon(makeIcon(spec.icon, QApplication::palette()));
    if (owner != nullptr)
        owner->addAction(action);
    m_specs.append(spec);
    m_actions.insert(spec.id, action);
    return action;
}

QAction *ActionRegistry::action(const QString &id) const
{
    return m_actions.value(id, nullptr);
}

QStringList ActionRegistry::clashes() const
{
    QStringList result;
    for (qsizetype first = 0; first < m_specs.size(); ++first) {
        for (qsizetype second = first + 1; second < m_specs.size(); ++second) {
            const ActionSpec &one = m_specs[first];
            const ActionSpec &other = m_specs[second];
            const bool canMeet = one.scope == other.scope || one.scope == ActionScope::Global
                                 || other.scope == ActionScope::Global;
            if (!canMeet)
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

void ActionRegistry::refreshIcons()
{
    for (const ActionSpec &spec : std::as_const(m_specs)) {
        if (!spec.icon.isEmpty())
            m_actions.value(spec.id)->setIcon(makeIcon(spec.icon, QApplication::palette()));
    }
}

} // namespace sapsam::ui
