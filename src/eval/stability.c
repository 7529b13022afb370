/* stability.c -- do runs find the same dimensions? */
#include "spine/eval/stability.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"
#include "spine/base/random.h"
#include "spine/eval/decoder.h"
#include "spine/eval/matching.h"
#include "spine/math/kernels.h"

static const float SAME = 0.7F; /* the cosine from which dimensions count as the same */

/* Two runs, the second with at least as many dimensions, and their comparison. */
struct pair {
    const struct spine_decoder *first, *second;
    float *cosines;  /* owned; (H, H') */
    uint32_t *match; /* owned; (H) */
    float *shuffled; /* owned; (H', D): the second's rows, their coordinates in another order */
    float *packed;   /* owned; scratch */
};

/* Sums over the pairs of a run. */
struct sums {
    double cosine, same, chance, correlation;
    size_t pairs, correlated, matched, missing;
    size_t pairs_of_codes, of_codes; /* pairs that have codes, and their units */
};

/* --- A pair ------------------------------------------------------------------------------- */

static int init_pair(struct pair *pair, const struct spine_decoder *a,
                     const struct spine_decoder *b, struct spine_error *err)
{
    static const char what[] = "the cosines of two runs' dimensions";
    *pair = (struct pair){.first = a->units <= b->units ? a : b,
                          .second = a->units <= b->units ? b : a};
    const size_t units = pair->second->units;
    pair->cosines = spine_memory_get(pair->first->units, units * sizeof *pair->cosines, what, err);
    pair->match = spine_memory_get(pair->first->units, sizeof *pair->match, what, err);
    pair->shuffled = spine_kernel_alloc(units * pair->second->stride, what, err);
    pair->packed = spine_kernel_alloc_packed(pair->second->dim, what, err);
    if (pair->cosines == NULL || pair->match == NULL || pair->shuffled == NULL ||
        pair->packed == NULL)
        return -1;
    return 0;
}

static void dispose_pair(struct pair *pair)
{
    free(pair->cosines);
    free(pair->match);
    free(pair->shuffled);
    free(pair->packed);
}

/* Match the first run's dimensions with rows of the second's shape. */
static int match_rows(struct pair *pair, const float *rows, struct spine_error *err)
{
    const struct spine_decoder *first = pair->first;
    const size_t units = pair->second->units;
    spine_kernel_product_rows(first->units, first->dim, units, units, first->stride, first->rows,
                              rows, pair->packed, pair->cosines);
    return spine_matching_find(pair->cosines, first->units, units, pair->match, err);
}

static bool is_zero(const struct spine_decoder *decoder, size_t unit)
{
    const float *row = decoder->rows + unit * decoder->stride;
    for (size_t k = 0; k < decoder->dim; k++)
        if (row[k] != 0)
            return false;
    return true;
}

/* The mean cosine of matched rows, and the share that is the same; NaN if there are none. */
static void average_cosines(const struct pair *pair, double *cosine, double *same, size_t *matched)
{
    double sum = 0, above = 0;
    *matched = 0;
    for (size_t j = 0; j < pair->first->units; j++) {
        const float value = pair->cosines[j * pair->second->units + pair->match[j]];
        if (is_zero(pair->first, j) || is_zero(pair->second, pair->match[j]))
            continue;
        sum += (double)value;
        above += value > SAME;
        ++*matched;
    }
    *cosine = *matched > 0 ? sum / (double)*matched : (double)NAN;
    *same = *matched > 0 ? above / (double)*matched : (double)NAN;
}

/* By chance: the same with the second's coordinates in another order. */
static int match_by_chance(struct pair *pair, uint64_t seed, double *chance,
                           struct spine_error *err)
{
    const struct spine_decoder *second = pair->second;
    uint32_t *order = spine_memory_get(second->dim, sizeof *order, "the order of coordinates", err);
    if (order == NULL)
        return -1;

    for (size_t k = 0; k < second->dim; k++)
        order[k] = (uint32_t)k;
    for (size_t left = second->dim; left > 1; left--) {
        const uint32_t at = spine_random_below(seed, 0, UINT16_MAX, (uint32_t)left, (uint32_t)left);
        const uint32_t moved = order[at];
        order[at] = order[left - 1];
        order[left - 1] = moved;
    }
    for (size_t j = 0; j < second->units; j++)
        for (size_t k = 0; k < second->dim; k++)
            pair->shuffled[j * second->stride + k] = second->rows[j * second->stride + order[k]];
    free(order);

