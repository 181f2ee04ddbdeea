#pragma once

#include "core/synth/pedestrian.h"

#include <array>
#include <cstdint>
#include <vector>

// The drawing of one body: parts in three dimensions, rasterised into a buffer of fragments (depth,
// normal, place on the part), which are coloured afterwards.
// Body frame: x to the person's left, y up, z to the front; unit: the body's height; feet at y = 0.
// Camera frame: x right, y down, z towards the camera; same unit.

namespace sapsam::synth {

struct Vec3
{
    float x = 0.0F;
    float y = 0.0F;
    float z = 0.0F;
};
inline Vec3 operator+(Vec3 a, Vec3 b)
{
    return {a.x + b.x, a.y + b.y, a.z + b.z};
}
inline Vec3 operator-(Vec3 a, Vec3 b)
{
    return {a.x - b.x, a.y - b.y, a.z - b.z};
}
inline Vec3 operator*(Vec3 a, float s)
{
    return {a.x * s, a.y * s, a.z * s};
}
inline float dot(Vec3 a, Vec3 b)
{
    return a.x * b.x + a.y * b.y + a.z * b.z;
}

enum class Part : std::uint8_t {
    None,
    Torso,
    Pelvis,
    Skirt,    // skirt or dress below the waist
    CoatTail, // the upper garment below the hips
    LeftLeg,
    RightLeg,
    LeftArm,
    RightArm,
    LeftHand,
    RightHand,
    LeftShoe,
    RightShoe,
    Neck,
    Collar,
    Head,
    HairShell,
    HairTail,
    Hat,
    HatBrim,
    HoodDown,
    HoodUp,
    Scarf,
    Backpack,
    Bag,
    BagHandle,
    Held
};

struct Fragment
{
    float z = -1e9F;
    float nx = 0.0F;
    float ny = 0.0F;
    float nz = 0.0F;
    float u =
        0.0F; // tubes: angle around, 0 front, positive to the person's left; limbs: across -1..1
    float v = 0.0F; // tubes: height in the body; limbs: along, 0 at the trunk
    float w = 0.0F; // ellipsoids: third local coordinate
    Part part = Part::None;
    std::uint8_t figure = 0;
};

// How a body stands. Angles in radians.
struct Pose
{
    float legSwing[2] = {0, 0}; // left, right; positive to the front
    float kneeBend[2] = {0, 0};
    float legSpread = 0.02F;
    float armSwing[2] = {0, 0};
    float armOut[2] = {0.1F, 0.1F};
    float elbowBend[2] = {0.2F, 0.2F};
    float elbowIn[2] = {0, 0}; // turns the forearm to the middle
    float lean = 0.0F;
    float sway = 0.0F;  // of the trunk to the left, per height
    float twist = 0.0F; // of the shoulders against the hips
    float headYaw = 0.0F;
    float headPitch = 0.0F;
    bool held[2] = {false, false};
    Rgb heldColour;
    float heldSize = 0.02F;
};

Pose drawPose(SeededRandom &random, bool &walking);

struct Placement
{
    float yaw = 0.0F;   // 0 faces the camera, 90 degrees faces to the picture's right
    float pitch = 0.0F; // of the camera, looking down
    float x = 0.0F;     // where the feet stand, in camera units
    float y = 0.0F;
    float depth = 0.0F;
    float scale = 1.0F;
};

// The picture plane: pixel = origin + unit * scale, with a slight widening towards the top.
struct Canvas
{
    int width = 0;
    int height = 0;
    float originX = 0.0F;
    float originY = 0.0F;
    float scaleX = 1.0F;
    float scaleY = 1.0F;
    float keystone = 0.0F;
    std::vector<Fragment> fragments;

    void resize(int w, int h)
    {
        width = w;
        height = h;
        fragments.assign(static_cast<std::size_t>(w) * static_cast<std::size_t>(h), Fragment());
    }
};

// What a fragment shows, for counting what is visible.
enum class Feature : std::uint8_t { Other, Second, Inner, Tights };

struct Surface
{
    float r = 0.0F;
    float g = 0.0F;
    float b = 0.0F;
    float fold = 0.0F; // strength of folds in the cloth
    float gloss = 0.0F;
    std::uint8_t label = 0;
    Feature feature = Feature::Other;
};

class Figure
{
public:
    Figure(const PersonAppearance &look, const Pose &pose, const Placement &place,
           std::uint64_t texture);

    // Bounds in camera units, so that a canvas can be fitted to them.
    struct Bounds
    {
        float left, top, right, bottom;
    };
    Bounds bounds() const;

    void rasterise(Canvas &canvas, std::uint8_t figureIndex);
    Surface surface(const Fragment &fragment) const;

    // Joints in camera units with a radius, for the shadow on the ground.
    struct Joint
    {
        Vec3 body;
        float radius;
    };
    const std::vector<std::array<Joint, 2>> &bones() const { return m_bones; }
    Vec3 toCamera(Vec3 body) const;

private:
    struct Node
    {
        float y, x, z, a, b; // height, centre, half width left-right, half depth
    };
    void limb(Canvas &canvas, Part part, Vec3 from, Vec3 to, float radiusFrom, float radiusTo,
              float vFrom, float vTo);
    void tube(Canvas &canvas, Part part, const std::vector<Node> &nodes, float low, float high);
    template <typename Accept>
    void ellipsoid(Canvas &canvas, Part part, Vec3 centre, Vec3 axes, float yaw, float pitch,
                   Accept accept);
    void build();
    Node upperNode(float y, float extra) const;

    const PersonAppearance &m_look;
    Pose m_pose;
    Placement m_place;
    float m_texture;
    float m_cosYaw, m_sinYaw, m_cosPitch, m_sinPitch;
    std::uint8_t m_index = 0;
    // Body frame.
    Vec3 m_hip[2], m_knee[2], m_ankle[2], m_toe[2], m_heel[2];
    Vec3 m_shoulder[2], m_elbow[2], m_wrist[2];
    Vec3 m_head;
    float m_headScale = 1.0F;
    float m_drop = 0.0F;
    std::vector<std::array<Joint, 2>> m_bones;
};

} // namespace sapsam::synth
