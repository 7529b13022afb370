/* labels.c -- labels of dimensions: their strongest words. */
#include "spine/files/labels.h"

#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"

struct spine_label {
    float strength;
    size_t word; /* its index in labels->words */
};

/* A row whose word isn't in labels->words yet. */
static const size_t unknown = SIZE_MAX;

int spine_labels_init(struct spine_labels *labels, size_t dimensions, struct spine_error *err)
{
    *labels = (struct spine_labels){.dimensions = dimensions};
    labels->top = spine_memory_zeroed(dimensions * SPINE_LABEL_WORDS, sizeof *labels->top,
                                      "labels of dimensions", err);
    labels->count =
        spine_memory_zeroed(dimensions, sizeof *labels->count, "labels of dimensions", err);
    if (labels->top != NULL && labels->count != NULL)
        return 0;

    spine_labels_dispose(labels);
    return -1;
}

void spine_labels_dispose(struct spine_labels *labels)
{
    free(labels->top);
    free(labels->count);
    spine_words_dispose(&labels->words);
    *labels = (struct spine_labels){0};
}

/* Insert a word among a dimension's strongest, if it belongs there. '*place' is the word's index in
 * labels->words, once it has one. */
static int offer(struct spine_labels *labels, size_t dimension, float strength, const char *word,
                 size_t *place, struct spine_error *err)
{
    struct spine_label *top = labels->top + dimension * SPINE_LABEL_WORDS;
    size_t *count = &labels->count[dimension], at = *count;

    if (at == SPINE_LABEL_WORDS && strength <= top[at - 1].strength)
        return 0;

    if (*place == unknown) {
        *place = labels->words.count;
        if (spine_words_add(&labels->words, word, strlen(word), err))
            return -1;
    }

    if (*count < SPINE_LABEL_WORDS)
        (*count)++;
    else
        at--;
    for (; at > 0 && top[at - 1].strength < strength; at--)
        top[at] = top[at - 1];
    top[at] = (struct spine_label){strength, *place};
    return 0;
}

int spine_labels_add(struct spine_labels *labels, const struct spine_words *words,
                     const struct spine_csr *codes, const struct spine_csr *excess,
                     struct spine_error *err)
{
    for (size_t i = 0; i < codes->rows; i++) {
        int64_t above = excess == NULL ? 0 : excess->indptr[i];
        size_t place = unknown;
        for (int64_t at = codes->indptr[i]; at < codes->indptr[i + 1]; at++) {
            const int32_t dimension = codes->indices[at];
            const float strength =
                codes->data[at] +
                (excess == NULL ? 0 : spine_csr_seek(excess, i, dimension, &above));
            if (strength > 0 &&
                offer(labels, (size_t)dimension, strength, spine_words_get(words, i), &place, err))
                return -1;
        }
    }

    return 0;
}

int spine_labels_append(const struct spine_labels *labels, size_t dimension, size_t most,
                        const char *prefix, struct spine_words *out, struct spine_error *err)
{
    const struct spine_label *top = labels->top + dimension * SPINE_LABEL_WORDS;
    const size_t count = labels->count[dimension] < most ? labels->count[dimension] : most;
    size_t bytes = strlen(prefix) + 1;
    for (size_t i = 0; i < count; i++)
        bytes += strlen(spine_words_get(&labels->words, top[i].word)) + 1;

    char *text = spine_memory_get(bytes, 1, "labels of dimensions", err);
    if (text == NULL)
        return -1;

    char *end = stpcpy(text, prefix);
    for (size_t i = 0; i < count; i++) {
        if (end > text)
            *end++ = ' ';
        end = stpcpy(end, spine_words_get(&labels->words, top[i].word));
    }
    const int rc = spine_words_add(out, text, (size_t)(end - text), err);

    free(text);
    return rc;
}
