/* draws.c -- draws of the parameters of a sweep. */
#include "spine/sweep/draws.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/lookup.h"
#include "spine/base/random.h"
#include "spine/base/textstream.h"

void spine_draws_value(const struct spine_draws *draws, uint64_t number, size_t p, char *text)
{
    spine_parameter_draw(&draws->parameters[p],
                         spine_random_parameter(draws->seed, number, (uint32_t)p), text);
}

/* --- How many there are ------------------------------------------------------------------- */

/* The values of a parameter; SIZE_MAX for a range of real numbers. */
static size_t count_values(const struct spine_parameter *parameter)
{
    const bool is_whole =
        parameter->kind == SPINE_PARAMETER_INT || parameter->kind == SPINE_PARAMETER_INT_LOG;
    const double whole = parameter->most - parameter->least + 1;

    if (parameter->kind == SPINE_PARAMETER_LIST)
        return parameter->values.count;
    return is_whole && whole <= SPINE_DRAWS_MOST ? (size_t)whole : SIZE_MAX;
}

size_t spine_draws_combinations(const struct spine_draws *draws)
{
    size_t count = 1;

    for (size_t p = 0; p < draws->num_parameters; p++) {
        const size_t values = count_values(&draws->parameters[p]);
        if (values > SPINE_DRAWS_MOST)
            return SIZE_MAX;
        count *= values;
        if (count > SPINE_DRAWS_MOST)
            return SIZE_MAX;
    }
    return count;
}

/* --- Those that differ -------------------------------------------------------------------- */

/* The values of the draws found. */
struct found {
    struct spine_words values; /* owned, as is the lookup of them */
    struct spine_lookup lookup;
};

/* Add the values of a draw. Returns 1 if an earlier one has the same, 0 if not; -1 when memory runs
 * out. */
static int add_values(const struct spine_draws *draws, uint64_t number, struct found *found,
                      struct spine_error *err)
{
    char value[SPINE_PARAMETER_VALUE];
    struct spine_words *values = &found->values;
    const size_t count = values->count;
    struct spine_textstream text;
    if (spine_textstream_open(&text, "the values of a trial", err))
        return -1;

    for (size_t p = 0; p < draws->num_parameters; p++) {
        spine_draws_value(draws, number, p, value);
        fprintf(text.file, "%s\n", value);
    }
    char *all = spine_textstream_close(&text, err);
    int rc = all == NULL ? -1 : spine_words_add(values, all, strlen(all), err);
    free(all);
    if (rc == 0 && !spine_lookup_add(&found->lookup, values, count)) {
        spine_words_truncate(values, count);
        rc = 1;
    }
    return rc;
}

/* The search for one that is new ends after so many draws that there hardly is one, or that it is
 * rare. */
static int find_all(const struct spine_draws *draws, struct found *found, uint64_t *numbers,
                    size_t *count, size_t *repeats, struct spine_error *err)
{
    const size_t combinations = spine_draws_combinations(draws);
    const size_t most = 1000 + 64 * (combinations < SIZE_MAX ? combinations : 0);

    *repeats = 0;
    for (size_t i = 0; i < *count; i++) {
        size_t attempt = 0;
        int rc = 1;
        for (; rc == 1 && attempt < most; attempt++) {
            numbers[i] = i + attempt * SPINE_DRAWS_MOST;
            rc = add_values(draws, numbers[i], found, err);
        }
        if (rc < 0)
            return -1;
        *repeats += attempt > 1;
        if (rc == 1)
            *count = i;
    }
    return 0;
}

int spine_draws_find(const struct spine_draws *draws, uint64_t *numbers, size_t *count,
                     size_t *repeats, struct spine_error *err)
{
    struct found found = {0};
    int rc = spine_lookup_init(&found.lookup, *count, err);

    if (rc == 0)
        rc = find_all(draws, &found, numbers, count, repeats, err);
    spine_words_dispose(&found.values);
    spine_lookup_dispose(&found.lookup);
    return rc;
}
