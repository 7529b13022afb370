/* word2vec.c -- word2vec's binary format.
 *
 * A row at a known offset is read by trying each blank in its first bytes as the end of its word.
 * The first blank without doubts is the end, or else the one with the fewest doubts. Doubts are
 * numbers of implausible magnitude (text and halves of numbers look like that), control bytes in
 * the word, and a missing newline.
 *
 * The beginning of a row is found in the same way: it follows a blank and D numbers without doubts,
 * and is followed by rows without doubts. */
#include "spine/text/word2vec.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/field.h"
#include "spine/base/memory.h"

enum {
    MOST_DIGITS = 18, /* of a number in the header */
    HEADER_BYTES = 64,
    MOST_DIM = 1 << 24,
    MOST_BLANKS = 64, /* that are tried in a word */
    ROWS_LOOKED_AT = 3,
#ifdef SPINE_FUZZ /* so that short files go beyond these */
    MOST_WORD = 48,
    BLOCK = 64,
#else
    MOST_WORD = 1 << 17, /* bytes */
    BLOCK = 1 << 20,
#endif
};

/* --- Header ------------------------------------------------------------------------------- */

static bool parse_number(const char **at, const char *end, uint64_t *value)
{
    const char *begin = *at;

    *value = 0;
    for (; *at < end && **at >= '0' && **at <= '9' && *at - begin < MOST_DIGITS; (*at)++)
        *value = *value * 10 + (uint64_t)(**at - '0');
    return *at > begin;
}

/* Parse "3000000 300\n"; *length is the length of the line. */
static bool parse_header(const char *start, size_t bytes, uint64_t *rows, uint64_t *dim,
                         size_t *length)
{
    const char *at = start, *end = start + (bytes < HEADER_BYTES ? bytes : HEADER_BYTES);

    if (!parse_number(&at, end, rows))
        return false;
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    if (!parse_number(&at, end, dim))
        return false;
    while (at < end && (*at == ' ' || *at == '\r'))
        at++;
    *length = (size_t)(at - start) + 1;
    return at < end && *at == '\n';
}

static bool is_control(unsigned char c)
{
    return (c < ' ' && c != '\t' && c != '\n' && c != '\r') || c == 0x7F;
}

/* --- Doubts ------------------------------------------------------------------------------- */

static bool has_controls(const unsigned char *word, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (is_control(word[i]))
            return true;
    return false;
}

/* NaN or Inf as computations leave them: bad numbers, but no sign that they aren't numbers. */
static bool is_nonfinite(const unsigned char *at)
{
    const uint32_t size = spine_binary_u32(at) & 0x7FFFFFFF;

    return size == 0x7FC00000 || size == 0x7F800000;
}

static size_t count_doubts(const unsigned char *at, size_t dim)
{
    size_t doubts = spine_binary_count_implausible(at, dim, 4);

    for (size_t i = 0; doubts > 0 && i < dim; i++)
        doubts -= is_nonfinite(at + 4 * i);
    return doubts;
}

/* A possible reading of a row. */
struct guess {
    size_t length; /* of the word */
    size_t bytes;  /* of the whole row */
    size_t doubts;
};

/* Read the row at 'at' as one whose word has 'length' bytes. There are 'bytes' bytes, and no more
 * in the file if is_end. False if they aren't enough. */
static bool guess_row(const struct spine_word2vec *format, const unsigned char *at, size_t bytes,
                      size_t length, struct guess *guess)
{
    const size_t dim = format->dim, need = length + 1 + 4 * dim;

    if (need > bytes)
        return false;
    *guess = (struct guess){length, need, count_doubts(at + length + 1, dim)};
    guess->doubts += has_controls(at, length) ? dim : 0;
    if (format->has_newlines && need < bytes) {
        guess->bytes++;
        guess->doubts += at[need] == '\n' ? 0 : dim;
    }
    return true;
}

/* Find the best reading of the row at 'at'. False if there are too few bytes for one. */
static bool choose_row(const struct spine_word2vec *format, const unsigned char *at, size_t bytes,
                       struct guess *best)
{
    const size_t most = bytes < MOST_WORD ? bytes : MOST_WORD;
    const unsigned char *blank = at;
    struct guess guess;
    bool found = false;

