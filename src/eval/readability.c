/* readability.c -- how well a dimension's top words go together.
 *
 * All threads measure dimensions, each into its own element; sums are in the order of dimensions,
 * so the number of threads changes nothing. A dimension that can't be measured gives NaN. */
#include "spine/eval/readability.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "spine/base/memory.h"

/* What a measure of a dimension needs. */
struct question {
    const struct spine_topwords *topwords;
    const struct spine_reference *reference;
    size_t shown, draws;
    uint64_t seed;
};

/* Measure every dimension. NULL, with err filled, when out of memory. */
static double *ask_all(const struct question *question,
                       double (*ask)(const struct question *question, size_t dimension),
                       struct spine_error *err)
{
    const size_t count = question->topwords->ranking->dimensions;
    double *answers =
        spine_memory_zeroed(count + 1, sizeof *answers, "the answers of all dimensions", err);
    if (answers == NULL)
        return NULL;

#pragma omp parallel for schedule(dynamic, 16)
    for (size_t j = 0; j < count; j++)
        answers[j] = ask(question, j);
    return answers;
}

/* The mean over the dimensions that could be measured. */
static struct spine_readability average(const double *answers, size_t count)
{
    struct spine_readability result = {.estimate = spine_statistics_mean(answers, count)};

    for (size_t j = 0; j < count; j++)
        result.missing += isnan(answers[j]) != 0;
    result.counted = count - result.missing;
    return result;
}

static int average_all(const struct question *question,
                       double (*ask)(const struct question *question, size_t dimension),
                       struct spine_readability *result, struct spine_error *err)
{
    double *answers = ask_all(question, ask, err);
    if (answers == NULL)
        return -1;

    *result = average(answers, question->topwords->ranking->dimensions);
    free(answers);
    return 0;
}

/* --- Coherence ---------------------------------------------------------------------------- */

/* The mean over all pairs of top words. */
static double ask_coherence(const struct question *question, size_t dimension)
{
    enum { MOST = 16 };
    const uint32_t *top = spine_topwords_top(question->topwords, dimension);
    const size_t shown = question->shown;
    double cosines[MOST], sum = 0;
    if (question->topwords->count[dimension] < shown)
        return NAN;

    for (size_t i = 0; i < shown; i++)
        for (size_t k = i + 1; k < shown; k += MOST) {
            const size_t count = shown - k < MOST ? shown - k : MOST;
            spine_reference_cosines(question->reference, top[i], top + k, count, cosines);
            for (size_t n = 0; n < count; n++)
                sum += cosines[n];
        }
    return sum / ((double)shown * (double)(shown - 1) / 2);
}

int spine_readability_coherence(const struct spine_topwords *topwords,
                                const struct spine_reference *reference, size_t shown,
                                struct spine_readability *result, struct spine_error *err)
{
    const struct question question = {topwords, reference, shown, 0, 0};
    return average_all(&question, ask_coherence, result, err);
}

double *spine_readability_coherences(const struct spine_topwords *topwords,
                                     const struct spine_reference *reference, size_t shown,
                                     struct spine_error *err)
{
    const struct question question = {topwords, reference, shown, 0, 0};
    return ask_all(&question, ask_coherence, err);
}

/* --- Intrusion ---------------------------------------------------------------------------- */

/* The sum of a word's cosines to the top words, itself left out. */
static double sum_cosines(const struct question *question, size_t dimension, size_t row)
{
    const uint32_t *top = spine_topwords_top(question->topwords, dimension);
    double sum = 0;
    for (size_t i = 0; i < question->shown; i++)
        if (top[i] != row)
            sum += spine_reference_cosine(question->reference, row, top[i]);
    return sum;
}

static bool is_found(const struct question *question, size_t dimension, size_t intruder)
{
    const uint32_t *top = spine_topwords_top(question->topwords, dimension);
    const double of_intruder = sum_cosines(question, dimension, intruder);
    for (size_t i = 0; i < question->shown; i++) {
        const double of_top = sum_cosines(question, dimension, top[i]) +
                              spine_reference_cosine(question->reference, top[i], intruder);
        if (of_top <= of_intruder)
            return false;
    }
    return true;
}

