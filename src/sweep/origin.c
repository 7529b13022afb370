/* origin.c -- the objective of a sweep that doesn't set it, from an earlier run. */
#include "spine/sweep/origin.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/log.h"
#include "spine/base/textfile.h"
#include "spine/files/rundir.h"
#include "spine/files/startmodel.h"
#include "spine/sweep/trials.h"

/* The sweep's directory. */
static const char *find_directory(const struct spine_inifile_lines *lines)
{
    for (size_t i = 0; i < lines->count; i++)
        if (strcmp(lines->line[i].name, "directory") == 0)
            return lines->line[i].value;
    return spine_trials_directory;
}

/* Find the objective of the sweep in a directory. False if there is none, or it can't be read, which
 * is reported when the directory is opened (ledger.h). */
static bool read_sweep(const char *directory, enum spine_objective *objective)
{
    enum { MOST = 1 << 20 };
    struct spine_inifile_lines lines = {0};
    struct spine_error ignored;
    struct spine_config base;
    char path[SPINE_RUNDIR_PATH], *text = NULL;
    size_t length;

    spine_config_init(&base);
    const bool is_read =
        spine_rundir_join(path, directory, "sweep.ini", &ignored) == 0 &&
        spine_textfile_read(path, "a configuration", MOST, &text, &length, &ignored) == 0 &&
        spine_inifile_parse(&base, &lines, text, path, &ignored) == 0;
    if (is_read)
        *objective = (enum spine_objective)base.objective;

    spine_inifile_lines_dispose(&lines);
    free(text);
    return is_read;
}

void spine_origin_follow(struct spine_config *base, const struct spine_inifile_lines *lines,
                         struct spine_comm *comm)
{
    struct {
        enum spine_objective objective;
        bool is_found;
    } origin = {SPINE_OBJECTIVE_SPINE, false};
    struct spine_config with = *base;
    const char *from = find_directory(lines);

    for (size_t i = 0; i < lines->count; i++)
        spine_config_mark(&with, lines->line[i].name);
    if (spine_config_has_objective(&with))
        return;

    if (comm->rank == 0)
        origin.is_found = read_sweep(from, &origin.objective);
    if (comm->rank == 0 && !origin.is_found && base->start_from[0] != '\0') {
        from = base->start_from;
        origin.is_found = spine_startmodel_objective(from, &origin.objective);
    }
    spine_comm_broadcast(comm, &origin, sizeof origin);

    if (!origin.is_found || with.objective == (int64_t)origin.objective ||
        !spine_config_suits(&with, origin.objective))
        return;
    spine_config_choose(base, origin.objective);
    spine_log(SPINE_LOG_INFO, "model.objective: %s, as in %s",
              spine_objective_names[origin.objective], from);
}
