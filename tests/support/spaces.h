/* spaces.h -- spaces made by hand. After cmocka.h. */
#ifndef SPINE_SPACES_H
#define SPINE_SPACES_H

#include <stdlib.h>
#include <string.h>

#include "spine/space/space.h"
#include "support/expect.h"

/* A dense space; words are separated by single spaces. */
static inline void make_space(struct spine_space *space, const char *words, size_t dimensions,
                              const float *values)
{
    *space = (struct spine_space){.dimensions = dimensions};
    for (const char *word = words; *word != '\0';) {
        const size_t length = strcspn(word, " ");
        TRY(spine_words_add(&space->words, word, length, &err));
        word += length + (word[length] == ' ');
    }
    space->rows = space->words.count;
    const size_t count = space->rows * dimensions;
    space->dense = malloc(count * sizeof *space->dense);
    for (size_t i = 0; i < count; i++)
        space->dense[i] = values[i];
    TRY(spine_lookup_init(&space->lookup, space->rows, &err));
    for (size_t i = 0; i < space->rows; i++)
        space->num_repeated += !spine_lookup_add(&space->lookup, &space->words, i);
}

/* The same as codes: what is above 1 becomes excess. */
static inline void make_codes(struct spine_space *space, const char *words, size_t dimensions,
                              const float *values)
{
    make_space(space, words, dimensions, values);
    const size_t count = space->rows * dimensions;
    TRY(spine_csr_reserve(&space->codes, space->rows, count, &err));
    TRY(spine_csr_reserve(&space->excess, space->rows, count, &err));
    for (size_t i = 0; i < space->rows; i++) {
        float *row = space->dense + i * dimensions;
        spine_csr_add_row(&space->excess, row, dimensions, 1);
        for (size_t j = 0; j < dimensions; j++)
            row[j] = row[j] > 1 ? 1 : row[j];
        spine_csr_add_row(&space->codes, row, dimensions, 0);
    }
    free(space->dense);
    space->dense = NULL;
}

#endif
