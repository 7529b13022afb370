/* words.c -- a growing list of words. */
#include "spine/base/words.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"

int spine_words_add(struct spine_words *words, const char *word, size_t length,
                    struct spine_error *err)
{
    if (spine_memory_reserve(&words->text, &words->text_capacity, words->bytes + length + 1, 1,
                             "bytes of words", err) ||
        spine_memory_reserve(&words->start, &words->start_capacity, words->count + 1,
                             sizeof *words->start, "words", err))
        return -1;
    memcpy(words->text + words->bytes, word, length);
    words->text[words->bytes + length] = '\0';
    words->start[words->count++] = words->bytes;
    words->bytes += length + 1;
    return 0;
}

size_t spine_words_character(const char *text)
{
    const unsigned char *byte = (const unsigned char *)text;
    if (byte[0] < 0x80)
        return byte[0] != 0;

    /* The lead byte gives the length; the second byte's bounds exclude overlong forms, surrogates
     * and what lies beyond U+10FFFF. */
    size_t length = 0;
    unsigned least = 0x80, most = 0xbf;
    if (byte[0] >= 0xc2 && byte[0] <= 0xdf) {
        length = 2;
    } else if ((byte[0] & 0xf0) == 0xe0) {
        length = 3;
        least = byte[0] == 0xe0 ? 0xa0 : least;
        most = byte[0] == 0xed ? 0x9f : most;
    } else if (byte[0] >= 0xf0 && byte[0] <= 0xf4) {
        length = 4;
        least = byte[0] == 0xf0 ? 0x90 : least;
        most = byte[0] == 0xf4 ? 0x8f : most;
    }

    if (length == 0 || byte[1] < least || byte[1] > most)
        return 0;

    for (size_t i = 2; i < length; i++)
        if ((byte[i] & 0xc0) != 0x80)
            return 0;

    return length;
}

bool spine_words_are_valid(const char *text)
{
    size_t length = 1;
    while (*text != '\0' && length > 0) {
        length = spine_words_character(text);
        text += length;
    }
    return length > 0;
}

int spine_words_add_escaped(struct spine_words *words, const char *word, bool *escaped,
                            struct spine_error *err)
{
    const size_t length = strlen(word);
    /* A byte becomes four at most. */
    char *copy = spine_memory_get(4 * length + 5, 1, "an escaped word", err), *end = copy;

    *escaped = false;
    if (copy == NULL)
        return -1;

    while (*word != '\0') {
        const size_t character = spine_words_character(word);
        if (character > 0) {
            memcpy(end, word, character);
            end += character;
            word += character;
        } else {
            end += sprintf(end, "\\x%02X", (unsigned char)*word++);
            *escaped = true;
        }
    }

    const int rc = spine_words_add(words, copy, (size_t)(end - copy), err);
    free(copy);
    return rc;
}

const char *spine_words_get(const struct spine_words *words, size_t i)
{
    assert(i < words->count);
    return words->text + words->start[i];
}

void spine_words_truncate(struct spine_words *words, size_t count)
{
    if (count >= words->count)
        return;
    words->bytes = words->start[count];
    words->count = count;
}

void spine_words_drop(struct spine_words *words, const uint64_t *indices, size_t count)
{
    size_t kept = 0, next = 0;
    for (size_t i = 0; i < words->count; i++) {
        if (next < count && indices[next] == i)
            next++;
        else
            words->start[kept++] = words->start[i];
    }
    assert(next == count);
    words->count = kept;
}

void spine_words_dispose(struct spine_words *words)
{
    free(words->text);
    free(words->start);
    *words = (struct spine_words){0};
}
