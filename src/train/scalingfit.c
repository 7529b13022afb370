/* scalingfit.c -- the scaling that fits the rows of all ranks.
 *
 * Sums over all rows are sums of integers, so that they are exact, whichever rank has which row. */
#include "spine/train/scalingfit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"
#include "spine/math/exact.h"
#include "spine/math/kernels.h"
#include "spine/math/lapack.h"
#include "spine/ranks/order.h"

/* Rows whose products are summed at a time, and the bits to which their numbers are rounded:
 * products of 20-bit numbers over 2^12 rows are below 2^53, so double adds them up exactly. */
enum { PRODUCT_ROWS = 1 << 12, PRODUCT_BITS = 20, MOST_BITS = 62 };

/* A coordinate whose variance is at most this share of its mean square is constant. */
static const double CONSTANT = 1e-12;

static int bits_of(double count)
{
    int exponent;

    (void)frexp(count, &exponent);
    return exponent;
}

/* Choose the unit in which numbers up to 'largest' are rounded, so small that a sum of 'count' just
 * fits. */
static double choose_unit(double largest, double count)
{
    return spine_exact_quantum(largest, MOST_BITS - bits_of(count));
}

/* The whole number of units that is nearest to a value. 0 for what can't be converted: rows that
 * couldn't be read are NaN until spine_dataset_check() reports them, and those of a file that
 * changes between two passes may be of any size. */
static int64_t count_units(double value, double unit)
{
    const double units = rint(value / unit);

    return fabs(units) < 0x1p62 ? (int64_t)units : 0;
}

static double largest_entry(struct spine_dataset *data, struct spine_comm *comm)
{
    struct spine_pass pass = {0};
    float largest = 0;

    for (const float *row; (row = spine_dataset_next(data, &pass)) != NULL;)
        for (size_t k = 0; k < data->dim; k++) {
            const float size = fabsf(row[k]);
            largest = size > largest ? size : largest;
        }
    return (double)spine_order_value(spine_comm_max(comm, spine_order_bits(largest)));
}

/* The mean row (D). */
static void find_mean(struct spine_dataset *data, struct spine_comm *comm, double largest,
                      int64_t *sums, double *mean)
{
    const double unit = choose_unit(largest, (double)data->part.num_rows);
    struct spine_pass pass = {0};

    memset(sums, 0, data->dim * sizeof *sums);
    for (const float *row; (row = spine_dataset_next(data, &pass)) != NULL;)
        for (size_t k = 0; k < data->dim; k++)
            sums[k] += count_units((double)row[k], unit);
    spine_comm_sum_counts(comm, sums, data->dim);
    for (size_t k = 0; k < data->dim; k++)
        mean[k] = (double)sums[k] * unit / (double)data->part.num_rows;
}

/* The sum over all ranks' entries of (entry - mean of its column)^2. */
static double sum_squares(struct spine_dataset *data, struct spine_comm *comm, double largest,
                          const double *mean)
{
    const double unit =
        choose_unit(4 * largest * largest, (double)data->part.num_rows * (double)data->dim);
    struct spine_pass pass = {0};
    int64_t squares = 0;

    for (const float *row; (row = spine_dataset_next(data, &pass)) != NULL;)
        for (size_t k = 0; k < data->dim; k++) {
            const double entry = (double)row[k] - mean[k];
            squares += count_units(entry * entry, unit);
        }
    spine_comm_sum_counts(comm, &squares, 1);
    return (double)squares * unit;
}

/* --- Lengths ------------------------------------------------------------------------------ */

static int clip(struct spine_dataset *data, struct spine_comm *comm, double ratio,
                struct spine_error *err)
{
    const size_t count = spine_partition_rows(&data->part);
    float *squares = spine_memory_get(count, sizeof *squares, "the lengths of all rows", err);
    if (spine_comm_agree(comm, -(squares == NULL), err) || squares == NULL) {
        free(squares);
        return -1;
    }

    struct spine_pass pass = {0};
    for (const float *row; (row = spine_dataset_next(data, &pass)) != NULL;)
        squares[pass.next - 1] = (float)spine_scaling_square(row, data->dim);
    const float median = spine_order_find(comm, squares, count, (int64_t)(data->part.num_rows / 2));
    free(squares);
    if (!(median > 0) || isinf(median))
        return spine_refuse(err,
                            "data.clip: half of the rows are %s, so the median of their lengths "
                            "can't be used; leave it out",
                            median > 0 ? "too long for a float" : "zeros");

