/* log.h -- what the program says while it works; all of it goes to stderr.
 *
 * Information is for rank 0 to say, so that 2,000 ranks say as much as one. A warning may come
 * from any rank and then names it. */
#ifndef SPINE_BASE_LOG_H
#define SPINE_BASE_LOG_H

#include "spine/base/error.h"

enum spine_log_level { SPINE_LOG_QUIET, SPINE_LOG_INFO, SPINE_LOG_VERBOSE };

/* Who speaks: the program's name (borrowed for good), this process's rank of 'size'. */
void spine_log_init(const char *program, int rank, int size, enum spine_log_level level);

/* Print a line on rank 0, if the level is at least 'level'. */
void spine_log(enum spine_log_level level, const char *format, ...) SPINE_PRINTF(2, 3);

/* Print a warning, on any rank. */
void spine_log_warning(const char *format, ...) SPINE_PRINTF(1, 2);

/* Replace the line that the last call left on the terminal; nothing where stderr is none, on
 * other ranks than 0, or when quiet. The next spine_log() begins on a fresh line. */
void spine_log_progress(const char *format, ...) SPINE_PRINTF(1, 2);

/* Does spine_log_progress() show anything here? */
int spine_log_is_live(void);

#endif
