#pragma once

#include "core/engine/prompted_segmenter.h"
#include "ui/canvas/overlay.h"
#include "ui/jobs/job_runner.h"
#include "ui/support/picture_source.h"

#include <QImage>
#include <QObject>

#include <memory>
#include <optional>

namespace sapsam::ui {

class ProjectSession;

// Asks the models for masks on the session's assist lane: the picture that is shown and the next
// one are encoded ahead, and what is asked meanwhile waits for it. Of several questions only the
// newest is answered. GUI thread.
class PromptAssistant final : public QObject
{
    Q_OBJECT

public:
    // The session may be null: then nothing is ever answered.
    explicit PromptAssistant(ProjectSession *session, QObject *parent = nullptr);
    ~PromptAssistant() override;

    // Encodes it now; questions are about this one. What was asked before is dropped.
    void setPicture(qint64 id, const QImage &picture);
    void encodeAhead(const PictureRef &picture);
    // `color`: of the part, for the preview that comes with the answer.
    void ask(const MaskPrompt &prompt, const QColor &color);
    void drop(); // answers that are on their way

    bool isEncoding() const { return m_encodeJob != 0; }
    bool isAnswering() const { return m_isAsking || m_waiting.has_value(); }
    bool isIdle() const { return !isEncoding() && !isAnswering() && m_aheadJob == 0; }
    // Why there are no answers at all, such as a folder without models; empty when there are.
    const QString &problem() const { return m_problem; }
    // What the models answer, known once they are loaded.
    bool takesPoints() const { return m_takesPoints; }
    bool takesPhrases() const { return m_takesPhrases; }

Q_SIGNALS:
    void stateChanged();
    void answered(const sapsam::MaskPrompt &prompt, const sapsam::PromptedMask &answer,
                  const sapsam::ui::MaskPreview &preview, double milliseconds);
    void failed(const sapsam::ErrorReport &error);

private:
    struct LaneState;

    struct Question
    {
        MaskPrompt prompt;
        QColor color;
    };

    void askNow(const Question &question);

    ProjectSession *m_session;
    std::shared_ptr<LaneState> m_state; // used on the lane only
    qint64 m_id = 0;
    QImage m_picture;
    JobId m_encodeJob = 0;
    JobId m_aheadJob = 0;
    bool m_isAsking = false;
    int m_generation = 0; // answers of an earlier picture or question set are dropped
    std::optional<Question> m_waiting;
    QString m_problem;
    bool m_takesPoints = true;
    bool m_takesPhrases = true;
};

} // namespace sapsam::ui
