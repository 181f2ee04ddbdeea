#pragma once

#include "core/text/filter_language.h"

#include <QLineEdit>

class QCompleter;
class QStringListModel;

namespace sapsam::ui {

// A line in the filter language, with completion and the language's help as its tooltip.
class FilterEdit final : public QLineEdit
{
    Q_OBJECT

public:
    explicit FilterEdit(QWidget *parent = nullptr);

    void setVocabulary(const FilterVocabulary &words) { m_words = words; }
    // What is wrong with the text, with its column; empty for nothing.
    QString problem() const;

private:
    void complete();
    void insertCompletion(const QString &text);

    QCompleter *m_completer;
    QStringListModel *m_offers;
    FilterVocabulary m_words;
    qsizetype m_begin = 0; // what a completion replaces, in characters
    qsizetype m_end = 0;
};

} // namespace sapsam::ui
