/* similarity.c -- do words that people find alike have vectors that are? */
#include "spine/eval/similarity.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"
#include "spine/base/number.h"
#include "spine/text/tabular.h"

enum { SAMPLES = 1000 };

/* The pairs that were found. */
struct pairs {
    double *score, *cosine; /* owned; (count) */
    size_t count, score_capacity, cosine_capacity;
};

static int add_pair(struct pairs *pairs, double score, double cosine, struct spine_error *err)
{
    const size_t needed = pairs->count + 1;
    if (spine_memory_reserve(&pairs->score, &pairs->score_capacity, needed, sizeof *pairs->score,
                             "pairs of words", err) ||
        spine_memory_reserve(&pairs->cosine, &pairs->cosine_capacity, needed, sizeof *pairs->cosine,
                             "pairs of words", err))
        return -1;
    pairs->score[pairs->count] = score;
    pairs->cosine[pairs->count++] = cosine;
    return 0;
}

static bool is_finite_number(const char *text, float *value)
{
    return spine_number_parse(text, text + strlen(text), value) == 0 && isfinite(*value);
}

/* Seven parameters: a row in its table, and the two results that it may change. */
static int add_row(const struct spine_space *space, const struct spine_tabular *table,
                   const struct spine_tabular_row *row, bool is_first, struct pairs *pairs,
                   struct spine_similarity *result, struct spine_error *err)
{
    float score;

    if (row->count != 3)
        return spine_tabular_refuse(table, row, "two words and a score", row->count, err);
    if (!is_finite_number(row->field[2], &score))
        return is_first ? 0 : spine_tabular_refuse(table, row, "a score as third field", 2, err);
    const int64_t first = spine_space_find_or_lowercase(space, row->field[0]);
    const int64_t second = spine_space_find_or_lowercase(space, row->field[1]);
    if (first < 0 || second < 0) {
        result->missing++;
        return 0;
    }

    return add_pair(pairs, (double)score, spine_space_cosine(space, (size_t)first, (size_t)second),
                    err);
}

int spine_similarity_measure(const struct spine_space *space, const char *path, uint64_t seed,
                             struct spine_similarity *result, struct spine_error *err)
{
    struct spine_tabular *table = NULL;
    struct spine_tabular_row row;
    struct pairs pairs = {0};
    bool is_first = true;

    *result = (struct spine_similarity){0};
    if (spine_tabular_open(&table, path, SPINE_TABULAR_ANY, err))
        return -1;
    int rc, next;
    for (rc = 0; rc == 0 && (next = spine_tabular_next(table, &row, err)) != 0; is_first = false)
        rc = next < 0 ? -1 : add_row(space, table, &row, is_first, &pairs, result, err);
    spine_tabular_close(table);
    result->found = pairs.count;
    if (rc == 0 && result->found + result->missing == 0)
        rc = spine_refuse(err, "%s: has no pairs of words", path);
    if (rc == 0)
        rc = spine_statistics_spearman(pairs.score, pairs.cosine, pairs.count, SAMPLES, seed,
                                       &result->rho, err);

    free(pairs.score);
    free(pairs.cosine);
    return rc;
}
