/* plane.c -- dimensions as points on a map. */
#include "spine/space/plane.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/clones.h"
#include "spine/base/memory.h"
#include "spine/base/random.h"

enum {
    POWERS = 30,  /* iterations for a principal component */
    ROUNDS = 300, /* in which every point moves, for MANY dimensions or fewer */
    MANY = 4096,  /* more take fewer rounds, at least FEW_ROUNDS, and principal components of every
                     n-th row, from twice as many on */
    FEW_ROUNDS = 100,
    OTHERS = 8, /* random points that push a point away, for each neighbour */
};
static const double spread = 10;  /* of the principal components at the beginning */
static const double farthest = 4; /* the longest move of a point */

/* --- Principal components --------------------------------------------------------------------- */

/* Rows scaled to length 1 and centred. */
struct rows {
    size_t count, dim;
    float *data;             /* owned; (count, dim) */
    float *component, *next; /* owned; (dim) */
    float *scores;           /* owned; (count) */
};

static void dispose_rows(struct rows *rows)
{
    free(rows->data);
    free(rows->component);
    free(rows->next);
    free(rows->scores);
}

static int init_rows(struct rows *rows, size_t count, size_t dim, struct spine_error *err)
{
    static const char what[] = "the map of the dimensions";
    *rows = (struct rows){.count = count, .dim = dim};
    rows->data = spine_memory_get(count * dim, sizeof *rows->data, what, err);
    rows->component = spine_memory_zeroed(dim, sizeof *rows->component, what, err);
    rows->next = spine_memory_zeroed(dim, sizeof *rows->next, what, err);
    rows->scores = spine_memory_get(count, sizeof *rows->scores, what, err);
    return rows->data != NULL && rows->component != NULL && rows->next != NULL &&
                   rows->scores != NULL
               ? 0
               : -1;
}

SPINE_CLONES
static float dot(const float *restrict a, const float *restrict b, size_t count)
{
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t k = 0; k < count; k++)
        sum += a[k] * b[k];
    return sum;
}

/* to += factor * from */
SPINE_CLONES
static void add(float *restrict to, float factor, const float *restrict from, size_t count)
{
    for (size_t k = 0; k < count; k++)
        to[k] += factor * from[k];
}

/* Scale a vector to length 1; zeros stay zeros. */
static void normalise(float *vector, size_t count)
{
    const float length = sqrtf(dot(vector, vector, count));
    for (size_t k = 0; length > 0 && k < count; k++)
        vector[k] /= length;
}

static void fill_rows(struct rows *rows, const float *W, size_t stride)
{
    for (size_t i = 0; i < rows->count; i++) {
        float *row = rows->data + i * rows->dim;
        memcpy(row, W + i * stride, rows->dim * sizeof *row);
        normalise(row, rows->dim);
        add(rows->component, 1.0F / (float)rows->count, row, rows->dim); /* the mean */
    }

    for (size_t i = 0; i < rows->count; i++)
        add(rows->data + i * rows->dim, -1, rows->component, rows->dim);
}

/* Find the first principal component by the power method, and the rows' scores in it. A row is read
 * once for both its score and its part in the next component; of 2 MANY rows or more, every n-th
 * finds it. */
static void find_component(struct rows *rows, uint32_t which)
{
    const size_t dim = rows->dim, step = rows->count > MANY ? rows->count / MANY : 1;

    spine_random_uniform(0, which, 0, dim, 1, rows->component);
    normalise(rows->component, dim);
    for (int power = 0; power < POWERS; power++) {
        memset(rows->next, 0, dim * sizeof *rows->next);
        for (size_t i = 0; i < rows->count; i += step) {
            const float *row = rows->data + i * dim;
            rows->scores[i] = dot(row, rows->component, dim);
            add(rows->next, rows->scores[i], row, dim);
        }
        normalise(rows->next, dim);
        memcpy(rows->component, rows->next, dim * sizeof *rows->next);
    }

    for (size_t i = 0; step > 1 && i < rows->count; i++)
        rows->scores[i] = dot(rows->data + i * dim, rows->component, dim);
}

/* Put the points at the rows' first two principal components. */
static void begin_points(double *points, struct rows *rows)
{
    for (uint32_t which = 0; which < 2; which++) {
        find_component(rows, which);
        float most = 0;
        for (size_t i = 0; i < rows->count; i++)
            most = fmaxf(most, fabsf(rows->scores[i]));

        for (size_t i = 0; i < rows->count; i++) {
            points[2 * i + which] = most > 0 ? spread * (double)(rows->scores[i] / most) : 0;
            add(rows->data + i * rows->dim, -rows->scores[i], rows->component, rows->dim);
        }
    }
}

