/* log.h -- progress, information and warnings on stderr.
 *
 * Only rank 0 prints information, so that 2,000 ranks print as much as one. Any rank may warn; the
 * warning names it. */
#ifndef SPINE_BASE_LOG_H
#define SPINE_BASE_LOG_H

#include <stdbool.h>

#include "spine/base/error.h"

enum spine_log_level { SPINE_LOG_QUIET, SPINE_LOG_INFO, SPINE_LOG_VERBOSE };

/* Set the program's name (borrowed for good), this process's rank of 'size', and what to print. */
void spine_log_init(const char *program, int rank, int size, enum spine_log_level level);

/* Set the terminal at which stderr ends although stderr is a pipe, as under mpirun: an open
 * descriptor, which must stay open, or -1 for none. Only the terminal's width is read from it. */
void spine_log_set_terminal(int descriptor);

/* Print a line, on rank 0 only, if the log's level is at least 'level'. */
void spine_log(enum spine_log_level level, const char *format, ...) SPINE_PRINTF(2, 3);

/* Print "PROGRAM: TEXT", the last line of a program that failed, on any rank. */
void spine_log_failure(const char *program, const char *text);

/* Print a warning, on any rank. */
void spine_log_warning(const char *format, ...) SPINE_PRINTF(1, 2);

/* Replace the line that the last call left on the terminal. Does nothing when quiet, on ranks other
 * than 0, or if stderr isn't a terminal. The next spine_log() begins a new line. */
void spine_log_progress(const char *format, ...) SPINE_PRINTF(1, 2);

/* Does spine_log_progress() show anything here? */
bool spine_log_is_live(void);

#endif
