/* reference.c -- the words of one space, compared by their vectors in another. */
#include "spine/space/reference.h"

#include <math.h>
#include <stdlib.h>

#include "spine/base/memory.h"

int spine_reference_begin(struct spine_reference *reference, const struct spine_space *source,
                          const struct spine_space *subject, struct spine_error *err)
{
    const size_t rows = subject->rows, dimensions = source->dimensions;
    *reference = (struct spine_reference){.rows = rows, .dimensions = dimensions};
    reference->direction = spine_memory_zeroed(rows, dimensions * sizeof *reference->direction,
                                               "the reference vectors", err);
    reference->length =
        spine_memory_zeroed(rows, sizeof *reference->length, "the reference vectors' lengths", err);
    float *scratch = spine_memory_get(dimensions, sizeof *scratch, "a reference vector", err);
    if (reference->direction == NULL || reference->length == NULL || scratch == NULL) {
        spine_reference_dispose(reference);
        free(scratch);
        return -1;
    }

    for (size_t i = 0; i < rows; i++) {
        const int64_t row = spine_space_find(source, spine_words_get(&subject->words, i));
        if (row >= 0)
            reference->length[i] = spine_space_direction(source, (size_t)row, scratch);
    }
    free(scratch);
    return 0;
}

void spine_reference_take(struct spine_reference *reference, const struct spine_space *source,
                          const struct spine_space *subject, size_t row)
{
    const int64_t found = spine_space_find(source, spine_words_get(&subject->words, row));
    if (found >= 0)
        spine_space_direction(source, (size_t)found,
                              reference->direction + row * reference->dimensions);
}

int spine_reference_init(struct spine_reference *reference, const struct spine_space *source,
                         const struct spine_space *subject, struct spine_error *err)
{
    if (spine_reference_begin(reference, source, subject, err))
        return -1;
    for (size_t i = 0; i < subject->rows; i++)
        if (spine_reference_knows(reference, i))
            spine_reference_take(reference, source, subject, i);
    return 0;
}

void spine_reference_dispose(struct spine_reference *reference)
{
    free(reference->direction);
    free(reference->length);
    *reference = (struct spine_reference){0};
}

bool spine_reference_knows(const struct spine_reference *reference, size_t row)
{
    return reference->length[row] > 0;
}

double spine_reference_cosine(const struct spine_reference *reference, size_t row, size_t other)
{
    const float *a = reference->direction + row * reference->dimensions;
    const float *b = reference->direction + other * reference->dimensions;
    double sum = 0;
    for (size_t k = 0; k < reference->dimensions; k++)
        sum += (double)a[k] * (double)b[k];
    return sum;
}

double spine_reference_distance(const struct spine_reference *reference, size_t row, size_t other)
{
    const float *a = reference->direction + row * reference->dimensions;
    const float *b = reference->direction + other * reference->dimensions;
    const double a_length = (double)reference->length[row];
    const double b_length = (double)reference->length[other];
    double sum = 0;
    for (size_t k = 0; k < reference->dimensions; k++) {
        const double difference = a_length * (double)a[k] - b_length * (double)b[k];
        sum += difference * difference;
    }
    return sqrt(sum);
}
