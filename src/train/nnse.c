/* nnse.c -- sparse non-negative codes over a learned dictionary.
 *
 * Sums over rows are exact, so all ranks have the same, however many there are. All take the atoms
 * and lambda that rank 0 computes from them, because another kind of processor may round in other
 * ways. */
#include "spine/train/nnse.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/clones.h"
#include "spine/base/memory.h"
#include "spine/base/random.h"
#include "spine/math/exact.h"
#include "spine/train/atoms.h"

/* Passes over all atoms in an epoch; atoms that ranks share, and those whose sums are computed
 * together. */
enum { SWEEPS = 3, SHARED = 96, TOGETHER = 3 };

/* Atoms move this many times as far as to their optimum, which is one for the codes of an epoch
 * only: with 1.8, 5 epochs reach the objective that 8 reach with 1. At 2.2 it rises. */
static const double RELAXATION = 1.8;

/* Of its row's square, the most that the square of a value is taken to be (quantum()). */
static const double MOST_SQUARE = 16;

/* The purpose of the draws, a value that neither epochs nor atoms.c use. */
enum { RANDOM_ATOMS = UINT32_MAX };

static double lambda_of(const struct spine_nnse *nnse)
{
    return -(double)nnse->atoms.b1[0];
}

/* Set lambda to that of rank 0. Collective. */
static void set_lambda(struct spine_nnse *nnse, double lambda)
{
    const double begun = spine_comm_clock();

    spine_comm_broadcast(nnse->comm, &lambda, sizeof lambda);
    nnse->waited += spine_comm_clock() - begun;
    for (size_t j = 0; j < nnse->atoms.hidden; j++)
        nnse->atoms.b1[j] = -(float)lambda;
    nnse->solver.lambda = lambda_of(nnse);
}

/* Call after atoms have changed: all ranks get rank 0's, and its lambda. Collective. */
static void refresh(struct spine_nnse *nnse, double lambda)
{
    struct spine_params *atoms = &nnse->atoms;

    set_lambda(nnse, lambda);
    const double begun = spine_comm_clock();
    spine_comm_broadcast(nnse->comm, atoms->W2, atoms->hidden * atoms->stride * sizeof *atoms->W2);
    nnse->waited += spine_comm_clock() - begun;
    memcpy(atoms->W1, atoms->W2, atoms->hidden * atoms->stride * sizeof *atoms->W1);
    spine_lasso_refresh(&nnse->lasso);
}

/* What the search for lambda needs. */
static struct spine_lambda search_of(struct spine_nnse *nnse)
{
    return (struct spine_lambda){nnse->comm,    nnse->data, nnse->coder, nnse->settings.wanted,
                                 &nnse->waited, nnse->poll};
}

struct spine_nnse_settings spine_nnse_settings(const struct spine_config *config)
{
    return (struct spine_nnse_settings){config->l0, config->ridge, (enum spine_atoms)config->start,
                                        (uint64_t)config->seed};
}

size_t spine_nnse_bytes(const struct spine_partition *part, size_t dim, size_t hidden,
                        double values, bool keeps)
{
    const size_t stride = spine_kernel_stride(dim);
    const size_t shared = (2 + 1) * SHARED * stride; /* sums of all, and a rank's */
    const size_t sums = (hidden * (hidden + dim + stride) + shared) * sizeof(double);
    const size_t gram = hidden * hidden * sizeof(float); /* of the atoms (lasso.h) */

    const size_t rows = spine_partition_rows(part);
    const size_t codes =
        spine_block_count(rows) * sizeof(struct spine_lasso_codes) +
        (size_t)(keeps * values * (double)(rows * (sizeof(int32_t) + sizeof(float))));

    const size_t products = SPINE_BLOCK_ROWS * hidden; /* of a block */
    const size_t atoms = spine_params_len(dim, hidden) + products;

    return codes + sums + gram + spine_codegram_bytes(hidden) + atoms * sizeof(float) +
           spine_lambda_bytes(part, dim, values);
}

/* Seven parameters: what a run has, and its options. */
int spine_nnse_init(struct spine_nnse *nnse, const struct spine_nnse_settings *settings,
                    const struct spine_params *params, struct spine_dataset *data,
                    struct spine_comm *comm, struct spine_coder *coder, struct spine_error *err)
{
    static const char what[] = "the sums over all codes";
    const size_t hidden = params->hidden, dim = params->dim;
    const bool keeps = data->storage != SPINE_IN_FILE;

