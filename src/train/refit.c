/* refit.c -- refitting the decoder by ridge regression, after training. */
#include "spine/train/refit.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"
#include "spine/math/exact.h"
#include "spine/math/lapack.h"

/* Every fifth row is left out to choose the ridge. */
enum { FIFTH = 5, PARTS = 2, TRAINED = 0, HELD_OUT = 1 };
static const double ridges[] = {0.1, 1, 10, 30, 100};
enum { RIDGES = sizeof ridges / sizeof *ridges };

/* For a dictionary, the best ridge is an end of a range, which is then halved so many times. */
enum { HALVINGS = 3, MOST_TRIED = RIDGES + HALVINGS };

/* Operations a second of one core, in LAPACK; half of what one with AVX2 reaches when it is
 * idle. */
static const double SPEED = 2e10;

/* Atoms of a dictionary stay as near to what they were as this share of the variance allows. */
static const double SLACK = 0.01;

/* Products are rounded to this, or to more where rows are long: if codes are at most 1, 2^25 rows
 * of length 1 can be summed. Codes of nnse, and those without a cap, are as large as the rows. */
static const double QUANTUM = 0x1p-28;
enum { CODES_TO_ROWS = 16 }; /* the squares of all codes are at most this multiple of the rows' */

/* Codes of nnse are small if the rows are: below this mean square, products are rounded to less. */
static const double LEAST_SQUARE = 0.125;

/* The ridges are for rows of this mean square, the default. */
static const double USUAL_SQUARE = 0.16;

/* Sums over the rows of a part, with A = (h, 1) and E = x - h W2 - b2, as trained. */
struct sums {
    double *gram;  /* owned; (H + 1, H + 1): A'A, the upper triangle until all is summed */
    double *cross; /* owned; (H + 1, D): A'E */
    double squares, variance; /* of E; of x */
};

struct spine_refit_problem {
    const struct spine_params *params;
    struct spine_dataset *data;
    struct spine_comm *comm;
    struct spine_coder *coder;
    size_t size;  /* H + 1 */
    double shift; /* by which products are rounded (exact.h) */
    double pull;  /* of a dictionary, q - 1: the decoder is pulled towards q W2; else 0 */
    struct sums part[PARTS]; /* of rows trained on, and held out */
    /* Owned, on rank 0: (H + 1, H + 1), scratch; (D, H + 1), the change of W2 and b2. */
    double *matrix, *change;
    double unit;      /* of ridges */
    size_t num_tried; /* ridges, and the squared error of each on the rows held out */
    double ridge[MOST_TRIED], squares[MOST_TRIED];
    struct spine_refit result; /* on rank 0, in the end */
};

/* Are the codes solved for over a dictionary, W2? */
static bool is_dictionary(const struct spine_refit_problem *problem)
{
    return problem->coder->solver != NULL;
}

/* Of the rows' entries. */
static double mean_square(const struct spine_dataset *data)
{
    return data->squares / ((double)data->part.num_rows * (double)data->dim);
}

/* The unit of ridges: those of a dictionary are added to squares of codes, which are large if the
 * rows are. A power of two, so that it is 1 for all rows of about the usual length. */
static double unit_of(const struct spine_refit_problem *problem)
{
    const double square = mean_square(problem->data);

    return is_dictionary(problem) && square > 0 ? exp2(round(log2(square / USUAL_SQUARE))) : 1;
}

/* To what products are rounded. */
static double quantum_of(const struct spine_refit_problem *problem)
{
    const struct spine_dataset *data = problem->data;
    const double square = mean_square(data);
    const double least = is_dictionary(problem) && square < LEAST_SQUARE
                             ? QUANTUM * spine_exact_quantum(square / LEAST_SQUARE, 0)
                             : QUANTUM;

    return fmax(least, spine_exact_quantum(CODES_TO_ROWS * data->squares, 52));
}

