/* npy.c -- NumPy's .npy: a header in Python's notation, then the numbers of one array. */
#include "spine/text/npy.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"

enum {
    MOST_HEADER = SPINE_NPY_START - 12, /* bytes; structured types may need many, ours need 118 */
    MOST_WORD = 1 << 20,                /* bytes of one string */
    MAGIC_BYTES = 6,
};

static const char magic[MAGIC_BYTES + 1] = "\x93NUMPY";

bool spine_npy_is(const void *start, size_t bytes)
{
    return bytes >= MAGIC_BYTES && memcmp(start, magic, MAGIC_BYTES) == 0;
}

/* --- The header's text -------------------------------------------------------------------- */

/* Parsers get the address of a position in NUL-terminated text and move it on if they succeed. */

static void skip_blanks(const char **at)
{
    while (**at == ' ' || **at == '\n' || **at == '\t')
        (*at)++;
}

static bool pass(const char **at, const char *token)
{
    const size_t length = strlen(token);

    skip_blanks(at);
    if (strncmp(*at, token, length) != 0)
        return false;
    *at += length;
    return true;
}

/* A string in single or double quotes, without escapes. */
static bool parse_string(const char **at, char *text, size_t size)
{
    skip_blanks(at);
    const char quote = **at;
    if (quote != '\'' && quote != '"')
        return false;

    const char *begin = *at + 1, *end = strchr(begin, quote);
    if (end == NULL || (size_t)(end - begin) >= size)
        return false;
    memcpy(text, begin, (size_t)(end - begin));
    text[end - begin] = '\0';
    *at = end + 1;
    return true;
}

/* A whole number of at most 18 digits; Python 2 wrote an L after it. */
static bool parse_size(const char **at, uint64_t *size)
{
    enum { MOST_DIGITS = 18 };
    int digits = 0;

    skip_blanks(at);
    *size = 0;
    for (; isdigit((unsigned char)**at); (*at)++) {
        if (++digits > MOST_DIGITS)
            return false;
        *size = *size * 10 + (uint64_t)(**at - '0');
    }
    if (**at == 'L')
        (*at)++;
    return digits > 0;
}

/* "(448, 50)", "(448,)", "()" */
static bool parse_shape(const char **at, struct spine_npy *npy)
{
    if (!pass(at, "("))
        return false;
    npy->num_sizes = 0;
    while (!pass(at, ")")) {
        if (npy->num_sizes == sizeof npy->sizes / sizeof *npy->sizes ||
            !parse_size(at, &npy->sizes[npy->num_sizes++]))
            return false;
        if (!pass(at, ",") && (skip_blanks(at), **at != ')'))
            return false;
    }
    return true;
}

/* Parse one entry and set its bit in 'seen'. A type that isn't a string has fields: its name is
 * left empty. */
static bool parse_entry(const char **at, struct spine_npy *npy, unsigned *seen)
{
    char key[16];
    unsigned bit;
    bool is_right;

    if (!parse_string(at, key, sizeof key) || !pass(at, ":"))
        return false;
    if (strcmp(key, "descr") == 0) {
        bit = 1;
        is_right = parse_string(at, npy->type, sizeof npy->type);
    } else if (strcmp(key, "fortran_order") == 0) {
        bit = 2;
        npy->is_by_column = pass(at, "True");
        is_right = npy->is_by_column || pass(at, "False");
    } else if (strcmp(key, "shape") == 0) {
        bit = 4;
        is_right = parse_shape(at, npy);
    } else
        return false;

    const bool is_first = (*seen & bit) == 0;
    *seen |= bit;
    return is_right && is_first;
}

static bool parse_header(const char *text, struct spine_npy *npy)
{
    enum { ALL = 1 | 2 | 4 };
    const char *at = text;
    unsigned seen = 0;

    if (!pass(&at, "{"))
        return false;
    while (!pass(&at, "}")) {
        if (!parse_entry(&at, npy, &seen))
            return false;
        if (!pass(&at, ",") && (skip_blanks(&at), *at != '}'))
            return false;
    }
    skip_blanks(&at);
    return seen == ALL && *at == '\0';
}

/* Parse the header's text, 'length' bytes. */
static int parse_text(struct spine_npy *npy, const char *at, size_t length, const char *name,
                      struct spine_error *err)
{
    char *text = spine_memory_copy_part(at, length, "the header", err);
    if (text == NULL)
        return -1;

