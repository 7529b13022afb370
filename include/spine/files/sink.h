/* sink.h -- writing to a file, plain or packed, and to temporary files.
 *
 * The suffix of the file's name selects the packing: .gz gzip, .zst zstd, else none. The file
 * appears whole or not at all (outfile.h). After a failure, further output is dropped, and
 * spine_sink_check() and spine_sink_finish() report the failure. All functions are local. */
#ifndef SPINE_FILES_SINK_H
#define SPINE_FILES_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "spine/base/error.h"

struct spine_sink;

/* Does a name end in the suffix of a packing? *length gets the length of the name without it. */
bool spine_sink_is_packed(const char *path, size_t *length);

/* Begin PATH.part. The path is copied. Release the handle with spine_sink_finish(),
 * spine_sink_complete() or spine_sink_discard(). */
int spine_sink_open(struct spine_sink **sink, const char *path, struct spine_error *err);

void spine_sink_put(struct spine_sink *sink, const void *bytes, size_t size);
void spine_sink_text(struct spine_sink *sink, const char *text);

/* Write a value in decimal with 'digits' significant digits; with 9 it reads back as the same
 * float. */
void spine_sink_number(struct spine_sink *sink, float value, int digits);
void spine_sink_whole(struct spine_sink *sink, int64_t value);

/* Make the header of a NumPy file of numbers of the type 'descr', such as "<f4". 'shape' is the
 * inside of Python's tuple, such as "5, 3". */
enum { SPINE_SINK_NPY = 128 };
void spine_sink_npy_header(char header[SPINE_SINK_NPY], const char *descr, const char *shape);

/* Report a failure so far. */
int spine_sink_check(struct spine_sink *sink, struct spine_error *err);

/* Complete PATH.part, which spine_outfile_publish() publishes later, or discard it if anything
 * failed. Releases the handle. */
int spine_sink_complete(struct spine_sink *sink, struct spine_error *err);

/* Publish the file, or discard it if anything failed. Releases the handle. */
int spine_sink_finish(struct spine_sink *sink, struct spine_error *err);

/* Remove what was written and release the handle. NULL is allowed. */
void spine_sink_discard(struct spine_sink *sink);

/* Open a temporary file without a name in the directory of 'path'; fclose() removes it. Returns
 * NULL on failure. */
FILE *spine_sink_spool(const char *path, struct spine_error *err);

/* Report, from errno, that a temporary file failed. Returns -1. */
int spine_sink_fail_spool(const char *path, struct spine_error *err);

#endif
