#include "ui/dialogs/key_editor.h"

#include "core/base/error.h"
#include "ui/dialogs/error_dialog.h"
#include "ui/support/action_registry.h"
#include "ui/support/text.h"
#include "ui/widgets/labels.h"

#include <QFile>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QJsonDocument>
#include <QJsonObject>
#include <QKeySequenceEdit>
#include <QLabel>
#include <QPushButton>
#include <QSaveFile>
#include <QTreeWidget>
#include <QVBoxLayout>

namespace sapsam::ui {

namespace {

constexpr int kRowPadding = 10;

enum Column { ActionColumn, KeysColumn, SectionColumn };

QString textOf(const QList<QKeySequence> &keys)
{
    QStringList texts;
    for (const QKeySequence &key : keys)
        texts.append(key.toString(QKeySequence::NativeText));
    return texts.join(QStringLiteral(", "));
}

} // namespace

KeyEditor::KeyEditor(ActionRegistry &registry, QWidget *parent)
    : QWidget(parent),
      m_registry(registry),
      m_list(new QTreeWidget),
      m_edit(new QKeySequenceEdit),
      m_assign(new QPushButton(tr("Assign"))),
      m_add(new QPushButton(tr("Add as a second key"))),
      m_none(new QPushButton(tr("No key"))),
      m_reset(new QPushButton(tr("Reset"))),
      m_conflict(makeLabel({}, "warning"))
{
    m_list->setColumnCount(3);
    m_list->setHeaderLabels({tr("Action"), tr("Keys"), tr("Where")});
    m_list->setRootIsDecorated(false);
    m_list->setUniformRowHeights(true);
    m_list->setAccessibleName(tr("Actions and their keys"));
    m_list->setMinimumHeight(260);
    m_list->header()->setSectionResizeMode(ActionColumn, QHeaderView::Stretch);
    m_list->header()->setSectionResizeMode(KeysColumn, QHeaderView::ResizeToContents);
    m_list->header()->setSectionResizeMode(SectionColumn, QHeaderView::ResizeToContents);
    m_list->header()->setStretchLastSection(false);
    m_edit->setAccessibleName(tr("New key of the selected action"));
    m_conflict->setWordWrap(true);

    auto *row = new QHBoxLayout;
    row->addWidget(m_edit, 1);
    row->addWidget(m_assign);
    row->addWidget(m_add);
    row->addWidget(m_none);
    row->addWidget(m_reset);
    auto *all = new QHBoxLayout;
    QPushButton *resetAll = makeLinkButton(tr("Reset all keys"));
    QPushButton *importButton = makeLinkButton(tr("Import keys…"));
    QPushButton *exportButton = makeLinkButton(tr("Export keys…"));
    all->addWidget(resetAll);
    all->addStretch(1);
    all->addWidget(importButton);
    all->addWidget(exportButton);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_list, 1);
    layout->addLayout(row);
    layout->addWidget(m_conflict);
    layout->addLayout(all);

    fill();
    m_list->setCurrentItem(m_list->topLevelItem(0));
    updateConflict();
    connect(m_list, &QTreeWidget::currentItemChanged, this, [this] {
        m_edit->clear();
        updateConflict();
    });
    connect(m_edit, &QKeySequenceEdit::keySequenceChanged, this, &KeyEditor::updateConflict);
    connect(m_assign, &QPushButton::clicked, this, [this] { assign(false); });
    connect(m_add, &QPushButton::clicked, this, [this] { assign(true); });
    connect(m_none, &QPushButton::clicked, this, [this] { m_registry.setKeys(selectedId(), {}); });
    connect(m_reset, &QPushButton::clicked, this, [this] { m_registry.resetKeys(selectedId()); });
    connect(resetAll, &QPushButton::clicked, this, [this] { m_registry.resetAllKeys(); });
    connect(importButton, &QPushButton::clicked, this, &KeyEditor::importFile);
    connect(exportButton, &QPushButton::clicked, this, &KeyEditor::exportFile);
    connect(&m_registry, &ActionRegistry::keysChanged, this, [this] {
        fill();
        updateConflict();
    });
}

void KeyEditor::fill()
{
    const QList<ActionSpec> &specs = m_registry.specs();
    for (int row = 0; row < specs.size(); ++row) {
        QTreeWidgetItem *item = m_list->topLevelItem(row);
        if (item == nullptr) {
            item = new QTreeWidgetItem(m_list);
            item->setSizeHint(ActionColumn, QSize(0, fontMetrics().height() + kRowPadding));
            item->setText(ActionColumn, specs[row].title());
            item->setText(SectionColumn, specs[row].section);
            item->setData(ActionColumn, Qt::UserRole, specs[row].id);
            item->setToolTip(ActionColumn, specs[row].tip);
        }
        item->setText(KeysColumn, textOf(specs[row].keys));
        QFont font = m_list->font();
        font.setBold(m_registry.isChanged(specs[row].id));
        item->setFont(KeysColumn, font);
    }
}

