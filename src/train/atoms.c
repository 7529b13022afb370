/* atoms.c -- atoms whose initial values are the vectors of words. */
#include "spine/train/atoms.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "spine/base/memory.h"
#include "spine/base/random.h"

/* The purposes of the draws, values that neither epochs nor nnse.c use. */
enum { WORD_ATOMS = UINT32_MAX - 1, COPIES = UINT32_MAX - 2 };

/* The length of the noise of a copy, relative to the word's. */
static const float DIFFERENCE = 0.3F;

/* Atoms that are drawn at a time; rows that have their marks in one number; rows that are searched
 * for different ones, for each atom. */
enum { PIECE = 256, BITS = 32, SEARCHED = 8 };

/* Directions are equal if their coordinates, of vectors of length 1, are when they are rounded to
 * this. */
static const float ALIKE = 0x1p-14F;

/* Scale an atom that is longer than 'most' to length 1. */
static void shorten(float *row, size_t dim, double most)
{
    double squares = 0;

    for (size_t k = 0; k < dim; k++)
        squares += (double)row[k] * (double)row[k];
    if (squares > most * most)
        for (size_t k = 0; k < dim; k++)
            row[k] = (float)((double)row[k] / sqrt(squares));
}

void spine_atoms_shorten(float *row, size_t dim)
{
    shorten(row, dim, 1);
}

void spine_atoms_normalize(float *row, size_t dim)
{
    shorten(row, dim, 0);
}

/* Words in the order in which atoms become them. */
struct order {
    uint32_t *rows; /* owned; (count) */
    size_t count;
};

/* Shuffle the numbers 0 to count - 1 by seed and draw. */
static void shuffle(uint64_t seed, uint32_t draw, size_t count, uint32_t *order)
{
    for (size_t i = 0; i < count; i++)
        order[i] = (uint32_t)i;
    for (uint32_t left = (uint32_t)count; left > 1; left--) {
        const uint32_t at = spine_random_below(seed, WORD_ATOMS, draw, left, left);
        const uint32_t moved = order[at];
        order[at] = order[left - 1];
        order[left - 1] = moved;
    }
}

/* Remove the rows held out, which are copies of others. 'marks' is zeroed. Collective. */
static void remove_held_out(const struct spine_atoms_words *words, int64_t *marks,
                            struct order *order)
{
    const struct spine_rowstream *stream = &words->data->stream;
    const size_t num_rows = words->data->part.num_rows;

    for (size_t h = 0; h < stream->num_substitutes; h++) {
        const size_t row = stream->substitutes[h].row;
        marks[row / BITS] |= (int64_t)1 << row % BITS;
    }
    spine_comm_sum_counts(words->comm, marks, num_rows / BITS + 1);

    order->count = 0;
    for (size_t i = 0; i < num_rows; i++) {
        const uint32_t row = order->rows[i];
        if ((marks[row / BITS] >> row % BITS & 1) == 0)
            order->rows[order->count++] = row;
    }
    assert(order->count > 0); /* holding out all rows is refused */
}

/* A table of hashes, of which some slots stay free: they are 0. */
struct slots {
    uint64_t *hash; /* owned; (mask + 1) */
    size_t mask;
};

/* Returns false if the table has it already. */
static bool add_hash(const struct slots *slots, uint64_t hash)
{
    const size_t mask = slots->mask;
    size_t at;

    hash |= hash == 0;
    for (at = hash & mask; slots->hash[at] != 0; at = (at + 1) & mask)
        if (slots->hash[at] == hash)
            return false;
    slots->hash[at] = hash;
    return true;
}

/* A hash of a vector's direction. Overwrites the vector, whose padding is zeros. */
static uint64_t hash_direction(float *row, size_t dim, size_t stride)
{
    spine_atoms_normalize(row, dim);
    for (size_t k = 0; k < dim; k++)
        row[k] = rintf(row[k] / ALIKE) + 0; /* no -0 */
    return XXH3_64bits(row, stride * sizeof *row);
}

/* Of 'count' atoms, those up to the last that is marked. */
static size_t count_needed(const bool *marked, size_t count)
{
    while (marked != NULL && count > 1 && !marked[count - 1])
        count--;
    return count;
}

/* Leave the first 'needed' rows that have different directions, or all that there are among the
 * first 'searched'. 'piece' is scratch, slots are zeroed. Collective. */
