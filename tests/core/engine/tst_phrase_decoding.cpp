#include "core/base/json_file.h"
#include "core/engine/phrase_writer.h"
#include "tests/support/error_of.h"

#include <QTemporaryDir>
#include <QtTest>

#include <filesystem>
#include <iterator>
#include <memory>
#include <set>
#include <sstream>

using namespace sapsam;

namespace {

constexpr int kSide = 42;
constexpr int kTokens = 120;

// A model folder with the weights of the tiny BLIP-2 with T5 of the reference cases, and a
// vocabulary whose pieces tell their ids.
void writeTinyT5(const std::string &folder)
{
    const std::string golden = std::string(SAPSAM_SOURCE_DIR) + "/tests/golden/blip2_t5_tiny";
    std::filesystem::copy(golden + "/weights.safetensors", folder + "/model.safetensors");
    const Json config = readJsonFile(golden + "/case.json").at("config");
    writeJsonFile(folder + "/config.json", Json{{"model_type", "blip-2"},
                                                {"num_query_tokens", config.at("num_query_tokens")},
                                                {"vision_config", config.at("vision")},
                                                {"qformer_config", config.at("qformer")},
                                                {"text_config", config.at("text")}});
    writeJsonFile(folder + "/preprocessor_config.json",
                  Json{{"size", {{"height", kSide}, {"width", kSide}}}});
    Json vocabulary = Json::array();
    for (const char *special : {"<pad>", "</s>", "<unk>"})
        vocabulary.push_back(Json::array({special, 0.0}));
    for (int id = 3; id < kTokens; ++id)
        vocabulary.push_back(
            Json::array({"\xe2\x96\x81w" + std::to_string(id), -1.0 - id / 100.0}));
    Json specials = Json::array();
    for (int id = 0; id < 3; ++id)
        specials.push_back({{"id", id}, {"content", vocabulary[static_cast<std::size_t>(id)][0]}});
    writeJsonFile(
        folder + "/tokenizer.json",
        Json{{"model", {{"unk_id", 2}, {"vocab", vocabulary}}}, {"added_tokens", specials}});
}

PhraseRequest request(int shade, const std::string &prompt)
{
    Image crop(60, 50);
    for (int y = 0; y < crop.height; ++y) {
        for (int x = 0; x < crop.width; ++x) {
            for (int c = 0; c < 3; ++c)
                crop.at(x, y)[c] = static_cast<std::uint8_t>((x * 7 + y * (3 + c) + shade) % 256);
        }
    }
    return {crop, prompt};
}

std::vector<std::string> wordsOf(const std::string &phrase)
{
    std::istringstream stream(phrase);
    return {std::istream_iterator<std::string>(stream), {}};
}

} // namespace

class TestPhraseDecoding : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        writeTinyT5(m_folder.path().toStdString());
        EngineOptions options;
        options.device = "cpu";
        options.threads = 1;
        m_writer = std::make_unique<PhraseWriter>(m_folder.path().toStdString(), options);
    }

    void t5WritesPhrases()
    {
        QCOMPARE(m_writer->model().architecture, std::string("blip2-t5"));
        PhraseDecoding decoding;
        decoding.maxNewTokens = 7;
        decoding.minNewTokens = 7;

        const auto phrases = m_writer->write(requests(), decoding);
        const auto alone = m_writer->write({requests()[2]}, decoding);

        QCOMPARE(phrases.size(), std::size_t(4));
        for (const auto &phrase : phrases)
            QVERIFY(wordsOf(phrase).size() <= 7);
        QVERIFY(!phrases[2].empty());
        // Neither the neighbours nor the order of the prompts matter.
        QCOMPARE(alone[0], phrases[2]);
    }

    void repeatedWordsCanBeForbidden()
    {
        PhraseDecoding decoding;
        decoding.maxNewTokens = 12;
        decoding.minNewTokens = 12;
        decoding.noRepeatNgram = 1;

        for (const auto &phrase : m_writer->write(requests(), decoding)) {
            const auto words = wordsOf(phrase);
            QVERIFY(words.size() >= 10); // less the special tokens among the twelve
            QCOMPARE(std::set<std::string>(words.begin(), words.end()).size(), words.size());
        }
    }

    void drawnPhrasesDependOnTheSeed()
    {
        for (const int beams : {1, 2}) {
            PhraseDecoding decoding;
            decoding.maxNewTokens = 8;
            decoding.minNewTokens = 8;
            decoding.numBeams = beams;
            decoding.sample = true;
            decoding.temperature = 4.0;
            decoding.seed = 3;

            const auto first = m_writer->write(requests(), decoding);
            const auto again = m_writer->write(requests(), decoding);
            decoding.seed = 4;
            const auto other = m_writer->write(requests(), decoding);
            decoding.topK = 1;
            decoding.numBeams = 1;
            const auto best = m_writer->write(requests(), decoding);
            decoding.sample = false;

            QVERIFY(first == again);
            QVERIFY(first != other);
            QVERIFY(best == m_writer->write(requests(), decoding));
        }
    }

    void unusableDecodingIsInvalid()
    {
        PhraseDecoding decoding;
        decoding.topP = 0.0;

        VERIFY_ERROR(m_writer->write(requests(), decoding), ErrorKind::InvalidInput, "topP");
    }

    void vocabularyThatIsTooLargeIsAMismatch()
    {
        const QTemporaryDir folder;
        const std::string path = folder.path().toStdString();
        writeTinyT5(path);
        Json tokenizer = readJsonFile(path + "/tokenizer.json");
        tokenizer["added_tokens"].push_back({{"id", kTokens}, {"content", "<one-more>"}});
        writeJsonFile(path + "/tokenizer.json", tokenizer);
        EngineOptions options;
        options.device = "cpu";

        VERIFY_ERROR(PhraseWriter(path, options), ErrorKind::Mismatch, "121 tokens");
    }

private:
    static std::vector<PhraseRequest> requests()
    {
        return {request(0, "w5 w9"), request(40, "w7"), request(90, "w5 w9"),
                request(150, "w11 unknown")};
    }

    QTemporaryDir m_folder;
    std::unique_ptr<PhraseWriter> m_writer;
};

QTEST_GUILESS_MAIN(TestPhraseDecoding)
#include "tst_phrase_decoding.moc"