static int init(struct spine_refit_problem *problem, struct spine_error *err)
{
    static const char what[] = "the equations of a refit";
    const size_t size = problem->size, dim = problem->params->dim;
    bool is_whole = true;

    for (size_t p = 0; p < PARTS; p++) {
        struct sums *part = &problem->part[p];
        part->gram = spine_memory_zeroed(size, size * sizeof *part->gram, what, err);
        part->cross = spine_memory_zeroed(size, dim * sizeof *part->cross, what, err);
        is_whole = is_whole && part->gram != NULL && part->cross != NULL;
    }
    if (problem->comm->rank == 0) {
        problem->matrix = spine_memory_get(size, size * sizeof *problem->matrix, what, err);
        problem->change = spine_memory_get(dim, size * sizeof *problem->change, what, err);
        is_whole = is_whole && problem->matrix != NULL && problem->change != NULL;
    }
    if (!is_whole)
        return -1;
    return 0;
}

void spine_refit_dispose(struct spine_refit_problem *problem)
{
    if (problem == NULL)
        return;
    for (size_t p = 0; p < PARTS; p++) {
        free(problem->part[p].gram);
        free(problem->part[p].cross);
    }
    free(problem->matrix);
    free(problem->change);
    free(problem);
}

/* --- Sums --------------------------------------------------------------------------------- */

/* Add a row: its codes, its residual y - x, its values. */
static void add_row(const struct spine_refit_problem *problem, struct sums *part, size_t i,
                    const float *x)
{
    const struct spine_block *block = &problem->coder->block;
    const float *residual = problem->coder->residual + i * problem->params->stride;
    const size_t size = problem->size, last = size - 1, dim = problem->params->dim;
    const uint32_t end = block->row_begin[i + 1];
    const double shift = problem->shift;

    for (uint32_t p = block->row_begin[i]; p < end; p++) {
        const size_t unit = (size_t)block->unit[p];
        const double value = (double)block->value[p];
        double *gram = part->gram + unit * size;
        spine_exact_add_at(end - p, value, block->value + p, block->unit + p, shift, gram);
        gram[last] += spine_exact_round_shifted(value, shift);
        spine_exact_add_scaled(dim, -value, residual, shift, part->cross + unit * dim);
    }
    part->gram[last * size + last] += 1;

    spine_exact_add_scaled(dim, -1, residual, shift, part->cross + last * dim);
    for (size_t k = 0; k < dim; k++) {
        const double error = (double)residual[k], entry = (double)x[k];
        part->squares += spine_exact_round_shifted(error * error, shift);
        part->variance += spine_exact_round_shifted(entry * entry, shift);
    }
}

void spine_refit_add(struct spine_refit_problem *problem, size_t first, size_t count)
{
    const size_t first_row = problem->data->part.first_row, before = first / SPINE_BLOCK_ROWS;

    for (struct spine_block_walk at = {0}; spine_block_next(&at, count);) {
        const float *x = spine_dataset_slice(problem->data, 0, first + at.first, at.rows, 0);
        spine_coder_encode_block(problem->coder, problem->params, before + at.number, at.rows, x,
                                 false);
        spine_coder_decode(problem->coder, problem->params, x, problem->data->quantum);
        for (size_t i = 0; i < at.rows; i++) {
            const bool is_held_out = (first_row + first + at.first + i) % FIFTH == FIFTH - 1;
            add_row(problem, &problem->part[is_held_out ? HELD_OUT : TRAINED], i,
                    x + i * problem->params->stride);
        }
    }
}

void spine_refit_sum(struct spine_refit_problem *problem)
{
    const size_t size = problem->size;

    for (size_t p = 0; p < PARTS; p++) {
        struct sums *part = &problem->part[p];
        double both[2] = {part->squares, part->variance};
        spine_comm_sum_doubles(problem->comm, part->gram, size * size);
        spine_comm_sum_doubles(problem->comm, part->cross, problem->params->dim * size);
        spine_comm_sum_doubles(problem->comm, both, 2);
        part->squares = both[0];
        part->variance = both[1];
        for (size_t j = 0; j < size; j++)
            for (size_t k = 0; k < j; k++)
                part->gram[j * size + k] = part->gram[k * size + j];
    }
}

/* --- Solving ------------------------------------------------------------------------------ */

/* Find the q for which q W2 reconstructs the rows trained on, or all, best, b2 being 0: with y = h
 * W2 and E = x - y, q - 1 = <E, y> / |y|^2, and |y|^2 = |x|^2 - |E|^2 - 2 <E, y>. */
