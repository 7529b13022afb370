/* atoms.c -- atoms whose initial values are the vectors of words. */
#include "spine/train/atoms.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"
#include "spine/base/random.h"

/* The purpose of the draws, a value that neither epochs nor nnse.c use. */
enum { WORD_ATOMS = UINT32_MAX - 1 };

void spine_atoms_bound(float *row, size_t dim, bool always)
{
    double squares = 0;
    for (size_t k = 0; k < dim; k++)
        squares += (double)row[k] * (double)row[k];
    if (squares > 1 || (always && squares > 0))
        for (size_t k = 0; k < dim; k++)
            row[k] = (float)((double)row[k] / sqrt(squares));
}

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

int spine_atoms_draw(const struct spine_atoms_words *words, const bool *marked, size_t count,
                     float *scratch, float *atoms, struct spine_error *err)
{
    struct spine_dataset *data = words->data;
    const struct spine_partition *part = &data->part;
    const size_t stride = data->stride;
    uint32_t *order = spine_memory_get(part->num_rows, sizeof *order, "the order of words", err);
    if (spine_comm_agree(words->comm, order == NULL, err)) {
        free(order);
        return -1;
    }

    shuffle(words->seed, words->draw, part->num_rows, order);
    memset(scratch, 0, count * stride * sizeof *scratch);
    for (size_t j = 0; j < count; j++) {
        const size_t row = order[j % part->num_rows];
        if (marked[j] && row >= part->first_row && row < part->end_row)
            memcpy(scratch + j * stride, spine_dataset_slice(data, 0, row - part->first_row, 1, 0),
                   data->dim * sizeof *scratch);
    }
    free(order);

    spine_comm_sum_floats(words->comm, scratch, count * stride);
    for (size_t j = 0; j < count; j++)
        if (marked[j]) {
            memcpy(atoms + j * stride, scratch + j * stride, stride * sizeof *scratch);
            spine_atoms_bound(atoms + j * stride, data->dim, true);
        }
    return 0;
}

int spine_atoms_begin(struct spine_stepper *stepper, struct spine_dataset *data,
                      struct spine_error *err)
{
    static const char what[] = "the words that units begin with";
    struct spine_params *params = &stepper->params;
    struct spine_comm *comm = &stepper->grid->ranks;
    const struct spine_atoms_words words = {comm, data, stepper->settings.seed, 0};
    const size_t hidden = params->hidden, floats = hidden * params->stride;
    float *atoms = spine_kernel_alloc(2 * floats, what, err);
    bool *marked = spine_memory_get(hidden, sizeof *marked, what, err);

    int rc = spine_comm_agree(comm, atoms == NULL || marked == NULL, err);
    for (size_t j = 0; rc == 0 && j < hidden; j++)
        marked[j] = true;
    if (rc == 0)
        rc = spine_atoms_draw(&words, marked, hidden, atoms + floats, atoms, err);
    spine_stepper_meet(stepper);
    if (rc == 0 && stepper->grid->node.rank == 0) {
        memcpy(params->W1, atoms, floats * sizeof *atoms);
        memcpy(params->W2, atoms, floats * sizeof *atoms);
        memset(params->b1, 0, hidden * sizeof *params->b1);
        memset(params->b2, 0, params->stride * sizeof *params->b2);
    }
    spine_stepper_meet(stepper);

    free(marked);
    free(atoms);
    return rc;
}