    *nnse = (struct spine_nnse){.comm = comm, .data = data, .coder = coder, .settings = *settings};
    if (keeps) {
        const size_t blocks = spine_block_count(spine_partition_rows(&data->part));
        nnse->kept = spine_memory_zeroed(blocks, sizeof *nnse->kept, "the last codes", err);
        nnse->num_kept = nnse->kept != NULL ? blocks : 0;
    }
    nnse->is_in_team = comm->rank < SHARED / TOGETHER;
    spine_comm_split(comm, nnse->is_in_team ? 0 : 1, &nnse->team);
    nnse->gram = spine_memory_get(hidden, hidden * sizeof *nnse->gram, what, err);
    nnse->cross = spine_memory_get(hidden, dim * sizeof *nnse->cross, what, err);
    nnse->own = spine_memory_zeroed(SHARED * params->stride, sizeof *nnse->own, what, err);
    nnse->sums = spine_memory_get(2 * SHARED * params->stride, sizeof *nnse->sums, what, err);
    nnse->pieces = spine_memory_aligned(hidden * params->stride, sizeof *nnse->pieces, what, err);
    nnse->before = spine_memory_get(dim, sizeof *nnse->before, what, err);
    nnse->marked = spine_memory_get(hidden, sizeof *nnse->marked, what, err);
    if (nnse->gram == NULL || nnse->cross == NULL || nnse->own == NULL || nnse->sums == NULL ||
        nnse->pieces == NULL || nnse->before == NULL || nnse->marked == NULL ||
        (keeps && nnse->kept == NULL) || spine_params_init(&nnse->atoms, dim, hidden, err))
        return -1;

    memcpy(nnse->atoms.data, params->data, params->len * sizeof *params->data);
    memcpy(nnse->atoms.W2, params->W1, hidden * params->stride * sizeof *params->W1);
    memset(nnse->atoms.b2, 0, params->stride * sizeof *params->b2);
    if (spine_lasso_init(&nnse->lasso, nnse->atoms.W2, hidden, dim, settings->ridge, err) ||
        spine_lasso_coder_init(&nnse->solver, &nnse->lasso, err) ||
        spine_codegram_init(&nnse->products, hidden, err))
        return -1;
    nnse->products.sums = nnse->gram;
    nnse->products.pitch = hidden;
    nnse->solver.lambda = lambda_of(nnse);
    coder->solver = &nnse->solver;
    coder->kept = nnse->kept;
    return 0;
}

void spine_nnse_dispose(struct spine_nnse *nnse)
{
    if (nnse->coder != NULL) {
        nnse->coder->solver = NULL;
        nnse->coder->kept = NULL;
    }
    for (size_t b = 0; b < nnse->num_kept; b++)
        spine_lasso_codes_dispose(&nnse->kept[b]);
    free(nnse->kept);
    spine_comm_dispose(&nnse->team);
    spine_lasso_coder_dispose(&nnse->solver);
    spine_lasso_dispose(&nnse->lasso);
    spine_params_dispose(&nnse->atoms);
    spine_codegram_dispose(&nnse->products);
    free(nnse->gram);
    free(nnse->cross);
    free(nnse->own);
    free(nnse->sums);
    free(nnse->pieces);
    free(nnse->before);
    free(nnse->marked);
    *nnse = (struct spine_nnse){0};
}

void spine_nnse_forget(struct spine_nnse *nnse)
{
    for (size_t b = 0; b < nnse->num_kept; b++)
        nnse->kept[b].version = 0;
}

/* --- The start ---------------------------------------------------------------------------- */

/* Set the marked atoms to the vectors of words. */
static int draw_words(struct spine_nnse *nnse, uint32_t draw, struct spine_error *err)
{
    const struct spine_atoms_words words = {nnse->comm, nnse->data, nnse->settings.seed, draw};
    struct spine_params *atoms = &nnse->atoms;

    return spine_atoms_draw(&words, nnse->marked, atoms->hidden, atoms->W2, err);
}