static void scale_atoms(struct spine_refit_problem *problem, bool use_all)
{
    const struct sums *parts[] = {&problem->part[TRAINED], &problem->part[HELD_OUT]};
    const struct spine_params *params = problem->params;
    double product = 0, squares = 0;

    if (!is_dictionary(problem))
        return;
    for (size_t p = 0; p < (use_all ? 2 : 1); p++) {
        for (size_t k = 0; k < params->dim; k++)
            for (size_t j = 0; j < params->hidden; j++)
                product += parts[p]->cross[j * params->dim + k] *
                           (double)params->W2[j * params->stride + k];
        squares += parts[p]->variance - parts[p]->squares;
    }
    squares -= 2 * product;
    problem->pull = squares > 0 ? product / squares : 0;
}

/* Solve for the best change, for the rows trained on or for all: (A'A + ridge) change =
 * A'E + ridge (q - 1) W2, with the q of scale_atoms(). */
static int solve(struct spine_refit_problem *problem, double ridge, bool use_all,
                 struct spine_error *err)
{
    const struct sums *part = problem->part;
    const struct spine_params *params = problem->params;
    const size_t size = problem->size, dim = params->dim;

    for (size_t i = 0; i < size * size; i++)
        problem->matrix[i] = part[TRAINED].gram[i] + (use_all ? part[HELD_OUT].gram[i] : 0);
    for (size_t j = 0; j < size; j++)
        problem->matrix[j * size + j] += ridge;

    for (size_t k = 0; k < dim; k++)
        for (size_t j = 0; j < size; j++)
            problem->change[k * size + j] = part[TRAINED].cross[j * dim + k] +
                                            (use_all ? part[HELD_OUT].cross[j * dim + k] : 0);
    if (is_dictionary(problem))
        for (size_t k = 0; k < dim; k++)
            for (size_t j = 0; j < params->hidden; j++)
                problem->change[k * size + j] +=
                    ridge * problem->pull * (double)params->W2[j * params->stride + k];
    return spine_lapack_solve(problem->matrix, size, problem->change, dim, err);
}

/* The squared error on the rows held out: |E - A C|^2 = |E|^2 + sum (C'A'A C - 2 C'A'E).
 * Overwrites problem->matrix. */
static double measure(struct spine_refit_problem *problem)
{
    const struct sums *part = &problem->part[HELD_OUT];
    const size_t size = problem->size, dim = problem->params->dim;
    double squares = part->squares;

    for (size_t first = 0; first < dim; first += size) {
        const size_t count = dim - first < size ? dim - first : size;
        const double *change = problem->change + first * size;
        spine_lapack_multiply(change, count, part->gram, size, problem->matrix);
        for (size_t k = 0; k < count; k++)
            for (size_t j = 0; j < size; j++)
                squares += change[k * size + j] *
                           (problem->matrix[k * size + j] - 2 * part->cross[j * dim + first + k]);
    }
    return squares;
}

/* Of the ridges tried, that with the least error or, for a dictionary, the greatest within SLACK of
 * it. */
static size_t find_best(const struct spine_refit_problem *problem)
{
    const double slack = is_dictionary(problem) ? SLACK * problem->part[HELD_OUT].variance : 0;
    const double *squares = problem->squares, *ridge = problem->ridge;
    double least = HUGE_VAL;
    size_t best = 0;

    for (size_t i = 0; i < problem->num_tried; i++)
        least = fmin(least, squares[i]);
    for (size_t i = 0; i < problem->num_tried; i++) {
        const bool is_good = squares[i] == least || squares[i] < least + slack;
        if (is_good && ridge[i] >= ridge[best])
            best = i;
    }
    return best;
}

/* Of the ridges tried, the least that is greater than the best, or infinity. */
static double find_next(const struct spine_refit_problem *problem)
{
    const double *ridge = problem->ridge, best = ridge[find_best(problem)];
    double next = HUGE_VAL;

    for (size_t i = 0; i < problem->num_tried; i++)
        if (ridge[i] > best)
            next = fmin(next, ridge[i]);
    return next;
}

/* The next ridge: of the table, then, on a logarithmic scale, that between the best and the next
 * greater. */
