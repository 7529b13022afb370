/* origin.c -- the objective of a sweep that doesn't set it, from an earlier run. */
#include "spine/sweep/origin.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/log.h"
#include "spine/base/textfile.h"
#include "spine/files/rundir.h"
#include "spine/files/startmodel.h"
#include "spine/sweep/parameter.h"
#include "spine/sweep/trials.h"

static const char start_from[] = "train.start_from";

/* What [sweep] sets a name to; if it doesn't, 'otherwise'. */
static const char *find_value(const struct spine_inifile_lines *lines, const char *name,
                              const char *otherwise)
{
    for (size_t i = 0; i < lines->count; i++)
        if (strcmp(lines->line[i].name, name) == 0)
            return lines->line[i].value;
    return otherwise;
}

/* Find the objective of the sweep in a directory. False if there is none, or it can't be read,
 * which is reported when the directory is opened (ledger.h). */
static bool read_sweep(const char *directory, int64_t *objective)
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
        *objective = base.objective;

    spine_inifile_lines_dispose(&lines);
    free(text);
    return is_read;
}

/* Find the objective of a run; false if it can't be read, which is reported when a trial starts. */
static bool read_run(const char *run, int64_t *objective)
{
    enum spine_objective one;

    if (run[0] == '\0' || !spine_startmodel_objective(run, &one))
        return false;
    *objective = one;
    return true;
}

/* The same of the runs of a parameter; false also if they differ. */
static bool read_runs(const char *list, int64_t *objective)
{
    struct spine_parameter starts;
    struct spine_error ignored;
    bool is_found = false, differ = false;

    if (spine_parameter_read(&starts, start_from, list, &ignored) == 0)
        for (size_t i = 0; i < starts.values.count; i++) {
            int64_t one;
            if (!read_run(spine_words_get(&starts.values, i), &one))
                continue;
            differ = differ || (is_found && *objective != one);
            *objective = one;
            is_found = true;
        }

    spine_parameter_dispose(&starts);
    return is_found && !differ;
}

void spine_origin_follow(struct spine_config *base, const struct spine_inifile_lines *lines,
                         struct spine_comm *comm)
{
    enum { NONE = -1 };
    int64_t objective = NONE;
    struct spine_config with = *base;
    const char *from = find_value(lines, "directory", spine_trials_directory);
    const char *runs = find_value(lines, start_from, NULL);

    for (size_t i = 0; i < lines->count; i++)
        spine_config_mark(&with, lines->line[i].name);
    if (spine_config_has_objective(&with))
        return;

    if (comm->rank == 0 && !read_sweep(from, &objective)) {
        from = runs != NULL ? runs : base->start_from;
        if (runs != NULL ? !read_runs(runs, &objective) : !read_run(from, &objective))
            objective = NONE;
    }
    spine_comm_broadcast(comm, &objective, sizeof objective);

    if (objective == NONE || objective == with.objective ||
        !spine_config_suits(&with, (enum spine_objective)objective))
        return;
    spine_config_choose(base, (enum spine_objective)objective);
    spine_log(SPINE_LOG_INFO, "model.objective: %s, as in %s", spine_objective_names[objective],
              from);
}
