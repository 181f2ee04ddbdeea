#pragma once

#include <QAbstractListModel>
#include <QColor>
#include <QSet>
#include <QString>

#include <vector>

namespace sapsam::ui {

// A part that the engine found on the picture, with the phrase it wrote for it.
struct PartRow
{
    QString group;
    QString title;
    QColor color;
    QString phrase;       // empty when none has been written
    double score = 0.0;   // predicted IoU
    double area = 0.0;    // share of the picture
    QString maskOrigin;   // "model" or "human"
    QString phraseOrigin; // the same, of the phrase
    QString model;        // short name of the model that drew the mask
};

// The parts of the picture in the viewer. The check mark switches the whole group on and off, and
// is remembered from picture to picture.
class PartModel final : public QAbstractListModel
{
    Q_OBJECT

public:
    enum Role {
        GroupRole = Qt::UserRole + 1,
        ColorRole,
        PhraseRole,
        DetailRole, // "IoU 0.87 · 12 % area · model 3fa9c1d2"
    };

    explicit PartModel(QObject *parent = nullptr);

    void setParts(std::vector<PartRow> parts);
    const QSet<QString> &hiddenGroups() const { return m_hidden; }
    void setHiddenGroups(const QSet<QString> &groups);
    void toggleGroup(const QString &group);

    int rowCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    bool setData(const QModelIndex &index, const QVariant &value, int role) override;
    Qt::ItemFlags flags(const QModelIndex &index) const override;

Q_SIGNALS:
    void hiddenGroupsChanged(const QSet<QString> &groups);

private:
    std::vector<PartRow> m_parts;
    QSet<QString> m_hidden;
};

} // namespace sapsam::ui