    for (int i = 0; i < MOST_BLANKS && (size_t)(blank - at) < most; i++, blank++) {
        blank = memchr(blank, ' ', most - (size_t)(blank - at));
        if (blank == NULL || !guess_row(format, at, bytes, (size_t)(blank - at), &guess))
            return found;
        if (!found || guess.doubts < best->doubts)
            *best = guess;
        found = true;
        if (guess.doubts == 0)
            return true;
    }
    return found;
}

/* Are there 'count' rows without doubts at 'at', or as many as the bytes hold? */
static bool are_rows(const struct spine_word2vec *format, const unsigned char *at, size_t bytes,
                     int count)
{
    struct guess guess;

    for (int i = 0; i < count && bytes > 0; i++) {
        if (!choose_row(format, at, bytes, &guess))
            return i > 0;
        if (guess.doubts > 0)
            return false;
        at += guess.bytes;
        bytes -= guess.bytes;
    }
    return true;
}

/* Do most lines end in a number? Words of text may hold control bytes, too. */
static bool reads_as_text(const char *at, const char *end)
{
    enum { MOST_LINES = 32 };
    size_t num_lines = 0, fitting = 0;

    while (at < end && num_lines < MOST_LINES) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        struct spine_field row = {at, newline != NULL ? newline : end}, last;

        if (newline == NULL && num_lines > 0)
            break;
        if (newline == NULL) /* the last field may be cut off */
            spine_field_cut_last(&row, &last);
        else if (row.end > row.begin && row.end[-1] == '\r')
            row.end--;
        row = spine_field_trim(row);
        num_lines++;
        fitting += spine_field_cut_last(&row, &last) && !spine_field_is_empty(row) &&
                   spine_field_is_number(last);
        at = newline != NULL ? newline + 1 : end;
    }
    return 2 * fitting > num_lines;
}

bool spine_word2vec_is(const void *start, size_t bytes)
{
    const char *text = start;
    struct spine_word2vec format = {0};
    uint64_t dim = 0;
    size_t header = 0, controls = 0;
    struct guess guess;

    if (!parse_header(text, bytes, &format.rows, &dim, &header) || dim == 0 || dim > MOST_DIM)
        return false;
    for (size_t i = header; i < bytes; i++)
        controls += is_control((unsigned char)text[i]);
    if (controls == 0 || reads_as_text(text + header, text + bytes))
        return false;

    format.dim = (size_t)dim;
    if (bytes - header < 4 * format.dim) /* all bytes are part of a row */
        return controls > (bytes - header) / 16;
    return choose_row(&format, (const unsigned char *)text + header, bytes - header, &guess) &&
           2 * guess.doubts < format.dim;
}

/* --- Opening ------------------------------------------------------------------------------ */

/* The bytes to read to find where a row begins: a word and some rows. */
static size_t window_bytes(const struct spine_word2vec *format)
{
    return 2 * (size_t)MOST_WORD + (ROWS_LOOKED_AT + 1) * (4 * format->dim + 2);
}

/* Read up to 'most' bytes at an offset into memory, which the caller frees. */
static unsigned char *read_window(const struct spine_word2vec *format, uint64_t offset, size_t most,
                                  size_t *bytes, struct spine_error *err)
{
    const uint64_t left = format->binary->bytes - offset;
    *bytes = left < most ? (size_t)left : most;
    unsigned char *window = spine_memory_get(*bytes, 1, "a part of the file", err);

    if (window != NULL && spine_binary_read(format->binary, offset, *bytes, window, err)) {
        free(window);
        return NULL;
    }
    return window;
}

/* Does the window begin with rows of 'dim' plausible numbers of 'width' bytes, after words without
 * blanks and control bytes? Some are enough. */
