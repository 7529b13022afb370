/* reference.c -- the words of one space, compared by their vectors in another. */
#include "spine/space/reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"

/* Look up the words, without their vectors. */
static int find_words(struct spine_reference *reference, const struct spine_space *source,
                      const struct spine_space *subject, struct spine_error *err)
{
    const size_t rows = subject->rows, dimensions = source->dimensions;
    *reference = (struct spine_reference){.rows = rows, .dimensions = dimensions, .source = source};
    reference->row =
        spine_memory_zeroed(rows, sizeof *reference->row, "the reference vectors' rows", err);
    reference->norm =
        spine_memory_zeroed(rows, sizeof *reference->norm, "the reference vectors' lengths", err);
    reference->length =
        spine_memory_zeroed(rows, sizeof *reference->length, "the reference vectors' lengths", err);
    if (reference->row == NULL || reference->norm == NULL || reference->length == NULL)
        return -1;

    for (size_t i = 0; i < rows; i++) {
        const int64_t row = spine_space_find(source, spine_words_get(&subject->words, i));
        if (row < 0)
            continue;
        reference->row[i] = (uint32_t)row;
        reference->norm[i] = spine_space_length(source, (size_t)row);
        reference->length[i] = (float)reference->norm[i];
    }
    return 0;
}

/* Copy the vectors of known words, scaled to length 1. */
static int copy_vectors(struct spine_reference *reference, struct spine_error *err)
{
    const size_t dimensions = reference->dimensions;
    reference->direction = spine_memory_zeroed(
        reference->rows, dimensions * sizeof *reference->direction, "the reference vectors", err);
    if (reference->direction == NULL)
        return -1;

    for (size_t i = 0; i < reference->rows; i++)
        if (spine_reference_knows(reference, i))
            spine_space_direction(reference->source, reference->row[i],
                                  reference->direction + i * dimensions);
    reference->source = NULL;
    return 0;
}

int spine_reference_init(struct spine_reference *reference, const struct spine_space *source,
                         const struct spine_space *subject, struct spine_error *err)
{
    if (find_words(reference, source, subject, err) == 0 &&
        (source->dense != NULL || copy_vectors(reference, err) == 0))
        return 0;
    spine_reference_dispose(reference);
    return -1;
}

void spine_reference_dispose(struct spine_reference *reference)
{
    free(reference->direction);
    free(reference->row);
    free(reference->norm);
    free(reference->length);
    *reference = (struct spine_reference){0};
}

/* A known word's vector; its values divided by 'norm', rounded, are the vector of length 1. */
struct vector {
    const float *values;
    double norm;
};

static struct vector vector_of(const struct spine_reference *reference, size_t row)
{
    const size_t dimensions = reference->dimensions;
    if (reference->direction != NULL)
        return (struct vector){reference->direction + row * dimensions, 1};
    return (struct vector){reference->source->dense + (size_t)reference->row[row] * dimensions,
                           reference->norm[row]};
}

static double value_of(struct vector vector, size_t k)
{
    return (double)(float)((double)vector.values[k] / vector.norm);
}

bool spine_reference_knows(const struct spine_reference *reference, size_t row)
{
    return reference->length[row] > 0;
}

size_t spine_reference_unknown(const struct spine_reference *reference)
{
    size_t unknown = 0;

    for (size_t row = 0; row < reference->rows; row++)
        unknown += !spine_reference_knows(reference, row);
    return unknown;
}

double spine_reference_cosine(const struct spine_reference *reference, size_t row, size_t other)
{
    const struct vector a = vector_of(reference, row), b = vector_of(reference, other);
    double sum = 0;
    for (size_t k = 0; k < reference->dimensions; k++)
        sum += value_of(a, k) * value_of(b, k);
    return sum;
}

/* Compute several sums side by side, each in the order of spine_reference_cosine(). */
void spine_reference_cosines(const struct spine_reference *reference, size_t row,
                             const uint32_t *others, size_t count, double *cosines)
{
    enum { TOGETHER = 8 };
    const struct vector a = vector_of(reference, row);

    for (size_t first = 0; first < count; first += TOGETHER) {
        const size_t now = count - first < TOGETHER ? count - first : TOGETHER;
        struct vector b[TOGETHER];
        double sums[TOGETHER] = {0};
        for (size_t i = 0; i < TOGETHER; i++)
            b[i] = vector_of(reference, others[first + (i < now ? i : 0)]);
        for (size_t k = 0; k < reference->dimensions; k++) {
            const double value = value_of(a, k);
            for (size_t i = 0; i < TOGETHER; i++)
                sums[i] += value * value_of(b[i], k);
        }
        memcpy(cosines + first, sums, now * sizeof *sums);
    }
}

double spine_reference_distance(const struct spine_reference *reference, size_t row, size_t other)
{
    const struct vector a = vector_of(reference, row), b = vector_of(reference, other);
    const double a_length = (double)reference->length[row];
    const double b_length = (double)reference->length[other];
    double sum = 0;
    for (size_t k = 0; k < reference->dimensions; k++) {
        const double difference = a_length * value_of(a, k) - b_length * value_of(b, k);
        sum += difference * difference;
    }
    return sqrt(sum);
}
