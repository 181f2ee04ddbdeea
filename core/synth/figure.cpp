#include "core/synth/figure.h"

#include "core/synth/noise.h"

#include <algorithm>
#include <cmath>

namespace sapsam::synth {
namespace {

constexpr float kPi = 3.14159265F;

float mix(float a, float b, float t)
{
    return a + (b - a) * t;
}
float smooth(float low, float high, float x)
{
    const float t = std::clamp((x - low) / (high - low), 0.0F, 1.0F);
    return t * t * (3.0F - 2.0F * t);
}

// Abramowitz and Stegun 4.4.45, error below 7e-5.
float arcSine(float x)
{
    const float a = std::abs(x);
    const float value = 1.5707288F + a * (-0.2121144F + a * (0.0742610F - 0.0187293F * a));
    const float result = 0.5F * kPi - std::sqrt(1.0F - a) * value;
    return x < 0.0F ? -result : result;
}

float real(SeededRandom &random, double low, double high)
{
    return static_cast<float>(random.uniform(low, high));
}

bool isCoat(const PersonAppearance &look)
{
    return look.upperHem < 0.43;
}

} // namespace

Pose drawPose(SeededRandom &random, bool &walking)
{
    Pose pose;
    walking = random.chance(0.72);
    if (walking) {
        const float phase = real(random, 0, 2 * kPi);
        const float stride = real(random, 0.16, 0.52);
        const float swing = real(random, 0.1, 0.55);
        for (int side = 0; side < 2; ++side) {
            const float p = phase + (side == 0 ? 0.0F : kPi);
            pose.legSwing[side] = stride * std::sin(p) + 0.03F;
            // The knee bends most while the leg comes forward from behind.
            pose.kneeBend[side] =
                0.08F
                + stride * 1.5F
                      * std::max(0.0F, std::sin(p + 1.1F) * 0.5F - 0.5F * std::sin(p) + 0.1F);
            pose.armSwing[side] = -swing * std::sin(p) + 0.02F;
            pose.elbowBend[side] =
                real(random, 0.1, 0.45) + std::max(0.0F, pose.armSwing[side]) * 0.6F;
            pose.armOut[side] = real(random, 0.06, 0.22);
        }
        pose.lean = real(random, -0.02, 0.16);
        pose.twist = 0.35F * pose.armSwing[1];
    } else {
        pose.legSpread = real(random, 0.005, 0.07);
        for (int side = 0; side < 2; ++side) {
            pose.legSwing[side] = real(random, -0.08, 0.1);
            pose.kneeBend[side] = real(random, 0.0, 0.12);
            pose.armSwing[side] = real(random, -0.2, 0.2);
            pose.elbowBend[side] = real(random, 0.05, 0.4);
            pose.armOut[side] = real(random, 0.05, 0.25);
        }
        pose.lean = real(random, -0.05, 0.08);
    }
    // Hands that do something: pocket, telephone, chest, behind the back, pointing.
    for (int side = 0; side < 2; ++side) {
        if (!random.chance(0.28))
            continue;
        const double what = random.uniform();
        if (what < 0.35) { // pocket
            pose.armSwing[side] = -0.15F;
            pose.armOut[side] = real(random, 0.22, 0.34);
            pose.elbowBend[side] = real(random, 0.5, 0.8);
            pose.elbowIn[side] = real(random, 0.2, 0.5);
        } else if (what < 0.75) { // something held in front
            pose.armSwing[side] = real(random, -0.05, 0.3);
            pose.armOut[side] = real(random, 0.05, 0.2);
            pose.elbowBend[side] = real(random, 1.1, 1.8);
            pose.elbowIn[side] = real(random, 0.2, 0.9);
            pose.held[side] = random.chance(0.5);
        } else if (what < 0.85) { // telephone at the ear
            pose.armSwing[side] = real(random, 0.3, 0.6);
            pose.armOut[side] = real(random, 0.3, 0.5);
            pose.elbowBend[side] = real(random, 2.1, 2.4);
            pose.elbowIn[side] = -0.1F;
        } else if (what < 0.93) { // pointing or waving
            pose.armSwing[side] = real(random, 0.7, 1.5);
            pose.armOut[side] = real(random, 0.0, 0.5);
            pose.elbowBend[side] = real(random, 0.1, 0.8);
        } else {
            pose.armSwing[side] = -0.35F;
            pose.armOut[side] = 0.12F;
            pose.elbowBend[side] = real(random, 0.6, 0.9);
            pose.elbowIn[side] = 1.0F;
        }
    }
    if (random.chance(0.18))
        pose.held[random.chance(0.5) ? 0 : 1] = true;
    pose.heldColour =
        random.chance(0.5)
            ? rgbFromHsv(40, 0.05, 0.95)
            : rgbFromHsv(random.uniform(0, 360), random.uniform(0, 0.8), random.uniform(0.1, 0.9));
    pose.heldSize = real(random, 0.012, 0.035);
    pose.sway = static_cast<float>(random.normal(0.0, 0.045));
    pose.twist += static_cast<float>(random.normal(0.0, 0.1));
    pose.headYaw = static_cast<float>(random.normal(0.0, 0.28));
    pose.headPitch = real(random, -0.08, 0.4);
    return pose;
}

Figure::Figure(const PersonAppearance &look, const Pose &pose, const Placement &place,
               std::uint64_t texture)
    : m_look(look),
      m_pose(pose),
      m_place(place),
      m_texture(static_cast<float>(texture % 1000) * 0.37F),
      m_cosYaw(std::cos(place.yaw)),
      m_sinYaw(std::sin(place.yaw)),
      m_cosPitch(std::cos(place.pitch)),
      m_sinPitch(std::sin(place.pitch))
{
    build();
}

Vec3 Figure::toCamera(Vec3 body) const
{
    const float x = body.x * m_cosYaw + body.z * m_sinYaw;
    const float z = -body.x * m_sinYaw + body.z * m_cosYaw;
    return {m_place.x + m_place.scale * x,
            m_place.y + m_place.scale * (-body.y * m_cosPitch + z * m_sinPitch),
            m_place.depth + m_place.scale * (body.y * m_sinPitch + z * m_cosPitch)};
}

void Figure::build()
{
    const bool woman = m_look.gender == Gender::Woman;
    const float build = static_cast<float>(m_look.build);
    m_headScale = m_look.age == Age::Child ? 1.28F : 1.06F;
    const float hipHalf = woman ? 0.050F : 0.047F;
    const float shoulderHalf = (woman ? 0.084F : 0.097F) * (0.75F + 0.25F * build);
    const auto lean = [&](Vec3 p) {
        p.z += (p.y - 0.5F) * m_pose.lean - p.x * m_pose.twist;
        p.x += (p.y - 0.5F) * m_pose.sway;
        return p;
    };
    float lowest = 1.0F;
    for (int side = 0; side < 2; ++side) {
        const float sign = side == 0 ? 1.0F : -1.0F;
        m_hip[side] = {sign * hipHalf, 0.50F, 0.0F};
        const float a = m_pose.legSwing[side];
        const float b = a - m_pose.kneeBend[side];
        const float out = m_pose.legSpread;
        m_knee[side] =
            m_hip[side] + Vec3{sign * out * 0.5F, -0.235F * std::cos(a), 0.235F * std::sin(a)};
        m_ankle[side] =
            m_knee[side]
            + Vec3{sign * out * 0.5F - sign * 0.008F, -0.225F * std::cos(b), 0.225F * std::sin(b)};
        // The foot follows the shin when it is behind, and is flat or toes up in front.
        const float heelLift = m_look.shoes == ShoeKind::HighHeels ? 0.45F : 0.0F;
        const float footPitch = std::clamp(-b * 0.9F, -0.25F, 0.9F) + heelLift;
        const Vec3 forward{sign * 0.22F, -std::sin(footPitch), std::cos(footPitch)};
        const Vec3 sole = m_ankle[side] + Vec3{0, -0.022F, 0};
        m_heel[side] = sole - forward * 0.026F;
        m_toe[side] = sole + forward * 0.088F;
        lowest = std::min({lowest, m_heel[side].y - 0.02F, m_toe[side].y - 0.016F});
    }
    m_drop = lowest;
    for (int side = 0; side < 2; ++side) {
        const float sign = side == 0 ? 1.0F : -1.0F;
        m_shoulder[side] = lean({sign * shoulderHalf, 0.786F, -0.004F});
        const float s = m_pose.armSwing[side];
        const float o = m_pose.armOut[side];
        const Vec3 upper{sign * std::sin(o), -std::cos(o) * std::cos(s), std::cos(o) * std::sin(s)};
        m_elbow[side] = m_shoulder[side] + upper * 0.165F;
        const float f = s + m_pose.elbowBend[side];
        const float in = m_pose.elbowIn[side];
        Vec3 fore{sign * (std::sin(o) * 0.6F - std::sin(in) * std::sin(m_pose.elbowBend[side])),
                  -std::cos(f), std::sin(f) * std::cos(in)};
        const float length = std::sqrt(dot(fore, fore));
        m_wrist[side] = m_elbow[side] + fore * (0.145F / length);
    }
    m_head = lean({0.0F, 0.925F, 0.012F}) + Vec3{0, (m_headScale - 1.0F) * 0.07F, 0};
    for (int side = 0; side < 2; ++side) {
        for (Vec3 *p : {&m_hip[side], &m_knee[side], &m_ankle[side], &m_toe[side], &m_heel[side],
                        &m_shoulder[side], &m_elbow[side], &m_wrist[side]})
            p->y -= m_drop;
        m_bones.push_back({Joint{m_hip[side], 0.05F}, Joint{m_knee[side], 0.04F}});
        m_bones.push_back({Joint{m_knee[side], 0.04F}, Joint{m_ankle[side], 0.03F}});
        m_bones.push_back({Joint{m_shoulder[side], 0.035F}, Joint{m_elbow[side], 0.03F}});
        m_bones.push_back({Joint{m_elbow[side], 0.03F}, Joint{m_wrist[side], 0.025F}});
    }
    m_head.y -= m_drop;
    m_bones.push_back({Joint{{0, 0.52F - m_drop, 0}, 0.09F},
                       Joint{{0, 0.8F - m_drop, 0.3F * m_pose.lean}, 0.10F}});
    m_bones.push_back({Joint{m_head, 0.055F}, Joint{m_head + Vec3{0, 0.03F, 0}, 0.055F}});
}

Figure::Bounds Figure::bounds() const
{
    Bounds box{1e9F, 1e9F, -1e9F, -1e9F};
    const auto add = [&](Vec3 body, float radius) {
        const Vec3 p = toCamera(body);
        const float r = radius * m_place.scale;
        box.left = std::min(box.left, p.x - r);
        box.right = std::max(box.right, p.x + r);
        box.top = std::min(box.top, p.y - r);
        box.bottom = std::max(box.bottom, p.y + r);
    };
    for (int side = 0; side < 2; ++side) {
        add(m_knee[side], 0.04F);
        add(m_heel[side], 0.02F);
        add(m_toe[side], 0.018F);
        add(m_elbow[side], 0.035F);
        add(m_wrist[side], 0.03F);
        add(m_shoulder[side], 0.04F);
    }
    add(m_head, 0.07F * m_headScale);
    add({0, 0.52F - m_drop, 0}, 0.09F * static_cast<float>(m_look.build));
    return box;
}

void Figure::limb(Canvas &canvas, Part part, Vec3 fromBody, Vec3 toBody, float radiusFrom,
                  float radiusTo, float vFrom, float vTo)
{
    const Vec3 from = toCamera(fromBody);
    const Vec3 to = toCamera(toBody);
    radiusFrom *= m_place.scale;
    radiusTo *= m_place.scale;
    const float reach = std::max(radiusFrom, radiusTo) * 1.12F;
    const int y0 =
        std::max(0, static_cast<int>(std::floor(
                        canvas.originY + (std::min(from.y, to.y) - reach) * canvas.scaleY)));
    const int y1 =
        std::min(canvas.height - 1,
                 static_cast<int>(
                     std::ceil(canvas.originY + (std::max(from.y, to.y) + reach) * canvas.scaleY)));
    const float dx = to.x - from.x;
    const float dy = to.y - from.y;
    const float dz = to.z - from.z;
    const float square = dx * dx + dy * dy;
    const float inverse = square > 1e-8F ? 1.0F / square : 0.0F;
    const float length = std::sqrt(std::max(square, 1e-8F));
    const float slope =
        dz / std::sqrt(square + dz * dz + 1e-8F); // how much the axis points to the camera
    for (int py = y0; py <= y1; ++py) {
        const float y = (static_cast<float>(py) + 0.5F - canvas.originY) / canvas.scaleY;
        const float scaleX = canvas.scaleX * (1.0F - canvas.keystone * (y + 0.5F));
        const float low = std::min(from.x, to.x) - reach;
        const float high = std::max(from.x, to.x) + reach;
        const int x0 = std::max(0, static_cast<int>(std::floor(canvas.originX + low * scaleX)));
        const int x1 =
            std::min(canvas.width - 1, static_cast<int>(std::ceil(canvas.originX + high * scaleX)));
        Fragment *row = canvas.fragments.data()
                        + static_cast<std::size_t>(py) * static_cast<std::size_t>(canvas.width);
        const float invScale = 1.0F / scaleX;
        for (int px = x0; px <= x1; ++px) {
            const float x = (static_cast<float>(px) + 0.5F - canvas.originX) * invScale;
            const float raw = ((x - from.x) * dx + (y - from.y) * dy) * inverse;
            const float t = std::clamp(raw, 0.0F, 1.0F);
            const float ox = x - from.x - dx * t;
            const float oy = y - from.y - dy * t;
            const float distance = ox * ox + oy * oy;
            float radius = mix(radiusFrom, radiusTo, t);
            if (distance > radius * radius * 1.25F)
                continue;
            const float side = (ox * dy - oy * dx) / length;
            // Cloth does not lie evenly: the outline wavers.
            radius *= 1.0F
                      + 0.14F
                            * (noise(t * 5.0F + m_texture + vFrom * 9.0F, side > 0 ? 3.5F : 41.5F)
                               - 0.5F);
            if (distance > radius * radius)
                continue;
            const float depth = std::sqrt(std::max(0.0F, 1.0F - distance / (radius * radius)));
            const float z = mix(from.z, to.z, t) + radius * depth;
            Fragment &fragment = row[px];
            if (z <= fragment.z)
                continue;
            fragment.z = z;
            fragment.nx = ox / radius;
            fragment.ny = oy / radius - 0.35F * slope * (dy >= 0 ? 1.0F : -1.0F) * depth;
            fragment.nz = depth;
            fragment.u = side / radius;
            fragment.v = mix(vFrom, vTo, t);
            fragment.w = 0.0F;
            fragment.part = part;
            fragment.figure = m_index;
        }
    }
}

void Figure::tube(Canvas &canvas, Part part, const std::vector<Node> &nodes, float low, float high)
{
    // Nodes from the top down; heights are body heights before the drop.
    const float cosP = m_cosPitch * m_place.scale;
    const float sinP = m_sinPitch * m_place.scale;
    float reachB = 0.0F;
    for (const Node &node : nodes)
        reachB = std::max({reachB, node.a, node.b});
    const float top = m_place.y - (high - m_drop) * cosP - reachB * sinP - 0.06F * m_place.scale;
    const float bottom = m_place.y - (low - m_drop) * cosP + (reachB + 0.05F) * sinP + 0.02F;
    const int y0 = std::max(0, static_cast<int>(std::floor(canvas.originY + top * canvas.scaleY)));
    const int y1 = std::min(canvas.height - 1,
                            static_cast<int>(std::ceil(canvas.originY + bottom * canvas.scaleY)));
    const auto at = [&](float height) {
        std::size_t i = 0;
        while (i + 2 < nodes.size() && height < nodes[i + 1].y)
            ++i;
        const Node &p = nodes[i];
        const Node &q = nodes[i + 1];
        const float t = std::clamp((p.y - height) / std::max(1e-5F, p.y - q.y), 0.0F, 1.0F);
        const float s = t * t * (3.0F - 2.0F * t);
        const float e = 0.5F * (t + s);
        return Node{height, mix(p.x, q.x, t), mix(p.z, q.z, t), mix(p.a, q.a, e), mix(p.b, q.b, e)};
    };
    for (int py = y0; py <= y1; ++py) {
        const float y = (static_cast<float>(py) + 0.5F - canvas.originY) / canvas.scaleY;
        const float scaleX = canvas.scaleX * (1.0F - canvas.keystone * (y + 0.5F));
        // The height whose front surface lies in this row: two rounds are enough.
        float height = (m_place.y - y) / cosP + m_drop;
        Node node = at(height);
        float half = 0.0F;
        for (int round = 0; round < 2; ++round) {
            const float depthHalf = std::sqrt(node.a * node.a * m_sinYaw * m_sinYaw
                                              + node.b * node.b * m_cosYaw * m_cosYaw);
            const float centreZ = -node.x * m_sinYaw + node.z * m_cosYaw;
            height = (m_place.y - y + sinP * (centreZ + 0.7F * depthHalf)) / cosP + m_drop;
            node = at(std::clamp(height, low, high));
        }
        const float c = node.a * m_cosYaw;
        const float s = node.b * m_sinYaw;
        half = std::sqrt(c * c + s * s);
        if (half < 1e-4F)
            continue;
        const float delta = std::atan2(s, c);
        const float cosDelta = c / half;
        const float sinDelta = s / half;
        const float centreX = m_place.x + m_place.scale * (node.x * m_cosYaw + node.z * m_sinYaw);
        const float centreZ = -node.x * m_sinYaw + node.z * m_cosYaw;
        const float wobbleL =
            1.0F + 0.05F * (noise(height * 17.0F + m_texture, 7.5F) - 0.5F) * 2.0F;
        const float wobbleR =
            1.0F + 0.05F * (noise(height * 17.0F + m_texture, 57.5F) - 0.5F) * 2.0F;
        const float halfL = half * wobbleL * m_place.scale;
        const float halfR = half * wobbleR * m_place.scale;
        const int x0 = std::max(
            0, static_cast<int>(std::ceil(canvas.originX + (centreX - halfL) * scaleX - 0.5F)));
        const int x1 = std::min(
            canvas.width - 1,
            static_cast<int>(std::floor(canvas.originX + (centreX + halfR) * scaleX - 0.5F)));
        Fragment *row = canvas.fragments.data()
                        + static_cast<std::size_t>(py) * static_cast<std::size_t>(canvas.width);
        for (int px = x0; px <= x1; ++px) {
            const float x = (static_cast<float>(px) + 0.5F - canvas.originX) / scaleX - centreX;
            const float across = std::clamp(x < 0 ? x / halfL : x / halfR, -0.999F, 0.999F);
            const float angle = arcSine(across) - delta;
            const float root = std::sqrt(1.0F - across * across);
            const float sinA = across * cosDelta - root * sinDelta;
            const float cosA = root * cosDelta + across * sinDelta;
            const float localZ = -node.a * sinA * m_sinYaw + node.b * cosA * m_cosYaw + centreZ;
            const float v = (m_place.y - y + sinP * localZ) / cosP + m_drop;
            if (v < low || v > high + 0.02F)
                continue;
            const float z =
                m_place.depth + m_place.scale * ((v - m_drop) * m_sinPitch + localZ * m_cosPitch);
            Fragment &fragment = row[px];
            if (z <= fragment.z)
                continue;
            // Normal of the ellipse, turned into the camera.
            float bx = sinA / node.a;
            float bz = cosA / node.b;
            const float norm = 1.0F / std::sqrt(bx * bx + bz * bz);
            bx *= norm;
            bz *= norm;
            const float cx = bx * m_cosYaw + bz * m_sinYaw;
            const float cz = -bx * m_sinYaw + bz * m_cosYaw;
            fragment.z = z;
            fragment.nx = cx;
            fragment.ny = cz * m_sinPitch;
            fragment.nz = cz * m_cosPitch;
            fragment.u = angle;
            fragment.v = v;
            fragment.w = across;
            fragment.part = part;
            fragment.figure = m_index;
        }
    }
}

template <typename Accept>
void Figure::ellipsoid(Canvas &canvas, Part part, Vec3 centreBody, Vec3 axes, float yaw,
                       float pitch, Accept accept)
{
    const Vec3 centre = toCamera(centreBody);
    axes = axes * m_place.scale;
    const float reach = std::max({axes.x, axes.y, axes.z}) * 1.02F;
    const int y0 = std::max(
        0, static_cast<int>(std::floor(canvas.originY + (centre.y - reach) * canvas.scaleY)));
    const int y1 =
        std::min(canvas.height - 1,
                 static_cast<int>(std::ceil(canvas.originY + (centre.y + reach) * canvas.scaleY)));
    // Local axes (left, up, front) in the camera frame: nod, then turn with the body, then look
    // down.
    const float cy = std::cos(m_place.yaw + yaw);
    const float sy = std::sin(m_place.yaw + yaw);
    const float cn = std::cos(pitch);
    const float sn = std::sin(pitch);
    const auto turn = [&](Vec3 p) {
        const Vec3 nod{p.x, p.y * cn - p.z * sn, p.y * sn + p.z * cn};
        const float x = nod.x * cy + nod.z * sy;
        const float z = -nod.x * sy + nod.z * cy;
        return Vec3{x, -nod.y * m_cosPitch + z * m_sinPitch, nod.y * m_sinPitch + z * m_cosPitch};
    };
    const Vec3 left = turn({1, 0, 0});
    const Vec3 up = turn({0, 1, 0});
    const Vec3 front = turn({0, 0, 1});
    const Vec3 ray{left.z / axes.x, up.z / axes.y, front.z / axes.z};
    const float qa = dot(ray, ray);
    for (int py = y0; py <= y1; ++py) {
        const float y = (static_cast<float>(py) + 0.5F - canvas.originY) / canvas.scaleY;
        const float scaleX = canvas.scaleX * (1.0F - canvas.keystone * (y + 0.5F));
        const int x0 =
            std::max(0, static_cast<int>(std::floor(canvas.originX + (centre.x - reach) * scaleX)));
        const int x1 =
            std::min(canvas.width - 1,
                     static_cast<int>(std::ceil(canvas.originX + (centre.x + reach) * scaleX)));
        Fragment *row = canvas.fragments.data()
                        + static_cast<std::size_t>(py) * static_cast<std::size_t>(canvas.width);
        for (int px = x0; px <= x1; ++px) {
            const float x = (static_cast<float>(px) + 0.5F - canvas.originX) / scaleX;
            const Vec3 offset{x - centre.x, y - centre.y, 0};
            const Vec3 o{dot(offset, left) / axes.x, dot(offset, up) / axes.y,
                         dot(offset, front) / axes.z};
            const float qb = dot(o, ray);
            const float qc = dot(o, o) - 1.0F;
            const float root = qb * qb - qa * qc;
            if (root < 0.0F)
                continue;
            const float depth = (-qb + std::sqrt(root)) / qa;
            const float z = centre.z + depth;
            Fragment &fragment = row[px];
            if (z <= fragment.z)
                continue;
            const Vec3 local = o + ray * depth;
            if (!accept(local))
                continue;
            const Vec3 g{local.x / axes.x, local.y / axes.y, local.z / axes.z};
            const Vec3 n = left * g.x + up * g.y + front * g.z;
            const float norm = 1.0F / std::sqrt(dot(n, n) + 1e-12F);
            fragment.z = z;
            fragment.nx = n.x * norm;
            fragment.ny = n.y * norm;
            fragment.nz = n.z * norm;
            fragment.u = local.x;
            fragment.v = local.y;
            fragment.w = local.z;
            fragment.part = part;
            fragment.figure = m_index;
        }
    }
}

// Girth of the trunk at a height, before clothes.
Figure::Node Figure::upperNode(float y, float extra) const
{
    struct Row
    {
        float y, a, b;
    };
    static const std::array<Row, 8> kMan = {{{0.86F, 0.032F, 0.034F},
                                             {0.835F, 0.052F, 0.042F},
                                             {0.815F, 0.082F, 0.052F},
                                             {0.785F, 0.101F, 0.062F},
                                             {0.72F, 0.099F, 0.068F},
                                             {0.61F, 0.084F, 0.060F},
                                             {0.51F, 0.088F, 0.063F},
                                             {0.44F, 0.086F, 0.060F}}};
    static const std::array<Row, 8> kWoman = {{{0.86F, 0.027F, 0.030F},
                                               {0.832F, 0.044F, 0.038F},
                                               {0.812F, 0.070F, 0.046F},
                                               {0.785F, 0.086F, 0.056F},
                                               {0.72F, 0.084F, 0.070F},
                                               {0.61F, 0.069F, 0.053F},
                                               {0.51F, 0.090F, 0.066F},
                                               {0.44F, 0.088F, 0.062F}}};
    const auto &rows = m_look.gender == Gender::Woman ? kWoman : kMan;
    std::size_t i = 0;
    while (i + 2 < rows.size() && y < rows[i + 1].y)
        ++i;
    const float t = std::clamp((rows[i].y - y) / (rows[i].y - rows[i + 1].y), 0.0F, 1.0F);
    const float build = static_cast<float>(m_look.build);
    const float belly = y < 0.76F ? build : mix(1.0F, build, 0.45F);
    const float child = m_look.age == Age::Child ? 1.08F : 1.0F;
    return {y, (y - 0.5F) * m_pose.sway, (y - 0.5F) * m_pose.lean,
            mix(rows[i].a, rows[i + 1].a, t) * belly * child + extra,
            mix(rows[i].b, rows[i + 1].b, t) * belly * child + extra};
}

void Figure::rasterise(Canvas &canvas, std::uint8_t figureIndex)
{
    m_index = figureIndex;
    const PersonAppearance &look = m_look;
    const bool woman = look.gender == Gender::Woman;
    const float build = static_cast<float>(look.build);
    const bool dressOnly = look.hasDress && look.upper == UpperKind::None;
    const float cloth = dressOnly ? 0.004F : static_cast<float>(look.thickness);
    const bool trousers = look.lower == LowerKind::Jeans || look.lower == LowerKind::Trousers
                          || look.lower == LowerKind::TrackPants
                          || look.lower == LowerKind::Leggings;
    const bool skirt =
        look.lower == LowerKind::ShortSkirt || look.lower == LowerKind::LongSkirt || look.hasDress;

    // Where the legs are at a height: the middle and half the distance, with their thickness.
    const auto legs = [&](float height, float extra) {
        float z[2];
        float x[2];
        for (int side = 0; side < 2; ++side) {
            const float y = height - m_drop;
            const Vec3 from = y > m_knee[side].y ? m_hip[side] : m_knee[side];
            const Vec3 to = y > m_knee[side].y ? m_knee[side] : m_ankle[side];
            const float t = std::clamp((from.y - y) / std::max(0.02F, from.y - to.y), 0.0F, 1.0F);
            z[side] = mix(from.z, to.z, t);
            x[side] = mix(from.x, to.x, t);
        }
        const float radius = mix(0.037F, 0.058F, std::clamp((height - 0.22F) / 0.28F, 0.0F, 1.0F))
                                 * (0.5F + 0.5F * build)
                             + extra;
        return Node{height, 0.5F * (x[0] + x[1]), 0.5F * (z[0] + z[1]),
                    0.5F * std::abs(x[0] - x[1]) + radius, 0.5F * std::abs(z[0] - z[1]) + radius};
    };
    const auto hanging = [&](Part part, float waist, float hem, float extra, float flare) {
        std::vector<Node> nodes;
        for (float y = waist; y > hem - 0.03F; y -= 0.045F) {
            const float below = std::clamp((0.52F - y) / 0.3F, 0.0F, 1.0F);
            Node body = upperNode(std::max(y, 0.47F), extra);
            if (y < 0.47F) {
                const Node leg = legs(y, extra);
                // Cloth spans the stride but hangs straight from the hips at least.
                body.a = std::max(body.a, leg.a);
                body.b = std::max(body.b * 0.9F, leg.b);
                body.x = leg.x;
                body.z = leg.z * below;
            }
            body.y = y;
            body.a += flare * below;
            body.b += flare * below;
            nodes.push_back(body);
        }
        if (nodes.size() >= 2)
            tube(canvas, part, nodes, hem, waist);
    };

    // Legs.
    const float wide = static_cast<float>(look.legWidth) * 0.7F;
    for (int side = 0; side < 2; ++side) {
        const Part part = side == 0 ? Part::LeftLeg : Part::RightLeg;
        const float over = trousers || look.lower == LowerKind::Shorts ? wide : 0.0F;
        const float calfOver = trousers ? wide : 0.0F;
        const float girth = 0.55F + 0.45F * build;
        limb(canvas, part, m_hip[side], m_knee[side], 0.049F * girth + over, 0.035F * girth + over,
             0.0F, 0.5F);
        const float flare = trousers ? static_cast<float>(look.legFlare) : 0.0F;
        limb(canvas, part, m_knee[side],
             m_ankle[side] + Vec3{0, -0.012F * (trousers ? 1.0F : 0.0F), 0},
             0.035F * girth + calfOver, 0.021F + calfOver * 1.2F + flare, 0.5F, 1.0F);
        if (look.shoes == ShoeKind::TallBoots || look.shoes == ShoeKind::Boots) {
            const float start = look.shoes == ShoeKind::TallBoots ? 0.25F : 0.72F;
            if (!trousers || look.shoes == ShoeKind::TallBoots) {
                const Vec3 top = m_knee[side] + (m_ankle[side] - m_knee[side]) * start;
                limb(canvas, side == 0 ? Part::LeftShoe : Part::RightShoe, top, m_ankle[side],
                     mix(0.037F, 0.027F, start) * girth + calfOver + 0.004F, 0.028F + calfOver,
                     0.9F, 0.9F);
            }
        }
        const float fat =
            look.shoes == ShoeKind::Sneakers || look.shoes == ShoeKind::Boots ? 0.0225F : 0.019F;
        const Part shoe = side == 0 ? Part::LeftShoe : Part::RightShoe;
        limb(canvas, shoe, m_heel[side], m_toe[side], fat, fat * 0.82F, 0.0F, 0.8F);
        if (look.shoes == ShoeKind::HighHeels)
            limb(canvas, shoe, m_heel[side], m_heel[side] + Vec3{0, -0.028F, 0}, 0.010F, 0.006F,
                 0.0F, 0.0F);
    }

    // Trunk.
    const float hem = dressOnly ? 0.46F : static_cast<float>(look.upperHem);
    if (!skirt) {
        std::vector<Node> nodes;
        for (const float y : {0.62F, 0.56F, 0.50F, 0.45F})
            nodes.push_back(upperNode(y, 0.002F + wide * 0.6F));
        tube(canvas, Part::Pelvis, nodes, 0.455F, 0.61F);
    } else {
        const float extra = 0.004F;
        const float waist = look.hasDress ? 0.66F : 0.625F;
        hanging(Part::Skirt, waist,
                static_cast<float>(look.hasDress ? look.dressHem : look.lowerHem), extra,
                static_cast<float>(look.legFlare));
    }
    {
        std::vector<Node> nodes;
        for (const float y :
             {0.86F, 0.84F, 0.825F, 0.81F, 0.785F, 0.74F, 0.69F, 0.64F, 0.59F, 0.54F, 0.49F, 0.44F})
            nodes.push_back(upperNode(y, y > 0.83F ? cloth * 0.4F : cloth));
        tube(canvas, Part::Torso, nodes, std::max(hem, 0.45F), 0.855F);
        if (!dressOnly && hem < 0.452F)
            hanging(Part::CoatTail, 0.56F, hem, cloth + 0.002F, isCoat(look) ? 0.012F : 0.0F);
    }

    // Arms: shorter sleeves show the bare arm, drawn by the surface.
    const float sleeve = static_cast<float>(dressOnly ? look.dressSleeve : look.sleeve);
    for (int side = 0; side < 2; ++side) {
        const Part part = side == 0 ? Part::LeftArm : Part::RightArm;
        const float girth = (woman ? 0.88F : 1.0F) * (0.6F + 0.4F * build);
        const float over = sleeve > 0.1F ? cloth * 0.75F + 0.002F : 0.0F;
        const float cuff = sleeve > 0.9F ? over : 0.0F;
        const float elbowOver = sleeve > 0.5F ? over : 0.3F * over;
        // Thick cloth must not lift the shoulder above the trunk's line.
        const Vec3 top =
            m_shoulder[side] + Vec3{(side == 0 ? -0.55F : 0.55F) * over, -0.85F * over, 0};
        limb(canvas, part, top, m_elbow[side], 0.030F * girth + over, 0.025F * girth + elbowOver,
             0.0F, 0.5F);
        limb(canvas, part, m_elbow[side], m_wrist[side], 0.025F * girth + elbowOver,
             0.018F * girth + cuff, 0.5F, 1.0F);
        Vec3 direction = m_wrist[side] - m_elbow[side];
        direction = direction * (1.0F / std::sqrt(dot(direction, direction)));
        const Part hand = side == 0 ? Part::LeftHand : Part::RightHand;
        const Vec3 palm = m_wrist[side] + direction * 0.042F;
        limb(canvas, hand, m_wrist[side] + direction * 0.012F, palm, 0.0165F, 0.014F, 1.0F, 1.2F);
        if (m_pose.held[side]) {
            const float size = m_pose.heldSize;
            limb(canvas, Part::Held, palm + Vec3{0, -size, size}, palm + Vec3{0, size, size * 1.6F},
                 size, size, 0.0F, 1.0F);
        }
    }

    // Neck and collar.
    {
        const float neck = woman ? 0.024F : 0.030F;
        limb(canvas, Part::Neck, {0.33F * m_pose.sway, 0.83F - m_drop, 0.33F * m_pose.lean},
             m_head + Vec3{0, -0.035F, -0.012F}, neck * 1.1F, neck, 0.0F, 1.0F);
        const bool collar =
            look.upper == UpperKind::Jacket || look.upper == UpperKind::LeatherJacket
            || look.upper == UpperKind::PaddedJacket || look.upper == UpperKind::Coat
            || look.upper == UpperKind::LongCoat || look.upper == UpperKind::Raincoat
            || look.upper == UpperKind::Shirt || look.upper == UpperKind::DenimJacket
            || look.upper == UpperKind::SuitJacket || look.upper == UpperKind::Vest
            || look.upper == UpperKind::PoloShirt;
        if (collar) {
            const float r = neck + 0.012F + cloth * 0.5F;
            tube(canvas, Part::Collar,
                 {{0.875F, 0.36F * m_pose.sway, 0.36F * m_pose.lean, r, r + 0.003F},
                  {0.83F, 0.33F * m_pose.sway, 0.33F * m_pose.lean, r + 0.012F, r + 0.008F}},
                 0.826F, 0.872F);
        }
        if (look.scarf) {
            const float r = neck + 0.030F;
            tube(canvas, Part::Scarf,
                 {{0.885F, 0.37F * m_pose.sway, 0.37F * m_pose.lean + 0.004F, r - 0.006F,
                   r - 0.004F},
                  {0.86F, 0.35F * m_pose.sway, 0.35F * m_pose.lean + 0.004F, r + 0.008F, r + 0.01F},
                  {0.825F, 0.33F * m_pose.sway, 0.33F * m_pose.lean + 0.004F, r + 0.006F,
                   r + 0.008F}},
                 0.826F, 0.884F);
            const float chest = upperNode(0.72F, cloth).b;
            limb(canvas, Part::Scarf, {0.025F, 0.83F - m_drop, upperNode(0.82F, cloth).b},
                 {0.03F, 0.69F - m_drop, chest + 0.01F}, 0.018F, 0.022F, 0.0F, 1.0F);
        }
    }

    // Head.
    const float hs = m_headScale;
    const Vec3 skull{0.044F * hs, 0.064F * hs, 0.053F * hs};
    const float yaw = m_pose.headYaw;
    const float nod = m_pose.headPitch;
    ellipsoid(canvas, Part::Head, m_head, skull, yaw, nod, [](Vec3) { return true; });
    using H = HairStyle;
    const H style = look.hairStyle;
    if (style != H::Bald && !look.hoodUp) {
        const float volume = style == H::Buzz || style == H::Balding ? 1.03F
                             : style == H::Curly                     ? 1.30F
                             : style == H::Long || style == H::Bob   ? 1.15F
                                                                     : 1.10F;
        const bool hatted = look.hat != HatKind::None;
        const bool hanging2 = style == H::Long || style == H::Bob;
        const float texture = m_texture;
        const float curl = style == H::Curly ? 0.22F : 0.06F;
        ellipsoid(canvas, Part::HairShell, m_head + Vec3{0, 0.004F * hs, -0.003F * hs},
                  skull * (hatted ? std::min(volume, 1.11F) : volume), yaw, nod, [=](Vec3 p) {
                      const float rough =
                          curl * (noise(p.x * 4.0F + texture, p.y * 4.0F + p.z * 3.0F) - 0.5F);
                      if (style == H::Balding)
                          return p.y < 0.30F + 0.25F * std::abs(p.x) + rough && p.z < 0.25F
                                 && p.y > (p.z > -0.2F ? -0.15F : -0.66F) + rough;
                      // The hair line: high over the forehead, at the ears beside, low in the neck.
                      float line = p.z > 0.0F ? mix(-0.05F, 0.46F, std::min(1.0F, p.z * 1.4F))
                                              : mix(-0.05F, -0.62F, std::min(1.0F, -p.z * 1.5F));
                      if (hanging2 || style == H::Curly)
                          line = p.z > 0.3F ? mix(-0.7F, 0.44F, smooth(0.22F, 0.68F, p.z)) : -0.85F;
                      return p.y > line + rough;
                  });
        const auto headPoint = [&](float x, float y, float z) {
            const float c = std::cos(yaw);
            const float s = std::sin(yaw);
            return m_head + Vec3{x * c + z * s, y, -x * s + z * c} * hs;
        };
        const float length = static_cast<float>(look.hairLength);
        if (style == H::Long || style == H::Bob) {
            const float back = style == H::Long ? -0.044F : -0.026F;
            // Falls behind the shoulders; two locks beside the face.
            limb(canvas, Part::HairTail, headPoint(0, 0.0F, -0.014F), headPoint(0, -length, back),
                 0.049F * hs, 0.046F * hs, 0.0F, 1.0F);
            for (const float side : {-1.0F, 1.0F})
                limb(canvas, Part::HairTail, headPoint(side * 0.038F, 0.0F, -0.006F),
                     headPoint(side * 0.045F, -std::min(length, 0.16F) * 0.92F,
                               style == H::Long ? 0.012F : -0.002F),
                     0.016F * hs, 0.016F * hs, 0.0F, 1.0F);
        } else if (style == H::Ponytail) {
            limb(canvas, Part::HairTail, headPoint(0, 0.02F, -0.062F),
                 headPoint(0, -length * 0.35F, -0.085F), 0.015F, 0.022F, 0.0F, 0.4F);
            limb(canvas, Part::HairTail, headPoint(0, -length * 0.35F, -0.085F),
                 headPoint(0, -length, -0.075F), 0.022F, 0.011F, 0.4F, 1.0F);
        } else if (style == H::Bun) {
            ellipsoid(canvas, Part::HairTail, headPoint(0, 0.05F, -0.052F),
                      Vec3{0.026F, 0.024F, 0.026F} * hs, yaw, 0.0F, [](Vec3) { return true; });
        }
    }
    if (look.hoodUp) {
        const float fat = 1.22F + 8.0F * cloth;
        ellipsoid(canvas, Part::HoodUp, m_head + Vec3{0, 0.002F, -0.008F}, skull * fat, yaw * 0.6F,
                  nod * 0.6F, [](Vec3 p) { return p.z < 0.62F || p.y > 0.66F || p.y < -0.8F; });
        limb(canvas, Part::HoodUp, m_head + Vec3{0, -0.01F, -0.03F},
             {0.33F * m_pose.sway, 0.81F - m_drop, 0.33F * m_pose.lean - 0.03F}, 0.046F * hs,
             0.055F, 0.0F, 1.0F);
    } else if (look.hasHood && !look.scarf) {
        ellipsoid(canvas, Part::HoodDown,
                  {0.33F * m_pose.sway, 0.835F - m_drop, 0.33F * m_pose.lean - 0.052F},
                  {0.060F, 0.032F + cloth * 0.5F, 0.036F}, 0, 0.3F, [](Vec3) { return true; });
    }
    if (look.hat == HatKind::Cap) {
        ellipsoid(canvas, Part::Hat, m_head + Vec3{0, 0.008F, 0}, skull * 1.17F, yaw, nod,
                  [](Vec3 p) { return p.y > 0.30F - 0.1F * p.z; });
        const float c = std::cos(yaw);
        const float s = std::sin(yaw);
        ellipsoid(canvas, Part::HatBrim,
                  m_head + Vec3{0.055F * s, 0.026F - 0.05F * std::sin(nod), 0.055F * c} * hs,
                  Vec3{0.036F, 0.006F, 0.036F} * hs, yaw, nod + 0.1F, [](Vec3) { return true; });
    } else if (look.hat == HatKind::Beanie) {
        ellipsoid(canvas, Part::Hat, m_head + Vec3{0, 0.012F, -0.002F},
                  Vec3{skull.x * 1.15F, skull.y * 1.16F, skull.z * 1.14F}, yaw, nod,
                  [](Vec3 p) { return p.y > 0.12F + 0.12F * p.z; });
    } else if (look.hat == HatKind::Brimmed) {
        ellipsoid(canvas, Part::Hat, m_head + Vec3{0, 0.02F, 0}, skull * 1.16F, yaw, nod,
                  [](Vec3 p) { return p.y > 0.2F; });
        ellipsoid(canvas, Part::HatBrim, m_head + Vec3{0, 0.036F, 0},
                  Vec3{0.085F, 0.008F, 0.09F} * hs, yaw, nod, [](Vec3) { return true; });
    }

    // Bags.
    const float side = look.bagOnLeft ? 1.0F : -1.0F;
    const int hand = look.bagOnLeft ? 0 : 1;
    const auto box = [&](Part part, Vec3 centre, float halfX, float halfY, float halfZ) {
        const float y = centre.y + m_drop;
        tube(canvas, part,
             {{y + halfY, centre.x, centre.z, halfX * 0.72F, halfZ * 0.72F},
              {y + halfY * 0.8F, centre.x, centre.z, halfX * 0.97F, halfZ * 0.97F},
              {y, centre.x, centre.z, halfX, halfZ},
              {y - halfY * 0.85F, centre.x, centre.z, halfX, halfZ},
              {y - halfY, centre.x, centre.z, halfX * 0.85F, halfZ * 0.85F}},
             y - halfY, y + halfY);
    };
    const Vec3 fingers = m_wrist[hand] + Vec3{0, -0.035F, 0};
    switch (look.bag) {
    case BagKind::None:
        break;
    case BagKind::Backpack:
        box(Part::Backpack,
            {0, 0.695F - m_drop, 0.19F * m_pose.lean - upperNode(0.70F, cloth).b - 0.040F}, 0.082F,
            0.105F, 0.048F);
        break;
    case BagKind::ShoulderBag:
    case BagKind::CrossBody: {
        const float x = side * (upperNode(0.55F, cloth).a + 0.028F);
        box(Part::Bag, {x, 0.51F - m_drop, -0.015F}, 0.030F, 0.050F, 0.068F);
        break;
    }
    case BagKind::Handbag:
        limb(canvas, Part::BagHandle, fingers, fingers + Vec3{0, -0.04F, 0.03F}, 0.005F, 0.005F, 0,
             1);
        limb(canvas, Part::BagHandle, fingers, fingers + Vec3{0, -0.04F, -0.03F}, 0.005F, 0.005F, 0,
             1);
        box(Part::Bag, fingers + Vec3{0, -0.075F, 0}, 0.030F, 0.042F, 0.065F);
        break;
    case BagKind::Tote: {
        const Vec3 centre{side * (upperNode(0.6F, cloth).a + 0.03F), 0.56F - m_drop, -0.005F};
        limb(canvas, Part::BagHandle, m_shoulder[hand] + Vec3{0, 0.035F, 0.02F},
             centre + Vec3{0, 0.06F, 0.04F}, 0.006F, 0.006F, 0, 1);
        limb(canvas, Part::BagHandle, m_shoulder[hand] + Vec3{0, 0.035F, -0.02F},
             centre + Vec3{0, 0.06F, -0.04F}, 0.006F, 0.006F, 0, 1);
        box(Part::Bag, centre, 0.026F, 0.075F, 0.075F);
        break;
    }
    case BagKind::Suitcase: {
        const Vec3 base{side * 0.16F, 0.15F, -0.13F};
        limb(canvas, Part::BagHandle, fingers, base + Vec3{0, 0.13F, 0}, 0.006F, 0.006F, 0, 1);
        box(Part::Bag, base, 0.075F, 0.14F, 0.055F);
        break;
    }
    }
}

namespace {

struct Paint
{
    Rgb rgb;
    Feature feature;
};

// The colour of a patterned cloth. `around` is in arcs of body height, `height` in body heights.
Paint clothColour(const Cloth &cloth, float around, float height, float texture)
{
    const Paint main{cloth.rgb, Feature::Other};
    const Paint second{cloth.rgbSecond, Feature::Second};
    const float scale = static_cast<float>(cloth.patternScale);
    switch (cloth.pattern) {
    case Pattern::HorizontalStripes: {
        const float phase = height * 26.0F / scale + texture;
        return phase - static_cast<float>(floorOf(phase)) < 0.5F ? main : second;
    }
    case Pattern::VerticalStripes: {
        const float phase = around * 44.0F / scale + texture;
        return phase - static_cast<float>(floorOf(phase)) < 0.68F ? main : second;
    }
    case Pattern::Plaid: {
        const float p = around * 30.0F / scale + texture;
        const float q = height * 30.0F / scale;
        const float a = p - static_cast<float>(floorOf(p)) < 0.42F ? 1.0F : 0.0F;
        const float b = q - static_cast<float>(floorOf(q)) < 0.42F ? 1.0F : 0.0F;
        const float t = 0.5F * (a + b);
        return {{mix(cloth.rgb.r, cloth.rgbSecond.r, t), mix(cloth.rgb.g, cloth.rgbSecond.g, t),
                 mix(cloth.rgb.b, cloth.rgbSecond.b, t)},
                t > 0.4F ? Feature::Second : Feature::Other};
    }
    case Pattern::Dots: {
        const float p = around * 36.0F / scale + texture;
        const float q = height * 36.0F / scale;
        const float shift = std::fmod(static_cast<float>(floorOf(q)), 2.0F) * 0.5F;
        const float dx = p + shift - static_cast<float>(floorOf(p + shift)) - 0.5F;
        const float dy = q - static_cast<float>(floorOf(q)) - 0.5F;
        return dx * dx + dy * dy < 0.085F ? second : main;
    }
    default:
        return main;
    }
}

} // namespace

Surface Figure::surface(const Fragment &f) const
{
    const PersonAppearance &look = m_look;
    Surface s;
    const auto set = [&](Rgb rgb, std::uint8_t label, float fold,
                         Feature feature = Feature::Other) {
        s.r = rgb.r;
        s.g = rgb.g;
        s.b = rgb.b;
        s.label = label;
        s.fold = fold;
        s.feature = feature;
    };
    const auto darken = [&](float by) {
        s.r *= by;
        s.g *= by;
        s.b *= by;
    };
    const bool dressOnly = look.hasDress && look.upper == UpperKind::None;
    const Cloth &upper = dressOnly ? look.dressCloth : look.upperCloth;
    const std::uint8_t upperLabel = dressOnly ? 7 : 4;
    const bool quilted = !dressOnly
                         && (look.upper == UpperKind::PaddedJacket
                             || (look.upper == UpperKind::Vest && look.thickness > 0.013));
    const bool leather = !dressOnly && look.upper == UpperKind::LeatherJacket;
    const float fold = quilted ? 0.5F : dressOnly ? 0.8F : 1.0F;
    const float yoke = 0.735F;

    const auto quilt = [&](float along) {
        if (!quilted)
            return;
        const float phase = along * 27.0F;
        const float in = phase - std::floor(phase);
        darken(0.80F + 0.28F * std::sqrt(std::max(0.0F, 4.0F * in * (1.0F - in))));
    };

    switch (f.part) {
    case Part::None:
    case Part::Held:
        set(m_pose.heldColour, 0, 0.0F);
        break;
    case Part::Torso:
    case Part::CoatTail: {
        const float angle = std::remainder(f.u, 2.0F * kPi);
        const float height = f.v;
        // Straps of bags lie on the cloth.
        if (look.bag == BagKind::Backpack && height > 0.66F && height < 0.835F
            && std::abs(angle) < 1.45F) {
            const float strap = std::abs(std::sin(angle)) * 0.1F;
            if (strap > 0.045F && strap < 0.072F) {
                set(look.bagCloth.rgb, 16, 0.3F);
                darken(0.9F);
                break;
            }
        }
        if (look.bag == BagKind::CrossBody || look.bag == BagKind::ShoulderBag) {
            const float x = std::sin(angle) * (look.bagOnLeft ? 1.0F : -1.0F);
            const float t = (height - 0.53F) / 0.29F;
            const float target = look.bag == BagKind::CrossBody ? mix(0.95F, -0.55F, t) : 0.8F;
            if (t > 0.0F && t < 1.0F
                && std::abs(x - target) < (look.bag == BagKind::CrossBody ? 0.11F : 0.08F)) {
                set(look.bagCloth.rgb, 16, 0.2F);
                break;
            }
        }
        // Bare neckline.
        const bool low = dressOnly || look.upper == UpperKind::TankTop;
        const float neckline =
            (low                                                                  ? 0.785F
             : look.upper == UpperKind::TShirt || look.upper == UpperKind::Blouse ? 0.815F
                                                                                  : 0.835F)
            + 0.05F * (1.0F - std::cos(angle))
            + 0.16F * std::sin(angle) * std::sin(angle) * (low ? 0.15F : 0.3F);
        if (std::abs(angle) < 1.2F && height > neckline && !look.open) {
            set(look.skin, 11, 0.1F);
            break;
        }
        const bool sleeveless = (dressOnly ? look.dressSleeve : look.sleeve) < 0.05
                                && (low || look.upper == UpperKind::TankTop);
        if (sleeveless && height > 0.79F && std::abs(std::sin(angle)) > 0.72F) {
            set(look.skin, std::sin(angle) > 0 ? 14 : 15, 0.1F);
            break;
        }
        // Open in front: what is worn below is seen.
        if (look.open && std::abs(angle) < 1.3F) {
            const float gap = look.upper == UpperKind::SuitJacket
                                  ? mix(0.05F, 0.46F, smooth(0.60F, 0.83F, height))
                                  : mix(0.50F, 0.30F, smooth(0.52F, 0.84F, height));
            const float edge = 0.12F * (noise(height * 12.0F + m_texture, 9.0F) - 0.5F);
            if (std::abs(angle) < gap + edge) {
                if (look.hasDress) {
                    const Paint p = clothColour(look.dressCloth, angle * 0.09F, height, m_texture);
                    set(p.rgb, 7, 0.8F, p.feature);
                } else if (height < 0.5F) {
                    set(look.lowerCloth.rgb,
                        look.lower == LowerKind::ShortSkirt || look.lower == LowerKind::LongSkirt
                            ? 5
                            : 6,
                        0.8F);
                } else if (height > 0.815F + 0.03F * std::abs(angle)) {
                    set(look.skin, 11, 0.1F);
                } else {
                    const Paint p = clothColour(look.innerCloth, angle * 0.09F, height, m_texture);
                    set(p.rgb, 4, 0.7F, Feature::Inner);
                }
                darken(0.92F);
                break;
            }
            if (std::abs(angle) < gap + edge + 0.09F) {
                const Paint p = clothColour(upper, angle * 0.09F, height, m_texture);
                set(p.rgb, upperLabel, fold, p.feature);
                darken(0.8F);
                break;
            }
        }
        Paint p = clothColour(upper, angle * 0.09F, height, m_texture);
        const Paint second{upper.rgbSecond, Feature::Second};
        switch (upper.pattern) {
        case Pattern::ShouldersOther:
        case Pattern::ShouldersAndSleevesOther:
            if (height > yoke + 0.01F * std::cos(angle * 2.0F))
                p = second;
            break;
        case Pattern::LowerHalfOther:
            if (height < (dressOnly ? 0.61F : 0.67F))
                p = second;
            break;
        case Pattern::ChestBand:
            if (height > 0.66F && height < 0.725F)
                p = second;
            break;
        case Pattern::SideStripe:
            if (std::abs(std::sin(angle)) > 0.94F)
                p = second;
            break;
        case Pattern::Logo:
            if (std::abs(angle) < 0.42F && height > 0.675F && height < 0.745F
                && noise(angle * 9.0F + m_texture, height * 60.0F) > 0.36F)
                p = second;
            break;
        default:
            break;
        }
        set(p.rgb, upperLabel, fold, p.feature);
        if (look.belt && !dressOnly && isCoat(look) && std::abs(height - 0.60F) < 0.013F) {
            set(look.beltCloth.rgb, 8, 0.2F);
            break;
        }
        quilt(height);
        // The closing line of jackets and shirts, and the hem.
        const bool front =
            look.upper == UpperKind::Shirt || look.upper >= UpperKind::Cardigan
            || (look.upper == UpperKind::Hoodie && look.innerCloth.pattern != Pattern::Plain);
        if (front && !dressOnly && std::abs(angle) < 0.05F)
            darken(0.72F);
        if (height - look.upperHem < 0.012)
            darken(0.8F);
        s.gloss = leather ? 0.35F : quilted ? 0.08F : 0.0F;
        break;
    }
    case Part::Collar: {
        const float angle = std::remainder(f.u, 2.0F * kPi);
        if (std::abs(angle) < 0.4F
            && (look.open || look.upper == UpperKind::Shirt
                || look.upper == UpperKind::SuitJacket)) {
            set(look.skin, 11, 0.0F);
        } else {
            const bool second = upper.pattern == Pattern::ShouldersOther
                                || upper.pattern == Pattern::ShouldersAndSleevesOther;
            set(second ? upper.rgbSecond : upper.rgb, upperLabel, 0.4F,
                second ? Feature::Second : Feature::Other);
            darken(0.92F);
        }
        break;
    }
    case Part::Pelvis:
        if (look.belt && f.v > 0.575F) {
            set(look.beltCloth.rgb, 8, 0.1F);
        } else {
            const Paint p = clothColour(look.lowerCloth, f.u * 0.09F, f.v, m_texture);
            set(p.rgb, 6, 1.0F, p.feature);
        }
        break;
    case Part::Skirt: {
        const Cloth &cloth = look.hasDress ? look.dressCloth : look.lowerCloth;
        Paint p = clothColour(cloth, f.u * 0.09F, f.v, m_texture);
        if (look.hasDress && cloth.pattern == Pattern::LowerHalfOther && f.v < 0.61F)
            p = {cloth.rgbSecond, Feature::Second};
        set(p.rgb, look.hasDress ? 7 : 5, 1.2F, p.feature);
        if (look.belt && f.v > 0.6F)
            set(look.beltCloth.rgb, 8, 0.1F);
        break;
    }
    case Part::LeftLeg:
    case Part::RightLeg: {
        const bool left = f.part == Part::LeftLeg;
        const std::uint8_t legLabel = left ? 12 : 13;
        const bool full = look.lower == LowerKind::Jeans || look.lower == LowerKind::Trousers
                          || look.lower == LowerKind::TrackPants
                          || look.lower == LowerKind::Leggings;
        const float shortsEnd = static_cast<float>((0.5 - look.lowerHem) / 0.46);
        if (full || (look.lower == LowerKind::Shorts && f.v < shortsEnd)) {
            Paint p = clothColour(look.lowerCloth, f.u * 0.04F, f.v * 0.46F, m_texture);
            // The stripe runs outside.
            if (look.lowerCloth.pattern == Pattern::SideStripe) {
                const float out = (f.nx * m_cosYaw - f.nz * m_sinYaw) * (left ? 1.0F : -1.0F);
                if (out > 0.86F)
                    p = {look.lowerCloth.rgbSecond, Feature::Second};
            }
            set(p.rgb, 6, look.lower == LowerKind::Leggings ? 0.25F : 1.0F, p.feature);
            if (look.lower == LowerKind::Jeans) {
                // Worn lighter along the front of the thigh.
                const float worn =
                    0.12F * (1.0F - std::abs(f.v - 0.3F) * 2.5F) * (1.0F - f.u * f.u);
                darken(1.0F + std::max(0.0F, worn));
            }
            if (full && f.v > 0.985F)
                darken(0.8F);
        } else if (look.tights) {
            set(look.tightsColour, legLabel, 0.1F, Feature::Tights);
        } else if (look.socks && f.v > 0.82F) {
            set(look.sockColour, legLabel, 0.2F);
        } else {
            set(look.skin, legLabel, 0.0F);
        }
        break;
    }
    case Part::LeftArm:
    case Part::RightArm: {
        const bool left = f.part == Part::LeftArm;
        const float sleeve = static_cast<float>(dressOnly ? look.dressSleeve : look.sleeve);
        if (f.v < sleeve) {
            Paint p = clothColour(upper, f.u * 0.04F, 0.8F - f.v * 0.32F, m_texture);
            if (upper.pattern == Pattern::SleevesOther
                || upper.pattern == Pattern::ShouldersAndSleevesOther)
                p = {upper.rgbSecond, Feature::Second};
            if (upper.pattern == Pattern::LowerHalfOther && f.v > 0.42F)
                p = {upper.rgbSecond, Feature::Second};
            if (upper.pattern == Pattern::ShouldersOther && f.v < 0.12F)
                p = {upper.rgbSecond, Feature::Second};
            if (upper.pattern == Pattern::SideStripe) {
                const float out = (f.nx * m_cosYaw - f.nz * m_sinYaw) * (left ? 1.0F : -1.0F);
                if (out > 0.86F)
                    p = {upper.rgbSecond, Feature::Second};
            }
            set(p.rgb, upperLabel, fold, p.feature);
            quilt(f.v * 0.36F);
            s.gloss = leather ? 0.35F : 0.0F;
            if (sleeve - f.v < 0.03F)
                darken(0.82F);
        } else {
            set(look.skin, left ? 14 : 15, 0.0F);
        }
        break;
    }
    case Part::LeftHand:
    case Part::RightHand:
        set(look.skin, f.part == Part::LeftHand ? 14 : 15, 0.0F);
        break;
    case Part::LeftShoe:
    case Part::RightShoe: {
        const std::uint8_t label = f.part == Part::LeftShoe ? 9 : 10;
        if (look.shoes == ShoeKind::Sandals && f.v < 0.85F
            && f.v - std::floor(f.v * 4.0F) / 4.0F > 0.12F) {
            set(look.skin, label, 0.0F);
        } else {
            set(look.shoeCloth.rgb, label, 0.3F);
            const bool soleSeen = look.shoes == ShoeKind::Sneakers && f.ny > 0.62F && f.v < 0.85F;
            if (soleSeen)
                set(look.shoeCloth.rgbSecond, label, 0.0F, Feature::Second);
            else if (look.shoes == ShoeKind::LeatherShoes || look.shoes == ShoeKind::HighHeels)
                s.gloss = 0.25F;
        }
        break;
    }
    case Part::Neck:
        set(look.skin, 11, 0.0F);
        darken(0.85F);
        break;
    case Part::Head: {
        set(look.skin, 11, 0.0F);
        const float x = f.u;
        const float y = f.v;
        const float z = f.w;
        if (z > 0.2F) {
            // Eyes, brows, nose and mouth are hints only at this size.
            if (look.glasses == GlassesKind::Sun && std::abs(y - 0.13F) < 0.11F
                && std::abs(x) > 0.06F && std::abs(x) < 0.72F) {
                set({0.05F, 0.05F, 0.06F}, 3, 0.0F);
                s.gloss = 0.3F;
                break;
            }
            if (look.glasses == GlassesKind::Clear && std::abs(y - 0.14F) < 0.15F
                && std::abs(x) < 0.80F) {
                const bool frame =
                    std::abs(y - 0.14F) > 0.09F || std::abs(std::abs(x) - 0.38F) > 0.27F;
                if (frame)
                    set({0.10F, 0.09F, 0.09F}, 3, 0.0F);
                else {
                    darken(0.85F);
                    s.label = 3;
                }
                break;
            }
            const float ex = (std::abs(x) - 0.36F) / 0.17F;
            const float ey = (y - 0.14F) / 0.07F;
            if (ex * ex + ey * ey < 1.0F)
                darken(0.5F);
            else if (std::abs(y - 0.28F) < 0.045F && std::abs(std::abs(x) - 0.36F) < 0.2F)
                darken(0.65F);
            else if (std::abs(y + 0.5F) < 0.045F && std::abs(x) < 0.26F) {
                s.r *= 0.82F;
                s.g *= 0.6F;
                s.b *= 0.6F;
            } else if (std::abs(x) < 0.13F && y < 0.1F && y > -0.24F)
                darken(1.06F);
            else if (y < -0.17F && y > -0.28F && std::abs(x) < 0.16F)
                darken(0.82F);
            if (look.beard && y < -0.22F && z > 0.1F
                && !(std::abs(y + 0.5F) < 0.05F && std::abs(x) < 0.24F)) {
                s.r = mix(s.r, look.hair.r, 0.72F);
                s.g = mix(s.g, look.hair.g, 0.72F);
                s.b = mix(s.b, look.hair.b, 0.72F);
            }
        } else if (std::abs(x) > 0.9F && std::abs(y) < 0.2F && z < 0.1F) {
            darken(0.85F);
        }
        break;
    }
    case Part::HairShell:
    case Part::HairTail: {
        set(look.hair, 2, 0.0F);
        const bool curly = look.hairStyle == HairStyle::Curly;
        const float strand = f.part == Part::HairShell
                                 ? noise((f.u + f.w) * (curly ? 7.0F : 6.0F) + m_texture,
                                         f.v * (curly ? 7.0F : 2.0F))
                                 : noise(f.u * 6.0F + m_texture, f.v * 4.0F);
        darken(0.72F + 0.56F * strand);
        s.gloss = curly ? 0.05F : 0.16F;
        if (look.hairStyle == HairStyle::Buzz) {
            s.r = mix(s.r, look.skin.r, 0.22F);
            s.g = mix(s.g, look.skin.g, 0.22F);
            s.b = mix(s.b, look.skin.b, 0.22F);
        }
        break;
    }
    case Part::Hat: {
        const Paint p = clothColour(look.hatCloth, f.u * 0.1F, f.v * 0.12F, m_texture);
        set(p.rgb, 1, 0.3F, p.feature);
        if (look.hat == HatKind::Beanie && f.v < 0.34F)
            darken(0.85F);
        if (look.hat == HatKind::Brimmed && f.v < 0.42F)
            darken(0.6F);
        break;
    }
    case Part::HatBrim:
        set(look.hatCloth.rgb, 1, 0.1F);
        darken(0.92F);
        break;
    case Part::HoodDown:
    case Part::HoodUp: {
        const bool second = upper.pattern == Pattern::ShouldersOther
                            || upper.pattern == Pattern::ShouldersAndSleevesOther;
        set(second ? upper.rgbSecond : upper.rgb, upperLabel, 0.8F,
            second ? Feature::Second : Feature::Other);
        if (f.part == Part::HoodDown && f.v > 0.4F && std::abs(f.u) < 0.6F)
            darken(0.65F);
        break;
    }
    case Part::Scarf: {
        const Paint p = clothColour(look.scarfCloth, f.u * 0.08F, f.v, m_texture);
        set(p.rgb, 17, 1.0F, p.feature);
        break;
    }
    case Part::Backpack: {
        const bool low = look.bagCloth.pattern == Pattern::LowerHalfOther && f.v < 0.66F;
        set(low ? look.bagCloth.rgbSecond : look.bagCloth.rgb, 16, 0.5F);
        if (std::abs(f.v - 0.668F) < 0.005F || std::abs(f.v - 0.75F) < 0.004F)
            darken(0.7F);
        break;
    }
    case Part::Bag: {
        const bool low = look.bagCloth.pattern == Pattern::LowerHalfOther && std::sin(f.u) > 0.4F;
        set(low ? look.bagCloth.rgbSecond : look.bagCloth.rgb, 16, 0.3F);
        s.gloss = 0.12F;
        break;
    }
    case Part::BagHandle:
        set(look.bagCloth.rgb, 16, 0.0F);
        darken(0.85F);
        break;
    }
    return s;
}

} // namespace sapsam::synth