bool KeyEditor::setFilter(const QString &text)
{
    bool any = false;
    for (int row = 0; row < m_list->topLevelItemCount(); ++row) {
        QTreeWidgetItem *item = m_list->topLevelItem(row);
        bool shown = false;
        for (int column = 0; column < m_list->columnCount(); ++column)
            shown = shown || item->text(column).contains(text, Qt::CaseInsensitive);
        item->setHidden(!shown);
        any = any || shown;
    }
    return any;
}

void KeyEditor::select(const QString &actionId)
{
    for (int row = 0; row < m_list->topLevelItemCount(); ++row) {
        QTreeWidgetItem *item = m_list->topLevelItem(row);
        if (item->data(ActionColumn, Qt::UserRole).toString() == actionId)
            m_list->setCurrentItem(item);
    }
}

void KeyEditor::type(const QKeySequence &key)
{
    m_edit->setKeySequence(key);
}

QString KeyEditor::conflictText() const
{
    return m_conflict->text();
}

QString KeyEditor::selectedId() const
{
    const QTreeWidgetItem *item = m_list->currentItem();
    return item == nullptr ? QString() : item->data(ActionColumn, Qt::UserRole).toString();
}

void KeyEditor::updateConflict()
{
    const QString id = selectedId();
    const QKeySequence key = m_edit->keySequence();
    QStringList titles;
    if (!key.isEmpty()) {
        for (const QString &other : m_registry.conflicts(id, key))
            titles.append(tr("“%1”").arg(m_registry.spec(other).title()));
    }
    m_conflict->setText(
        titles.isEmpty()
            ? QString()
            : tr("%1 belongs to %2 now. Assigning takes it away from there.")
                  .arg(key.toString(QKeySequence::NativeText), titles.join(QStringLiteral(", "))));
    m_conflict->setVisible(!titles.isEmpty());
    m_assign->setEnabled(!id.isEmpty() && !key.isEmpty());
    m_add->setEnabled(m_assign->isEnabled() && !m_registry.spec(id).keys.isEmpty());
    m_none->setEnabled(!m_registry.spec(id).keys.isEmpty());
    m_reset->setEnabled(m_registry.isChanged(id));
}

void KeyEditor::assign(bool add)
{
    const QString id = selectedId();
    const QKeySequence key = m_edit->keySequence();
    if (id.isEmpty() || key.isEmpty())
        return;
    for (const QString &other : m_registry.conflicts(id, key)) {
        QList<QKeySequence> rest = m_registry.spec(other).keys;
        rest.removeAll(key);
        m_registry.setKeys(other, rest);
    }
    QList<QKeySequence> keys = add ? m_registry.spec(id).keys : QList<QKeySequence>();
    if (!keys.contains(key))
        keys.append(key);
    m_registry.setKeys(id, keys);
    m_edit->clear();
}

void KeyEditor::importFile()
{
    auto *dialog = new QFileDialog(this, tr("Import keys"), {}, tr("Keys (*.json)"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFile);
    connect(dialog, &QFileDialog::fileSelected, this, [this](const QString &path) {
        try {
            QFile file(path);
            if (!file.open(QIODevice::ReadOnly))
                throw Error(ErrorKind::Io,
                            toStdString(path + QStringLiteral(": ") + file.errorString()));
            m_registry.importScheme(QJsonDocument::fromJson(file.readAll()).object());
        } catch (const Error &) {
            ErrorDialog::present(tr("Import keys"), reportOfCurrentException(), this);
        }
    });
    dialog->open();
}

void KeyEditor::exportFile()
{
    auto *dialog = new QFileDialog(this, tr("Export keys"), {}, tr("Keys (*.json)"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix(QStringLiteral("json"));
    connect(dialog, &QFileDialog::fileSelected, this, [this](const QString &path) {
        QSaveFile file(path);
        const QByteArray text = QJsonDocument(m_registry.exportScheme()).toJson();
        if (!file.open(QIODevice::WriteOnly) || file.write(text) != text.size() || !file.commit())
            ErrorDialog::present(
                tr("Export keys"),
                {ErrorKind::Io, toStdString(path + QStringLiteral(": ") + file.errorString())},
                this);
    });
    dialog->open();
}

} // namespace sapsam::ui
