/* activation.h -- which pairs of a row and a unit are active, and with what value.
 *
 *     SPINE_ABOVE     h = min(z, cap) where z >= threshold; else 0
 *     SPINE_OF_ROW    h = min(z, cap) for the k largest z > 0 of a row; else 0: k-sparse autoencoders
 *                     (Makhzani, Frey: ICLR 2014), TopK (Gao et al.: "Scaling and evaluating sparse
 *                     autoencoders", 2024)
 *
 *     SPINE_OF_BATCH  the same for the k B largest z > 0 of a batch of B rows, and all z that equal
 *                     the least of them: BatchTopK (Bussmann, Leask, Nanda, 2024). Outside of a
 *                     batch, rows are encoded with SPINE_ABOVE; the threshold is a moving mean of
 *                     the least value that each batch kept
 *
 * With threshold 0, SPINE_ABOVE is the rectifier without a cap, and SPINE's clamp with a cap of 1.
 * The gradient passes where h = z, that is, through active pairs up to the cap. Ties go to the
 * lowest unit, so that a selection doesn't depend on how units are divided among ranks. */
#ifndef SPINE_MATH_ACTIVATION_H
#define SPINE_MATH_ACTIVATION_H

#include <float.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum spine_selection { SPINE_ABOVE, SPINE_OF_ROW, SPINE_OF_BATCH };

/* Zeroed, it is SPINE's clamp. */
struct spine_activation {
    enum spine_selection selection;
    size_t k;        /* above 0 for the two selections of k values */
    size_t encode_k; /* SPINE_OF_ROW: k for rows encoded outside of training; 0: k */
    float threshold; /* SPINE_ABOVE: as above; SPINE_OF_BATCH: the least z of a candidate */
    bool is_uncapped;
};

/* How rows are encoded outside of training. */
static inline struct spine_activation spine_activation_encoding(struct spine_activation activation,
                                                                double threshold)
{
    if (activation.selection == SPINE_OF_BATCH) {
        activation.selection = SPINE_ABOVE;
        activation.threshold = (float)threshold;
    } else if (activation.selection == SPINE_OF_ROW && activation.encode_k > 0) {
        activation.k = activation.encode_k;
    }
    return activation;
}

static inline float spine_activation_cap(const struct spine_activation *activation)
{
    return activation->is_uncapped ? FLT_MAX : 1;
}

/* Which z of a row are kept: those above 'value', and those equal to it of units up to 'unit'. */
struct spine_cut {
    float value;
    int32_t unit;
};

static inline bool spine_cut_keeps(struct spine_cut cut, float z, int32_t unit)
{
    return z > cut.value || (z == cut.value && unit <= cut.unit);
}

/* Find the cut that keeps the k largest of 'count' values above 0, whose units ascend. With k
 * values or fewer, it keeps all. 'scratch' has 'count' floats. */
struct spine_cut spine_activation_cut(size_t k, size_t count, const float *value,
                                      const int32_t *unit, float *scratch);

/* Find a lower bound of the k-th largest z > 0 of each of up to 64 rows, as close as a few passes
 * get: at least k values of the row reach it, or it is 0. z is (units, 64). *guess is where the
 * search begins, and is improved for the next call; no selection depends on it. */
void spine_activation_bounds(size_t k, size_t rows, size_t units, const float *z, float *guess,
                             float *bounds);

/* The search for the n-th largest of all ranks' values above 0, in three rounds. In each, every
 * rank counts its values in a histogram of some of their bits (the bits of positive floats order
 * them), the histograms are summed over ranks, and the search is narrowed to one bin. */
enum { SPINE_SEARCH_BINS = 2048, SPINE_SEARCH_ROUNDS = 3 };
struct spine_search {
    int64_t left;  /* the value is the left-th largest of the bin; -1: fewer than n values */
    uint32_t bits; /* the bits of the value found so far */
    int round;
};
void spine_search_begin(struct spine_search *search, int64_t n);
void spine_search_count(const struct spine_search *search, size_t count, const float *values,
                        int64_t *histogram);
void spine_search_narrow(struct spine_search *search, const int64_t *histogram);

/* The value, after all rounds; 0 if there are fewer than n values. */
float spine_search_found(const struct spine_search *search);

#endif
