/* statistics.c -- means, quantiles, correlations and confidence intervals. */
#include "spine/base/statistics.h"

#include <math.h>
#include <stdlib.h>

#include "spine/base/memory.h"
#include "spine/base/random.h"

struct spine_estimate spine_statistics_wilson(double share, size_t trials)
{
    const double z = 1.96, n = (double)trials;
    if (trials == 0)
        return (struct spine_estimate){NAN, NAN, NAN};
    const double middle = (share + z * z / (2 * n)) / (1 + z * z / n);
    const double half = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n));
    return (struct spine_estimate){share, middle - half, middle + half};
}

struct spine_estimate spine_statistics_mean(const double *values, size_t count)
{
    struct spine_estimate estimate = {NAN, NAN, NAN};
    double sum = 0, squares = 0, n = 0;
    for (size_t i = 0; i < count; i++)
        if (!isnan(values[i])) {
            sum += values[i];
            n++;
        }
    if (n == 0)
        return estimate;
    estimate.value = sum / n;
    for (size_t i = 0; i < count; i++)
        if (!isnan(values[i]))
            squares += (values[i] - estimate.value) * (values[i] - estimate.value);
    if (n > 1) {
        const double error = sqrt(squares / (n - 1) / n);
        estimate.low = estimate.value - 1.96 * error;
        estimate.high = estimate.value + 1.96 * error;
    }
    return estimate;
}

static int ascending(const void *a, const void *b)
{
    const double *first = a, *second = b;
    return (*first > *second) - (*first < *second);
}

void spine_statistics_sort(double *values, size_t count)
{
    qsort(values, count, sizeof *values, ascending);
}

double spine_statistics_quantile(const double *sorted, size_t count, double q)
{
    if (count == 0)
        return NAN;
    const double position = q * (double)(count - 1);
    const size_t below = (size_t)position;
    const size_t above = below + 1 < count ? below + 1 : below;
    return sorted[below] + (position - (double)below) * (sorted[above] - sorted[below]);
}

/* --- Spearman ----------------------------------------------------------------------------- */

struct ranked {
    double value, rank;
};

static int by_value(const void *a, const void *b)
{
    const struct ranked *const *first = a, *const *second = b;
    return ((*first)->value > (*second)->value) - ((*first)->value < (*second)->value);
}

/* Scratch for the ranks of 'count' values. */
struct ranking {
    struct ranked *x, *y, **order; /* owned; x alone, with y and order behind it */
};

static int make_ranking(struct ranking *ranking, size_t count, struct spine_error *err)
{
    ranking->x = spine_memory_get(count, 2 * sizeof *ranking->x + sizeof *ranking->order,
                                  "the ranks of a correlation", err);
    if (ranking->x == NULL)
        return -1;
    ranking->y = ranking->x + count;
    ranking->order = (struct ranked **)(void *)(ranking->y + count);
    return 0;
}

/* Ranks from 1; equal values get the mean of their ranks. */
static void rank(struct ranked *values, struct ranked **order, size_t count)
{
    for (size_t i = 0; i < count; i++)
        order[i] = &values[i];
    qsort(order, count, sizeof *order, by_value);
    for (size_t first = 0, end; first < count; first = end) {
        for (end = first + 1; end < count && order[end]->value == order[first]->value;)
            end++;
        for (size_t i = first; i < end; i++)
            order[i]->rank = (double)(first + end + 1) / 2;
    }
}

static double correlate_ranks(const struct ranking *ranking, size_t count)
{
    rank(ranking->x, ranking->order, count);
    rank(ranking->y, ranking->order, count);
    const double mean = (double)(count + 1) / 2;
    double xx = 0, yy = 0, xy = 0;
    for (size_t i = 0; i < count; i++) {
        const double x = ranking->x[i].rank - mean, y = ranking->y[i].rank - mean;
        xx += x * x;
        yy += y * y;
        xy += x * y;
    }
    return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : (double)NAN;
}

static double correlate_sample(const double *x, const double *y, size_t count, uint64_t seed,
                               uint32_t sample, const struct ranking *ranking)
{
    for (size_t i = 0; i < count; i++) {
        const size_t from = spine_random_below(seed, sample, 0, (uint32_t)i, (uint32_t)count);
        ranking->x[i].value = x[from];
        ranking->y[i].value = y[from];
    }
    return correlate_ranks(ranking, count);
}

/* Compute the correlations of the resamples, NaN for a constant one. */
static int resample(const double *x, const double *y, size_t count, size_t samples, uint64_t seed,
                    double *rhos)
{
    int failed = 0;
#pragma omp parallel reduction(| : failed)
    {
        struct spine_error unheard; /* each thread's own, which nobody reads */
        struct ranking ranking;
        const int mine = make_ranking(&ranking, count, &unheard);
        failed |= mine;
#pragma omp for
        for (size_t sample = 0; sample < samples; sample++)
            if (mine == 0)
                rhos[sample] = correlate_sample(x, y, count, seed, (uint32_t)sample, &ranking);
        free(ranking.x);
    }
    return failed;
}

/* Seven parameters: two lists of one length, two for the bootstrap, and the results. */
int spine_statistics_spearman(const double *x, const double *y, size_t count, size_t samples,
                              uint64_t seed, struct spine_estimate *rho, struct spine_error *err)
{
    *rho = (struct spine_estimate){NAN, NAN, NAN};
    if (count < 3)
        return 0;

    double *rhos =
        spine_memory_get(samples + 1, sizeof *rhos, "the resamples of a correlation", err);
    struct ranking ranking;
    int rc = make_ranking(&ranking, count, err);
    if (rhos == NULL)
        rc = -1;
    else if (rc == 0 && resample(x, y, count, samples, seed, rhos) != 0)
        rc = spine_memory_fail("the resamples of a correlation", err);

    if (rc == 0) {
        for (size_t i = 0; i < count; i++) {
            ranking.x[i].value = x[i];
            ranking.y[i].value = y[i];
        }
        rho->value = correlate_ranks(&ranking, count);

        size_t kept = 0;
        for (size_t sample = 0; sample < samples; sample++)
            if (!isnan(rhos[sample]))
                rhos[kept++] = rhos[sample];
        spine_statistics_sort(rhos, kept);
        if (!isnan(rho->value)) {
            rho->low = spine_statistics_quantile(rhos, kept, 0.025);
            rho->high = spine_statistics_quantile(rhos, kept, 0.975);
        }
    }

    free(ranking.x);
    free(rhos);
    return rc;
}

double spine_statistics_kappa(const size_t *counts, size_t items, size_t categories, size_t raters)
{
    if (raters < 2 || items == 0)
        return NAN;
    const double n = (double)raters, all = (double)items * n;
    double observed = 0, expected = 0;
    for (size_t c = 0; c < categories; c++) {
        double sum = 0;
        for (size_t i = 0; i < items; i++) {
            const double count = (double)counts[i * categories + c];
            sum += count;
            observed += count * (count - 1) / (n * (n - 1));
        }
        expected += sum / all * (sum / all);
    }
    observed /= (double)items;
    return expected < 1 ? (observed - expected) / (1 - expected) : (double)NAN;
}