    double ignored;
    size_t matched;
    if (match_rows(pair, pair->shuffled, err))
        return -1;
    average_cosines(pair, chance, &ignored, &matched);
    return 0;
}

/* --- Codes -------------------------------------------------------------------------------- */

/* Sums of a pair of dimensions over the words of both runs. */
struct moments {
    double x, y, xx, yy, xy;
};

static void add_word(const struct pair *pair, size_t row, size_t other, float *values,
                     struct moments *moments, const uint32_t *matched_with)
{
    const struct spine_csr *x = &pair->first->codes.codes, *y = &pair->second->codes.codes;

    for (int64_t at = y->indptr[other]; at < y->indptr[other + 1]; at++) {
        const uint32_t j = matched_with[y->indices[at]];
        values[y->indices[at]] = y->data[at];
        if (j == UINT32_MAX)
            continue;
        moments[j].y += (double)y->data[at];
        moments[j].yy += (double)y->data[at] * (double)y->data[at];
    }
    for (int64_t at = x->indptr[row]; at < x->indptr[row + 1]; at++) {
        const int32_t j = x->indices[at];
        moments[j].x += (double)x->data[at];
        moments[j].xx += (double)x->data[at] * (double)x->data[at];
        moments[j].xy += (double)x->data[at] * (double)values[pair->match[j]];
    }
    for (int64_t at = y->indptr[other]; at < y->indptr[other + 1]; at++)
        values[y->indices[at]] = 0;
}

/* The mean correlation of matched dimensions; *correlated is the number that have one. */
static double correlate(const struct pair *pair, float *values, struct moments *moments,
                        const uint32_t *matched_with, size_t *correlated)
{
    const struct spine_space *x = &pair->first->codes, *y = &pair->second->codes;
    double words = 0, sum = 0;
    for (size_t i = 0; i < x->rows; i++) {
        const int64_t other = spine_space_find(y, spine_words_get(&x->words, i));
        if (other >= 0) {
            add_word(pair, i, (size_t)other, values, moments, matched_with);
            words++;
        }
    }

    *correlated = 0;
    for (size_t j = 0; j < pair->first->units; j++) {
        const struct moments *m = &moments[j];
        const double x_spread = words * m->xx - m->x * m->x, y_spread = words * m->yy - m->y * m->y;
        if (!(x_spread > 0) || !(y_spread > 0))
            continue;
        sum += (words * m->xy - m->x * m->y) / sqrt(x_spread * y_spread);
        ++*correlated;
    }
    return *correlated > 0 ? sum / (double)*correlated : (double)NAN;
}

static int correlate_codes(const struct pair *pair, double *correlation, size_t *correlated,
                           struct spine_error *err)
{
    static const char what[] = "the correlations of two runs' dimensions";
    const size_t units = pair->second->units;
    float *values = spine_memory_zeroed(units, sizeof *values, what, err);
    uint32_t *matched_with = spine_memory_get(units, sizeof *matched_with, what, err);
    struct moments *moments = spine_memory_zeroed(pair->first->units, sizeof *moments, what, err);
    const int rc = values == NULL || matched_with == NULL || moments == NULL;

    if (rc == 0) {
        for (size_t j = 0; j < units; j++)
            matched_with[j] = UINT32_MAX;
        for (size_t j = 0; j < pair->first->units; j++)
            matched_with[pair->match[j]] = (uint32_t)j;
        *correlation = correlate(pair, values, moments, matched_with, correlated);
    }

    free(values);
    free(matched_with);
    free(moments);
    if (rc)
        return -1;
    return 0;
}

/* --- All pairs ---------------------------------------------------------------------------- */

static void add_sums(struct sums *sums, const struct sums *of_pair)
{
    sums->cosine += of_pair->cosine;
    sums->same += of_pair->same;
    sums->chance += of_pair->chance;
    sums->correlation += of_pair->correlation;
    sums->pairs_of_codes += of_pair->pairs_of_codes;
    sums->of_codes += of_pair->of_codes;
    sums->pairs++;
    sums->correlated += of_pair->correlated;
    sums->matched += of_pair->matched;
    sums->missing += of_pair->missing;
}

