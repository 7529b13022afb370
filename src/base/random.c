/* random.c -- counter-based random numbers.
 *
 * Most of them are noise: D numbers for every row of every batch. Noise is made 64 numbers at a
 * time, in loops over 16 lanes that the compiler vectorises. That is why logarithm, sine and cosine
 * are polynomials here: the C library's can't be vectorised without -ffast-math. */
#include "spine/base/random.h"

#include <Random123/philox.h>
#include <assert.h>
#include <math.h>

#include "spine/base/clones.h"

enum { WEIGHTS = 1u << 24, ORDER = 2u << 24, NOISE = 3u << 24, PARAMETER = 4u << 24 };
enum { LANES = 16, GROUP = 4 * LANES };

static philox4x32_key_t key_of(uint64_t seed)
{
    return (philox4x32_key_t){{(uint32_t)seed, (uint32_t)(seed >> 32)}};
}

void spine_random_uniform(uint64_t seed, uint32_t tensor, uint64_t first, size_t count, float bound,
                          float *out)
{
    philox4x32_ctr_t words = {{0}};

    for (size_t i = 0; i < count; i++) {
        const uint64_t e = first + i;
        const philox4x32_ctr_t counter = {
            {(uint32_t)(e / 4), (uint32_t)(e / 4 >> 32), tensor, WEIGHTS}};
        if (i == 0 || e % 4 == 0)
            words = philox4x32(counter, key_of(seed));
        const float u = (float)(words.v[e % 4] >> 8) * 0x1p-24f;
        out[i] = bound * (2 * u - 1);
    }
}

uint32_t spine_random_below(uint64_t seed, uint32_t epoch, uint32_t stratum, uint32_t i,
                            uint32_t bound)
{
    const philox4x32_ctr_t counter = {{i, stratum, epoch, ORDER}};
    const uint64_t word = philox4x32(counter, key_of(seed)).v[0];
    return (uint32_t)(word * bound >> 32);
}

double spine_random_parameter(uint64_t seed, uint64_t i, uint32_t p)
{
    const philox4x32_ctr_t counter = {{(uint32_t)i, (uint32_t)(i >> 32), p, PARAMETER}};
    const philox4x32_ctr_t words = philox4x32(counter, key_of(seed));
    return (double)((uint64_t)words.v[0] << 21 | words.v[1] >> 11) * 0x1p-53;
}

/* Natural logarithm of a normal float u in (0, 1]: u = 2^e m with m in [sqrt(1/2), sqrt(2)), and
 * log m = 2 atanh((m - 1) / (m + 1)) by its series, cut off at 2e-8. */
static inline float log_unit(float u)
{
    union {
        float f;
        int32_t i;
    } bits = {u};
    const int32_t exponent = (bits.i - 0x3f3504f3) >> 23;
    bits.i -= (int32_t)((uint32_t)exponent << 23);
    const float s = (bits.f - 1) / (bits.f + 1), s2 = s * s;
    const float series = 0.66666666f + s2 * (0.4f + s2 * (0.28571429f + s2 * 0.22222222f));
    return (float)exponent * 0.69314718f + (2 * s + s * s2 * series);
}

/* cos and sin of 2 pi v for v in [0, 1): subtracting the nearest quarter turn leaves at most an
 * eighth, for which Taylor polynomials are used. */
static inline void cos_sin_turn(float v, float *cosine, float *sine)
{
    const int32_t quarter = (int32_t)(4 * v + 0.5f);
    const float a = 6.2831853f * (v - 0.25f * (float)quarter), a2 = a * a;
    const float c = 1 + a2 * (-0.5f + a2 * (4.1666667e-2f + a2 * (-1.3888889e-3f + a2 * 2.48e-5f)));
    const float s =
        a + a * a2 * (-0.16666667f + a2 * (8.3333333e-3f + a2 * (-1.984127e-4f + a2 * 2.755e-6f)));
    const int swap = quarter & 1;
    const float x = swap ? s : c, y = swap ? c : s;
    *cosine = ((quarter + 1) & 2) ? -x : x;
    *sine = (quarter & 2) ? -y : y;
}

/* Write the 64 normals of a group to n. */
static inline __attribute__((always_inline)) void make_group(uint32_t group, uint32_t row_low,
                                                             uint32_t epoch, uint32_t row_high,
                                                             philox4x32_key_t key, float *n)
{
    uint32_t w[4][LANES];
    for (int lane = 0; lane < LANES; lane++) {
        const philox4x32_ctr_t counter = {
            {group * LANES + (uint32_t)lane, row_low, epoch, NOISE | row_high}};
        const philox4x32_ctr_t words = philox4x32(counter, key);
        for (int i = 0; i < 4; i++)
            w[i][lane] = words.v[i];
    }
    for (int pair = 0; pair < 2; pair++)
        for (int lane = 0; lane < LANES; lane++) {
            const float u = (float)(int32_t)((w[2 * pair][lane] >> 8) + 1) * 0x1p-24f;
            const float v = (float)(int32_t)(w[2 * pair + 1][lane] >> 8) * 0x1p-24f;
            const float radius = sqrtf(-2 * log_unit(u));
            float cosine, sine;
            cos_sin_turn(v, &cosine, &sine);
            n[(2 * pair) * LANES + lane] = radius * cosine;
            n[(2 * pair + 1) * LANES + lane] = radius * sine;
        }
}

/* Seven parameters: three identify the numbers, four say what to do with them; no caller has them
 * in a struct. */
SPINE_CLONES
void spine_random_add_noise_from(uint64_t seed, uint32_t epoch, uint64_t row, float sigma,
                                 size_t first, size_t count, const float *clean, float *noisy)
{
    const philox4x32_key_t key = key_of(seed);
    float n[GROUP];
    assert(first % GROUP == 0);
    for (size_t at = 0; at < count; at += GROUP) {
        make_group((uint32_t)((first + at) / GROUP), (uint32_t)row, epoch, (uint32_t)(row >> 32),
                   key, n);
        const size_t members = count - at < GROUP ? count - at : GROUP;
        for (size_t j = 0; j < members; j++)
            noisy[at + j] = clean[at + j] + sigma * n[j];
    }
}

/* The parameters are as above. */
void spine_random_add_noise(uint64_t seed, uint32_t epoch, uint64_t row, float sigma, size_t count,
                            const float *clean, float *noisy)
{
    spine_random_add_noise_from(seed, epoch, row, sigma, 0, count, clean, noisy);
}
