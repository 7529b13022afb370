/* partition.c -- which rows a rank owns and which rows make a batch. */
#include "spine/math/partition.h"

#include <stdlib.h>

#include "spine/base/memory.h"
#include "spine/base/random.h"
#include "spine/math/block.h"
#include "spine/math/tree.h"

/* floor(i n / parts) without overflow: the first of n things in part i. */
static size_t boundary(size_t i, size_t n, size_t parts)
{
    return i * (n / parts) + i * (n % parts) / parts;
}

static size_t stratum_begin(const struct spine_partition *part, size_t stratum)
{
    return boundary(stratum, part->num_rows, part->num_strata);
}

static size_t stratum_size(const struct spine_partition *part, size_t stratum)
{
    return stratum_begin(part, stratum + 1) - stratum_begin(part, stratum);
}

/* The first stratum that has a row from 'row' on. */
static size_t stratum_of(const struct spine_partition *part, size_t row)
{
    size_t stratum = boundary(row, part->num_strata, part->num_rows);
    while (stratum > 0 && stratum_begin(part, stratum) > row)
        stratum--;
    while (stratum_begin(part, stratum + 1) <= row)
        stratum++;
    return stratum;
}

size_t spine_partition_most_groups(size_t batch_size, bool is_reproducible)
{
    const size_t leaf = spine_tree_leaf(batch_size);
    return is_reproducible ? (batch_size + leaf - 1) / leaf : batch_size;
}

/* The most strata of a group. */
static size_t most_strata(const struct spine_sharing *sharing)
{
    const size_t batch_size = sharing->batch_size, groups = (size_t)sharing->groups;
    const size_t leaf = spine_tree_leaf(batch_size);
    size_t most = 0;

    if (!sharing->is_reproducible)
        return (batch_size + groups - 1) / groups;
    for (size_t group = 0; group < groups; group++) {
        size_t first, end;
        spine_tree_group(spine_partition_most_groups(batch_size, true), groups, group, &first,
                         &end);
        const size_t stop = end * leaf < batch_size ? end * leaf : batch_size;
        most = stop - first * leaf > most ? stop - first * leaf : most;
    }
    return most;
}

void spine_partition_bound(size_t num_rows, const struct spine_sharing *sharing, size_t *strata,
                           size_t *rows)
{
    const size_t batch_size = sharing->batch_size, columns = (size_t)sharing->columns;
    const size_t least = num_rows / batch_size, left = num_rows % batch_size;

    *strata = most_strata(sharing);
    /* The rows of so many strata, and of these a rank's: they are of one stratum, and of others
     * that begin at every N/B rows. */
    const size_t all = *strata * least + (*strata * left + batch_size - 1) / batch_size;
    const size_t own = (all + columns - 1) / columns;
    const size_t begun = own == 0 ? 0 : (own - 1) * batch_size / num_rows + 2;
    *rows = begun < *strata ? begun : *strata;
}

/* The strata of the group. */
static void place_group(struct spine_partition *part, const struct spine_sharing *sharing)
{
    const size_t group = (size_t)sharing->group, groups = (size_t)sharing->groups;
    const size_t strata = part->num_strata;

    if (sharing->is_reproducible) {
        size_t end;
        part->leaf = spine_tree_leaf(strata);
        spine_tree_group(spine_partition_most_groups(strata, true), groups, group,
                         &part->first_leaf, &end);
        part->first_stratum = part->first_leaf * part->leaf;
        part->end_stratum = end * part->leaf < strata ? end * part->leaf : strata;
    } else {
        part->first_leaf = group;
        part->first_stratum = boundary(group, strata, groups);
        part->end_stratum = boundary(group + 1, strata, groups);
    }
}

