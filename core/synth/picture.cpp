#include "core/base/error.h"
#include "core/synth/captions.h"
#include "core/synth/figure.h"
#include "core/synth/noise.h"
#include "core/synth/pedestrian.h"
#include "core/synth/scene.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace sapsam {

using namespace synth;

namespace {

constexpr float kPi = 3.14159265F;

float real(SeededRandom &random, double low, double high)
{
    return static_cast<float>(random.uniform(low, high));
}

View viewOf(float yaw)
{
    const float turned = std::remainder(yaw, 2.0F * kPi);
    if (std::abs(turned) < kPi * 0.28F)
        return View::Front;
    if (std::abs(turned) > kPi * 0.72F)
        return View::Back;
    // Facing the picture's right shows the person's right side to the camera.
    return turned > 0 ? View::RightSide : View::LeftSide;
}

// Shadow on the ground: bones projected along the light, as soft dark strokes.
void castShadow(Plane &plane, const Canvas &canvas, const Figure &figure, const Placement &place,
                const Light &light)
{
    if (light.shadow < 0.03F || place.pitch < 0.05F)
        return;
    std::vector<float> dark(
        static_cast<std::size_t>(plane.width) * static_cast<std::size_t>(plane.height), 0.0F);
    const bool sun = light.shadow > 0.27F;
    // The light in the ground's frame: x right, z to the camera, per unit of height.
    const float up = std::max(0.35F, -light.direction.y);
    const float sx = sun ? -light.direction.x / up : 0.0F;
    const float sz = sun ? -light.direction.z / up : 0.0F;
    const auto project = [&](Vec3 body) {
        Vec3 flat = body;
        flat.y = 0;
        const Vec3 p = figure.toCamera(flat);
        const float height = std::max(0.0F, sun ? body.y : std::min(body.y, 0.12F)) * place.scale;
        return Vec3{p.x + sx * height, p.y + sz * height * std::sin(place.pitch), 0};
    };
    for (const auto &bone : figure.bones()) {
        const Vec3 from = project(bone[0].body);
        const Vec3 to = project(bone[1].body);
        const float radius =
            (sun ? 1.0F : 1.6F) * std::max(bone[0].radius, bone[1].radius) * place.scale;
        const float squash = std::max(0.25F, std::sin(place.pitch));
        const int y0 =
            std::max(0, static_cast<int>(canvas.originY
                                         + (std::min(from.y, to.y) - radius) * canvas.scaleY));
        const int y1 = std::min(
            plane.height - 1,
            static_cast<int>(canvas.originY + (std::max(from.y, to.y) + radius) * canvas.scaleY));
        const int x0 = std::max(
            0, static_cast<int>(canvas.originX + (std::min(from.x, to.x) - radius) * canvas.scaleX)
                   - 2);
        const int x1 = std::min(
            plane.width - 1,
            static_cast<int>(canvas.originX + (std::max(from.x, to.x) + radius) * canvas.scaleX)
                + 2);
        const float dx = to.x - from.x;
        const float dy = to.y - from.y;
        const float inverse = 1.0F / std::max(1e-6F, dx * dx + dy * dy);
        for (int y = y0; y <= y1; ++y)
            for (int x = x0; x <= x1; ++x) {
                const float ux =
                    (static_cast<float>(x) + 0.5F - canvas.originX) / canvas.scaleX - from.x;
                const float uy =
                    (static_cast<float>(y) + 0.5F - canvas.originY) / canvas.scaleY - from.y;
                const float t = std::clamp((ux * dx + uy * dy) * inverse, 0.0F, 1.0F);
                const float ox = ux - dx * t;
                const float oy = (uy - dy * t) / squash;
                const float square = ox * ox + oy * oy;
                if (square >= radius * radius)
                    continue;
                const float d = std::sqrt(square) / radius;
                float &value = dark[static_cast<std::size_t>(y * plane.width + x)];
                value = std::max(value, std::clamp((1.0F - d) * (sun ? 4.0F : 1.3F), 0.0F, 1.0F));
            }
    }
    for (std::size_t i = 0; i < dark.size(); ++i) {
        const float keep = 1.0F - light.shadow * dark[i];
        plane.rgb[3 * i] *= keep;
        plane.rgb[3 * i + 1] *= keep;
        plane.rgb[3 * i + 2] *= keep;
    }
}

struct Counts
{
    std::array<int, 18> label{};
    int second = 0;
    int inner = 0;
};

} // namespace

const std::vector<std::string> &synthPartGroups()
{
    static const std::vector<std::string> kGroups = {
        "hat", "hair", "glasses", "clothes", "skirt", "pants", "dress", "shoes", "bag"};
    return kGroups;
}

