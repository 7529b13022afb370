/* costs.c -- what the arithmetic of a step takes on one core. */
#include "costs.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const cost_names[COSTS] = {
    [COST_ENCODE] = "encode", [COST_DECODE] = "decode",   [COST_BACKWARD] = "backward",
    [COST_UPDATE] = "update", [COST_BIAS] = "bias",       [COST_NOISE] = "noise",
    [COST_PACK] = "pack",     [COST_COPY] = "copy",       [COST_RESIDUAL] = "residual",
    [COST_SUM] = "sum",       [COST_WIRE] = "wire",       [COST_TILE] = "tile",
    [COST_UNIT] = "unit",     [COST_PENALTY] = "penalty", [COST_TRANSFER] = "transfer",
    [COST_LINE] = "line",     [COST_DENSITY] = "density"};

enum { MOST_POINTS = 1024, ANY_MODE = -1 };

static struct point {
    enum cost cost;
    int mode; /* enum spine_mode, or ANY_MODE */
    size_t dim, units, rows;
    double ns;
} points[MOST_POINTS];
static size_t num_points;

static void fail(const char *path, int line, const char *what)
{
    fprintf(stderr, "%s:%d: %s\n", path, line, what);
    exit(1);
}

static int mode_named(const char *name)
{
    if (strcmp(name, "any") == 0)
        return ANY_MODE;
    return strcmp(name, "dense") == 0 ? SPINE_DENSE : SPINE_SPARSE;
}

void costs_read(const char *path)
{
    char text[256], name[32], mode[32];
    FILE *file = fopen(path, "r");

    if (file == NULL)
        fail(path, 0, "can't be opened");
    for (int line = 1; fgets(text, sizeof text, file) != NULL; line++) {
        struct point *point = &points[num_points];
        int cost = 0;
        if (text[0] == '#')
            continue;
        if (num_points == MOST_POINTS)
            fail(path, line, "too many measurements");
        if (sscanf(text, "%31s %31s %zu %zu %zu %lf", name, mode, &point->dim, &point->units,
                   &point->rows, &point->ns) != 6)
            fail(path, line, "expected NAME MODE D UNITS ROWS NANOSECONDS");
        while (cost < COSTS && strcmp(name, cost_names[cost]) != 0)
            cost++;
        if (cost == COSTS)
            fail(path, line, "unknown name");
        point->cost = (enum cost)cost;
        point->mode = mode_named(mode);
        num_points++;
    }
    fclose(file);
}

/* The measured values next to one, below and above. */
struct between {
    size_t below, above;
};

static void narrow(struct between *between, size_t value, size_t wanted)
{
    if (value <= wanted && (between->below == 0 || value > between->below))
        between->below = value;
    if (value >= wanted && (between->above == 0 || value < between->above))
        between->above = value;
}

/* How far 'wanted' is on the way from below to above; what is missing is the same as the other. */
static double share(struct between *between, size_t wanted)
{
    if (between->below == 0)
        between->below = between->above;
    if (between->above == 0)
        between->above = between->below;
    if (between->below == between->above)
        return 0;
    return log((double)wanted / (double)between->below) /
           log((double)between->above / (double)between->below);
}

static bool is_of(const struct point *point, enum cost cost, enum spine_mode mode, size_t dim)
{
    return point->cost == cost && (point->mode == ANY_MODE || point->mode == (int)mode) &&
           (point->dim == 0 || point->dim == dim);
}

static double log_at(enum cost cost, enum spine_mode mode, size_t dim, size_t units, size_t rows)
{
    for (size_t i = 0; i < num_points; i++)
        if (is_of(&points[i], cost, mode, dim) && points[i].units == units &&
            points[i].rows == rows)
            return log(points[i].ns);
    fprintf(stderr, "'%s' wasn't measured for D %zu, %zu units, %zu rows; run calibrate\n",
            cost_names[cost], dim, units, rows);
    exit(1);
}

static double interpolate(enum cost cost, enum spine_mode mode, size_t dim, size_t units,
                          size_t rows)
{
    struct between unit = {0}, row = {0};

    for (size_t i = 0; i < num_points; i++)
        if (is_of(&points[i], cost, mode, dim)) {
            narrow(&unit, points[i].units, units);
            narrow(&row, points[i].rows, rows);
        }
    const double u = share(&unit, units), r = share(&row, rows);
    const double below = (1 - u) * log_at(cost, mode, dim, unit.below, row.below) +
                         u * log_at(cost, mode, dim, unit.above, row.below);
    const double above = (1 - u) * log_at(cost, mode, dim, unit.below, row.above) +
                         u * log_at(cost, mode, dim, unit.above, row.above);
    return exp((1 - r) * below + r * above);
}

/* A rank wants the same again and again. */
double costs_find(enum cost cost, enum spine_mode mode, size_t dim, size_t units, size_t rows)
{
    static struct point last[COSTS];
    struct point *point = &last[cost];

    if (point->ns == 0 || point->mode != (int)mode || point->dim != dim || point->units != units ||
        point->rows != rows)
        *point = (struct point){cost,  (int)mode, dim,
                                units, rows,      interpolate(cost, mode, dim, units, rows)};
    return point->ns;
}

double costs_of(enum cost cost)
{
    return costs_find(cost, SPINE_DENSE, 0, 1, 1);
}
