/* sparsity.c -- how sparse vectors are, and how much of the input they explain. */
#include "spine/eval/sparsity.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"

static const float NEARLY_ZERO = 0.001F; /* the published program's bound */

/* What a dimension needs to be alive: so much of the largest value, but no more than if that were
 * 1. */
static const float ALIVE = 0.001F;

static const char group[] = "sparsity";

/* The results of one pass over the rows. */
struct counts {
    double *nonzero;           /* owned; (rows): values that aren't 0 */
    size_t *full;              /* owned; (columns): rows with v = 1 */
    float *largest;            /* owned; (columns): |v| */
    double below, ones, hoyer; /* sums over all rows */
    size_t hoyer_rows, num_empty;
};

/* Count a row's values: all of them, or those that aren't 0 with their columns. */
static void count_row(struct counts *counts, const float *row, const int32_t *list, size_t count,
                      size_t index, size_t columns)
{
    double nonzero = 0, sum = 0, squares = 0;
    size_t seen = 0;

    for (size_t i = 0; i < count; i++) {
        const size_t j = list != NULL ? (size_t)list[i] : i;
        const float size = fabsf(row[i]);
        nonzero += size > 0;
        seen += size >= NEARLY_ZERO;
        counts->largest[j] = fmaxf(counts->largest[j], size);
        counts->full[j] += row[i] == 1;
        counts->ones += row[i] == 1;
        sum += (double)size;
        squares += (double)size * (double)size;
    }

    counts->below += (double)(columns - seen);
    counts->nonzero[index] = nonzero;
    counts->num_empty += nonzero == 0;

    if (squares > 0 && columns > 1) {
        const double root = sqrt((double)columns);
        counts->hoyer += (root - sum / sqrt(squares)) / (root - 1);
        counts->hoyer_rows++;
    }
}

static void count_rows(struct counts *counts, const struct spine_space *space)
{
    const struct spine_csr *codes = &space->codes;
    const size_t columns = space->dimensions;

    for (size_t i = 0; i < space->rows; i++) {
        if (space->dense != NULL) {
            count_row(counts, space->dense + i * columns, NULL, columns, i, columns);
            continue;
        }
        const int64_t begin = codes->indptr[i];
        count_row(counts, codes->data + begin, codes->indices + begin,
                  (size_t)(codes->indptr[i + 1] - begin), i, columns);
    }
}

static int add_counts(struct spine_figures *figures, const struct counts *counts, size_t rows,
                      size_t columns, struct spine_error *err)
{
    double all = 0, dead = 0, saturated = 0;
    float largest = 0;

    for (size_t i = 0; i < rows; i++)
        all += counts->nonzero[i];
    for (size_t j = 0; j < columns; j++)
        largest = fmaxf(largest, counts->largest[j]);
    for (size_t j = 0; j < columns; j++) {
        dead += !(counts->largest[j] > 0) || counts->largest[j] < ALIVE * fminf(largest, 1);
        saturated += 2 * counts->full[j] >= rows;
    }

    spine_statistics_sort(counts->nonzero, rows);
    const struct {
        const char *name;
        double value;
        int decimals;
    } list[] = {
        {"share below .001", counts->below / ((double)rows * (double)columns), 4},
        {"values a word", all / (double)rows, 1},
        {"values a word, 5 %", spine_statistics_quantile(counts->nonzero, rows, 0.05), 0},
        {"values a word, median", spine_statistics_quantile(counts->nonzero, rows, 0.5), 0},
        {"values a word, 95 %", spine_statistics_quantile(counts->nonzero, rows, 0.95), 0},
        {"share at 1", all > 0 ? counts->ones / all : (double)NAN, 4},
        {"dead dimensions", dead, 0},
        {"saturated dimensions", saturated, 0},
        {"empty words", (double)counts->num_empty, 0},
        {"Hoyer index",
         counts->hoyer_rows > 0 ? counts->hoyer / (double)counts->hoyer_rows : (double)NAN, 4},
    };

    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        if (spine_figures_add_plain(figures, group, list[i].name, list[i].value, list[i].decimals,
                                    err))
            return -1;

    return 0;
}

int spine_sparsity_measure(const struct spine_space *space, struct spine_figures *figures,
                           struct spine_error *err)
{
    struct counts counts = {0};
    counts.nonzero =
        spine_memory_zeroed(space->rows, sizeof *counts.nonzero, "the counts of all words", err);
    counts.largest = spine_memory_zeroed(space->dimensions, sizeof *counts.largest,
                                         "the values of all dimensions", err);
    counts.full = spine_memory_zeroed(space->dimensions, sizeof *counts.full,
                                      "the counts of all dimensions", err);
    int rc = 0;