static bool begins_with_rows(const unsigned char *window, size_t bytes, size_t dim, size_t width)
{
    enum { LEAST_ROWS = 3, MOST_ROWS = 8 };
    const unsigned char *at = window, *end = window + bytes;
    size_t rows = 0;

    while (rows < MOST_ROWS && at < end) {
        at += rows > 0 && *at == '\n';
        const unsigned char *blank = memchr(at, ' ', (size_t)(end - at));
        if (blank == NULL || (size_t)(end - blank - 1) / width < dim)
            break;
        if (blank == at || has_controls(at, (size_t)(blank - at)) ||
            memchr(at, '\n', (size_t)(blank - at)) != NULL ||
            spine_binary_count_implausible(blank + 1, dim, width) > 0)
            return false;
        at = blank + 1 + width * dim;
        rows++;
    }
    return rows >= LEAST_ROWS;
}

/* Refuse if the first rows fit another dimension than the header's, or numbers of 8 bytes. */
static int check_dim(const struct spine_word2vec *format, const unsigned char *window, size_t bytes,
                     struct spine_error *err)
{
    enum { MOST_TRIED = 4096 };
    const size_t announced = format->dim;
    size_t dim = 1;

    if (begins_with_rows(window, bytes, announced, 4))
        return 0;
    while (dim <= MOST_TRIED && !begins_with_rows(window, bytes, dim, 4))
        dim++;
    if (dim <= MOST_TRIED)
        return spine_refuse(err,
                            "%s:1: the header says that rows have %zu number%s, but they have %zu; "
                            "correct the header",
                            format->binary->name, announced, announced == 1 ? "" : "s", dim);
    if (begins_with_rows(window, bytes, announced, 8))
        return spine_refuse(err,
                            "%s: word2vec's binary format, but its numbers have 8 bytes instead of "
                            "4; write them as float32",
                            format->binary->name);
    return 0;
}

/* Does a newline follow the first row? */
static int look_at_rows(struct spine_word2vec *format, struct spine_error *err)
{
    struct guess guess = {0};
    size_t bytes = 0;
    unsigned char *window = read_window(format, format->begin, window_bytes(format), &bytes, err);
    if (window == NULL)
        return -1;

    int rc = 0;
    if (!choose_row(format, window, bytes, &guess))
        rc = spine_refuse(err,
                          "%s: word2vec's binary format, but the first row has no word of up to %d "
                          "bytes before its %zu numbers",
                          format->binary->name, MOST_WORD, format->dim);
    else
        format->has_newlines = guess.bytes < bytes && window[guess.bytes] == '\n';
    if (rc == 0)
        rc = check_dim(format, window, bytes, err);
    free(window);
    return rc;
}

int spine_word2vec_open(struct spine_word2vec *format, const struct spine_binary *binary,
                        struct spine_error *err)
{
    char start[HEADER_BYTES];
    const size_t bytes = binary->bytes < sizeof start ? (size_t)binary->bytes : sizeof start;
    uint64_t dim = 0;
    size_t header = 0;

    *format = (struct spine_word2vec){.binary = binary};
    if (spine_binary_read(binary, 0, bytes, start, err))
        return -1;
    if (!parse_header(start, bytes, &format->rows, &dim, &header))
        return spine_refuse(err,
                            "%s: is not in word2vec's binary format: expected a first line of two "
                            "whole numbers, rows and dimension",
                            binary->name);

    const uint64_t left = binary->bytes - header;
    if (format->rows == 0 || dim == 0 || dim > MOST_DIM || 4 * dim + 1 > left)
        return spine_refuse(err,
                            "%s:1: the header announces %llu vectors of %llu numbers, the file has "
                            "%llu bytes after it",
                            binary->name, (unsigned long long)format->rows, (unsigned long long)dim,
                            (unsigned long long)left);
    format->dim = (size_t)dim;
    format->begin = header;
    return look_at_rows(format, err);
}

/* --- Finding a row ------------------------------------------------------------------------ */

/* May a row begin at window[at]? There are 'before' bytes before it. */
static bool may_begin(const struct spine_word2vec *format, const unsigned char *window, size_t at,
                      size_t bytes)
{
    const size_t row = 4 * format->dim, newline = format->has_newlines;

    if (at < row + 1 + newline || window[at - row - 1 - newline] != ' ' ||
        (newline && window[at - 1] != '\n') ||
        spine_binary_count_implausible(window + at - row - newline, format->dim, 4) > 0)
        return false;
    return are_rows(format, window + at, bytes - at, ROWS_LOOKED_AT);
}

