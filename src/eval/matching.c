/* matching.c -- the best one-to-one matching of two lists.
 *
 * Costs are negative gains. Invariants: every u_i + v_j is at most the cost of (i, j), and equal to
 * it if i and j are matched; so the matching of the rows done so far is the best. */
#include "spine/eval/matching.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"

#define NONE UINT32_MAX

struct matching {
    const float *gain;
    size_t n, m;
    double *u, *v;          /* owned, as are all; (n), (m) */
    uint32_t *column, *row; /* (n), (m): whom a row, a column is matched with; NONE */
    /* Of one search for a path: */
    double *distance;    /* (m): of columns */
    uint32_t *previous;  /* (m): the row before a column */
    uint32_t *remaining; /* (m): columns not reached yet */
    uint32_t *reached;   /* (m): the others, in order */
};

static bool allocate(struct matching *matching, struct spine_error *err)
{
    static const char what[] = "a matching";
    const size_t n = matching->n, m = matching->m;
    matching->u = spine_memory_zeroed(n, sizeof *matching->u, what, err);
    matching->v = spine_memory_zeroed(m, sizeof *matching->v, what, err);
    matching->column = spine_memory_get(n, sizeof *matching->column, what, err);
    matching->row = spine_memory_get(m, sizeof *matching->row, what, err);
    matching->distance = spine_memory_get(m, sizeof *matching->distance, what, err);
    matching->previous = spine_memory_get(m, sizeof *matching->previous, what, err);
    matching->remaining = spine_memory_get(m, sizeof *matching->remaining, what, err);
    matching->reached = spine_memory_get(m, sizeof *matching->reached, what, err);
    return matching->u != NULL && matching->v != NULL && matching->column != NULL &&
           matching->row != NULL && matching->distance != NULL && matching->previous != NULL &&
           matching->remaining != NULL && matching->reached != NULL;
}

static void dispose(struct matching *matching)
{
    free(matching->u);
    free(matching->v);
    free(matching->column);
    free(matching->row);
    free(matching->distance);
    free(matching->previous);
    free(matching->remaining);
    free(matching->reached);
}

/* Match each row with its best column, ties to the first, if that is free. */
static void begin(struct matching *matching)
{
    for (size_t j = 0; j < matching->m; j++)
        matching->row[j] = NONE;

    for (size_t i = 0; i < matching->n; i++) {
        const float *gain = matching->gain + i * matching->m;
        size_t best = 0;
        for (size_t j = 1; j < matching->m; j++)
            best = gain[j] > gain[best] ? j : best;
        matching->u[i] = -(double)gain[best];
        const bool is_free = matching->row[best] == NONE;
        matching->column[i] = is_free ? (uint32_t)best : NONE;
        if (is_free)
            matching->row[best] = (uint32_t)i;
    }
}

/* Reach the nearest remaining column, now that row i is 'distance' away. Returns the column. */
static uint32_t reach_next(struct matching *matching, size_t i, double distance, size_t *remaining)
{
    const float *gain = matching->gain + i * matching->m;
    double least = HUGE_VAL;
    size_t at = 0;

    for (size_t k = 0; k < *remaining; k++) {
        const uint32_t j = matching->remaining[k];
        const double through = distance - (double)gain[j] - matching->u[i] - matching->v[j];
        if (through < matching->distance[j]) {
            matching->distance[j] = through;
            matching->previous[j] = (uint32_t)i;
        }
        if (matching->distance[j] < least ||
            (matching->distance[j] == least && matching->row[j] == NONE)) {
            least = matching->distance[j];
            at = k;
        }
    }

    const uint32_t nearest = matching->remaining[at];
    matching->remaining[at] = matching->remaining[--*remaining];
    return nearest;
}

/* Find the shortest path from an unmatched row to a free column, and rematch along it. */
static void augment(struct matching *matching, size_t first)
{
    size_t remaining = matching->m, count = 0, i = first;
    double distance = 0;
    for (size_t j = 0; j < matching->m; j++) {
        matching->remaining[j] = (uint32_t)j;
        matching->distance[j] = HUGE_VAL;
    }

    uint32_t sink = NONE;
    while (sink == NONE) {
        const uint32_t j = reach_next(matching, i, distance, &remaining);
        distance = matching->distance[j];
        matching->reached[count++] = j;
        if (matching->row[j] == NONE)
            sink = j;
        else
            i = matching->row[j];
    }

    /* Keep the invariants. */
    matching->u[first] += distance;
    for (size_t k = 0; k < count; k++) {
        const uint32_t j = matching->reached[k];
        const double difference = distance - matching->distance[j];
        matching->v[j] -= difference;
        if (matching->row[j] != NONE)
            matching->u[matching->row[j]] += difference;
    }

    for (uint32_t j = sink;;) {
        const uint32_t row = matching->previous[j], before = matching->column[row];
        matching->row[j] = row;
        matching->column[row] = j;
        if (row == first)
            break;
        j = before;
    }
}

int spine_matching_find(const float *gain, size_t n, size_t m, uint32_t *match,
                        struct spine_error *err)
{
    struct matching matching = {.gain = gain, .n = n, .m = m};
    assert(n <= m && m < NONE);

    const bool is_whole = allocate(&matching, err);
    if (is_whole) {
        if (n > 0)
            begin(&matching);
        for (size_t i = 0; i < n; i++)
            if (matching.column[i] == NONE)
                augment(&matching, i);
        memcpy(match, matching.column, n * sizeof *match);
    }

    dispose(&matching);
    if (!is_whole)
        return -1;
    return 0;
}