static void draw_directions(struct spine_nnse *nnse)
{
    struct spine_params *atoms = &nnse->atoms;
    memset(atoms->W1, 0, atoms->stride * sizeof *atoms->W1);
    for (size_t j = 0; j < atoms->hidden; j++) {
        float *row = atoms->W2 + j * atoms->stride;
        spine_random_add_noise(nnse->settings.seed, RANDOM_ATOMS, j, 1, atoms->dim, atoms->W1, row);
        spine_atoms_normalize(row, atoms->dim);
    }
}

int spine_nnse_begin(struct spine_nnse *nnse, struct spine_error *err)
{
    memset(nnse->atoms.b2, 0, nnse->atoms.dim * sizeof *nnse->atoms.b2);
    for (size_t j = 0; j < nnse->atoms.hidden; j++)
        nnse->marked[j] = true;
    if (nnse->settings.start == SPINE_ATOMS_RANDOM)
        draw_directions(nnse);
    else if (draw_words(nnse, 0, err))
        return -1;

    refresh(nnse, 1);
    const struct spine_lambda search = search_of(nnse);
    double lambda = 0;
    if (spine_lambda_find(&search, &lambda, err))
        return -1;
    set_lambda(nnse, lambda);
    return 0;
}

/* --- An epoch ----------------------------------------------------------------------------- */

/* To what products are rounded, so that their sums over rows are exact. As the objective isn't
 * above that of zeros, |x|^2 / 2, a value's square is at most |x|^2 / ridge, and at most |x|^2
 * (|x| / (2 lambda))^2. So where f is the factor of |x|^2, or 1 if that is greater, sums over all
 * rows of a value's square, of a product of two, and of one and x_k are at most f sum |x|^2. They
 * are exact up to 8 times what is taken for that, in case f is above MOST_SQUARE. */
static double quantum(const struct spine_nnse *nnse)
{
    const double ridge = nnse->settings.ridge;
    const double square = ridge > 0 ? fmin(1 / ridge, MOST_SQUARE) : MOST_SQUARE;

    return spine_exact_quantum(fmax(square, 1) * nnse->data->squares, 50);
}

/* Add the codes of a block to A'A, its upper triangle, and to A'X. */
static void add_codes(struct spine_nnse *nnse, const float *x)
{
    const struct spine_block *block = &nnse->coder->block;
    const size_t dim = nnse->atoms.dim, stride = nnse->atoms.stride;

    for (size_t i = 0; i < block->rows; i++) {
        const uint32_t begin = block->row_begin[i], end = block->row_begin[i + 1];
        spine_codegram_collect(&nnse->products, end - begin, block->unit + begin,
                               block->value + begin);
        for (uint32_t p = begin; p < end; p++)
            spine_exact_add_scaled(dim, (double)block->value[p], x + i * stride,
                                   nnse->products.shift,
                                   nnse->cross + (size_t)block->unit[p] * dim);
    }
}

/* Four columns. */
typedef double quad __attribute__((vector_size(32), aligned(8), may_alias));

/* W is stored by pieces of 16 columns, each (H, 16): of an atom, the part that is in a piece. */
enum { PIECE = SPINE_ALIGN };

static void store_atom(const struct spine_nnse *nnse, size_t j)
{
    const size_t hidden = nnse->atoms.hidden, stride = nnse->atoms.stride;
    const float *row = nnse->atoms.W2 + j * stride;

    for (size_t first = 0; first < stride; first += PIECE)
        for (size_t k = 0; k < PIECE; k++)
            nnse->pieces[first * hidden + j * PIECE + k] = (double)row[first + k];
}

/* sums (TOGETHER, stride), 16 columns of them = the sum over k of rows[i][k] W_k, for a few rows of
 * A'A and a piece of W. They stay in registers. */
SPINE_CLONES
static void sum_atoms(size_t hidden, size_t stride, const double *const *rows, const double *piece,
                      double *sums)
{
    enum { LANES = 4, QUADS = PIECE / LANES };
    const double *a = rows[0], *b = rows[1], *c = rows[2];
    quad sum[TOGETHER][QUADS] = {{{0}}};

    for (size_t k = 0; k < hidden; k++)
        for (size_t q = 0; q < QUADS; q++) {
            const quad columns = *(const quad *)(piece + k * PIECE + q * LANES);
            sum[0][q] += a[k] * columns;
            sum[1][q] += b[k] * columns;
            sum[2][q] += c[k] * columns;
        }
    for (size_t i = 0; i < TOGETHER; i++)
        for (size_t q = 0; q < QUADS; q++)
            *(quad *)(sums + i * stride + q * LANES) = sum[i][q];
}

