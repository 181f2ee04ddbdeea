#include "ui/pages/viewer/prompt_assistant.h"

#include "core/pipeline/interactive.h"
#include "ui/jobs/project_session.h"
#include "ui/support/text.h"

#include <QElapsedTimer>

#include <cstring>
#include <utility>

namespace sapsam::ui {

namespace {

Image imageOf(const QImage &picture)
{
    const QImage rgb = picture.convertToFormat(QImage::Format_RGB888);
    Image image(rgb.width(), rgb.height(), 3);
    const auto rowBytes = static_cast<std::size_t>(rgb.width()) * 3;
    for (int y = 0; y < rgb.height(); ++y)
        std::memcpy(image.at(0, y), rgb.constScanLine(y), rowBytes);
    return image;
}

struct Outcome
{
    bool takesPoints = false;
    bool takesPhrases = false;
    std::optional<PromptedMask> answer;
    MaskPreview preview;
    double milliseconds = 0.0;
    std::optional<ErrorReport> error;
};

} // namespace

struct PromptAssistant::LaneState
{
    PromptedSegmenter &open(const SessionOptions &options)
    {
        if (!segmenter)
            segmenter = openPromptedSegmenter(toStdString(options.modelsFolder), options.engine);
        return *segmenter;
    }

    std::unique_ptr<PromptedSegmenter> segmenter;
};

PromptAssistant::PromptAssistant(ProjectSession *session, QObject *parent)
    : QObject(parent), m_session(session), m_state(std::make_shared<LaneState>())
{
}

PromptAssistant::~PromptAssistant() = default;

void PromptAssistant::setPicture(qint64 id, const QImage &picture)
{
    ++m_generation;
    m_waiting.reset();
    m_isAsking = false;
    m_id = id;
    m_picture = picture;
    if (m_session == nullptr || id == 0 || picture.isNull())
        return;
    JobRunner &lane = m_session->assistLane();
    if (m_encodeJob != 0)
        lane.cancel(m_encodeJob);
    if (m_aheadJob != 0)
        lane.cancel(std::exchange(m_aheadJob, 0));
    auto job = std::make_shared<JobId>(0);
    *job = lane.start(
        QString(), this,
        [state = m_state, options = m_session->options(), id, picture](const CancelToken &cancel,
                                                                       const ProgressSink &) {
            Outcome outcome;
            try {
                PromptedSegmenter &segmenter = state->open(options);
                outcome.takesPoints = segmenter.pointModel() != nullptr;
                outcome.takesPhrases = segmenter.phraseModel() != nullptr;
                if (!cancel.isCancelled())
                    segmenter.encode(id, imageOf(picture));
            } catch (const std::exception &) {
                outcome.error = reportOfCurrentException();
            }
            return outcome;
        },
        [this, job](const Outcome &outcome) {
            if (*job != m_encodeJob)
                return;
            m_encodeJob = 0;
            m_problem = outcome.error ? toQString(outcome.error->message) : QString();
            if (!outcome.error) {
                m_takesPoints = outcome.takesPoints;
                m_takesPhrases = outcome.takesPhrases;
            }
            Q_EMIT stateChanged();
        });
    m_encodeJob = *job;
    Q_EMIT stateChanged();
}

void PromptAssistant::encodeAhead(const PictureRef &picture)
{
    if (m_session == nullptr || picture.id == 0 || !m_problem.isEmpty())
        return;
    auto job = std::make_shared<JobId>(0);
    *job = m_session->assistLane().start(
        QString(), this,
        [state = m_state, options = m_session->options(), picture](const CancelToken &cancel,
                                                                   const ProgressSink &) {
            // A picture that cannot be read says so when it is shown.
            try {
                if (!cancel.isCancelled() && !state->open(options).isEncoded(picture.id))
                    state->open(options).encode(picture.id, imageOf(readPicture(picture)));
            } catch (const std::exception &) {
                return false;
            }
            return true;
        },
        [this, job](bool) {
            if (*job == m_aheadJob)
                m_aheadJob = 0;
        });
    m_aheadJob = *job;
}

void PromptAssistant::drop()
{
    ++m_generation;
    m_waiting.reset();
    m_isAsking = false;
}

void PromptAssistant::ask(const MaskPrompt &prompt, const QColor &color)
{
    if (m_session == nullptr || m_id == 0 || prompt.isEmpty())
        return;
    if (m_isAsking)
        m_waiting = Question{prompt, color};
    else
        askNow({prompt, color});
    Q_EMIT stateChanged();
}

void PromptAssistant::askNow(const Question &question)
{
    m_isAsking = true;
    const int generation = m_generation;
    // Encoding was asked for before: on one lane, it is done by then. When the picture has been
    // forgotten for others since, it is encoded again.
    m_session->assistLane().start(
        QString(), this,
        [state = m_state, options = m_session->options(), id = m_id, picture = m_picture,
         question](const CancelToken &, const ProgressSink &) {
            Outcome outcome;
            try {
                PromptedSegmenter &segmenter = state->open(options);
                segmenter.encode(id, imageOf(picture));
                QElapsedTimer timer;
                timer.start();
                outcome.answer = segmenter.predict(id, question.prompt);
                outcome.milliseconds = static_cast<double>(timer.nsecsElapsed()) / 1e6;
                // Here, because at four megapixels it takes longer than a frame.
                outcome.preview = makePreview(outcome.answer->mask, question.color,
                                              overlayFactor(picture.size()));
            } catch (const std::exception &) {
                outcome.error = reportOfCurrentException();
            }
            return outcome;
        },
        [this, generation, prompt = question.prompt](const Outcome &outcome) {
            if (generation != m_generation)
                return;
            m_isAsking = false;
            if (m_waiting)
                askNow(*std::exchange(m_waiting, std::nullopt));
            if (outcome.error)
                Q_EMIT failed(*outcome.error);
            else
                Q_EMIT answered(prompt, *outcome.answer, outcome.preview, outcome.milliseconds);
            Q_EMIT stateChanged();
        });
}

} // namespace sapsam::ui