    int rc = 0;
    if (strstr(text, "'descr': [") != NULL)
        rc = spine_refuse(err,
                          "%s: a structured NumPy array, which is not read; save its numbers as "
                          "one matrix, and its words as an array of strings",
                          name);
    else if (!parse_header(text, npy))
        rc = spine_refuse(err,
                          "%s: a NumPy array whose header can't be read: %.200s; expected "
                          "{'descr': '<f4', 'fortran_order': False, 'shape': (ROWS, COLUMNS)}",
                          name, text);
    free(text);
    return rc;
}

int spine_npy_parse(struct spine_npy *npy, const void *start, size_t bytes, const char *name,
                    struct spine_error *err)
{
    unsigned char head[MAGIC_BYTES + 6] = {0};

    *npy = (struct spine_npy){0};
    memcpy(head, start, bytes < sizeof head ? bytes : sizeof head);
    if (!spine_npy_is(start, bytes))
        return spine_refuse(err, "%s: is not a NumPy array (.npy)", name);

    const unsigned char version = head[MAGIC_BYTES];
    if (version < 1 || version > 3)
        return spine_refuse(err, "%s: version %u of NumPy's .npy; 1 to 3 are read", name, version);
    const uint32_t length = version == 1 ? spine_binary_u16(head + 8) : spine_binary_u32(head + 8);
    const size_t begin = version == 1 ? 10 : 12;
    if (length > MOST_HEADER)
        return spine_refuse(err, "%s: a NumPy array whose header has %u bytes; is it damaged?",
                            name, length);
    if (bytes < begin + length)
        return spine_refuse(err, "%s: the file ends too early: %zu bytes, expected %zu or more",
                            name, bytes, begin + length);

    npy->offset = begin + length;
    return parse_text(npy, (const char *)start + begin, length, name, err);
}

int spine_npy_open(struct spine_npy *npy, const struct spine_binary *binary,
                   struct spine_error *err)
{
    const size_t bytes = binary->bytes < SPINE_NPY_START ? (size_t)binary->bytes : SPINE_NPY_START;
    char *start = spine_memory_get(bytes, 1, "the header", err);
    int rc = -(start == NULL);

    if (rc == 0)
        rc = spine_binary_read(binary, 0, bytes, start, err);
    if (rc == 0)
        rc = spine_npy_parse(npy, start, bytes, binary->name, err);
    free(start);
    return rc;
}

/* --- Numbers ------------------------------------------------------------------------------ */

static int refuse_type(const struct spine_npy *npy, const struct spine_binary *binary,
                       struct spine_error *err)
{
    if (strchr(npy->type, 'O') != NULL)
        return spine_refuse(err,
                            "%s: a NumPy array of Python objects, which are not read; save it as "
                            "numbers: np.save(FILE, a.astype('float32'))",
                            binary->name);
    if (npy->type[1] == 'V' && strcmp(npy->type + 2, "2") == 0)
        return spine_refuse(err,
                            "%s: a NumPy array of type '%s', perhaps bfloat16; f2, f4 and f8 are "
                            "read: np.save(FILE, (a.view('u2').astype('u4') << 16).view('f4'))",
                            binary->name, npy->type);
    return spine_refuse(err,
                        "%s: a NumPy array of type '%s'; f2, f4 and f8 are read: "
                        "np.save(FILE, a.astype('float32'))",
                        binary->name, npy->type);
}

/* Types without the byte order; truth values are whole numbers, too. */
static const struct {
    const char *name;
    enum spine_matrix_type type;
} types[] = {{"f2", SPINE_MATRIX_F16}, {"f4", SPINE_MATRIX_F32}, {"f8", SPINE_MATRIX_F64},
             {"i1", SPINE_MATRIX_I8},  {"i2", SPINE_MATRIX_I16}, {"i4", SPINE_MATRIX_I32},
             {"i8", SPINE_MATRIX_I64}, {"u1", SPINE_MATRIX_U8},  {"u2", SPINE_MATRIX_U16},
             {"u4", SPINE_MATRIX_U32}, {"u8", SPINE_MATRIX_U64}, {"b1", SPINE_MATRIX_U8}};

static bool find_type(const struct spine_npy *npy, enum spine_matrix_type *type)
{
    for (size_t i = 0; npy->type[0] != '\0' && i < sizeof types / sizeof *types; i++)
        if (strcmp(npy->type + 1, types[i].name) == 0) {
            *type = types[i].type;
            return strchr(spine_matrix_width(*type) == 1 ? "|<>=" : "<>=", npy->type[0]) != NULL;
        }
    return false;
}