    data->scaling.longest = ratio * sqrt((double)median);
    spine_dataset_scale(data, SPINE_CLIPPED);
    return 0;
}

/* --- Whitening ---------------------------------------------------------------------------- */

/* factors[k] = 1 / standard deviation of coordinate k; sums is scratch for 2 D numbers. */
static void find_factors(struct spine_dataset *data, struct spine_comm *comm, const double *mean,
                         int64_t *sums)
{
    const size_t dim = data->dim;
    const double rows = (double)data->part.num_rows;
    int64_t *most = sums + dim; /* as the bits of floats */
    struct spine_pass pass = {0};

    memset(sums, 0, 2 * dim * sizeof *sums);
    for (const float *row; (row = spine_dataset_next(data, &pass)) != NULL;)
        for (size_t k = 0; k < dim; k++) {
            const double size = fabs((double)row[k] - mean[k]);
            const int64_t bits = spine_order_bits((float)size);
            most[k] = bits > most[k] ? bits : most[k];
        }
    spine_comm_max_counts(comm, most, dim);

    pass = (struct spine_pass){0};
    for (const float *row; (row = spine_dataset_next(data, &pass)) != NULL;)
        for (size_t k = 0; k < dim; k++) {
            const double largest = 2 * (double)spine_order_value(most[k]);
            const double entry = (double)row[k] - mean[k];
            if (largest > 0)
                sums[k] += count_units(entry * entry, choose_unit(largest * largest, rows));
        }
    spine_comm_sum_counts(comm, sums, dim);

    for (size_t k = 0; k < dim; k++) {
        const double largest = 2 * (double)spine_order_value(most[k]);
        const double variance =
            largest > 0 ? (double)sums[k] * choose_unit(largest * largest, rows) / rows : 0;
        const bool is_constant = !(variance > CONSTANT * (variance + mean[k] * mean[k]));
        data->scaling.factors[k] = is_constant ? 1 : (float)(1 / sqrt(variance));
    }
}

/* Add this rank's products of two coordinates, in units, to sums (D, D). The block is
 * (PRODUCT_ROWS, D), products (D, D). */
static void add_products(struct spine_dataset *data, const double *mean, double unit, double *block,
                         double *products, int64_t *sums)
{
    const size_t dim = data->dim, local = spine_partition_rows(&data->part);
    struct spine_pass pass = {0};

    for (size_t first = 0; first < local; first += PRODUCT_ROWS) {
        const size_t left = local - first;
        const size_t count = left < PRODUCT_ROWS ? left : PRODUCT_ROWS;
        for (size_t i = 0; i < count; i++) {
            const float *row = spine_dataset_next(data, &pass);
            for (size_t k = 0; k < dim; k++)
                block[i * dim + k] = (double)count_units((double)row[k] - mean[k], unit);
        }
        spine_lapack_products(block, count, dim, products);
        for (size_t i = 0; i < dim * dim; i++)
            sums[i] += (int64_t)products[i];
    }
}

/* The K first principal components of all rows. */
static int find_components(struct spine_dataset *data, struct spine_comm *comm, double largest,
                           const double *mean, struct spine_error *err)
{
    static const char what[] = "the input's covariance";
    struct spine_scaling *scaling = &data->scaling;
    const size_t dim = data->dim, count = scaling->num_components;
    const int spare = (MOST_BITS - bits_of((double)data->part.num_rows)) / 2;
    const double unit =
        spine_exact_quantum(2 * largest, spare < PRODUCT_BITS ? spare : PRODUCT_BITS);
    double *block = spine_memory_get(PRODUCT_ROWS * dim, sizeof *block, what, err);
    double *products = spine_memory_get(dim * dim, sizeof *products, what, err);
    int64_t *sums = spine_memory_zeroed(dim * dim, sizeof *sums, what, err);
    double *values = spine_memory_get(dim, sizeof *values, what, err);
    const bool is_whole = block != NULL && products != NULL && sums != NULL && values != NULL &&
                          spine_kernel_prepare(err) == 0;
    int rc = spine_comm_agree(comm, -!is_whole, err);

    if (rc == 0 && is_whole) {
        add_products(data, mean, unit, block, products, sums);
        spine_comm_sum_counts(comm, sums, dim * dim);
        for (size_t i = 0; i < dim * dim; i++)
            products[i] = (double)sums[i];
        if (comm->rank == 0)
            rc = spine_lapack_eigenvectors(products, dim, values, err);
        rc = spine_comm_agree(comm, rc, err);
    }
    if (rc == 0 && is_whole) {
        for (size_t c = 0; c < count; c++)
            for (size_t k = 0; k < dim; k++)
                scaling->components[c * scaling->stride + k] = (float)products[c * dim + k];
        spine_comm_broadcast(comm, scaling->components,
                             count * scaling->stride * sizeof *scaling->components);
    }

    free(block);
    free(products);
    free(sums);
    free(values);
    return rc;
}

