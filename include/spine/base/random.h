/* random.h -- counter-based random numbers: functions of what they are for.
 *
 * There is no generator with a state. Every number is Philox4x32-10 (Salmon, Moraes, Dror, Shaw:
 * "Parallel random numbers: as easy as 1, 2, 3", SC 2011) of a counter that identifies the number;
 * the key is the run's seed. So ranks agree without communication, and their number changes
 * nothing.
 *
 * The key is the low and the high 32 bits of the seed. The upper 8 bits of the counter's last word
 * hold the purpose. These definitions are part of the program's contract:
 * tools/scripts/reference.py has them too. */
#ifndef SPINE_BASE_RANDOM_H
#define SPINE_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Uniform numbers in [-bound, bound) for initial weights: number e of tensor t is word e % 4 of
 * counter (low(e / 4), high(e / 4), t, 1 << 24). Writes numbers [first, first + count) to out. */
void spine_random_uniform(uint64_t seed, uint32_t tensor, uint64_t first, size_t count, float bound,
                          float *out);

/* A number in [0, bound) for shuffling: word 0 of counter (i, stratum, epoch, 2 << 24), times
 * bound, divided by 2^32. */
uint32_t spine_random_below(uint64_t seed, uint32_t epoch, uint32_t stratum, uint32_t i,
                            uint32_t bound);

/* A number in [0, 1) for parameter p of trial i of a sweep: (w0 * 2^21 + w1 / 2^11) / 2^53, with
 * words w0 and w1 of counter (low(i), high(i), p, 4 << 24). */
double spine_random_parameter(uint64_t seed, uint64_t i, uint32_t p);

/* noisy[j] = clean[j] + sigma * n_j for j in [0, count), n_j standard normal.
 *
 * The n_j of a row come in groups of 64 = 4 x 16: element j has g = j / 64, q = j % 64 / 16 and
 * lane = j % 16. Words w0..w3 of counter (16 g + lane, low(row), epoch, 3 << 24 | high(row)) give
 * four normals by Box and Muller: with u = ((w >> 8) + 1) / 2^24 and v = (w' >> 8) / 2^24,
 * sqrt(-2 ln u) times cos and sin of 2 pi v, from (w0, w1) and from (w2, w3); n_j is number q. */
void spine_random_add_noise_from(uint64_t seed, uint32_t epoch, uint64_t row, float sigma,
                                 size_t first, size_t count, const float *clean, float *noisy);
void spine_random_add_noise(uint64_t seed, uint32_t epoch, uint64_t row, float sigma, size_t count,
                            const float *clean, float *noisy);

#endif