bool spine_npy_has_numbers(const struct spine_npy *npy)
{
    enum spine_matrix_type type;
    return find_type(npy, &type);
}

/* The array as a matrix of such a type. */
static int open_matrix(const struct spine_npy *npy, const struct spine_binary *binary,
                       const uint64_t sizes[2], struct spine_matrix *matrix,
                       struct spine_error *err)
{
    *matrix = (struct spine_matrix){.binary = binary,
                                    .is_big_endian = npy->type[0] == '>',
                                    .is_by_column = npy->is_by_column,
                                    .offset = npy->offset,
                                    .rows = (size_t)sizes[0],
                                    .columns = (size_t)sizes[1]};
    if (!find_type(npy, &matrix->type))
        return refuse_type(npy, binary, err);
    return spine_matrix_check(matrix, err);
}

int spine_npy_matrix(const struct spine_npy *npy, const struct spine_binary *binary,
                     struct spine_matrix *matrix, struct spine_error *err)
{
    if (strchr(npy->type, 'O') != NULL)
        return refuse_type(npy, binary, err);
    if (npy->num_sizes != 2)
        return spine_refuse(err,
                            "%s: a NumPy array of %zu dimension%s; expected two, a row for each "
                            "word",
                            binary->name, npy->num_sizes, npy->num_sizes == 1 ? "" : "s");
    if (npy->type[0] == '\0' || npy->type[1] != 'f')
        return refuse_type(npy, binary, err);
    return open_matrix(npy, binary, npy->sizes, matrix, err);
}

static int check_list(const struct spine_npy *npy, const struct spine_binary *binary,
                      struct spine_error *err)
{
    if (npy->num_sizes == 1)
        return 0;
    return spine_refuse(err, "%s: a NumPy array of %zu dimensions; expected one", binary->name,
                        npy->num_sizes);
}

int spine_npy_list(const struct spine_npy *npy, const struct spine_binary *binary,
                   struct spine_matrix *matrix, struct spine_error *err)
{
    const uint64_t sizes[2] = {npy->sizes[0], 1};

    if (check_list(npy, binary, err))
        return -1;
    return open_matrix(npy, binary, sizes, matrix, err);
}

/* The whole number of 'width' bytes, 4 or 8. */
static int64_t get_whole(const unsigned char *at, size_t width, bool is_big_endian)
{
    unsigned char bytes[8];

    for (size_t i = 0; i < width; i++)
        bytes[i] = is_big_endian ? at[width - 1 - i] : at[i];
    return width == 4 ? (int32_t)spine_binary_u32(bytes) : (int64_t)spine_binary_u64(bytes);
}

int spine_npy_wholes(const struct spine_npy *npy, const struct spine_binary *binary,
                     int64_t **values, size_t *count, struct spine_error *err)
{
    const size_t width = strcmp(npy->type + 1, "i4") == 0   ? 4
                         : strcmp(npy->type + 1, "i8") == 0 ? 8
                                                            : 0;
    *values = NULL;
    if (check_list(npy, binary, err))
        return -1;
    if (npy->type[0] == '\0' || width == 0)
        return spine_refuse(err, "%s: a NumPy array of type '%s'; expected i4 or i8", binary->name,
                            npy->type);
    if (npy->offset > binary->bytes || npy->sizes[0] > (binary->bytes - npy->offset) / width)
        return spine_refuse(err, "%s: announces %llu numbers, but the file is shorter",
                            binary->name, (unsigned long long)npy->sizes[0]);

    *count = (size_t)npy->sizes[0];
    *values = spine_memory_get(*count, sizeof **values, "whole numbers", err);
    if (*values == NULL)
        return -1;
    /* The file's numbers, no wider than ours, are at the end until they are replaced from the front
     * on. */
    unsigned char *bytes = (unsigned char *)*values + *count * (sizeof **values - width);
    if (spine_binary_read(binary, npy->offset, *count * width, bytes, err)) {
        free(*values);
        *values = NULL;
        return -1;
    }
    for (size_t i = 0; i < *count; i++)
        (*values)[i] = get_whole(bytes + i * width, width, npy->type[0] == '>');
    return 0;
}

/* --- Words -------------------------------------------------------------------------------- */

