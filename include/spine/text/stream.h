/* stream.h -- the bytes of a file from beginning to end, unpacked: plain, gzip, zstd, xz, bzip2, or
 * a member of a zip archive.
 *
 *     glove.txt, glove.txt.gz, ...    the kind is found by the first bytes, not by the name
 *     glove.zip                       an archive of one file
 *     glove.zip:glove.300d.txt        one of its files
 *     -                               standard input; named pipes work, too; devices don't
 *
 * Only a plain file on a disk can be read from an offset other than 0. */
#ifndef SPINE_TEXT_STREAM_H
#define SPINE_TEXT_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spine/base/error.h"
#include "spine/text/decoder.h"

struct spine_stream;

/* The path is borrowed until spine_stream_close(), which releases the handle. */
int spine_stream_open(struct spine_stream **stream, const char *path, struct spine_error *err);

/* Call the file 'name' in messages; it is borrowed until spine_stream_close(). */
void spine_stream_rename(struct spine_stream *stream, const char *name);

/* How the file is packed. */
enum spine_packing spine_stream_packing(const struct spine_stream *stream);

/* Is it a file on a disk, which can be opened again? spine_stream_bytes() is its size there,
 * packed; 0 if it isn't one. */
bool spine_stream_is_file(const struct spine_stream *stream);
uint64_t spine_stream_bytes(const struct spine_stream *stream);

/* Read up to 'size' bytes; *got is 0 only at the end. Damaged or truncated packed data are refused
 * when reading reaches them. */
int spine_stream_read(struct spine_stream *stream, void *to, size_t size, size_t *got,
                      struct spine_error *err);

/* Continue at this offset of a plain file on a disk. */
int spine_stream_seek(struct spine_stream *stream, uint64_t offset, struct spine_error *err);

/* NULL is allowed. */
void spine_stream_close(struct spine_stream *stream);

/* Split "FILE:INNER" if FILE exists and no file has the whole name. The caller frees *file. *inner
 * points into path; it is NULL if path is the name of a file. */
int spine_stream_split(const char *path, char **file, const char **inner, struct spine_error *err);

/* Refuse an output whose file, or PATH.part, is that of 'path', which is read. 'what' says what
 * that is, such as "input". */
int spine_stream_check_stays(const char *path, const char *what, const char *output,
                             struct spine_error *err);

/* Unpack all of 'path' into the open, empty file 'to', which stays open; 'name' is its name in
 * messages. */
int spine_stream_save(const char *path, int to, const char *name, struct spine_error *err);

#endif