/* Move an atom by 'sums' / A'A_jj, and scale it to length 1 if it is longer. sums becomes its
 * change. 'before' is scratch. */
static void move_atom(float *row, size_t dim, double square, float *before, double *sums)
{
    memcpy(before, row, dim * sizeof *before);
    for (size_t k = 0; k < dim; k++)
        row[k] += (float)(sums[k] / square);
    spine_atoms_shorten(row, dim);
    for (size_t k = 0; k < dim; k++)
        sums[k] = (double)row[k] - (double)before[k];
}

/* The rows that each rank of the team sums, if there are 'count': whole groups. */
static size_t share_of(const struct spine_nnse *nnse, size_t count)
{
    const size_t groups = (count + TOGETHER - 1) / TOGETHER, ranks = (size_t)nnse->team.size;

    return (groups + ranks - 1) / ranks * TOGETHER;
}

/* sums (count, stride) = rows of A'A W, from 'first' on. Each rank computes its share; an atom's
 * bits don't depend on those it is computed with. Collective over the team. */
static void sum_shared(struct spine_nnse *nnse, size_t first, size_t count)
{
    const size_t hidden = nnse->atoms.hidden, stride = nnse->atoms.stride;
    const size_t share = share_of(nnse, count), begin = (size_t)nnse->team.rank * share;
    const size_t end = begin + share < count ? begin + share : count;

    for (size_t k = 0; k < stride; k += PIECE)
        for (size_t i = begin; i < end; i += TOGETHER) {
            const double *rows[TOGETHER];
            for (size_t t = 0; t < TOGETHER; t++)
                rows[t] = nnse->gram + (first + (i + t < count ? i + t : i)) * hidden;
            sum_atoms(hidden, stride, rows, nnse->pieces + k * hidden,
                      nnse->own + (i - begin) * stride + k);
        }
    spine_comm_collect_bytes(&nnse->team, nnse->own, share * stride * sizeof *nnse->own,
                             nnse->sums);
}

SPINE_CLONES
static void subtract_scaled(size_t count, double factor, const double *from, double *to)
{
#pragma omp simd
    for (size_t k = 0; k < count; k++)
        to[k] -= factor * from[k];
}

/* Set atoms from 'first' on to the optimum given all others, one after the other: W_j + (A'X_j -
 * sum_k A'A_jk W_k) / A'A_jj. Those that come after one take its change into account. */
static void update_atoms(struct spine_nnse *nnse, size_t first, size_t count)
{
    const struct spine_params *atoms = &nnse->atoms;
    const size_t hidden = atoms->hidden, dim = atoms->dim, stride = atoms->stride;

    sum_shared(nnse, first, count);
    for (size_t i = 0; i < count; i++) {
        double *sums = nnse->sums + i * stride;
        const double *cross = nnse->cross + (first + i) * dim;
        for (size_t k = 0; k < dim; k++)
            sums[k] = cross[k] - sums[k];
    }

    for (size_t i = 0; i < count; i++) {
        const double *gram = nnse->gram + (first + i) * hidden + first;
        double *change = nnse->sums + i * stride;
        if (!(gram[i] > 0))
            continue;
        move_atom(atoms->W2 + (first + i) * stride, dim, gram[i], nnse->before, change);
        store_atom(nnse, first + i);
        for (size_t later = i + 1; later < count; later++)
            subtract_scaled(dim, gram[later], change, nnse->sums + later * stride);
    }
}

/* Move each atom farther than to where the sweeps took it from W1. */
static void relax_atoms(const struct spine_params *atoms)
{
    const size_t dim = atoms->dim, stride = atoms->stride;

    for (size_t j = 0; j < atoms->hidden; j++) {
        const float *before = atoms->W1 + j * stride;
        float *row = atoms->W2 + j * stride;
        for (size_t k = 0; k < dim; k++)
            row[k] = (float)((double)before[k] + RELAXATION * ((double)row[k] - (double)before[k]));
        spine_atoms_shorten(row, dim);
    }
}