static int compare(const struct spine_decoder *a, const struct spine_decoder *b, uint64_t seed,
                   struct sums *sums, struct spine_error *err)
{
    struct pair pair;
    int rc = init_pair(&pair, a, b, err);
    if (rc == 0)
        rc = match_rows(&pair, pair.second->rows, err);
    if (rc == 0) {
        average_cosines(&pair, &sums->cosine, &sums->same, &sums->matched);
        sums->missing = pair.first->units - sums->matched;
        sums->pairs_of_codes = a->codes.rows > 0 && b->codes.rows > 0;
        if (sums->pairs_of_codes > 0) {
            sums->of_codes = pair.first->units;
            rc = correlate_codes(&pair, &sums->correlation, &sums->correlated, err);
        }
    }
    if (rc == 0)
        rc = match_by_chance(&pair, seed, &sums->chance, err);
    dispose_pair(&pair);
    return rc;
}

static int add_figures(const struct sums *sums, struct spine_figures *figures,
                       struct spine_error *err)
{
    static const char group[] = "stability";
    const double pairs = (double)sums->pairs, pairs_of_codes = (double)sums->pairs_of_codes;
    const int64_t matched = (int64_t)sums->matched, missing = (int64_t)sums->missing;
    const int64_t of_codes = (int64_t)sums->of_codes, correlated = (int64_t)sums->correlated;
    const struct spine_estimate cosine = {sums->cosine / pairs, (double)NAN, (double)NAN};
    const struct spine_estimate same = {sums->same / pairs, (double)NAN, (double)NAN};
    const struct spine_estimate codes = {sums->correlation / pairs_of_codes, (double)NAN,
                                         (double)NAN};

    if (spine_figures_add(figures, group, "decoder cosine", cosine, matched, missing, 3, err) ||
        spine_figures_add(figures, group, "share above .7", same, matched, missing, 3, err) ||
        spine_figures_add_plain(figures, group, "decoder cosine by chance", sums->chance / pairs, 3,
                                err) ||
        (sums->pairs_of_codes > 0 && spine_figures_add(figures, group, "code correlation", codes,
                                                       correlated, of_codes - correlated, 3, err)))
        return -1;
    return 0;
}

static int compare_all(const struct spine_decoder *decoders, size_t count, uint64_t seed,
                       struct sums *sums, struct spine_error *err)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = i + 1; k < count; k++) {
            struct sums of_pair = {0};
            if (decoders[i].dim != decoders[k].dim)
                return spine_refuse(err, "%s: is on vectors of %zu numbers, %s on %zu",
                                    decoders[k].path, decoders[k].dim, decoders[i].path,
                                    decoders[i].dim);
            if (compare(&decoders[i], &decoders[k], seed, &of_pair, err))
                return -1;
            add_sums(&sums[i], &of_pair);
            add_sums(&sums[k], &of_pair);
        }
    return 0;
}

int spine_stability_measure(const char *const *runs, size_t count, bool is_transposed,
                            uint64_t seed, struct spine_evaluation *evaluations,
                            struct spine_error *err)
{
    if (count < 2)
        return spine_refuse(err, "stability is measured between two runs or decoders, or more");
    struct spine_decoder *decoders = spine_memory_zeroed(count, sizeof *decoders, "the runs", err);
    struct sums *sums = spine_memory_zeroed(count, sizeof *sums, "the sums of all runs", err);
    int rc = -(decoders == NULL || sums == NULL);

    if (rc == 0)
        rc = spine_decoder_read_all(decoders, runs, count, is_transposed, err);
    if (rc == 0)
        rc = compare_all(decoders, count, seed, sums, err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        evaluations[i].path = runs[i];
        evaluations[i].rows = decoders[i].codes.rows;
        evaluations[i].columns = decoders[i].units;
        rc = add_figures(&sums[i], &evaluations[i].figures, err);
    }

    for (size_t i = 0; decoders != NULL && i < count; i++)
        spine_decoder_dispose(&decoders[i]);
    free(decoders);
    free(sums);
    if (rc)
        return -1;
    return 0;
}
