/* lambda.c -- the lambda of nnse that gives a wanted number of values a word. */
#include "spine/train/lambda.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"
#include "spine/math/kernels.h"

/* Words of the sample, and those on which the first lambda is searched for before. After an epoch
 * it is one word of 8, if these are fewer words, but not below FEW. */
enum { SAMPLE = 600, FEW = 120, ONE_OF = 8 };

/* When a search ends: the values are as near to the wanted number, or it took so many steps. One
 * more step follows, to where the wanted number should be, without counting there. */
struct effort {
    double close;
    int steps;
};
static const struct effort on_few = {0.03, 24}, on_all = {0.005, 24}, after_epoch = {0.01, 3};

/* Or the range of lambda is as narrow. */
static const double NARROW = 1.002;

/* Values fall about as lambda to the power -2 when they are few, and later to these powers. */
static const double FIRST_POWER = 2, POWER = 1.3;

/* Values are out of reach if they rise by a lower power, as lambda falls by as much, and aren't
 * most of those wanted. */
static const double LEAST_POWER = 0.1, LEAST_FALL = 2;
static const double MOST_OF = 0.9;

/* Values a word that are soon solved for, whatever lambda. */
static const double SOON = 24;

/* Solving for a row stops at so many times the wanted values, or at what is solved exactly if that
 * is more than the second number of times (activeset.h). */
enum { MANY_TIMES = 8, LEAST_TIMES = 4, MOST_EXACT = 512, LEAST_LIMIT = 64 };

/* The most by which lambda changes after an epoch. */
static const double CHANGE = 1.25;

/* Rows have a common part if they are so many times as long as their spread. */
static const double COMMON = 2;

/* Rows of a rank, and their last codes, where solving begins. */
struct sample {
    size_t rows, most_blocks;        /* of a rank */
    size_t *row;                     /* owned; (rows): numbers among the rank's rows */
    float *x;                        /* owned; (rows, D) */
    struct spine_lasso_codes *codes; /* owned; by blocks */
};

/* The rows of a sample of 'most' at most are every n-th of all. */
static size_t interval(const struct spine_partition *part, size_t most)
{
    return (part->num_rows + most - 1) / most;
}

/* The same of the sample after an epoch. */
static size_t interval_after(const struct spine_partition *part)
{
    const size_t every = interval(part, SAMPLE), most = part->num_rows / FEW;

    if (every >= ONE_OF || most <= every)
        return every;
    return most < ONE_OF ? most : ONE_OF;
}

/* The rows of a sample that are before a row. */
static size_t count_before(uint64_t row, size_t every)
{
    return ((size_t)row + every - 1) / every;
}

/* A rank's. */
static size_t count_own(const struct spine_partition *part, size_t every)
{
    return count_before(part->end_row, every) - count_before(part->first_row, every);
}

size_t spine_lambda_bytes(const struct spine_partition *part, size_t dim, double values)
{
    const size_t rows =
        count_own(part, interval(part, SAMPLE)) + count_own(part, interval(part, FEW));
    const size_t codes = (size_t)(values * (double)(rows * (sizeof(int32_t) + sizeof(float))));

    return rows * (spine_kernel_stride(dim) * sizeof(float) + sizeof(size_t)) + codes +
           (spine_block_count(rows) + 1) * sizeof(struct spine_lasso_codes);
}

size_t spine_lambda_sampled(const struct spine_partition *part, size_t first,
                            const struct spine_block *block)
{
    const size_t every = interval_after(part);
    size_t values = 0;

    for (size_t i = 0; i < block->rows; i++)
        if ((part->first_row + first + i) % every == 0)
            values += block->row_begin[i + 1] - block->row_begin[i];
    return values;
}

static void sample_dispose(struct sample *sample)
{
    for (size_t b = 0; sample->codes != NULL && b < spine_block_count(sample->rows); b++)
        spine_lasso_codes_dispose(&sample->codes[b]);
    free(sample->codes);
    free(sample->x);
    free(sample->row);
}

static int sample_init(struct sample *sample, const struct spine_lambda *search, size_t every,
                       struct spine_error *err)
{
    static const char what[] = "a sample of rows";
    struct spine_dataset *data = search->data;
    const struct spine_partition *part = &data->part;
    const size_t stride = data->stride;
    const size_t first = count_before(part->first_row, every);