/* Pass over all atoms a few times. Collective over the team, whose ranks do what isn't shared
 * alike. */
static void improve_atoms(struct spine_nnse *nnse)
{
    const struct spine_params *atoms = &nnse->atoms;
    const size_t hidden = atoms->hidden;

    for (size_t j = 0; j < hidden; j++)
        store_atom(nnse, j);
    for (int sweep = 0; sweep < SWEEPS; sweep++)
        for (size_t j = 0; j < hidden; j += SHARED)
            update_atoms(nnse, j, hidden - j < SHARED ? hidden - j : SHARED);
    relax_atoms(atoms);
}

/* Replace atoms that no row uses. */
static int restart_unused(struct spine_nnse *nnse, int64_t epoch, struct spine_error *err)
{
    const size_t hidden = nnse->atoms.hidden;
    size_t count = 0;
    for (size_t j = 0; j < hidden; j++) {
        const bool is_used = nnse->gram[j * hidden + j] > 0;
        nnse->marked[j] = !is_used;
        count += !is_used;
    }

    if (count == 0)
        return 0;
    return draw_words(nnse, (uint32_t)epoch + 1, err);
}

static void sum_over_ranks(struct spine_nnse *nnse, struct spine_nnse_sums *sums)
{
    const size_t hidden = nnse->atoms.hidden;
    const double begun = spine_comm_clock();
    double all[] = {sums->squares, sums->values, sums->sampled};

    spine_comm_sum_doubles(nnse->comm, nnse->gram, hidden * hidden);
    spine_comm_sum_doubles(nnse->comm, nnse->cross, hidden * nnse->atoms.dim);
    spine_comm_sum_doubles(nnse->comm, all, 3);
    nnse->waited += spine_comm_clock() - begun;
    *sums = (struct spine_nnse_sums){all[0], all[1], all[2]};
    for (size_t j = 0; j < hidden; j++)
        for (size_t k = 0; k < j; k++)
            nnse->gram[j * hidden + k] = nnse->gram[k * hidden + j];
}

void spine_nnse_begin_epoch(struct spine_nnse *nnse)
{
    const size_t hidden = nnse->atoms.hidden;

    nnse->epoch = (struct spine_nnse_sums){0};
    spine_codegram_forget(&nnse->products); /* its rows have another shift */
    nnse->products.shift = spine_exact_shift(quantum(nnse));
    memset(nnse->gram, 0, hidden * hidden * sizeof *nnse->gram);
    memset(nnse->cross, 0, hidden * nnse->atoms.dim * sizeof *nnse->cross);
}

void spine_nnse_add_rows(struct spine_nnse *nnse, size_t first, size_t count)
{
    const size_t before = first / SPINE_BLOCK_ROWS;

    for (struct spine_block_walk at = {0}; spine_block_next(&at, count);) {
        const float *x = spine_dataset_slice(nnse->data, 0, first + at.first, at.rows, 0);
        spine_coder_encode_block(nnse->coder, &nnse->atoms, before + at.number, at.rows, x, true);
        nnse->epoch.squares +=
            spine_coder_decode(nnse->coder, &nnse->atoms, x, nnse->data->quantum);
        nnse->epoch.values += (double)nnse->coder->sums.active;
        nnse->epoch.sampled +=
            (double)spine_lambda_sampled(&nnse->data->part, first + at.first, &nnse->coder->block);
        add_codes(nnse, x);
    }
}

int spine_nnse_improve(struct spine_nnse *nnse, int64_t epoch, struct spine_nnse_sums *sums,
                       struct spine_error *err)
{
    spine_codegram_add(&nnse->products);
    *sums = nnse->epoch;
    sum_over_ranks(nnse, sums);

    if (nnse->is_in_team)
        improve_atoms(nnse);
    if (restart_unused(nnse, epoch, err))
        return -1;

    refresh(nnse, lambda_of(nnse));
    return 0;
}

int spine_nnse_adjust(struct spine_nnse *nnse, const struct spine_nnse_sums *sums,
                      struct spine_error *err)
{
    const struct spine_lambda search = search_of(nnse);
    double lambda = lambda_of(nnse);

    if (spine_lambda_adjust(&search, sums->values, sums->sampled, &lambda, err))
        return -1;
    set_lambda(nnse, lambda);
    return 0;
}