/* --- Moving the points ------------------------------------------------------------------------ */

static double limited(double step)
{
    return step < -farthest ? -farthest : step > farthest ? farthest : step;
}

/* Move two points towards each other. */
static void attract(double *point, double *other, double rate)
{
    const double x = point[0] - other[0], y = point[1] - other[1];
    const double pull = -2 / (1 + x * x + y * y);
    const double dx = rate * limited(pull * x), dy = rate * limited(pull * y);
    point[0] += dx;
    point[1] += dy;
    other[0] -= dx;
    other[1] -= dy;
}

/* Push a point away from OTHERS others, each from where the point is before. */
static void repel(double *point, const double *points, const size_t *others, double rate)
{
    double dx = 0, dy = 0;
    for (size_t k = 0; k < OTHERS; k++) {
        const double x = point[0] - points[2 * others[k]], y = point[1] - points[2 * others[k] + 1];
        const double square = x * x + y * y, push = 2 / ((0.001 + square) * (1 + square));
        dx += limited(push * x);
        dy += limited(push * y);
    }
    point[0] += rate * dx;
    point[1] += rate * dy;
}

/* The weights of all neighbours, (dimensions, most): 1 for the nearest, less for others, by the
 * difference of their cosine relative to the mean difference; 0 for a cosine that isn't above 0. */
static void weigh(double *weights, const struct spine_neighbours *neighbours)
{
    for (size_t i = 0; i < neighbours->dimensions; i++) {
        const size_t count = neighbours->count[i];
        const struct spine_ranked *near = &neighbours->list[i * neighbours->most];
        double *weight = weights + i * neighbours->most, mean = 0;
        for (size_t k = 0; k < count; k++)
            mean += (double)(near[0].strength - near[k].strength) / (double)count;
        for (size_t k = 0; k < count && near[k].strength > 0; k++)
            weight[k] = mean > 0 ? exp(-(double)(near[0].strength - near[k].strength) / mean) : 1;
    }
}

/* Move a point by its neighbours. A point that is drawn to push itself does nothing. */
static void move_point(double *points, const struct spine_neighbours *neighbours,
                       const double *weights, size_t i, uint32_t round, double rate)
{
    const size_t count = neighbours->count[i], all = neighbours->dimensions;
    const size_t first = i * neighbours->most;

    for (size_t k = 0; k < count && weights[first + k] > 0; k++) {
        const size_t near = neighbours->list[first + k].index;
        float drawn[OTHERS];
        size_t others[OTHERS];
        attract(&points[2 * i], &points[2 * near], rate * weights[first + k]);
        spine_random_uniform(round, 2, (first + k) * OTHERS, OTHERS, 0.5F, drawn);
        for (size_t other = 0; other < OTHERS; other++)
            others[other] = (size_t)(((double)drawn[other] + 0.5) * (double)all) % all;
        repel(&points[2 * i], points, others, rate);
    }
}

static uint32_t choose_rounds(size_t dimensions)
{
    const size_t rounds = dimensions > MANY ? ROUNDS * (size_t)MANY / dimensions : ROUNDS;
    return rounds > FEW_ROUNDS ? (uint32_t)rounds : FEW_ROUNDS;
}

int spine_plane_place(double *points, const struct spine_neighbours *neighbours, const float *W,
                      size_t dim, size_t stride, struct spine_error *err)
{
    const size_t dimensions = neighbours->dimensions;
    double *weights = spine_memory_zeroed(dimensions * neighbours->most, sizeof *weights,
                                          "the map of the dimensions", err);
    if (weights == NULL)
        return -1;

    struct rows rows;
    const int rc = init_rows(&rows, dimensions, dim, err);
    if (rc == 0) {
        fill_rows(&rows, W, stride);
        begin_points(points, &rows);
        weigh(weights, neighbours);
    }
    dispose_rows(&rows);

    const uint32_t rounds = choose_rounds(dimensions);
    for (uint32_t round = 0; rc == 0 && round < rounds; round++)
        for (size_t i = 0; i < dimensions; i++)
            move_point(points, neighbours, weights, i, round, 1 - (double)round / rounds);
    free(weights);
    return rc;
}