int spine_word2vec_find_row(const struct spine_word2vec *format, uint64_t from, uint64_t *row,
                            struct spine_error *err)
{
    const size_t before = 4 * format->dim + 2;
    size_t bytes = 0;

    if (from <= format->begin || from >= format->binary->bytes) {
        *row = from <= format->begin ? format->begin : format->binary->bytes;
        return 0;
    }
    const uint64_t begin = from > format->begin + before ? from - before : format->begin;
    unsigned char *window = read_window(format, begin, before + window_bytes(format), &bytes, err);
    if (window == NULL)
        return -1;

    size_t at = (size_t)(from - begin);
    while (at < bytes && !may_begin(format, window, at, bytes))
        at++;
    /* Not found: perhaps the rows aren't like others. The caller will notice that the parts don't
     * fit together. */
    *row = at < bytes ? begin + at : format->binary->bytes;
    free(window);
    return 0;
}

/* --- The walk ----------------------------------------------------------------------------- */

/* buffer[first, last) is the file from 'offset' on. */
struct spine_word2vec_walk {
    const struct spine_word2vec *format; /* borrowed */
    uint64_t offset;                     /* of buffer[first] */
    size_t first, last, capacity;
    unsigned char buffer[];
};

int spine_word2vec_begin(struct spine_word2vec_walk **walk, const struct spine_word2vec *format,
                         uint64_t begin, struct spine_error *err)
{
    assert(begin <= format->binary->bytes);
    const size_t row = (size_t)MOST_WORD + 4 * format->dim + 2;
    const uint64_t left = format->binary->bytes - begin;
    const size_t capacity = left < row + BLOCK ? (size_t)left : row + BLOCK;

    *walk = spine_memory_get(sizeof **walk + capacity, 1, "a block of the file", err);
    if (*walk == NULL)
        return -1;
    (*walk)->format = format;
    (*walk)->offset = begin;
    (*walk)->first = (*walk)->last = 0;
    (*walk)->capacity = capacity;
    return 0;
}

/* Make sure that the buffer has the next row, whatever its length. */
static int fill(struct spine_word2vec_walk *walk, struct spine_error *err)
{
    const struct spine_binary *binary = walk->format->binary;
    const size_t row = (size_t)MOST_WORD + 4 * walk->format->dim + 2;
    const size_t kept = walk->last - walk->first;
    const uint64_t left = binary->bytes - walk->offset - kept;

    if (kept >= row || left == 0)
        return 0;
    memmove(walk->buffer, walk->buffer + walk->first, kept);
    const size_t room = walk->capacity - kept, now = left < room ? (size_t)left : room;
    if (spine_binary_read(binary, walk->offset + kept, now, walk->buffer + kept, err))
        return -1;
    walk->first = 0;
    walk->last = kept + now;
    return 0;
}

int spine_word2vec_next(struct spine_word2vec_walk *walk, struct spine_word2vec_row *row,
                        struct spine_error *err)
{
    struct guess guess;

    if (fill(walk, err))
        return -1;
    const unsigned char *at = walk->buffer + walk->first;
    const size_t bytes = walk->last - walk->first;
    if (bytes == 0)
        return 0;
    if (!choose_row(walk->format, at, bytes, &guess))
        return spine_refuse(err,
                            "%s: the row at byte %llu is cut off: expected a word, a blank and %zu "
                            "numbers of 4 bytes",
                            walk->format->binary->name, (unsigned long long)walk->offset,
                            walk->format->dim);

    *row = (struct spine_word2vec_row){.word = (const char *)at,
                                       .length = guess.length,
                                       .values = at + guess.length + 1,
                                       .offset = walk->offset};
    walk->first += guess.bytes;
    walk->offset += guess.bytes;
    return 1;
}

uint64_t spine_word2vec_offset(const struct spine_word2vec_walk *walk)
{
    return walk->offset;
}

void spine_word2vec_end(struct spine_word2vec_walk *walk)
{
    free(walk);
}
