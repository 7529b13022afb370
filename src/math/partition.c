/* partition.c -- which rows a rank owns and which rows make a batch. */
#include "spine/math/partition.h"

#include <stdlib.h>

#include "spine/base/memory.h"
#include "spine/base/random.h"

/* floor(i n / parts) without overflow: the first of the n things that belongs to part i. */
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

/* Seven parameters: all of them plain values that the struct keeps or is derived from. */
int spine_partition_init(struct spine_partition *part, uint64_t seed, size_t num_rows,
                         size_t batch_size, int rank, int size, struct spine_error *err)
{
    *part = (struct spine_partition){0};

    if (batch_size > num_rows)
        return spine_refuse(err,
                            "train.batch_size: a batch of %zu rows is more than the input's %zu; "
                            "set it to %zu or less",
                            batch_size, num_rows, num_rows);
    if ((size_t)size > batch_size)
        return spine_refuse(err,
                            "train.batch_size: a batch of %zu rows can't be shared by %d ranks; "
                            "start at most %zu ranks or raise train.batch_size",
                            batch_size, size, batch_size);

    struct spine_partition made = {.seed = seed, .num_rows = num_rows, .num_strata = batch_size};
    made.first_stratum = boundary((size_t)rank, batch_size, (size_t)size);
    made.end_stratum = boundary((size_t)rank + 1, batch_size, (size_t)size);
    made.first_row = stratum_begin(&made, made.first_stratum);
    made.end_row = stratum_begin(&made, made.end_stratum);
    made.order = spine_memory_get(made.end_row - made.first_row, sizeof *made.order,
                                  "the order of the rows", err);
    if (made.order == NULL)
        return -1;
    *part = made;
    spine_partition_shuffle(part, 0);
    return 0;
}

void spine_partition_dispose(struct spine_partition *part)
{
    free(part->order);
    *part = (struct spine_partition){0};
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

size_t spine_partition_most_rows(const struct spine_partition *part)
{
    return part->end_stratum - part->first_stratum;
}

void spine_partition_shuffle(struct spine_partition *part, uint32_t epoch)
{
    for (size_t s = part->first_stratum; s < part->end_stratum; s++) {
        uint32_t *order = part->order + (stratum_begin(part, s) - part->first_row);
        const uint32_t rows = (uint32_t)stratum_size(part, s);
        for (uint32_t i = 0; i < rows; i++)
            order[i] = i;
        for (uint32_t i = rows; i-- > 1;) {
            const uint32_t j = spine_random_below(part->seed, epoch, (uint32_t)s, i, i + 1);
            const uint32_t swapped = order[i];
            order[i] = order[j];
            order[j] = swapped;
        }
    }
}

size_t spine_partition_batch(const struct spine_partition *part, size_t step, size_t *rows)
{
    size_t count = 0;
    for (size_t s = part->first_stratum; s < part->end_stratum; s++)
        if (step < stratum_size(part, s)) {
            const size_t begin = stratum_begin(part, s);
            rows[count++] = begin + part->order[begin - part->first_row + step];
        }
    return count;
}