bool spine_npy_has_words(const struct spine_npy *npy)
{
    return npy->type[0] != '\0' && (npy->type[1] == 'S' || npy->type[1] == 'U') &&
           npy->num_sizes == 1;
}

/* Write a code point in UTF-8; returns its bytes, 0 if there is no such character. */
static size_t encode(uint32_t code, char *to)
{
    enum { SURROGATES = 0xD800, AFTER_SURROGATES = 0xE000, CODES = 0x110000 };

    if (code < 0x80) {
        to[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        to[0] = (char)(0xC0 | code >> 6);
        to[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    }
    if ((code >= SURROGATES && code < AFTER_SURROGATES) || code >= CODES)
        return 0;
    if (code < 0x10000) {
        to[0] = (char)(0xE0 | code >> 12);
        to[1] = (char)(0x80 | (code >> 6 & 0x3F));
        to[2] = (char)(0x80 | (code & 0x3F));
        return 3;
    }
    to[0] = (char)(0xF0 | code >> 18);
    to[1] = (char)(0x80 | (code >> 12 & 0x3F));
    to[2] = (char)(0x80 | (code >> 6 & 0x3F));
    to[3] = (char)(0x80 | (code & 0x3F));
    return 4;
}

/* Convert 'count' UCS-4 characters at 'from' to UTF-8 in place, which is never longer. Returns the
 * bytes, or SIZE_MAX if a code isn't a character. */
static size_t encode_all(unsigned char *from, size_t count, bool is_big_endian)
{
    char character[4];
    size_t used = 0;

    for (size_t i = 0; i < count; i++) {
        const unsigned char *at = from + 4 * i;
        const uint32_t code = is_big_endian ? (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
                                                  (uint32_t)at[2] << 8 | at[3]
                                            : spine_binary_u32(at);
        const size_t bytes = encode(code, character);
        if (bytes == 0)
            return SIZE_MAX;
        memcpy(from + used, character, bytes);
        used += bytes;
    }
    return used;
}

/* Seven parameters: the row and its bytes change with every call, the rest doesn't. */
static int add_word(const struct spine_npy *npy, const char *name, size_t row, unsigned char *text,
                    size_t bytes, struct spine_words *words, struct spine_error *err)
{
    if (npy->type[1] == 'U')
        bytes = encode_all(text, bytes / 4, npy->type[0] == '>');
    if (bytes == SIZE_MAX)
        return spine_refuse(err, "%s: word %zu has a code that isn't a character", name, row);

    while (bytes > 0 && text[bytes - 1] == '\0')
        bytes--;
    if (memchr(text, '\0', bytes) != NULL)
        return spine_refuse(err, "%s: word %zu has a NUL inside", name, row);
    return spine_words_add(words, (const char *)text, bytes, err);
}

int spine_npy_words(const struct spine_npy *npy, const struct spine_binary *binary,
                    struct spine_words *words, struct spine_error *err)
{
    if (strchr(npy->type, 'O') != NULL)
        return spine_refuse(err,
                            "%s: a NumPy array of Python objects, which are not read; save it as "
                            "strings: np.save(FILE, a.astype(str))",
                            binary->name);

    const char *digits = npy->type + 2;
    uint64_t size;
    if (!spine_npy_has_words(npy) || !parse_size(&digits, &size) || *digits != '\0' ||
        size > MOST_WORD)
        return spine_refuse(err,
                            "%s: a NumPy array of type '%s' and %zu dimensions; expected one "
                            "dimension of strings",
                            binary->name, npy->type, npy->num_sizes);

    const size_t bytes = (size_t)size * (npy->type[1] == 'U' ? 4 : 1);
    if (npy->offset > binary->bytes ||
        (bytes > 0 && npy->sizes[0] > (binary->bytes - npy->offset) / bytes) || bytes == 0)
        return spine_refuse(err, "%s: announces %llu words of %zu bytes, but the file is shorter",
                            binary->name, (unsigned long long)npy->sizes[0], bytes);

    unsigned char *text = spine_memory_get(bytes, 1, "a word", err);
    if (text == NULL)
        return -1;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < npy->sizes[0]; i++) {
        rc = spine_binary_read(binary, npy->offset + i * (uint64_t)bytes, bytes, text, err);
        if (rc == 0)
            rc = add_word(npy, binary->name, i, text, bytes, words, err);
    }
    free(text);
    return rc;
}
