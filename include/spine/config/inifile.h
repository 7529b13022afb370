/* inifile.h -- the INI file with a configuration.
 *
 * inih parses it; what inih would silently ignore, such as a continued line, is refused. The
 * section [sweep] describes many runs (trials.h), not one: its lines are returned unparsed. */
#ifndef SPINE_CONFIG_INIFILE_H
#define SPINE_CONFIG_INIFILE_H

#include <stddef.h>

#include "spine/config/config.h"
#include "spine/ranks/comm.h"

/* The lines "name = value" of [sweep]. */
enum { SPINE_INIFILE_NAME = 64, SPINE_INIFILE_WORD = 1024 };
struct spine_inifile_line {
    int line; /* its number; 0: from the command line */
    char name[SPINE_INIFILE_NAME];
    char value[SPINE_INIFILE_WORD];
};
struct spine_inifile_lines {
    const char *path; /* borrowed; for messages */
    size_t count, capacity;
    struct spine_inifile_line *line; /* owned */
};
void spine_inifile_lines_dispose(struct spine_inifile_lines *lines);

/* Prefix a refusal with its position, "run.ini:7: " or "command line: "; leave a failure of the
 * machine unchanged. Returns -1. */
int spine_inifile_locate(const char *path, int line, struct spine_error *err);

/* Parse INI text. 'path' is for messages only: no file is opened. The lines of [sweep] are added to
 * 'sweep', which must be zeroed before the first call. */
int spine_inifile_parse(struct spine_config *config, struct spine_inifile_lines *sweep,
                        const char *text, const char *path, struct spine_error *err);

/* Parse the configuration recorded in a file of a run; 'path' is for messages. All options count as
 * set. If the text lacks an option, since an earlier version wrote it, the option gets the general
 * default. */
int spine_inifile_recall(struct spine_config *config, const char *text, const char *path,
                         struct spine_error *err);

/* Read a configuration. Rank 0 reads the file, if 'path' isn't NULL, and all ranks parse the same
 * text; then the words "section.key=value" are applied. A word "sweep.key=value" replaces the line
 * of [sweep] with that name. If 'sweep' is NULL, [sweep] is skipped, which is logged. Collective;
 * the arguments are equal on all ranks. */
int spine_inifile_read(struct spine_config *config, struct spine_inifile_lines *sweep,
                       struct spine_comm *comm, const char *path, char *const *words, int count,
                       struct spine_error *err);

#endif