    *sample = (struct sample){.rows = count_own(part, every)};
    sample->row = spine_memory_get(sample->rows, sizeof *sample->row, what, err);
    sample->x = spine_kernel_alloc(sample->rows * stride, what, err);
    sample->codes =
        spine_memory_zeroed(spine_block_count(sample->rows), sizeof *sample->codes, what, err);
    if (sample->row == NULL || sample->x == NULL || sample->codes == NULL)
        return -1;

    for (size_t i = 0; i < sample->rows; i++) {
        sample->row[i] = (first + i) * every - part->first_row;
        memcpy(sample->x + i * stride, spine_dataset_slice(data, 0, sample->row[i], 1, 0),
               stride * sizeof *sample->x);
    }
    return 0;
}

/* At how many values solving for a row stops. */
static size_t most_values(double wanted)
{
    const double least = fmax(LEAST_TIMES * wanted, MOST_EXACT);

    return (size_t)fmax(fmin(MANY_TIMES * wanted, least), LEAST_LIMIT);
}

/* Begin with the codes that are kept of these rows. */
static void begin_with(struct sample *sample, const struct spine_lasso_codes *kept)
{
    if (kept == NULL)
        return;
    for (struct spine_block_walk at = {0}; spine_block_next(&at, sample->rows);)
        spine_lasso_codes_collect(&sample->codes[at.number], at.rows, sample->row + at.first, kept);
}

/* Solve for the sample; *values becomes its number of values over all ranks. Collective, also in
 * each block, of which some ranks may have fewer. */
static int count_values(const struct spine_lambda *search, struct sample *sample, double lambda,
                        double *values, struct spine_error *err)
{
    struct spine_lasso_coder *solver = search->coder->solver;
    struct spine_block *block = &search->coder->block;
    struct spine_block_walk at = {0};
    int64_t count = 0;

    solver->lambda = lambda;
    for (size_t b = 0; b < sample->most_blocks; b++) {
        if (spine_block_next(&at, sample->rows)) {
            spine_lasso_coder_encode(solver, at.rows, sample->x + at.first * search->data->stride,
                                     &sample->codes[at.number], block->row_begin, block->unit,
                                     block->value);
            count += block->row_begin[at.rows];
        }
        if (search->poll.call != NULL && search->poll.call(search->poll.work, err))
            return -1;
    }

    const double solved = spine_comm_clock();
    spine_comm_sum_counts(search->comm, &count, 1);
    *search->waited += spine_comm_clock() - solved;
    *values = (double)count;
    return 0;
}

/* Where the solution is searched for. Values fall about as lambda to the power -'power'. */
struct range {
    double low, high, lambda, power;
};

/* A lambda that was tried, and the ratio of the values to those wanted. */
struct trial {
    double lambda, ratio;
};

/* Where to go on, or to end. */
struct decision {
    double lambda;
    bool ends;
};

/* Set it to that of rank 0. Collective. */
static void share(const struct spine_lambda *search, struct decision *decision)
{
    const double begun = spine_comm_clock();

    spine_comm_broadcast(search->comm, decision, sizeof *decision);
    *search->waited += spine_comm_clock() - begun;
}

/* Is the wanted number a word out of reach, since values have hardly risen from one trial to the
 * next, but take longer to solve for? */
static bool is_out_of_reach(double wanted, struct trial last, struct trial now)
{
    return last.ratio * wanted > SOON && now.ratio < MOST_OF &&
           now.lambda * LEAST_FALL <= last.lambda &&
           now.ratio < last.ratio * pow(last.lambda / now.lambda, LEAST_POWER);
}

/* The next lambda, from the last trials. Where a secant leaves the range that is known to have the
 * solution, the range is halved, unless lambda is good as it is. */
static double next_lambda(struct range *range, struct trial last, struct trial now, double close)
{
    if (now.ratio > 0 && last.ratio > 0 && now.ratio != last.ratio)
        range->power = -log(now.ratio / last.ratio) / log(now.lambda / last.lambda);
    const double next = now.lambda * pow(now.ratio, 1 / range->power);
    if (next > range->low && next < range->high)
        return next;
    return fabs(now.ratio - 1) < close ? now.lambda : sqrt(range->low * range->high);
}

