/* codeindex.h -- an index of merged codes, for finding a few words or dimensions without reading
 * all.
 *
 * The index of NAME.h5ad (codes.h) is NAME.index beside it, written with it unless output.index
 * says otherwise. It may be removed at any time; readers are slower without it. An index is ignored
 * if the codes have changed since: it records their size and a checksum of samples of them, and
 * must not be older. Strengths are values before the clamp at 1 (ranking.h). Codes with values that
 * aren't above 0, as other programs may write them, have no index.
 *
 * The file has the header, then these, in the processor's byte order, which the header's mark
 * shows:
 *
 *     start     uint64 (dimensions + 1)     where a dimension's entries begin
 *     squares   double (rows)               the sum of the squares of a row's values
 *     begin     uint64 (rows + 1)           where a word begins in the text
 *     text      char (begin[rows])          the words, each ended by NUL
 *     slots     uint32 (slots)              hash table of the words: 0, or a row plus 1; a word is
 *                                           in the first slot from its XXH3 on that was free
 *     entries   struct spine_ranked         by dimension: strength and row, rows ascending
 *     top       struct spine_ranked (dimensions, SPINE_CODEINDEX_TOP): the strongest of them
 *
 * All functions are local. */
#ifndef SPINE_FILES_CODEINDEX_H
#define SPINE_FILES_CODEINDEX_H

#include <stdint.h>

#include "spine/base/ranked.h"
#include "spine/base/words.h"
#include "spine/files/codes.h"

#define SPINE_CODEINDEX_NAME "spineidx"
enum {
    SPINE_CODEINDEX_TOP = 64,
    SPINE_CODEINDEX_VERSION = 1,
    SPINE_CODEINDEX_MARK = 0x01020304,
};

struct spine_codeindex_header {
    char name[8]; /* SPINE_CODEINDEX_NAME without its NUL */
    uint32_t mark, version;
    uint64_t codes_bytes, codes_check;
    uint64_t rows, dimensions, values, text, slots; /* text: its bytes */
    double cap;     /* a value is the lesser of its strength and this */
    uint64_t check; /* XXH3 of what precedes it */
};

struct spine_codeindex {
    char path[SPINE_PATH];
    int file;
    struct spine_codeindex_header header;
    uint64_t *start;                                    /* owned */
    uint64_t squares, begin, text, slots, entries, top; /* offsets in the file */
};

/* Write the path of the index of 'codes' to 'path', of SPINE_PATH bytes. Returns false if codes
 * with such a name have no index. */
bool spine_codeindex_path(char *path, const char *codes);

/* Get the size of a file and a checksum of samples of it. */
int spine_codeindex_stamp(const char *codes, uint64_t *bytes, uint64_t *check,
                          struct spine_error *err);

/* Open the index of the codes in 'codes', if *has is set: there is one that matches them. Close it
 * only then. */
int spine_codeindex_open(struct spine_codeindex *index, const char *codes, bool *has,
                         struct spine_error *err);
void spine_codeindex_close(struct spine_codeindex *index);

/* The first row of a word; -1 if the codes lack it. */
int spine_codeindex_find(const struct spine_codeindex *index, const char *word, int64_t *row,
                         struct spine_error *err);

/* Append the word of a row, or all words, to 'words'. */
int spine_codeindex_word(const struct spine_codeindex *index, size_t row, struct spine_words *words,
                         struct spine_error *err);
int spine_codeindex_words(const struct spine_codeindex *index, struct spine_words *words,
                          struct spine_error *err);

/* The number of words that activate a dimension. */
size_t spine_codeindex_active(const struct spine_codeindex *index, size_t dimension);

/* Read entries [first, first + count) of a dimension, rows ascending, to 'list'. */
int spine_codeindex_entries(const struct spine_codeindex *index, size_t dimension, size_t first,
                            size_t count, struct spine_ranked *list, struct spine_error *err);

/* Read the 'count' strongest entries of a dimension to 'list'. If count is above
 * SPINE_CODEINDEX_TOP, 'list' must have space for all of its entries. */
int spine_codeindex_top(const struct spine_codeindex *index, size_t dimension, size_t count,
                        struct spine_ranked *list, struct spine_error *err);

/* Read the squares of rows [first, first + count). */
int spine_codeindex_squares(const struct spine_codeindex *index, size_t first, size_t count,
                            double *squares, struct spine_error *err);

/* Write the index of the codes in 'codes', which are complete and have none yet; does nothing if
 * they can't have one. Remove an index. */
int spine_codeindex_write(const char *codes, struct spine_error *err);
void spine_codeindex_remove(const char *codes);

/* Estimate the memory that writing an index needs. */
size_t spine_codeindex_bytes(size_t rows, uint64_t values);

#endif
