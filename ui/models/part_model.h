#pragma once

#include "core/image/mask_edit.h"
#include "core/store/records.h"

#include <QAbstractListModel>
#include <QColor>
#include <QSet>
#include <QString>

#include <optional>
#include <vector>

namespace sapsam::ui {

// A part that the engine found on the picture, with the phrase it wrote for it.
struct PartRow
{
    QString group;
    QString title;
    QColor color;
    QString phrase;                 // empty when none has been written
    double score = 0.0;             // predicted IoU
    double area = 0.0;              // share of the picture
    QString maskOrigin;             // "model" or "human"
    QString phraseOrigin;           // the same, of the phrase
    QString model;                  // short name of the model that drew the mask
    int pattern = 0;                // hatching in the picture
    RegionRecord record;            // as it is stored; without an id for a part that is not
    std::optional<MaskShape> shape; // pieces and holes, once they were counted
};

// "2 pieces, 1 hole".
QString shapeText(const MaskShape &shape);

// The parts of the picture in the viewer. The check mark switches the whole group on and off; that,
// and which groups are locked, is remembered from picture to picture. The phrase can be edited:
// phraseEdited() tells what was typed, and the row changes when it has been stored.
class PartModel final : public QAbstractListModel
{
    Q_OBJECT

public:
    enum Role {
        GroupRole = Qt::UserRole + 1,
        ColorRole,
        PhraseRole,
        DetailRole, // "IoU 0.87 · 12 % area · model 3fa9c1d2"
        PatternRole,
        LockedRole, // nothing changes the group; may be set
        ActiveRole, // the group that tools change
    };

    explicit PartModel(QObject *parent = nullptr);

    void setParts(std::vector<PartRow> parts);
    const std::vector<PartRow> &parts() const { return m_parts; }
    int rowOf(const QString &group) const; // the first; -1 when there is none
    void setShape(std::int64_t regionId, const MaskShape &shape);
    const QSet<QString> &hiddenGroups() const { return m_hidden; }
    void setHiddenGroups(const QSet<QString> &groups);
    void toggleGroup(const QString &group);
    // Hides all groups of the picture but this one; the same once more brings them back.
    void toggleSolo(const QString &group);
    QString soloGroup() const { return m_solo; }
    const QSet<QString> &lockedGroups() const { return m_locked; }
    void toggleLock(const QString &group);
    void setActiveGroup(const QString &group);
    const QString &activeGroup() const { return m_active; }

    int rowCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    bool setData(const QModelIndex &index, const QVariant &value, int role) override;
    Qt::ItemFlags flags(const QModelIndex &index) const override;

Q_SIGNALS:
    void hiddenGroupsChanged(const QSet<QString> &groups);
    void lockedGroupsChanged(const QSet<QString> &groups);
    void phraseEdited(int row, const QString &phrase);

private:
    void allChanged(const QList<int> &roles);

    std::vector<PartRow> m_parts;
    QSet<QString> m_hidden;
    QSet<QString> m_hiddenBeforeSolo;
    QSet<QString> m_locked;
    QString m_solo;
    QString m_active;
};

} // namespace sapsam::ui