/* The rank's rows among those of its group. */
static void place_rank(struct spine_partition *part, const struct spine_sharing *sharing)
{
    const size_t column = (size_t)sharing->column, columns = (size_t)sharing->columns;
    const size_t begin = stratum_begin(part, part->first_stratum);
    const size_t count = stratum_begin(part, part->end_stratum) - begin;

    part->first_row = begin + boundary(column, count, columns);
    part->end_row = begin + boundary(column + 1, count, columns);
    if (part->first_row < part->end_row) {
        part->first_own = stratum_of(part, part->first_row);
        part->end_own = stratum_of(part, part->end_row - 1) + 1;
    }
}

/* The most stretches of a stratum that is shuffled window by window. */
static size_t most_stretches(const struct spine_partition *part)
{
    return part->window == 0 ? 0 : spine_partition_steps(part) / part->stretch + 1;
}

int spine_partition_init(struct spine_partition *part, size_t num_rows,
                         const struct spine_sharing *sharing, struct spine_error *err)
{
    const size_t batch_size = sharing->batch_size;
    const size_t most_groups = spine_partition_most_groups(batch_size, sharing->is_reproducible);

    *part = (struct spine_partition){0};

    if (batch_size > num_rows)
        return spine_refuse(err,
                            "train.batch_size: a batch of %zu rows is more than the input's %zu; "
                            "set it to %zu or less",
                            batch_size, num_rows, num_rows);
    if ((size_t)sharing->groups > most_groups)
        return spine_refuse(err,
                            "parallel.grid: a batch of %zu rows can't be divided into %d row "
                            "groups, %zu at most; use fewer groups%s",
                            batch_size, sharing->groups, most_groups,
                            sharing->is_reproducible ? " or set parallel.reproducible = no" : "");

    struct spine_partition made = {.seed = sharing->seed,
                                   .num_rows = num_rows,
                                   .num_strata = batch_size,
                                   .window = sharing->window,
                                   .stretch = sharing->stretch};
    place_group(&made, sharing);
    place_rank(&made, sharing);
    const size_t rows = stratum_begin(&made, made.end_own) - stratum_begin(&made, made.first_own);
    made.order = spine_memory_get(rows, sizeof *made.order, "the order of this rank's rows", err);
    made.stretches = spine_memory_get(most_stretches(&made), sizeof *made.stretches,
                                      "the order of stretches", err);
    if (made.order == NULL || made.stretches == NULL) {
        spine_partition_dispose(&made);
        return -1;
    }

    *part = made;
    spine_partition_shuffle(part, 0);
    return 0;
}

void spine_partition_dispose(struct spine_partition *part)
{
    free(part->order);
    free(part->stretches);
    *part = (struct spine_partition){0};
}

size_t spine_partition_rows(const struct spine_partition *part)
{
    return part->end_row - part->first_row;
}

size_t spine_partition_steps(const struct spine_partition *part)
{
    return (part->num_rows + part->num_strata - 1) / part->num_strata;
}

size_t spine_partition_batch_rows(const struct spine_partition *part, size_t step)
{
    const size_t everywhere = part->num_rows / part->num_strata; /* rows of the smallest stratum */
    if (step < everywhere)
        return part->num_strata;
    return step == everywhere ? part->num_rows % part->num_strata : 0;
}

/* The rows that strata [first, end) give to a step. */
static size_t rows_of_strata(const struct spine_partition *part, size_t first, size_t end,
                             size_t step)
{
    const size_t everywhere = part->num_rows / part->num_strata;

    if (step < everywhere)
        return end - first;
    if (step > everywhere)
        return 0;
    return stratum_begin(part, end) - stratum_begin(part, first) - (end - first) * everywhere;
}

size_t spine_partition_blocks(const struct spine_partition *part)
{
    return (part->end_stratum - part->first_stratum + SPINE_BLOCK_ROWS - 1) / SPINE_BLOCK_ROWS;
}

size_t spine_partition_block_rows(const struct spine_partition *part, size_t block, size_t step)
{
    const size_t first = part->first_stratum + block * SPINE_BLOCK_ROWS;
    const size_t end = first + SPINE_BLOCK_ROWS;
    return rows_of_strata(part, first, end < part->end_stratum ? end : part->end_stratum, step);
}

