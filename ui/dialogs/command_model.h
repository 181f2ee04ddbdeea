#pragma once

#include "ui/support/action_registry.h"

#include <QAbstractListModel>

namespace sapsam::ui {

// How well a text answers what was typed: its letters in their order, better at the beginnings of
// words and next to each other; 0 when some are missing. Case does not matter, blanks are skipped.
// `positions` receives the places of the matched letters.
int fuzzyScore(const QString &text, const QString &typed, QList<int> *positions = nullptr);

// The actions that answer what was typed, best first; without typing, the recent ones first.
// GUI thread. The registry outlives the model.
class CommandModel final : public QAbstractListModel
{
    Q_OBJECT

public:
    enum Role { IdRole = Qt::UserRole + 1, KeysRole, SectionRole, PositionsRole, EnabledRole };

    explicit CommandModel(const ActionRegistry &registry, QObject *parent = nullptr);

    // Pages that cannot be shown now: their actions are grey. By default all can.
    void setUnavailablePages(const QStringList &pageIds);
    void setTyped(const QString &typed);

    int rowCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    Qt::ItemFlags flags(const QModelIndex &index) const override;

private:
    struct Row
    {
        ActionSpec spec;
        int score = 0;
        QList<int> positions; // of the matched letters in the title
        bool isEnabled = true;
    };

    const ActionRegistry &m_registry;
    QStringList m_unavailable;
    QList<Row> m_rows;
};

} // namespace sapsam::ui
