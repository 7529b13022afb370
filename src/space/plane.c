/* plane.c -- dimensions as points on a map. */
#include "spine/space/plane.h"

#include <math.h>
#include <stdlib.h>

#include "spine/base/memory.h"
#include "spine/base/random.h"

enum {
    POWERS = 50,  /* iterations for a principal component */
    ROUNDS = 300, /* in which every point moves */
    OTHERS = 5,   /* random points that push a point away, for each neighbour */
};
static const double spread = 10;  /* of the principal components at the beginning */
static const double farthest = 4; /* the longest move of a point */

/* --- Principal components -------------------------------------------------------------------------- */

/* Rows scaled to length 1 and centred. */
struct rows {
    size_t count, dim;
    double *data;      /* owned; (count, dim) */
    double *component; /* owned; (dim) */
    double *scores;    /* owned; (count) */
};

static void dispose_rows(struct rows *rows)
{
    free(rows->data);
    free(rows->component);
    free(rows->scores);
}

static int init_rows(struct rows *rows, size_t count, size_t dim, struct spine_error *err)
{
    static const char what[] = "the map of the dimensions";
    *rows = (struct rows){.count = count, .dim = dim};
    rows->data = spine_memory_get(count * dim, sizeof *rows->data, what, err);
    rows->component = spine_memory_zeroed(dim, sizeof *rows->component, what, err);
    rows->scores = spine_memory_get(count, sizeof *rows->scores, what, err);
    return rows->data != NULL && rows->component != NULL && rows->scores != NULL ? 0 : -1;
}

static double dot(const double *a, const double *b, size_t count)
{
    double sum = 0;
    for (size_t k = 0; k < count; k++)
        sum += a[k] * b[k];
    return sum;
}

/* to += factor * from */
static void add(double *to, double factor, const double *from, size_t count)
{
    for (size_t k = 0; k < count; k++)
        to[k] += factor * from[k];
}

/* Scale a vector to length 1; zeros stay zeros. */
static void normalise(double *vector, size_t count)
{
    const double length = sqrt(dot(vector, vector, count));
    for (size_t k = 0; length > 0 && k < count; k++)
        vector[k] /= length;
}

static void fill_rows(struct rows *rows, const float *W, size_t stride)
{
    for (size_t i = 0; i < rows->count; i++) {
        double *row = rows->data + i * rows->dim;
        for (size_t k = 0; k < rows->dim; k++)
            row[k] = (double)W[i * stride + k];
        normalise(row, rows->dim);
        add(rows->component, 1.0 / (double)rows->count, row, rows->dim); /* the mean */
    }

    for (size_t i = 0; i < rows->count; i++)
        add(rows->data + i * rows->dim, -1, rows->component, rows->dim);
}

/* Find the first principal component by the power method, and the rows' scores in it. */
static void find_component(struct rows *rows, uint32_t which)
{
    const size_t dim = rows->dim;
    for (size_t k = 0; k < dim; k++) {
        float start;
        spine_random_uniform(0, which, k, 1, 1, &start);
        rows->component[k] = (double)start;
    }

    normalise(rows->component, dim);
    for (int power = 0; power < POWERS; power++) {
        for (size_t i = 0; i < rows->count; i++)
            rows->scores[i] = dot(rows->data + i * dim, rows->component, dim);
        for (size_t k = 0; k < dim; k++)
            rows->component[k] = 0;
        for (size_t i = 0; i < rows->count; i++)
            add(rows->component, rows->scores[i], rows->data + i * dim, dim);
        normalise(rows->component, dim);
    }
}

/* Put the points at the rows' first two principal components. */
static void begin_points(double *points, struct rows *rows)
{
    for (uint32_t which = 0; which < 2; which++) {
        find_component(rows, which);
        double most = 0;
        for (size_t i = 0; i < rows->count; i++)
            most = fmax(most, fabs(rows->scores[i]));

        for (size_t i = 0; i < rows->count; i++) {
            points[2 * i + which] = most > 0 ? spread * rows->scores[i] / most : 0;
            add(rows->data + i * rows->dim, -rows->scores[i], rows->component, rows->dim);
        }
    }
}

/* --- Moving the points ------------------------------------------------------------------------------ */

static double limited(double step)
{
    return fmin(fmax(step, -farthest), farthest);
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

static void repel(double *point, const double *other, double rate)
{
    const double x = point[0] - other[0], y = point[1] - other[1], square = x * x + y * y;
    const double push = 2 / ((0.001 + square) * (1 + square));
    point[0] += rate * limited(push * x);
    point[1] += rate * limited(push * y);
}

/* The weight of a neighbour: 1 for the nearest, less for others, by the difference of their cosine
 * relative to the mean difference. */
static double weight(const struct spine_ranked *near, size_t count, size_t k)
{
    double mean = 0;
    for (size_t i = 0; i < count; i++)
        mean += (double)(near[0].strength - near[i].strength) / (double)count;
    return mean > 0 ? exp(-(double)(near[0].strength - near[k].strength) / mean) : 1;
}

static void move_point(double *points, const struct spine_neighbours *neighbours, size_t i,
                       uint32_t round)
{
    const size_t count = neighbours->count[i], all = neighbours->dimensions;
    const struct spine_ranked *near = &neighbours->list[i * neighbours->most];
    const double rate = 1 - (double)round / ROUNDS;

    for (size_t k = 0; k < count && near[k].strength > 0; k++) {
        float drawn[OTHERS];
        attract(&points[2 * i], &points[2 * (size_t)near[k].index], rate * weight(near, count, k));
        spine_random_uniform(round, 2, (i * neighbours->most + k) * OTHERS, OTHERS, 0.5F, drawn);
        for (size_t other = 0; other < OTHERS; other++) {
            const double share = (double)drawn[other] + 0.5;
            const size_t j = (size_t)(share * (double)all) % all;
            if (j != i)
                repel(&points[2 * i], &points[2 * j], rate);
        }
    }
}

int spine_plane_place(double *points, const struct spine_neighbours *neighbours, const float *W,
                      size_t dim, size_t stride, struct spine_error *err)
{
    struct rows rows;
    const int rc = init_rows(&rows, neighbours->dimensions, dim, err);
    if (rc == 0) {
        fill_rows(&rows, W, stride);
        begin_points(points, &rows);
    }
    dispose_rows(&rows);
    if (rc != 0)
        return -1;

    for (uint32_t round = 0; round < ROUNDS; round++)
        for (size_t i = 0; i < neighbours->dimensions; i++)
            move_point(points, neighbours, i, round);
    return 0;
}