/* Find the lambda that leaves the sample as many values, by the secant method on logarithmic
 * scales; or, if lower ones leave hardly more, one that is soon solved with. Collective. */
static int find(const struct spine_lambda *search, struct sample *sample, double wanted,
                struct effort effort, struct range *range, struct spine_error *err)
{
    struct trial last = {0}, now = {0};
    struct decision decision = {0};

    for (int i = 0; i < effort.steps && range->high > range->low * NARROW &&
                    !(fabs(now.ratio - 1) < effort.close) && !decision.ends;
         i++) {
        double values = 0;
        last = now;
        if (count_values(search, sample, range->lambda, &values, err))
            return -1;
        now = (struct trial){range->lambda, values / wanted};
        if (now.ratio > 1)
            range->low = now.lambda;
        else
            range->high = now.lambda;

        decision.ends = is_out_of_reach(search->wanted, last, now);
        decision.lambda = decision.ends ? last.lambda : next_lambda(range, last, now, effort.close);
        share(search, &decision);
        range->lambda = decision.lambda;
    }
    return 0;
}

/* The values that a sample should have: as many a row as all rows. */
static double wanted_of(const struct spine_lambda *search, size_t every)
{
    return search->wanted * (double)count_before(search->data->part.num_rows, every);
}

/* Find lambda for the rows of a sample. Collective. */
static int find_for(const struct spine_lambda *search, struct sample *sample, double wanted,
                    struct effort effort, struct range *range, struct spine_error *err)
{
    size_t *most = &search->coder->solver->scratch.most;

    sample->most_blocks =
        (size_t)spine_comm_max(search->comm, (int64_t)spine_block_count(sample->rows));
    *most = most_values(search->wanted);
    const int rc = find(search, sample, wanted, effort, range, err);
    *most = 0;
    return rc;
}

/* The range that surely has the first lambda. It begins where values are few, which are soon solved
 * for: as rows have a common part, with regard to their whole length. */
static struct range whole_range(const struct spine_dataset *data)
{
    const double rows = (double)data->part.num_rows;
    const double spread = sqrt(data->variance / rows), length = sqrt(data->squares / rows);
    const double most = length > COMMON * spread ? length : spread;

    return (struct range){1e-4 * spread, 10 * most, most / 4, FIRST_POWER};
}

int spine_lambda_find(const struct spine_lambda *search, double *lambda, struct spine_error *err)
{
    const struct spine_partition *part = &search->data->part;
    const size_t some = interval(part, FEW), more = interval(part, SAMPLE);
    const struct range whole = whole_range(search->data);
    struct range range = whole;
    struct sample few, all;
    const bool has_few = sample_init(&few, search, some, err) == 0;
    const bool has_all = sample_init(&all, search, more, err) == 0;
    int rc = spine_comm_agree(search->comm, -!(has_few && has_all), err);

    if (rc == 0)
        rc = find_for(search, &few, wanted_of(search, some), on_few, &range, err);
    if (rc == 0) {
        range.low = whole.low;
        range.high = whole.high;
        rc = find_for(search, &all, wanted_of(search, more), on_all, &range, err);
    }
    if (rc == 0)
        *lambda = range.lambda;
    sample_dispose(&few);
    sample_dispose(&all);
    return rc;
}

int spine_lambda_adjust(const struct spine_lambda *search, double values, double sampled,
                        double *lambda, struct spine_error *err)
{
    const double all = search->wanted * (double)search->data->part.num_rows;
    const size_t every = interval_after(&search->data->part);
    const double wanted = sampled > 0 ? all * sampled / values : wanted_of(search, every);
    struct range range = {*lambda / CHANGE, *lambda * CHANGE, *lambda, POWER};
    struct sample sample;
    int rc = spine_comm_agree(search->comm, sample_init(&sample, search, every, err), err);

    if (rc == 0) {
        begin_with(&sample, search->coder->kept);
        rc = find_for(search, &sample, wanted, after_epoch, &range, err);
    }
    if (rc == 0)
        *lambda = range.lambda;
    sample_dispose(&sample);
    return rc;
}
