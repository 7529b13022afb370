/* reference.c -- the neutral space in which words are compared. */
#include "spine/space/reference.h"

#include <math.h>
#include <stdlib.h>

#include "spine/base/memory.h"

int spine_reference_init(struct spine_reference *reference, const struct spine_space *neutral,
                         const struct spine_space *judged, struct spine_error *err)
{
    const size_t rows = judged->rows, dim = neutral->columns;
    *reference = (struct spine_reference){.rows = rows, .dim = dim};
    reference->unit =
        spine_memory_zeroed(rows, dim * sizeof *reference->unit, "the reference vectors", err);
    reference->length =
        spine_memory_zeroed(rows, sizeof *reference->length, "the reference vectors' lengths", err);
    if (reference->unit == NULL || reference->length == NULL) {
        spine_reference_dispose(reference);
        return -1;
    }
    for (size_t i = 0; i < rows; i++) {
        const int64_t row = spine_space_find(neutral, spine_words_get(&judged->words, i));
        if (row >= 0)
            reference->length[i] =
                spine_space_unit(neutral, (size_t)row, reference->unit + i * dim);
    }
    return 0;
}

void spine_reference_dispose(struct spine_reference *reference)
{
    free(reference->unit);
    free(reference->length);
    *reference = (struct spine_reference){0};
}

bool spine_reference_knows(const struct spine_reference *reference, size_t row)
{
    return reference->length[row] > 0;
}

double spine_reference_cosine(const struct spine_reference *reference, size_t row, size_t other)
{
    const float *a = reference->unit + row * reference->dim;
    const float *b = reference->unit + other * reference->dim;
    double sum = 0;
    for (size_t k = 0; k < reference->dim; k++)
        sum += (double)a[k] * (double)b[k];
    return sum;
}

double spine_reference_distance(const struct spine_reference *reference, size_t row, size_t other)
{
    const float *a = reference->unit + row * reference->dim;
    const float *b = reference->unit + other * reference->dim;
    const double a_length = (double)reference->length[row];
    const double b_length = (double)reference->length[other];
    double sum = 0;
    for (size_t k = 0; k < reference->dim; k++) {
        const double difference = a_length * (double)a[k] - b_length * (double)b[k];
        sum += difference * difference;
    }
    return sqrt(sum);
}