static void remove_equal(const struct spine_atoms_words *words, size_t needed, size_t searched,
                         float *piece, const struct slots *slots, struct order *order)
{
    const size_t dim = words->data->dim, stride = words->data->stride;
    const size_t end = order->count < searched ? order->count : searched;
    const size_t most = needed < PIECE ? needed : PIECE;
    size_t kept = 0;

    for (size_t first = 0; first < end && kept < needed; first += most) {
        const size_t now = end - first < most ? end - first : most;
        uint64_t rows[PIECE];
        for (size_t i = 0; i < now; i++)
            rows[i] = order->rows[first + i];
        spine_dataset_share(words->data, words->comm, rows, now, piece);

        for (size_t i = 0; i < now && kept < needed; i++)
            if (add_hash(slots, hash_direction(piece + i * stride, dim, stride)))
                order->rows[kept++] = order->rows[first + i];
    }
    assert(kept > 0); /* no other is before the first */
    order->count = kept;
}

/* Atom j is the copy of another: make it different, since equal units would train alike. Its word
 * has length 1, or is all zeros, and the atom is noise alone. */
static void differ(const struct spine_atoms_words *words, size_t j, float *row, float *noisy)
{
    const size_t dim = words->data->dim;
    const float sigma = DIFFERENCE / sqrtf((float)dim);

    spine_random_add_noise(words->seed, COPIES, j, sigma, dim, row, noisy);
    memcpy(row, noisy, dim * sizeof *row);
    spine_atoms_normalize(row, dim);
}

/* Set these of all atoms, unless they are NULL. piece, (atoms, D), is scratch. */
static void draw_piece(const struct spine_atoms_words *words, const struct order *order,
                       const bool *marked, struct spine_range atoms, float *piece, float *all)
{
    struct spine_dataset *data = words->data;
    const size_t stride = data->stride, count = atoms.end - atoms.first;
    uint64_t rows[PIECE] = {0};

    for (size_t i = 0; i < count; i++)
        rows[i] = order->rows[(atoms.first + i) % order->count];
    spine_dataset_share(data, words->comm, rows, count, piece);

    for (size_t i = 0; all != NULL && i < count; i++) {
        const size_t j = atoms.first + i;
        if (marked != NULL && !marked[j])
            continue;
        memcpy(all + j * stride, piece + i * stride, stride * sizeof *piece);
        spine_atoms_normalize(all + j * stride, data->dim);
        if (j >= order->count)
            differ(words, j, all + j * stride, piece + i * stride);
    }
}

int spine_atoms_draw(const struct spine_atoms_words *words, const bool *marked, size_t count,
                     float *atoms, struct spine_error *err)
{
    static const char what[] = "words as atoms";
    const size_t num_rows = words->data->part.num_rows;
    const size_t needed = count_needed(marked, count), most = needed < PIECE ? needed : PIECE;
    struct order order = {.rows = spine_memory_get(num_rows, sizeof *order.rows, what, err)};
    int64_t *marks = spine_memory_zeroed(num_rows / BITS + 1, sizeof *marks, what, err);
    float *piece = spine_kernel_alloc(most * words->data->stride, what, err);
    struct slots slots = {.mask = 1};
    while (slots.mask < 2 * count)
        slots.mask = 2 * slots.mask + 1;
    slots.hash = spine_memory_zeroed(slots.mask + 1, sizeof *slots.hash, what, err);
    const bool is_whole =
        order.rows != NULL && marks != NULL && piece != NULL && slots.hash != NULL;

    const int rc = spine_comm_agree(words->comm, -!is_whole, err);
    if (rc == 0) {
        shuffle(words->seed, words->draw, num_rows, order.rows);
        remove_held_out(words, marks, &order);
        remove_equal(words, needed, SEARCHED * count, piece, &slots, &order);
        for (size_t first = 0; first < needed; first += PIECE) {
            const size_t end = needed - first < PIECE ? needed : first + PIECE;
            if (marked != NULL && memchr(marked + first, true, end - first) == NULL)
                continue;
            draw_piece(words, &order, marked, (struct spine_range){first, end}, piece, atoms);
        }
    }

    free(order.rows);
    free(marks);
    free(piece);
    free(slots.hash);
    return rc;
}

int spine_atoms_begin(struct spine_stepper *stepper, struct spine_dataset *data,
                      struct spine_error *err)
{
    struct spine_params *params = &stepper->params;
    struct spine_comm *comm = &stepper->grid->ranks;
    const struct spine_atoms_words words = {comm, data, stepper->settings.seed, 0};
    const bool is_first = stepper->grid->node.rank == 0; /* of those that share the parameters */

    if (spine_atoms_draw(&words, NULL, params->hidden, is_first ? params->W2 : NULL, err))
        return -1;
    if (is_first) {
        memcpy(params->W1, params->W2, params->hidden * params->stride * sizeof *params->W1);
        memset(params->b1, 0, params->hidden * sizeof *params->b1);
        memset(params->b2, 0, params->stride * sizeof *params->b2);
    }
    spine_stepper_meet(stepper);
    return 0;
}