size_t spine_partition_block_leaf(const struct spine_partition *part, size_t block)
{
    const size_t first = part->first_stratum + block * SPINE_BLOCK_ROWS;
    return part->leaf == 0 ? part->first_leaf : first / part->leaf;
}

size_t spine_partition_most_rows(const struct spine_partition *part)
{
    return part->end_own - part->first_own;
}

size_t spine_partition_window(const struct spine_partition *part)
{
    const size_t steps = spine_partition_steps(part);

    return part->window == 0 || part->window > steps ? steps : part->window;
}

/* Fisher and Yates' shuffle. Shuffles of the same stratum and epoch must have different 'first', so
 * that they draw different numbers. */
static void shuffle(const struct spine_partition *part, size_t stratum, size_t first, size_t count,
                    uint32_t *items)
{
    for (uint32_t i = (uint32_t)count; i-- > 1;) {
        const uint32_t j = spine_random_below(part->seed, part->epoch, (uint32_t)stratum,
                                              (uint32_t)first + i, i + 1);
        const uint32_t swapped = items[i];
        items[i] = items[j];
        items[j] = swapped;
    }
}

/* Shuffle the stretches, then the rows within each window. */
static void shuffle_windows(const struct spine_partition *part, size_t stratum, size_t rows,
                            uint32_t *order)
{
    const size_t num_stretches = (rows + part->stretch - 1) / part->stretch;
    size_t count = 0;

    for (size_t i = 0; i < num_stretches; i++)
        part->stretches[i] = (uint32_t)i;
    shuffle(part, stratum, rows, num_stretches, part->stretches);
    for (size_t i = 0; i < num_stretches; i++) {
        const size_t begin = part->stretches[i] * part->stretch;
        const size_t end = begin + part->stretch < rows ? begin + part->stretch : rows;
        for (size_t row = begin; row < end; row++)
            order[count++] = (uint32_t)row;
    }

    for (size_t first = 0; first < rows; first += part->window) {
        const size_t left = rows - first;
        shuffle(part, stratum, first, left < part->window ? left : part->window, order + first);
    }
}

void spine_partition_shuffle(struct spine_partition *part, uint32_t epoch)
{
    const size_t first = stratum_begin(part, part->first_own);

    part->epoch = epoch;
    for (size_t s = part->first_own; s < part->end_own; s++) {
        uint32_t *order = part->order + (stratum_begin(part, s) - first);
        const size_t rows = stratum_size(part, s);
        if (part->window > 0 && part->window < rows) {
            shuffle_windows(part, s, rows, order);
            continue;
        }
        for (size_t i = 0; i < rows; i++)
            order[i] = (uint32_t)i;
        shuffle(part, s, 0, rows, order);
    }
}

void spine_partition_upcoming(const struct spine_partition *part, size_t stratum, size_t first,
                              size_t end, size_t *rows)
{
    const size_t begin = stratum_begin(part, stratum), size = stratum_size(part, stratum);
    const uint32_t *order = part->order + (begin - stratum_begin(part, part->first_own));

    for (size_t step = first; step < end; step++) {
        const size_t row = step < size ? begin + order[step] : SIZE_MAX;
        const bool is_own = row >= part->first_row && row < part->end_row;
        rows[step - first] = is_own ? row : SIZE_MAX;
    }
}

size_t spine_partition_batch(const struct spine_partition *part, size_t step, size_t *rows,
                             size_t *slots)
{
    const size_t first = stratum_begin(part, part->first_own);
    size_t count = 0;

    for (size_t s = part->first_own; s < part->end_own; s++) {
        if (step >= stratum_size(part, s))
            continue;
        const size_t begin = stratum_begin(part, s);
        const size_t row = begin + part->order[begin - first + step];
        if (row < part->first_row || row >= part->end_row)
            continue;
        const size_t block = (s - part->first_stratum) / SPINE_BLOCK_ROWS * SPINE_BLOCK_ROWS;
        rows[count] = row;
        slots[count++] = block + rows_of_strata(part, part->first_stratum + block, s, step);
    }
    return count;
}