static double ask_intrusion(const struct question *question, size_t dimension)
{
    size_t found = 0;
    for (size_t draw = 0; draw < question->draws; draw++) {
        const int64_t intruder = spine_topwords_intruder(
            question->topwords, dimension, question->shown, question->seed, (uint32_t)draw);
        if (intruder < 0)
            return NAN;
        found += is_found(question, dimension, (size_t)intruder);
    }
    return (double)found / (double)question->draws;
}

static struct spine_readability average_intrusion(const double *answers, size_t count)
{
    struct spine_readability result = average(answers, count);

    result.estimate = spine_statistics_wilson(result.estimate.value, result.counted);
    return result;
}

/* Seven parameters: public measures have plain ones; inside, struct question has them. */
int spine_readability_intrusion(const struct spine_topwords *topwords,
                                const struct spine_reference *reference, size_t shown, size_t draws,
                                uint64_t seed, struct spine_intrusion *result,
                                struct spine_error *err)
{
    const struct question question = {topwords, reference, shown, draws, seed};
    const size_t count = topwords->ranking->dimensions;
    double *answers = ask_all(&question, ask_intrusion, err);
    if (answers == NULL)
        return -1;

    result->all = average_intrusion(answers, count);
    for (size_t j = 0; j < count; j++)
        if (topwords->known[j] < shown)
            answers[j] = NAN;
    result->known = average_intrusion(answers, count);
    free(answers);
    return 0;
}

/* --- DistRatio ---------------------------------------------------------------------------- */

/* The mean over all pairs of top words. */
static double find_spread(const struct question *question, const uint32_t *top)
{
    const size_t shown = question->shown;
    double sum = 0;
    for (size_t i = 0; i < shown; i++)
        for (size_t k = i + 1; k < shown; k++)
            sum += spine_reference_distance(question->reference, top[i], top[k]);
    return sum / ((double)shown * (double)(shown - 1) / 2);
}

static double ask_distratio(const struct question *question, size_t dimension)
{
    const uint32_t *top = spine_topwords_top(question->topwords, dimension);
    double inter = 0;

    for (size_t draw = 0; draw < question->draws; draw++) {
        const int64_t intruder = spine_topwords_intruder(
            question->topwords, dimension, question->shown, question->seed, (uint32_t)draw);
        if (intruder < 0)
            return NAN;
        for (size_t i = 0; i < question->shown; i++)
            inter += spine_reference_distance(question->reference, top[i], (size_t)intruder);
    }

    const double intra = find_spread(question, top);

    return intra > 0 ? inter / (double)(question->draws * question->shown) / intra : (double)NAN;
}

/* Seven parameters, as above. */
int spine_readability_distratio(const struct spine_topwords *topwords,
                                const struct spine_reference *reference, size_t shown, size_t draws,
                                uint64_t seed, struct spine_readability *result,
                                struct spine_error *err)
{
    const struct question question = {topwords, reference, shown, draws, seed};
    return average_all(&question, ask_distratio, result, err);
}

/* --- Diversity ---------------------------------------------------------------------------- */

int spine_readability_diversity(const struct spine_topwords *topwords, size_t shown,
                                struct spine_readability *result, struct spine_error *err)
{
    const size_t count = topwords->ranking->dimensions;
    unsigned char *is_shown =
        spine_memory_zeroed(topwords->ranking->rows, 1, "the words shown", err);
    if (is_shown == NULL)
        return -1;
    *result = (struct spine_readability){.estimate = {NAN, NAN, NAN}};
    size_t different = 0;
    for (size_t j = 0; j < count; j++) {
        const uint32_t *top = spine_topwords_top(topwords, j);
        for (size_t i = 0; i < shown && i < topwords->count[j]; i++) {
            different += !is_shown[top[i]];
            is_shown[top[i]] = 1;
        }
        result->counted += topwords->count[j] >= shown;
    }

    free(is_shown);
    result->missing = count - result->counted;
    if (result->counted > 0)
        result->estimate.value = (double)different / (double)(shown * count);

    return 0;
}