const std::vector<int> &synthClassesOfGroup(const std::string &group)
{
    static const std::vector<std::vector<int>> kClasses = {{1}, {2, 11}, {3, 11},         {4}, {5},
                                                           {6}, {7},     {9, 10, 12, 13}, {16}};
    const auto &groups = synthPartGroups();
    const auto found = std::find(groups.begin(), groups.end(), group);
    if (found == groups.end())
        throw Error(
            ErrorKind::InvalidInput,
            "There is no part group named \"" + group
                + "\"; use hat, hair, glasses, clothes, skirt, pants, dress, shoes or bag.");
    return kClasses[static_cast<std::size_t>(found - groups.begin())];
}

SyntheticPicture renderPicture(const SyntheticPerson &person, std::uint64_t pictureIndex, int width,
                               int height)
{
    if (width < 16 || width > 512 || height < 32 || height > 1024)
        throw Error(
            ErrorKind::InvalidInput,
            "A synthetic picture of " + std::to_string(width) + " x " + std::to_string(height)
                + " was asked for; choose a width of 16 to 512 and a height of 32 to 1024.");
    const SeededRandom base =
        SeededRandom(person.seed).fork("picture").fork(person.identity).fork(pictureIndex);
    SeededRandom random = base.fork("scene");
    SyntheticPicture picture;

    // Camera and body.
    Placement place;
    const double view = random.uniform();
    if (view < 0.34)
        place.yaw = real(random, -0.6, 0.6);
    else if (view < 0.64)
        place.yaw = kPi + real(random, -0.6, 0.6);
    else
        place.yaw = (random.chance(0.5) ? 1.0F : -1.0F) * kPi * 0.5F + real(random, -0.9, 0.9);
    place.pitch = random.chance(0.3) ? real(random, 0.0, 0.15) : real(random, 0.15, 0.72);
    SeededRandom poseRandom = base.fork("pose");
    const Pose pose = drawPose(poseRandom, picture.walking);
    Figure figure(person.look, pose, place, base.fork("texture").state());
    CameraLook camera = drawCamera(random);
    const Light light = drawLight(random);
    picture.view = viewOf(place.yaw);
    picture.grey = camera.grey;

    // The crop: around the body as a detector cuts it. Its own proportions may differ from the
    // picture's, which then stretches it, as crops are stretched for a network.
    const Figure::Bounds box = figure.bounds();
    const float bodyWidth = box.right - box.left;
    const float bodyHeight = box.bottom - box.top;
    float aspect = static_cast<float>(width) / static_cast<float>(height);
    float cropHeight;
    float cropWidth;
    float cropLeft;
    float cropTop;
    if (random.chance(0.62)) { // tight
        cropHeight = bodyHeight * real(random, 0.99, 1.13);
        cropWidth =
            std::max(bodyWidth * real(random, 1.02, 1.3), cropHeight * real(random, 0.32, 0.46));
        aspect = std::clamp(cropWidth / cropHeight, aspect * 0.62F, aspect * 1.5F);
        cropWidth = cropHeight * aspect;
    } else {
        cropHeight = bodyHeight * real(random, 1.04, 1.5);
        aspect *= real(random, 0.85, 1.12);
        cropWidth = cropHeight * aspect;
    }
    const float slackX = cropWidth - bodyWidth;
    const float slackY = cropHeight - bodyHeight;
    cropLeft = box.left - slackX * 0.5F + real(random, -0.5, 0.5) * std::max(0.04F, slackX * 0.6F);
    cropTop = box.top - slackY * 0.5F + real(random, -0.5, 0.5) * std::max(0.03F, slackY * 0.8F);
    if (random.chance(0.10)) // feet or head cut off
        cropTop += (random.chance(0.7) ? -1.0F : 1.0F) * real(random, 0.03, 0.14) * bodyHeight;

    // One and a half times the camera's own resolution is drawn, not less than what is asked for.
    const int innerHeight =
        std::clamp(static_cast<int>(1.5F * static_cast<float>(camera.nativeHeight)), height,
                   std::max(height, height * 3 / 2));
    const int innerWidth = std::max(16, width * innerHeight / height);
    Canvas canvas;
    canvas.resize(innerWidth, innerHeight);
    canvas.scaleX = static_cast<float>(innerWidth) / cropWidth;
    canvas.scaleY = static_cast<float>(innerHeight) / cropHeight;
    canvas.originX = -cropLeft * canvas.scaleX;
    canvas.originY = -cropTop * canvas.scaleY;
    // Seen from above, what is nearer to the camera (the head) is bigger.
    canvas.keystone = place.pitch * real(random, 0.0, 0.22);

    Plane plane;
    plane.width = innerWidth;
    plane.height = innerHeight;
    plane.rgb.assign(
        static_cast<std::size_t>(innerWidth) * static_cast<std::size_t>(innerHeight) * 3U, 0.0F);
    SeededRandom placeRandom = base.fork("place");
    const float horizon =
        place.pitch > 0.35F
            ? -1.0F
            : (random.chance(0.75) ? real(random, 0.25, 0.9) - place.pitch * 1.2F : -1.0F);
    paintBackground(plane, horizon, placeRandom);
    castShadow(plane, canvas, figure, place, light);

    // Other people, behind or in front.
    std::vector<SyntheticPerson> others;
    std::vector<Placement> otherPlaces;
    std::vector<Pose> otherPoses;
    SeededRandom crowd = base.fork("crowd");
    const int crowdSize = static_cast<int>(crowd.weighted({0.66, 0.24, 0.10}));
    for (int i = 0; i < crowdSize; ++i) {
        others.push_back(makePerson(person.seed ^ 0x5DEECE66DULL, crowd.next()));
        Placement other;
        other.yaw = real(crowd, -3.14, 3.14);
        other.pitch = place.pitch;
        const bool front = crowd.chance(0.16);
        const float sideways = real(crowd, 0.16, 0.6) * (crowd.chance(0.5) ? 1.0F : -1.0F);
        const float behind = front ? real(crowd, -0.5, -0.2) : real(crowd, 0.2, 1.4);
        other.x = sideways;
        other.y = -behind * std::sin(place.pitch);
        other.depth = -behind * std::cos(place.pitch) * 1.0F;
        other.scale = front ? real(crowd, 0.98, 1.12) : real(crowd, 0.75, 1.0);
        otherPlaces.push_back(other);
        bool walking = false;
        otherPoses.push_back(drawPose(crowd, walking));
    }
    figure.rasterise(canvas, 0);
    std::vector<Figure> otherFigures;
    otherFigures.reserve(others.size());
    for (std::size_t i = 0; i < others.size(); ++i) {
        otherFigures.emplace_back(others[i].look, otherPoses[i], otherPlaces[i], crowd.next());
        otherFigures.back().rasterise(canvas, static_cast<std::uint8_t>(i + 1));
    }

    // Colour the fragments.
    LabelMap inner(innerWidth, innerHeight);
    std::vector<std::uint8_t> features(inner.labels.size(), 0);
    const float texture = static_cast<float>(base.fork("folds").state() % 977) * 0.13F;
    const float foldStrength = real(random, 0.12, 0.42);
    const float norm = 1.0F / std::sqrt(dot(light.direction, light.direction));
    const Vec3 toLight = light.direction * norm;
    const int reach = std::max(1, innerHeight / 64);
    const int shadowX = static_cast<int>(std::lround(toLight.x * static_cast<float>(reach) * 1.6F));
    const int shadowY = static_cast<int>(std::lround(toLight.y * static_cast<float>(reach) * 1.6F));
    for (int y = 0; y < innerHeight; ++y)
        for (int x = 0; x < innerWidth; ++x) {
            const std::size_t at =
                static_cast<std::size_t>(y) * static_cast<std::size_t>(innerWidth)
                + static_cast<std::size_t>(x);
            const Fragment &f = canvas.fragments[at];
            if (f.part == Part::None)
                continue;
            const Figure &owner = f.figure == 0 ? figure : otherFigures[f.figure - 1U];
            const Surface s = owner.surface(f);
            float nx = f.nx;
            float ny = f.ny;
            if (s.fold > 0.0F) {
                // Folds run mostly along limbs and hang down from the shoulders.
                const float along = f.v * 16.0F;
                const float around = f.u * 2.2F + f.v * 5.0F;
                const float n = noise(around + texture, along) - 0.5F;
                const float m = noise(around * 2.1F + texture + 30.0F, along * 1.7F) - 0.5F;
                nx += (n + 0.5F * m) * foldStrength * 2.2F * s.fold;
                ny += (m + 0.4F * n) * foldStrength * 1.8F * s.fold;
            }
            const float lambert =
                std::max(0.0F, nx * toLight.x + ny * toLight.y + f.nz * toLight.z);
            float light1 = light.ambient * (0.86F - 0.16F * ny + 0.14F * f.nz)
                           + light.diffuse * lambert * 1.3F;
            // Something nearer towards the light throws a shadow; something nearer beside, a soft
            // dark edge.
            const auto nearer = [&](int dx, int dy) {
                const int px = x + dx;
                const int py = y + dy;
                if (px < 0 || py < 0 || px >= innerWidth || py >= innerHeight)
                    return 0.0F;
                const Fragment &other = canvas.fragments[static_cast<std::size_t>(py)
                                                             * static_cast<std::size_t>(innerWidth)
                                                         + static_cast<std::size_t>(px)];
                return std::clamp((other.z - f.z - 0.02F) * 25.0F, 0.0F, 1.0F);
            };
            light1 *= 1.0F - 0.55F * light.diffuse * nearer(shadowX, shadowY);
            light1 *= 1.0F - 0.16F * (nearer(-reach, 0) + nearer(reach, 0) + nearer(0, -reach));
            light1 *= 0.84F + 0.16F * std::min(1.0F, f.nz * 2.2F);
            float gloss = 0.0F;
            if (s.gloss > 0.0F) {
                const float hx = toLight.x;
                const float hy = toLight.y;
                const float hz = toLight.z + 1.0F;
                const float hn = 1.0F / std::sqrt(hx * hx + hy * hy + hz * hz);
                const float spec = std::max(0.0F, (nx * hx + ny * hy + f.nz * hz) * hn);
                const float s4 = spec * spec * spec * spec;
                gloss = s.gloss * s4 * s4 * 90.0F * (light.diffuse + 0.15F);
            }
            const float grain =
                1.0F
                + 0.06F
                      * (noise(static_cast<float>(x) * 0.9F + texture, static_cast<float>(y) * 0.9F)
                         - 0.5F);
            // The factor makes the average over a garment equal to its colour.
            const float value = 255.0F * 1.13F * light1 * grain;
            plane.rgb[3 * at] = s.r * value + gloss;
            plane.rgb[3 * at + 1] = s.g * value + gloss;
            plane.rgb[3 * at + 2] = s.b * value + gloss;
            if (f.figure == 0) {
                inner.labels[at] = s.label;
                features[at] = static_cast<std::uint8_t>(s.feature);
            }
        }
    SeededRandom occluderRandom = base.fork("occluder");
    paintOccluders(plane, inner, occluderRandom);

    SeededRandom sensor = base.fork("sensor");
    picture.image = develop(plane, camera, width, height, aspect, sensor);

    // Labels at the final size, and what of the person is seen.
    picture.labels = LabelMap(width, height);
    Counts counts;
    Box bounds{width, height, 0, 0};
    for (int y = 0; y < height; ++y) {
        const int sy = std::min(innerHeight - 1, static_cast<int>((static_cast<float>(y) + 0.5F)
                                                                  * static_cast<float>(innerHeight)
                                                                  / static_cast<float>(height)));
        for (int x = 0; x < width; ++x) {
            const int sx =
                std::min(innerWidth - 1, static_cast<int>((static_cast<float>(x) + 0.5F)
                                                          * static_cast<float>(innerWidth)
                                                          / static_cast<float>(width)));
            const std::uint8_t label = inner.at(sx, sy);
            picture.labels.at(x, y) = label;
            if (label == 0)
                continue;
            ++counts.label[label];
            const auto feature =
                static_cast<Feature>(features[static_cast<std::size_t>(sy * innerWidth + sx)]);
            if (label == 4 || label == 7) {
                counts.second += feature == Feature::Second ? 1 : 0;
                counts.inner += feature == Feature::Inner ? 1 : 0;
            }
            bounds.left = std::min(bounds.left, x);
            bounds.top = std::min(bounds.top, y);
            bounds.right = std::max(bounds.right, x + 1);
            bounds.bottom = std::max(bounds.bottom, y + 1);
        }
    }
    picture.box = bounds.isEmpty() ? Box{} : bounds;
    const double area = static_cast<double>(width) * static_cast<double>(height);
    const auto share = [&](std::initializer_list<int> labels) {
        int sum = 0;
        for (const int label : labels)
            sum += counts.label[static_cast<std::size_t>(label)];
        return sum / area;
    };
    VisibleShare &v = picture.visible;
    v.hat = share({1});
    v.hair = share({2});
    v.glasses = share({3});
    v.upper = share({4});
    v.skirt = share({5});
    v.pants = share({6});
    v.dress = share({7});
    v.belt = share({8});
    v.shoes = share({9, 10});
    v.face = share({11});
    v.legs = share({12, 13});
    v.bag = share({16});
    v.scarf = share({17});
    v.person = share({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17});
    v.upperSecond = counts.second / area;
    v.inner = counts.inner / area;
    SeededRandom words = base.fork("phrases");
    picture.phrases = makePhrases(person, picture, words);
    return picture;
}

} // namespace sapsam