static int whiten(struct spine_dataset *data, struct spine_comm *comm, struct spine_error *err)
{
    const double largest = largest_entry(data, comm);
    double *mean = spine_memory_zeroed(data->dim, sizeof *mean, "the mean row", err);
    int64_t *sums = spine_memory_zeroed(2 * data->dim, sizeof *sums, "the mean row", err);
    int rc = spine_comm_agree(comm, -(mean == NULL || sums == NULL), err);

    if (rc == 0 && mean != NULL && sums != NULL && largest > 0) {
        find_mean(data, comm, largest, sums, mean);
        if (data->scaling.factors != NULL)
            find_factors(data, comm, mean, sums);
        if (data->scaling.components != NULL)
            rc = find_components(data, comm, largest, mean, err);
    }

    free(mean);
    free(sums);
    return rc;
}

int spine_scalingfit_begin(struct spine_dataset *data, struct spine_comm *comm,
                           const struct spine_scaling_options *options, struct spine_error *err)
{
    struct spine_scaling scaling;

    if (options->whiten == SPINE_WHITEN_REMOVE && options->remove >= data->dim)
        return spine_refuse(err, "data.whiten: remove:%zu of rows of %zu numbers leaves nothing",
                            options->remove, data->dim);
    if (options->whiten == SPINE_WHITEN_REMOVE && data->dim > SPINE_LAPACK_MOST)
        return spine_refuse(err,
                            "data.whiten: remove:%zu needs rows of at most %d numbers, those of "
                            "data.input have %zu",
                            options->remove, (int)SPINE_LAPACK_MOST, data->dim);
    if (options->whiten != SPINE_WHITEN_NO) {
        const int rc =
            spine_scaling_init(&scaling, data->dim, options->whiten, options->remove, err);
        if (spine_comm_agree(comm, rc, err))
            return -1;
        spine_scaling_dispose(&data->scaling);
        data->scaling = scaling;
    }

    if (options->clip > 0 && clip(data, comm, options->clip, err))
        return -1;
    return options->whiten == SPINE_WHITEN_NO ? 0 : whiten(data, comm, err);
}

/* --- Mean and scale ----------------------------------------------------------------------- */

/* Numbers of the rows as they are now. */
struct moments {
    double largest;
    double *mean, *zero; /* owned; (D): the mean row, and zeros */
    int64_t *sums;       /* owned; scratch, (D) */
    double variance;     /* sum of all (entry - mean of its column)^2 */
};

static int init_moments(struct moments *moments, size_t dim, struct spine_error *err)
{
    moments->mean = spine_memory_zeroed(dim, sizeof *moments->mean, "the mean row", err);
    moments->zero = spine_memory_zeroed(dim, sizeof *moments->zero, "the mean row", err);
    moments->sums = spine_memory_zeroed(dim, sizeof *moments->sums, "the mean row", err);
    if (moments->mean == NULL || moments->zero == NULL || moments->sums == NULL)
        return -1;
    return 0;
}

static void dispose_moments(struct moments *moments)
{
    free(moments->mean);
    free(moments->zero);
    free(moments->sums);
}

static void find_moments(struct spine_dataset *data, struct spine_comm *comm,
                         struct moments *moments)
{
    moments->largest = largest_entry(data, comm);
    moments->variance = 0;
    if (!(moments->largest > 0))
        return;

    find_mean(data, comm, moments->largest, moments->sums, moments->mean);
    moments->variance = sum_squares(data, comm, moments->largest, moments->mean);
}

/* Find the sum of squares of the rows after centring and whitening, before scaling. */
static double find_squares(struct spine_dataset *data, struct spine_comm *comm,
                           const struct moments *moments, bool center)
{
    if (center || !(moments->largest > 0))
        return moments->variance;
    return sum_squares(data, comm, moments->largest, moments->zero);
}

