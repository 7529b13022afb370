/* runinput.h -- which file is the input of a run: the one with its rows, not the one at its path.
 *
 * A run's checkpoints describe its input, "N rows x D numbers, checksum C": the first N rows of a
 * vectors.h5 (vectorsfile.h). C is the sum, modulo 2^64, of a hash of each row, its word and its
 * number. */
#ifndef SPINE_FILES_RUNINPUT_H
#define SPINE_FILES_RUNINPUT_H

#include <stddef.h>
#include <stdint.h>

#include "spine/base/error.h"
#include "spine/files/rundir.h"

/* The hash of row 'number', from 0, (dim). */
uint64_t spine_runinput_hash(const float *row, size_t dim, uint64_t number, const char *word);

enum { SPINE_RUNINPUT_TEXT = 128 };
void spine_runinput_describe(size_t rows, size_t dim, uint64_t checksum,
                             char text[SPINE_RUNINPUT_TEXT]);

/* Refuse an input 'name' described as 'own' if the checkpoint says 'saved'. 'advice' ends the
 * message. */
int spine_runinput_compare(const char *checkpoint, const char *saved, const char *name,
                           const char *own, const char *advice, struct spine_error *err);

/* What to do about a run of another input in output.directory. */
extern const char spine_runinput_advice[];

/* Refuse a file 'path' that isn't the input of the run in 'directory', which messages call 'name'.
 * Succeeds if the directory has no run with a checkpoint. Reads the whole file. Local. */
int spine_runinput_check(const char *directory, const char *path, const char *name,
                         struct spine_error *err);

/* Find the input of the run in 'directory', whose configuration has it at 'input': there, or, after
 * the run was moved or from another working directory, by its name in the run's directory or beside
 * it. A file that isn't the run's input is passed over; without a checkpoint it can't be told, and
 * only the run's directory and 'input' are tried. MISSING: there is no readable file; CHANGED:
 * there are only others, and 'path' is the first. Local. */
enum spine_runinput { SPINE_RUNINPUT_FOUND, SPINE_RUNINPUT_MISSING, SPINE_RUNINPUT_CHANGED };
int spine_runinput_find(const char *directory, const char *input, enum spine_runinput *found,
                        char path[SPINE_RUNDIR_PATH], struct spine_error *err);

/* Refuse an output that would replace what the input of the run in 'directory' was converted from:
 * a file of that name which is no newer than RUN/input.h5. Local. */
int spine_runinput_check_source(const char *directory, const char *output, struct spine_error *err);

/* Refuse an output that is input.h5 in the directory of a run. Local. */
int spine_runinput_check_output(const char *output, struct spine_error *err);

#endif
