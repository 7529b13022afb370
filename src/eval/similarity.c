/* similarity.c -- word similarity: rank correlation with human scores. */
#include "spine/eval/similarity.h"

#include <stdlib.h>

#include "spine/base/memory.h"

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

int spine_similarity_measure(const struct spine_space *space, const struct spine_testset *set,
                             uint64_t seed, struct spine_similarity *result,
                             struct spine_error *err)
{
    struct pairs pairs = {0};
    int rc = 0;

    *result = (struct spine_similarity){0};
    for (size_t i = 0; rc == 0 && i < set->count; i++) {
        const int64_t first = spine_space_find_any_case(space, spine_testset_word(set, i, 0));
        const int64_t second = spine_space_find_any_case(space, spine_testset_word(set, i, 1));
        if (first >= 0 && second >= 0)
            rc = add_pair(&pairs, set->score[i],
                          spine_space_cosine(space, (size_t)first, (size_t)second), err);
    }
    result->found = pairs.count;
    result->missing = set->count - pairs.count;
    if (rc == 0)
        rc = spine_statistics_spearman(pairs.score, pairs.cosine, pairs.count, SAMPLES, seed,
                                       &result->rho, err);

    free(pairs.score);
    free(pairs.cosine);
    return rc;
}
