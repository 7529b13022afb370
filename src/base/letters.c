/* letters.c -- other spellings of a word, by GNU libunistring. */
#include "spine/base/letters.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unistr.h>

bool spine_letters_spell(const char *word, enum spine_letters letters, char out[SPINE_LETTERS_MOST])
{
    typedef uint8_t *spell(const uint8_t *, size_t, const char *, uninorm_t, uint8_t *, size_t *);
    static spell *const cases[SPINE_LETTERS_COUNT] = {[SPINE_LETTERS_LOWER] = u8_tolower,
                                                      [SPINE_LETTERS_TITLE] = u8_totitle,
                                                      [SPINE_LETTERS_UPPER] = u8_toupper};
    const uint8_t *text = (const uint8_t *)word;
    uint8_t *const buffer = (uint8_t *)out;
    const size_t length = strlen(word);
    size_t spelled = SPINE_LETTERS_MOST - 1;

    if (length >= SPINE_LETTERS_MOST || u8_check(text, length) != NULL)
        return false;

    uint8_t *found = letters == SPINE_LETTERS_COMPOSED
                         ? u8_normalize(UNINORM_NFC, text, length, buffer, &spelled)
                         : cases[letters](text, length, NULL, UNINORM_NFC, buffer, &spelled);
    if (found != buffer) { /* it didn't fit, or out of memory */
        free(found);
        return false;
    }
    out[spelled] = '\0';

    return strcmp(out, word) != 0;
}
