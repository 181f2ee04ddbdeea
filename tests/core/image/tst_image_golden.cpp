#include "core/base/error.h"
#include "core/base/json_file.h"
#include "core/base/sha256.h"
#include "core/image/codec.h"
#include "core/image/mask.h"
#include "core/image/preprocess.h"
#include "core/image/region_crop.h"
#include "core/image/resize.h"
#include "core/image/rle.h"
#include "tests/support/shared_data.h"

#include <QTest>

#include <cmath>

using namespace sapsam;
using sapsam::test::sharedPath;

namespace {

std::string digestOf(const std::vector<std::uint8_t> &bytes)
{
    return sha256Of({reinterpret_cast<const char *>(bytes.data()), bytes.size()});
}

Image source(const std::string &file)
{
    return readImage(sharedPath("images/" + file));
}

ResizeFilter filterOf(const std::string &name)
{
    if (name == "nearest")
        return ResizeFilter::Nearest;
    if (name == "bilinear")
        return ResizeFilter::Bilinear;
    return name == "bicubic" ? ResizeFilter::Bicubic : ResizeFilter::Lanczos;
}

} // namespace

class TestImageGolden : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        SAPSAM_NEEDS_SHARED("images/expected.json");
        m_expected = readJsonFile(sharedPath("images/expected.json"));
    }

    void decodingEqualsPillow()
    {
        for (const Json &item : m_expected["decode"]) {
            const std::string file = item["file"];
            const Image image = source(file);
            QCOMPARE(image.width, item["size"][0].get<int>());
            QCOMPARE(image.height, item["size"][1].get<int>());
            QVERIFY2(digestOf(image.pixels) == item["sha256_rgb"], file.c_str());
        }
    }

    void resizingEqualsPillowBitForBit()
    {
        QVERIFY(m_expected["resize"].size() >= 200);
        for (const Json &item : m_expected["resize"]) {
            const std::string file = item["file"];
            const std::string filter = item["filter"];
            const Image result =
                resize(source(file), item["size"][0], item["size"][1], filterOf(filter));
            QVERIFY2(digestOf(result.pixels) == item["sha256_rgb"],
                     (file + " " + filter + " " + item["size"].dump()).c_str());
        }
    }

    void preprocessingEqualsThePublishedPipelines()
    {
        for (const Json &item : m_expected["preprocess"]) {
            const std::string kind = item["kind"];
            const std::string name = kind + " " + item["file"].get<std::string>();
            const Image image = source(item["file"]);
            Image bytes;
            std::vector<float> planes;
            if (kind == "sam") {
                bytes = resizeLongestSide(image, 1024);
                planes = samInput(image).planes;
            } else if (kind == "dvae") {
                planes = dvaePlanes(image);
            } else {
                if (kind == "clip")
                    bytes = resizeShortSideAndCrop(image, 224);
                else if (kind == "blip2")
                    bytes = resize(image, 224, 224, ResizeFilter::Bicubic);
                else
                    bytes = resize(image, 128, 384,
                                   kind == "retrieval_eval" ? ResizeFilter::Bilinear
                                                            : ResizeFilter::Bicubic);
                planes = toNormalizedPlanes(bytes, clipNormalization());
            }
            if (kind != "dvae")
                QVERIFY2(digestOf(bytes.pixels) == item["u8_sha256"], name.c_str());
            const int height = item["shape"][1];
            const int width = item["shape"][2];
            QCOMPARE(planes.size(), static_cast<std::size_t>(3 * width * height));
            for (int c = 0; c < 3; ++c)
                for (int i = 0; i < 8; ++i)
                    for (int j = 0; j < 8; ++j) {
                        const int y = i * height / 8 + height / 16;
                        const int x = j * width / 8 + width / 16;
                        const double expected = item["grid8"][static_cast<std::size_t>(c)]
                                                    [static_cast<std::size_t>(i * 8 + j)];
                        const double found =
                            planes[static_cast<std::size_t>((c * height + y) * width + x)];
                        QVERIFY2(std::abs(found - expected) < 1e-6, name.c_str());
                    }
        }
    }

    void regionPromptsEqualTheReference()
    {
        const LabelMap labels = readLabels(sharedPath("images/src/figure_labels.png"));
        const Image picture = source("src/figure.png");
        int compared = 0;
        for (const Json &item : readJsonFile(sharedPath("images/regions.json"))) {
            const std::string name = item["name"];
            if (name == "grey_image")
                continue; // its mask is not given
            Mask region = maskOfClasses(labels, item["ids"].get<std::vector<int>>());
            if (name.rfind("single_pixel", 0) == 0) {
                region = Mask(labels.width, labels.height);
                region.at(30, 50) = 1;
            }
            FilterCropOptions options;
            options.jitter = item["jitter_left_right_top_bottom"].get<Jitter>();
            if (item.contains("error")) {
                QVERIFY_EXCEPTION_THROWN(filterCrop(picture, region, options), Error);
                continue;
            }
            FilterCropOptions surroundings = options;
            surroundings.blankOutside = false;
            const std::map<std::string, Image> made{
                {"filter", filterCrop(picture, region, options)},
                {"crop", filterCrop(picture, region, surroundings)},
                {"mask", tintRegion(picture, region)},
                {"box", outlineBox(picture, region)},
                {"points", markEdgePoints(picture, region)}};
            for (const auto &[kind, file] : item["files"].items()) {
                QVERIFY2(digestOf(made.at(kind).pixels) == file["sha256"],
                         (name + " " + kind).c_str());
                ++compared;
            }
            QVERIFY2(digestOf(blankOutside(picture, region).pixels)
                         == item["sha256_filter_uncropped"],
                     name.c_str());
        }
        QVERIFY(compared >= 30);
    }

    void runLengthCodesEqualTheReference()
    {
        const Json cases = readJsonFile(sharedPath("images/rle.json"))["rle"];
        for (const Json &item : cases) {
            const std::string name = item["name"];
            const int height = item["size_h_w"][0];
            const int width = item["size_h_w"][1];
            const std::string text = item["string"];
            const Rle rle = rleFromString(text, width, height);
            QVERIFY2(rle.counts.size() == item["n_counts"], name.c_str());
            if (item.contains("counts"))
                QVERIFY2(rle.counts == item["counts"].get<std::vector<std::uint32_t>>(),
                         name.c_str());
            QVERIFY2(areaOf(rle) == item["area"], name.c_str());
            const Mask mask = maskOfRle(rle);
            QVERIFY2(digestOf(mask.bits) == item["sha256_row_major_u8"], name.c_str());
            QVERIFY2(rleToString(rleOfMask(mask)) == text, name.c_str());
        }
    }

private:
    Json m_expected;
};

QTEST_GUILESS_MAIN(TestImageGolden)
#include "tst_image_golden.moc"
