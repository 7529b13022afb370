/* coherence.c -- the coherence of each dimension's top words. */
#include "spine/pages/coherence.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/infile.h"
#include "spine/base/memory.h"
#include "spine/eval/readability.h"
#include "spine/space/reference.h"
#include "spine/space/topwords.h"

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* List the words that are among the 'among' strongest of a dimension. */
static int list_strongest(const struct spine_space *space, const struct spine_ranking *ranking,
                          size_t among, struct spine_words *words, struct spine_error *err)
{
    unsigned char *is_listed = spine_memory_zeroed(space->rows, 1, "the top words", err);
    int rc = 0;
    if (is_listed == NULL)
        return -1;

    for (size_t j = 0; j < ranking->dimensions; j++)
        for (size_t i = 0; i < least(ranking->active[j], among); i++)
            is_listed[spine_ranking_get(ranking, j)[i].index] = 1;
    for (size_t row = 0; rc == 0 && row < space->rows; row++) {
        const char *word = spine_words_get(&space->words, row);
        if (is_listed[row])
            rc = spine_words_add(words, word, strlen(word), err);
    }
    free(is_listed);
    return rc;
}

/* Does the reference know enough of each dimension's 'among' strongest words? */
static bool knows_enough(const struct spine_ranking *ranking,
                         const struct spine_reference *reference, size_t among)
{
    for (size_t j = 0; j < ranking->dimensions; j++) {
        const struct spine_ranked *top = spine_ranking_get(ranking, j);
        size_t known = 0;
        for (size_t i = 0; i < least(ranking->active[j], among); i++)
            known += spine_reference_knows(reference, top[i].index);
        if (known < SPINE_COHERENCE_WORDS && ranking->active[j] > among)
            return false;
    }
    return true;
}

/* Find the coherence of all dimensions, in a space read for their 'among' strongest words;
 * *coherence stays NULL if these aren't enough. */
static int find_coherence(const struct spine_space *space, const struct spine_ranking *ranking,
                          const struct spine_space *vectors, size_t among, double **coherence,
                          struct spine_error *err)
{
    struct spine_reference reference = {0};
    struct spine_topwords topwords = {0};
    int rc = spine_reference_init(&reference, vectors, space, err);

    if (rc == 0 && knows_enough(ranking, &reference, among)) {
        rc = spine_topwords_init(&topwords, space, ranking, &reference, SPINE_COHERENCE_WORDS, err);
        if (rc == 0)
            *coherence =
                spine_readability_coherences(&topwords, &reference, SPINE_COHERENCE_WORDS, err);
        if (*coherence == NULL)
            rc = -1;
        spine_topwords_dispose(&topwords);
    }

    spine_reference_dispose(&reference);
    return rc;
}

double *spine_coherence_measure(const struct spine_space *space,
                                const struct spine_ranking *ranking, const char *path,
                                struct spine_error *err)
{
    enum { AMONG = 16, TIMES = 16 };
    /* A pipe can be read only once: read all words at once. */
    const bool is_pipe = spine_infile_is_pipe(path);
    double *coherence = NULL;
    int rc = 0;

    for (size_t among = is_pipe ? space->rows : AMONG; rc == 0 && coherence == NULL;
         among *= TIMES) {
        struct spine_words words = {0};
        struct spine_space vectors = {0};
        rc = list_strongest(space, ranking, among, &words, err) ||
             spine_space_read_wanted(&vectors, path, &words, err) ||
             find_coherence(space, ranking, &vectors, among, &coherence, err);
        spine_space_dispose(&vectors);
        spine_words_dispose(&words);
    }
    return coherence;
}
