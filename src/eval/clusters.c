/* clusters.c -- k-means. */
#include "spine/eval/clusters.h"

#include <assert.h>
#include <float.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"
#include "spine/base/random.h"

enum { MOST_ROUNDS = 100 };

/* One attempt, and its result. */
struct attempt {
    const float *points; /* borrowed */
    size_t n, dim, k;
    uint64_t seed;
    uint32_t number;
    float *centers;    /* owned; (k, dim) */
    double *distance;  /* owned; (n): squared, of every point to its centre */
    size_t *size;      /* owned; (k): points */
    uint32_t *cluster; /* owned; (n) */
    double inertia;    /* the sum of distance */
};

static bool make_attempt(struct attempt *attempt)
{
    static const char what[] = "a clustering";
    struct spine_error unheard; /* spine_clusters_find() reports it after all threads have ended */

    attempt->centers =
        spine_memory_get(attempt->k, attempt->dim * sizeof *attempt->centers, what, &unheard);
    attempt->distance = spine_memory_get(attempt->n, sizeof *attempt->distance, what, &unheard);
    attempt->size = spine_memory_get(attempt->k, sizeof *attempt->size, what, &unheard);
    attempt->cluster = spine_memory_get(attempt->n, sizeof *attempt->cluster, what, &unheard);
    return attempt->centers != NULL && attempt->distance != NULL && attempt->size != NULL &&
           attempt->cluster != NULL;
}

static void dispose(struct attempt *attempt)
{
    free(attempt->centers);
    free(attempt->distance);
    free(attempt->size);
    free(attempt->cluster);
}

static const float *point(const struct attempt *attempt, size_t i)
{
    return attempt->points + i * attempt->dim;
}

static double squared_distance(const float *a, const float *b, size_t dim)
{
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t d = 0; d < dim; d++)
        sum += (a[d] - b[d]) * (a[d] - b[d]);
    return (double)sum;
}

/* Draw a point with probability proportional to its squared distance to the nearest centre so far;
 * any point if there are no centres or all points are on them. */
static size_t draw_point(const struct attempt *attempt, uint32_t center, double total)
{
    const double u =
        (double)spine_random_below(attempt->seed, attempt->number, center, 0, UINT32_MAX) /
        (double)UINT32_MAX;
    if (center == 0 || !(total > 0))
        return (size_t)(u * (double)attempt->n);

    double left = u * total;
    size_t last = 0; /* the last that isn't on a centre */
    for (size_t i = 0; i < attempt->n; i++) {
        if (attempt->distance[i] > 0) {
            last = i;
            if (left < attempt->distance[i])
                return i;
        }
        left -= attempt->distance[i];
    }

    return last;
}

static void draw_centers(struct attempt *attempt)
{
    double total = 0;
    for (size_t c = 0; c < attempt->k; c++) {
        const size_t drawn = draw_point(attempt, (uint32_t)c, total);
        float *center = attempt->centers + c * attempt->dim;
        memcpy(center, point(attempt, drawn), attempt->dim * sizeof *center);
        total = 0;
        for (size_t i = 0; i < attempt->n; i++) {
            const double distance = squared_distance(point(attempt, i), center, attempt->dim);
            if (c == 0 || distance < attempt->distance[i])
                attempt->distance[i] = distance;
            total += attempt->distance[i];
        }
    }
}

/* Assign every point to its nearest centre. Returns the number of points that changed. */
static size_t assign(struct attempt *attempt)
{
    size_t changed = 0;

    attempt->inertia = 0;

    for (size_t i = 0; i < attempt->n; i++) {
        uint32_t nearest = 0;
        double least = DBL_MAX;
        for (size_t c = 0; c < attempt->k; c++) {
            const double distance = squared_distance(
                point(attempt, i), attempt->centers + c * attempt->dim, attempt->dim);
            if (distance < least) {
                least = distance;
                nearest = (uint32_t)c;
            }
        }
        changed += attempt->cluster[i] != nearest;
        attempt->cluster[i] = nearest;
        attempt->distance[i] = least;
        attempt->inertia += least;
    }

    return changed;
}

/* Give a centre without points the farthest point of a cluster with several. */
static void fill_empty(struct attempt *attempt, size_t empty)
{
    size_t farthest = attempt->n;
    for (size_t i = 0; i < attempt->n; i++)
        if (attempt->size[attempt->cluster[i]] > 1 &&
            (farthest == attempt->n || attempt->distance[i] > attempt->distance[farthest]))
            farthest = i;
    assert(farthest < attempt->n); /* k <= n */
    attempt->size[attempt->cluster[farthest]]--;
    attempt->cluster[farthest] = (uint32_t)empty;
    attempt->distance[farthest] = 0;
    attempt->size[empty] = 1;
}

static void move_centers(struct attempt *attempt)
{
    memset(attempt->size, 0, attempt->k * sizeof *attempt->size);
    memset(attempt->centers, 0, attempt->k * attempt->dim * sizeof *attempt->centers);
    for (size_t i = 0; i < attempt->n; i++)
        attempt->size[attempt->cluster[i]]++;
    for (size_t c = 0; c < attempt->k; c++)
        if (attempt->size[c] == 0)
            fill_empty(attempt, c);

    for (size_t i = 0; i < attempt->n; i++) {
        const uint32_t c = attempt->cluster[i];
        for (size_t d = 0; d < attempt->dim; d++)
            attempt->centers[c * attempt->dim + d] +=
                point(attempt, i)[d] / (float)attempt->size[c];
    }
}

static void run(struct attempt *attempt)
{
    draw_centers(attempt);
    for (size_t i = 0; i < attempt->n; i++)
        attempt->cluster[i] = UINT32_MAX;
    for (int round = 0; assign(attempt) > 0 && round < MOST_ROUNDS; round++)
        move_centers(attempt);
}

/* Eight parameters: a matrix with its shape, and the settings of k-means. */
int spine_clusters_find(const float *points, size_t n, size_t dim, size_t k, size_t restarts,
                        uint64_t seed, uint32_t *cluster, struct spine_error *err)
{
    assert(k >= 1 && k <= n && restarts > 0);
    struct attempt *attempts =
        spine_memory_zeroed(restarts, sizeof *attempts, "the clusterings", err);
    if (attempts == NULL)
        return -1;

    int failed = 0;
#pragma omp parallel for schedule(dynamic) reduction(| : failed)
    for (size_t i = 0; i < restarts; i++) {
        attempts[i] = (struct attempt){
            .points = points, .n = n, .dim = dim, .k = k, .seed = seed, .number = (uint32_t)i};
        if (make_attempt(&attempts[i]))
            run(&attempts[i]);
        else
            failed = 1;
    }

    size_t best = 0;
    for (size_t i = 1; !failed && i < restarts; i++)
        if (attempts[i].inertia < attempts[best].inertia)
            best = i;

    if (!failed)
        memcpy(cluster, attempts[best].cluster, n * sizeof *cluster);
    for (size_t i = 0; i < restarts; i++)
        dispose(&attempts[i]);

    free(attempts);

    if (failed)
        return spine_memory_fail("the clusterings", err);
    return 0;
}