    if (counts.nonzero == NULL || counts.largest == NULL || counts.full == NULL)
        rc = -1;

    if (rc == 0) {
        count_rows(&counts, space);
        rc = add_counts(figures, &counts, space->rows, space->dimensions, err);
    }
    free(counts.nonzero);
    free(counts.largest);
    free(counts.full);
    return rc;
}

double spine_sparsity_values(const struct spine_space *space)
{
    const float *values = space->dense != NULL ? space->dense : space->codes.data;
    const size_t count =
        space->dense != NULL ? space->rows * space->dimensions : space->codes.count;
    size_t nonzero = 0;
    for (size_t i = 0; i < count; i++)
        nonzero += values[i] != 0;
    return (double)nonzero / (double)space->rows;
}

/* --- Explained variance ------------------------------------------------------------------- */

static bool is_input_of(const struct spine_space *codes, const struct spine_modelfile *model,
                        const struct spine_space *input)
{
    if (codes->dense != NULL || input->dense == NULL || input->dimensions != model->params.dim ||
        codes->dimensions != model->params.hidden || input->rows < codes->rows)
        return false;
    for (size_t i = 0; i < codes->rows; i++)
        if (strcmp(spine_words_get(&codes->words, i), spine_words_get(&input->words, i)) != 0)
            return false;
    return true;
}

/* sum (y - x)^2 of a row, x scaled as the model's input is. */
static double residual(const struct spine_csr *codes, const struct spine_modelfile *model,
                       const float *x, size_t row, double *y)
{
    const struct spine_params *params = &model->params;
    double squares = 0;

    for (size_t k = 0; k < params->dim; k++)
        y[k] = (double)params->b2[k] - (double)x[k];
    for (int64_t at = codes->indptr[row]; at < codes->indptr[row + 1]; at++) {
        const float *unit = params->W2 + (size_t)codes->indices[at] * params->stride;
        for (size_t k = 0; k < params->dim; k++)
            y[k] += (double)codes->data[at] * (double)unit[k];
    }

    for (size_t k = 0; k < params->dim; k++)
        squares += y[k] * y[k];

    return squares;
}

/* Sums over all rows: of each coordinate's values and squares, (D). */
struct explained {
    double *y, *sums, *squares; /* owned, one block; y is a row's scratch */
    float *x;                   /* owned; (stride) */
};

static int init_explained(struct explained *explained, const struct spine_scaling *scaling,
                          struct spine_error *err)
{
    static const char what[] = "a reconstruction";

    explained->y = spine_memory_zeroed(3 * scaling->dim, sizeof *explained->y, what, err);
    explained->x = spine_kernel_alloc(scaling->stride, what, err);
    if (explained->y == NULL || explained->x == NULL)
        return -1;
    explained->sums = explained->y + scaling->dim;
    explained->squares = explained->sums + scaling->dim;
    return 0;
}

/* Scale a row to explained->x, and add it. */
static void add_input(struct explained *explained, const struct spine_scaling *scaling,
                      const float *row)
{
    memcpy(explained->x, row, scaling->dim * sizeof *row);
    spine_scaling_apply(scaling, 1, explained->x);
    for (size_t k = 0; k < scaling->dim; k++) {
        const double x = (double)explained->x[k];
        explained->sums[k] += x;
        explained->squares[k] += x * x;
    }
}

int spine_sparsity_explained(const struct spine_space *codes, const struct spine_modelfile *model,
                             const struct spine_space *input, double *explained,
                             struct spine_error *err)
{
    *explained = NAN;
    if (!is_input_of(codes, model, input))
        return 0;
    const struct spine_scaling *scaling = &model->scaling;
    struct explained scratch = {0};
    double lost = 0, all = 0;

    const int rc = init_explained(&scratch, scaling, err);
    for (size_t i = 0; rc == 0 && i < codes->rows; i++) {
        add_input(&scratch, scaling, input->dense + i * input->dimensions);
        lost += residual(&codes->codes, model, scratch.x, i, scratch.y);
    }
    for (size_t k = 0; rc == 0 && k < scaling->dim; k++)
        all += scratch.squares[k] - scratch.sums[k] * scratch.sums[k] / (double)codes->rows;
    if (all > 0)
        *explained = 1 - lost / all;

    free(scratch.y);
    free(scratch.x);
    return rc;
}
