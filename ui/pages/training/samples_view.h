#pragma once

#include "core/engine/run_samples.h"

#include <QImage>
#include <QString>
#include <QWidget>

#include <vector>

class QComboBox;
class QLabel;

namespace sapsam::ui {

class FlowLayout;

// What a run predicted at its evaluations: a step to choose, and the predictions as cards.
class SamplesView final : public QWidget
{
    Q_OBJECT

public:
    struct Card
    {
        ShownSample sample;
        QImage picture;
        QImage second;
    };

    explicit SamplesView(QWidget *parent = nullptr);

    // Shows the newest step unless another one was chosen; `steps` rise.
    void setSteps(const std::vector<std::int64_t> &steps);
    std::int64_t wantedStep() const; // -1: none
    bool followsNewest() const { return m_followsNewest; }
    void setCards(std::int64_t step, const std::vector<Card> &cards);
    std::int64_t shownStep() const { return m_shown; }
    int cardCount() const;
    QComboBox *stepBox() const { return m_step; }
    void clear();

Q_SIGNALS:
    void stepChosen();

private:
    QWidget *makeCard(const Card &card);

    QComboBox *m_step;
    QLabel *m_note;
    QWidget *m_area;
    FlowLayout *m_cards;
    std::int64_t m_shown = -1;
    bool m_followsNewest = true;
};

} // namespace sapsam::ui