/* Are the rows the same, to rounding? 'squares' is the sum of their squares. */
static int check_variance(const struct moments *moments, double squares, struct spine_error *err)
{
    if (moments->variance > 1e-12 * squares)
        return 0;
    return spine_refuse(err, "data.input: all rows are the same; there is nothing to learn");
}

/* Scale rows with a root mean square of 'from' to 'to'. */
static int set_scale(struct spine_scaling *scaling, double from, double to, struct spine_error *err)
{
    scaling->scale = to / from;
    if (isfinite((float)scaling->scale))
        return 0;
    return spine_refuse(
        err,
        "data.input: the rows have a root mean square of %.3g, which is too small to "
        "be scaled to data.rms = %g; multiply the vectors by a constant",
        from, to);
}

/* From the variance and the sum of squares of rows that are then multiplied by 'scale'. */
static void set_variance(struct spine_dataset *data, double variance, double squares, double scale)
{
    data->variance = variance * scale * scale;
    data->squares = squares * scale * scale;
    data->quantum = spine_exact_quantum(data->variance, 47);
}

int spine_scalingfit_finish(struct spine_dataset *data, struct spine_comm *comm,
                            const struct spine_scaling_options *options, struct spine_error *err)
{
    struct spine_scaling *scaling = &data->scaling;
    const bool is_white = options->whiten != SPINE_WHITEN_NO;
    const double entries = (double)data->part.num_rows * (double)data->dim;
    struct moments moments = {0};
    double squares = 0;

    int rc = spine_comm_agree(comm, init_moments(&moments, data->dim, err), err);
    if (rc == 0) {
        find_moments(data, comm, &moments);
        for (size_t k = 0; options->center && k < data->dim; k++)
            scaling->mean[k] = (float)moments.mean[k];
        if (is_white) {
            spine_dataset_scale(data, SPINE_WHITENED);
            find_moments(data, comm, &moments);
        }

        squares = find_squares(data, comm, &moments, options->center);
        rc = check_variance(&moments, squares, err);
        if (rc == 0 && options->rms > 0)
            rc = set_scale(scaling, sqrt(squares / entries), options->rms, err);
    }
    if (rc == 0) {
        set_variance(data, moments.variance, squares, scaling->scale);
        spine_dataset_scale(data, SPINE_SCALED);
    }

    dispose_moments(&moments);
    return rc;
}

int spine_scalingfit(struct spine_dataset *data, struct spine_comm *comm,
                     const struct spine_scaling_options *options, struct spine_error *err)
{
    if (spine_scalingfit_begin(data, comm, options, err) ||
        spine_scalingfit_finish(data, comm, options, err))
        return -1;
    return 0;
}

int spine_scalingfit_adopt(struct spine_dataset *data, struct spine_comm *comm,
                           struct spine_scaling *scaling, struct spine_error *err)
{
    struct moments moments = {0};
    double squares = 0;

    spine_scaling_dispose(&data->scaling);
    data->scaling = *scaling;
    *scaling = (struct spine_scaling){0};

    int rc = spine_comm_agree(comm, init_moments(&moments, data->dim, err), err);
    if (rc == 0) {
        spine_dataset_scale(data, SPINE_WHITENED);
        find_moments(data, comm, &moments);
        squares = find_squares(data, comm, &moments, false);
        rc = check_variance(&moments, squares, err);
    }
    if (rc == 0) {
        set_variance(data, moments.variance, squares, data->scaling.scale);
        spine_dataset_scale(data, SPINE_SCALED);
    }

    dispose_moments(&moments);
    return rc;
}

int spine_scalingfit_measure(struct spine_dataset *data, struct spine_comm *comm, double *mean,
                             struct spine_error *err)
{
    struct moments moments = {0};
    double squares = 0;

    int rc = spine_comm_agree(comm, init_moments(&moments, data->dim, err), err);
    if (rc == 0) {
        find_moments(data, comm, &moments);
        squares = find_squares(data, comm, &moments, false);
        rc = check_variance(&moments, squares, err);
    }
    if (rc == 0) {
        memcpy(mean, moments.mean, data->dim * sizeof *mean);
        set_variance(data, moments.variance, squares, 1);
    }
    dispose_moments(&moments);
    return rc;
}
