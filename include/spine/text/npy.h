/* npy.h -- NumPy's .npy: a header in Python's notation, then the numbers of one array.
 *
 *     "\x93NUMPY", version (2 bytes), length of the text (2 bytes; 4 from version 2 on), the text:
 *     {'descr': '<f4', 'fortran_order': False, 'shape': (400000, 300), }
 *
 * From numpy/lib/format.py. The text is parsed by hand and never evaluated; arrays of Python
 * objects, which are pickles, are refused. */
#ifndef SPINE_TEXT_NPY_H
#define SPINE_TEXT_NPY_H

#include "spine/base/words.h"
#include "spine/text/matrix.h"

/* The contents of the header. Plain data. */
struct spine_npy {
    char type[16]; /* such as "<f4" */
    bool is_by_column;
    size_t num_sizes; /* of the shape */
    uint64_t sizes[4];
    uint64_t offset; /* of the first element */
};

/* Are these the first bytes of an .npy file? */
bool spine_npy_is(const void *start, size_t bytes);

/* The bytes at a file's start that surely have the header of an array that is read. */
enum { SPINE_NPY_START = (1 << 16) + 12 };

/* Read the header from the first 'bytes' bytes of a file: all of it, or SPINE_NPY_START. Messages
 * begin with 'name'. */
int spine_npy_parse(struct spine_npy *npy, const void *start, size_t bytes, const char *name,
                    struct spine_error *err);

/* Read the header at the file's start. */
int spine_npy_open(struct spine_npy *npy, const struct spine_binary *binary,
                   struct spine_error *err);

/* Get the array as a matrix, checked against the file. Refuses arrays that don't have two
 * dimensions, and types other than f2, f4 and f8. */
int spine_npy_matrix(const struct spine_npy *npy, const struct spine_binary *binary,
                     struct spine_matrix *matrix, struct spine_error *err);

/* Is it an array of numbers: f2, f4, f8, or whole numbers or truth values? */
bool spine_npy_has_numbers(const struct spine_npy *npy);

/* Get an array of one dimension, of such numbers, as a matrix of one column. It isn't empty. */
int spine_npy_list(const struct spine_npy *npy, const struct spine_binary *binary,
                   struct spine_matrix *matrix, struct spine_error *err);

/* Read an array of one dimension of whole numbers, i4 or i8, into a list that the caller frees. */
int spine_npy_wholes(const struct spine_npy *npy, const struct spine_binary *binary,
                     int64_t **values, size_t *count, struct spine_error *err);

/* Is it an array of fixed-size strings, "S" or "U"? */
bool spine_npy_has_words(const struct spine_npy *npy);

/* Append all strings of the array to 'words', in UTF-8, without the padding NULs. */
int spine_npy_words(const struct spine_npy *npy, const struct spine_binary *binary,
                    struct spine_words *words, struct spine_error *err);

#endif
