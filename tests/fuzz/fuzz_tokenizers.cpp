// The files of tokenizers: the first byte chooses the kind, zero bytes part the files; the last
// part is a text to encode with what was read.
#include "core/text/byte_bpe_tokenizer.h"
#include "core/text/clip_tokenizer.h"
#include "core/text/unigram_tokenizer.h"
#include "core/text/wordpiece_tokenizer.h"
#include "tests/fuzz/fuzz_support.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    using namespace sapsam;
    if (size == 0)
        return 0;
    auto rest = fuzz::textOf(data + 1, size - 1);
    const auto first = fuzz::takePart(rest);
    const auto second = data[0] % 6 < 2 ? fuzz::takePart(rest) : std::string_view();
    const auto &folder = fuzz::folderInMemory();
    const auto use = [&](const auto &tokenizer) {
        const auto ids = tokenizer.encode(rest);
        tokenizer.decode(ids);
        tokenizer.encodePadded(rest, 16);
    };
    fuzz::expectRefusalOrSuccess([&] {
        switch (data[0] % 6) {
        case 0:
            fuzz::writtenToMemory("vocab.json", first);
            fuzz::writtenToMemory("merges.txt", second);
            use(ClipTokenizer::fromHuggingFace(folder + "/vocab.json", folder + "/merges.txt"));
            break;
        case 1:
            fuzz::writtenToMemory("vocab.json", first);
            fuzz::writtenToMemory("merges.txt", second);
            use(ByteBpeTokenizer::fromFiles(folder + "/vocab.json", folder + "/merges.txt"));
            break;
        case 2:
            use(WordPieceTokenizer::fromFile(fuzz::writtenToMemory("vocab.txt", first)));
            break;
        case 3:
            use(UnigramTokenizer::fromTokenizerJson(
                fuzz::writtenToMemory("tokenizer.json", first)));
            break;
        case 4: // a protobuf is full of zero bytes: all but a fixed text belongs to it
            rest = "a red coat";
            use(UnigramTokenizer::fromSentencePiece(
                fuzz::writtenToMemory("spiece.model", fuzz::textOf(data + 1, size - 1))));
            break;
        default:
            use(ClipTokenizer::fromOpenAiMerges(
                fuzz::writtenToMemory("bpe_simple_vocab_16e6.txt", first)));
        }
    });
    return 0;
}
