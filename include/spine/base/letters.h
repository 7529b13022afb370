/* letters.h -- other spellings of a word: composed, in small letters, in capitals.
 *
 * By Unicode's rules, not the locale's: the same on every machine. */
#ifndef SPINE_BASE_LETTERS_H
#define SPINE_BASE_LETTERS_H

#include <stdbool.h>
#include <stddef.h>

/* In the order in which spellings of a word that isn't found are tried. */
enum spine_letters {
    SPINE_LETTERS_COMPOSED, /* e and an accent become one character (NFC), here and below */
    SPINE_LETTERS_LOWER,    /* athens */
    SPINE_LETTERS_TITLE,    /* Athens */
    SPINE_LETTERS_UPPER,    /* ATHENS */
    SPINE_LETTERS_COUNT,
};

enum { SPINE_LETTERS_MOST = 512 }; /* bytes of a spelling, its NUL included */

/* Write a spelling of 'word' to 'out'. Returns false if there is none: the word isn't UTF-8, its
 * spelling is too long, or it is the word itself. */
bool spine_letters_spell(const char *word, enum spine_letters letters,
                         char out[SPINE_LETTERS_MOST]);

#endif