static double next_ridge(const struct spine_refit_problem *problem)
{
    const size_t at = problem->num_tried;

    return at < RIDGES ? ridges[at] * problem->unit
                       : sqrt(problem->ridge[find_best(problem)] * find_next(problem));
}

static bool has_tried_all(const struct spine_refit_problem *problem)
{
    if (problem->part[HELD_OUT].variance == 0) /* then nothing measures a ridge */
        return true;
    if (problem->num_tried < RIDGES)
        return false;
    return !is_dictionary(problem) || problem->num_tried == MOST_TRIED ||
           !isfinite(find_next(problem));
}

/* Measure the next ridge. On rank 0. */
static int try_ridge(struct spine_refit_problem *problem, struct spine_error *err)
{
    const size_t at = problem->num_tried;

    if (at == 0)
        scale_atoms(problem, false);
    problem->ridge[at] = next_ridge(problem);
    if (solve(problem, problem->ridge[at], false, err))
        return -1;
    problem->squares[at] = measure(problem);
    return 0;
}

/* Choose a ridge; then solve with all rows. On rank 0. */
static int choose(struct spine_refit_problem *problem, struct spine_error *err)
{
    const struct sums *held_out = &problem->part[HELD_OUT];
    const size_t chosen = find_best(problem);
    struct spine_refit *refit = &problem->result;

    refit->has_measured = held_out->variance > 0;
    refit->ridge = refit->has_measured ? problem->ridge[chosen] : problem->unit;
    refit->before = 1 - held_out->squares / held_out->variance;
    refit->after = 1 - problem->squares[chosen] / held_out->variance;
    scale_atoms(problem, true);
    return solve(problem, refit->ridge, true, err);
}

int spine_refit_solve(struct spine_refit_problem *problem, bool *is_done, struct spine_error *err)
{
    int rc = 0;

    *is_done = problem->comm->rank == 0 && has_tried_all(problem);
    spine_comm_broadcast(problem->comm, is_done, sizeof *is_done);
    if (problem->comm->rank == 0)
        rc = *is_done ? choose(problem, err) : try_ridge(problem, err);
    problem->num_tried++;
    return spine_comm_agree(problem->comm, rc, err);
}

double spine_refit_seconds(size_t hidden, size_t dim, bool is_dictionary)
{
    const int tried = is_dictionary ? MOST_TRIED : RIDGES;
    const double size = (double)hidden + 1, product = 2 * size * size * (double)dim;
    const double solution = size * size * size / 3 + product; /* Cholesky, and substitution */

    return ((tried + 1) * solution + tried * product) / SPEED;
}

static void write_decoder(const struct spine_refit_problem *problem, float *decoder)
{
    const struct spine_params *params = problem->params;
    const size_t hidden = params->hidden;
    memset(decoder, 0, problem->size * params->stride * sizeof *decoder);
    for (size_t j = 0; j < problem->size; j++) {
        const float *old = j < hidden ? params->W2 + j * params->stride : params->b2;
        for (size_t k = 0; k < params->dim; k++)
            decoder[j * params->stride + k] =
                (float)((double)old[k] + problem->change[k * problem->size + j]);
    }
}

void spine_refit_end(struct spine_refit_problem *problem, float *decoder, struct spine_refit *refit)
{
    *refit = problem->result;
    if (problem->comm->rank == 0)
        write_decoder(problem, decoder);
    spine_comm_broadcast(problem->comm, decoder,
                         problem->size * problem->params->stride * sizeof *decoder);
    spine_comm_broadcast(problem->comm, refit, sizeof *refit);
}

int spine_refit_begin(struct spine_refit_problem **problem, const struct spine_params *params,
                      struct spine_dataset *data, struct spine_comm *comm,
                      struct spine_coder *coder, struct spine_error *err)
{
    int rc = -1;

    *problem = spine_memory_zeroed(1, sizeof **problem, "a refit", err);
    if (*problem != NULL) {
        **problem = (struct spine_refit_problem){.params = params,
                                                 .data = data,
                                                 .comm = comm,
                                                 .coder = coder,
                                                 .size = params->hidden + 1};
        (*problem)->unit = unit_of(*problem);
        (*problem)->shift = spine_exact_shift(quantum_of(*problem));
        rc = init(*problem, err);
    }
    return spine_comm_agree(comm, rc, err);
}
