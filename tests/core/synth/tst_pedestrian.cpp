#include "core/base/error.h"
#include "core/synth/pedestrian.h"

#include <QTest>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <thread>

using namespace sapsam;

namespace {

// The middle column of a class in the label map and how many pixels it has.
struct Spot
{
    double x = 0.0;
    int pixels = 0;
};

Spot spotOf(const LabelMap &labels, int label)
{
    Spot spot;
    for (int y = 0; y < labels.height; ++y)
        for (int x = 0; x < labels.width; ++x)
            if (labels.at(x, y) == label) {
                spot.x += x;
                ++spot.pixels;
            }
    if (spot.pixels > 0)
        spot.x /= spot.pixels;
    return spot;
}

} // namespace

class TestPedestrian : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void samePictureTwiceIsTheSameBytes()
    {
        for (std::uint64_t identity = 0; identity < 12; ++identity) {
            const SyntheticPerson person = makePerson(5, identity);
            const SyntheticPicture first = renderPicture(person, identity % 5, 64, 128);
            // Another order and another thread must not matter.
            SyntheticPicture second;
            std::thread([&] {
                renderPicture(makePerson(5, identity + 1), 3, 48, 96);
                second = renderPicture(makePerson(5, identity), identity % 5, 64, 128);
            }).join();
            QVERIFY(first.image.pixels == second.image.pixels);
            QVERIFY(first.labels.labels == second.labels.labels);
            QCOMPARE(first.phrases.size(), second.phrases.size());
            for (std::size_t i = 0; i < first.phrases.size(); ++i)
                QCOMPARE(first.phrases[i].text, second.phrases[i].text);
            QVERIFY(makeCaptions(person, first, 4, SeededRandom(9))
                    == makeCaptions(person, second, 4, SeededRandom(9)));
        }
    }

    void otherSeedIdentityOrPictureIsAnotherPicture()
    {
        const SyntheticPicture base = renderPicture(makePerson(5, 1), 0);
        QVERIFY(base.image.pixels != renderPicture(makePerson(6, 1), 0).image.pixels);
        QVERIFY(base.image.pixels != renderPicture(makePerson(5, 2), 0).image.pixels);
        QVERIFY(base.image.pixels != renderPicture(makePerson(5, 1), 1).image.pixels);
    }

    void pictureHasTheAskedSizeAndTheBoxHoldsThePerson()
    {
        for (const auto &[width, height] :
             {std::pair{64, 128}, {128, 256}, {128, 384}, {16, 32}, {97, 131}}) {
            const SyntheticPicture picture = renderPicture(makePerson(3, 8), 2, width, height);
            QCOMPARE(picture.image.width, width);
            QCOMPARE(picture.image.height, height);
            QCOMPARE(picture.labels.width, width);
            QCOMPARE(picture.labels.height, height);
            for (int y = 0; y < height; ++y)
                for (int x = 0; x < width; ++x) {
                    QVERIFY(picture.labels.at(x, y) < 18);
                    if (picture.labels.at(x, y) != 0)
                        QVERIFY(x >= picture.box.left && x < picture.box.right
                                && y >= picture.box.top && y < picture.box.bottom);
                }
        }
    }

    void impossibleSizesAreRefused()
    {
        QVERIFY_EXCEPTION_THROWN(renderPicture(makePerson(1, 1), 0, 0, 128), Error);
        QVERIFY_EXCEPTION_THROWN(renderPicture(makePerson(1, 1), 0, 64, 5000), Error);
        QVERIFY_EXCEPTION_THROWN(synthClassesOfGroup("sock"), Error);
    }

    void peopleFillAReasonableShareOfTheirPicture()
    {
        double sum = 0.0;
        for (std::uint64_t i = 0; i < 200; ++i) {
            const SyntheticPicture picture = renderPicture(makePerson(11, i), 0);
            QVERIFY2(picture.visible.person > 0.02, std::to_string(i).c_str());
            sum += picture.visible.person;
        }
        QVERIFY2(sum / 200 > 0.18 && sum / 200 < 0.5, std::to_string(sum / 200).c_str());
    }

    // A phrase exists exactly when the person's group is in the label map in more than a few
    // pixels.
    void phrasesAgreeWithTheLabelMap()
    {
        for (std::uint64_t i = 0; i < 300; ++i) {
            const SyntheticPerson person = makePerson(21, i);
            const SyntheticPicture picture = renderPicture(person, i % 3, 64, 128);
            std::set<std::string> named;
            for (const PartPhrase &phrase : picture.phrases) {
                QVERIFY(named.insert(phrase.group).second);
                QVERIFY(!phrase.text.empty());
                int pixels = 0;
                for (const int label : synthClassesOfGroup(phrase.group))
                    pixels += spotOf(picture.labels, label).pixels;
                QVERIFY2(pixels > 3, phrase.group.c_str());
            }
            for (const auto &[group, label] : {std::pair<std::string, int>{"clothes", 4},
                                               {"pants", 6},
                                               {"dress", 7},
                                               {"skirt", 5},
                                               {"bag", 16},
                                               {"hat", 1}})
                if (spotOf(picture.labels, label).pixels > 64)
                    QVERIFY2(named.count(group) == 1, group.c_str());
            if (person.look.bag == BagKind::None)
                QVERIFY(named.count("bag") == 0);
            if (person.look.hasDress)
                QVERIFY(named.count("pants") == 0 && named.count("skirt") == 0);
        }
    }

    // Seen from the front, a person's left is at the picture's right; from behind it is the other
    // way round.
    void leftAndRightAreThePersonsOwn()
    {
        const std::array<std::pair<int, int>, 2> pairs = {std::pair{14, 15}, {12, 13}};
        std::map<View, std::array<int, 2>> votes; // agrees, disagrees
        for (std::uint64_t i = 0; i < 500; ++i) {
            const SyntheticPicture picture = renderPicture(makePerson(31, i), 0);
            if (picture.view != View::Front && picture.view != View::Back)
                continue;
            for (const auto &[left, right] : pairs) {
                const Spot l = spotOf(picture.labels, left);
                const Spot r = spotOf(picture.labels, right);
                if (l.pixels < 12 || r.pixels < 12)
                    continue;
                const bool leftIsAtTheRight = l.x > r.x;
                ++votes[picture.view][leftIsAtTheRight == (picture.view == View::Front) ? 0 : 1];
            }
        }
        for (const View view : {View::Front, View::Back}) {
            // Crossed arms and three-quarter strides may disagree, rarely.
            QVERIFY(votes[view][0] > 40);
            QVERIFY2(votes[view][1] * 12 < votes[view][0],
                     qPrintable(
                         QStringLiteral("%1 against %2").arg(votes[view][1]).arg(votes[view][0])));
        }
    }

    void facesAreSeenFromTheFrontAndHiddenFromBehind()
    {
        double front = 0.0;
        double back = 0.0;
        int fronts = 0;
        int backs = 0;
        for (std::uint64_t i = 0; i < 400; ++i) {
            const SyntheticPerson person = makePerson(41, i);
            if (person.look.hairStyle == HairStyle::Bald
                || person.look.hairStyle == HairStyle::Balding)
                continue;
            const SyntheticPicture picture = renderPicture(person, 0);
            if (picture.view == View::Front) {
                front += picture.visible.face;
                ++fronts;
            } else if (picture.view == View::Back) {
                back += picture.visible.face;
                ++backs;
            }
        }
        QVERIFY(fronts > 60 && backs > 60);
        QVERIFY2(
            front / fronts > 4.0 * back / backs,
            qPrintable(QStringLiteral("%1 front, %2 back").arg(front / fronts).arg(back / backs)));
    }

    void everyKindOfEverythingOccurs()
    {
        std::array<std::set<int>, 14> seen;
        for (std::uint64_t i = 0; i < 4000; ++i) {
            const PersonAppearance &look = makePerson(51, i).look;
            const int values[] = {static_cast<int>(look.gender),
                                  static_cast<int>(look.age),
                                  static_cast<int>(look.hairColour),
                                  static_cast<int>(look.hairStyle),
                                  static_cast<int>(look.hat),
                                  static_cast<int>(look.glasses),
                                  static_cast<int>(look.upper),
                                  static_cast<int>(look.lower),
                                  static_cast<int>(look.upperCloth.pattern),
                                  static_cast<int>(look.shoes),
                                  static_cast<int>(look.bag),
                                  static_cast<int>(look.upperCloth.colour),
                                  static_cast<int>(look.hoodUp),
                                  static_cast<int>(look.hasDress)};
            for (std::size_t k = 0; k < seen.size(); ++k)
                seen[k].insert(values[k]);
        }
        const std::array<std::size_t, 14> expected = {
            2, 4, 8, 9, 4, 3, 18, 8, 12, 6, 7, kColourNameCount, 2, 2};
        for (std::size_t k = 0; k < seen.size(); ++k)
            QVERIFY2(seen[k].size() == expected[k],
                     qPrintable(QStringLiteral("property %1: %2 of %3")
                                    .arg(k)
                                    .arg(seen[k].size())
                                    .arg(expected[k])));
    }

    void everyClassOfTheLabelMapOccurs()
    {
        std::array<int, 18> people{};
        for (std::uint64_t i = 0; i < 500; ++i) {
            const SyntheticPicture picture = renderPicture(makePerson(61, i), 0);
            std::set<int> classes(picture.labels.labels.begin(), picture.labels.labels.end());
            for (const int label : classes)
                ++people[static_cast<std::size_t>(label)];
        }
        for (std::size_t label = 0; label < people.size(); ++label)
            QVERIFY2(people[label] >= 5, std::to_string(label).c_str());
    }

    // The wording must be true of what is drawn: light and sensor may not turn red into blue.
    void namedColoursAreSeenInThePicture()
    {
        int good = 0;
        int all = 0;
        for (std::uint64_t i = 0; all < 300; ++i) {
            const SyntheticPerson person = makePerson(71, i);
            const Cloth &cloth = person.look.upperCloth;
            if (cloth.pattern != Pattern::Plain || person.look.open
                || person.look.upper == UpperKind::None)
                continue;
            const SyntheticPicture picture = renderPicture(person, 0);
            if (picture.visible.upper < 0.05 || picture.grey)
                continue;
            double sum[3] = {0, 0, 0};
            int pixels = 0;
            for (int y = 0; y < picture.labels.height; ++y)
                for (int x = 0; x < picture.labels.width; ++x)
                    if (picture.labels.at(x, y) == 4) {
                        for (int c = 0; c < 3; ++c)
                            sum[c] += picture.image.at(x, y)[c] / 255.0;
                        ++pixels;
                    }
            const double truth[3] = {cloth.rgb.r, cloth.rgb.g, cloth.rgb.b};
            double distance = 0.0;
            for (int c = 0; c < 3; ++c)
                distance = std::max(distance, std::abs(sum[c] / pixels - truth[c]));
            good += distance < 0.20 ? 1 : 0;
            ++all;
        }
        QVERIFY2(good > 0.85 * all, qPrintable(QStringLiteral("%1 of %2").arg(good).arg(all)));
    }
};

QTEST_GUILESS_MAIN(TestPedestrian)
#include "tst_pedestrian.moc"
