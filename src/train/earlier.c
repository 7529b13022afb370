/* earlier.c -- resume a run that an earlier version began with other defaults. */
#include "spine/train/earlier.h"

#include <stdlib.h>
#include <string.h>

#include "spine/base/log.h"
#include "spine/config/inifile.h"
#include "spine/files/checkpoint.h"
#include "spine/files/rundir.h"

/* The checkpoint to resume from; path is "" if there is none, or if the run will be replaced. */
static int find_checkpoint(const struct spine_config *config, char *path, struct spine_error *err)
{
    enum spine_rundir_state state = SPINE_RUNDIR_EMPTY;
    int64_t steps = -1;

    path[0] = '\0';
    if (strcmp(config->resume, "never") == 0)
        return 0;
    if (spine_rundir_inspect(config->directory, &state, NULL, err))
        return -1;
    if (state == SPINE_RUNDIR_FINISHED && config->overwrite)
        return 0;
    if (state != SPINE_RUNDIR_EMPTY &&
        spine_checkpoint_newest(config->directory, INT64_MAX, path, &steps, err))
        return -1;
    if (steps < 0)
        snprintf(path, SPINE_CHECKPOINT_PATH, "%s",
                 strcmp(config->resume, "auto") == 0 ? "" : config->resume);
    return 0;
}

/* On rank 0. A checkpoint that can't be read is reported by resume.c, which reads all of it. */
static int keep(struct spine_config *config, struct spine_error *err)
{
    char path[SPINE_CHECKPOINT_PATH], kept[256];
    char *text = NULL;
    struct spine_config was;
    struct spine_error unheard;

    if (find_checkpoint(config, path, err))
        return -1;
    if (path[0] == '\0' || spine_checkpoint_peek(path, &text, &unheard) != 0)
        return 0;
    if (spine_inifile_recall(&was, text, path, &unheard) == 0 &&
        spine_config_keep_earlier(config, &was, kept, sizeof kept) > 0)
        spine_log(SPINE_LOG_INFO,
                  "%s: begun with %s, defaults of an earlier version, which the run keeps", path,
                  kept);

    free(text);
    return 0;
}

int spine_earlier_keep(struct spine_config *config, struct spine_comm *comm,
                       struct spine_error *err)
{
    const int rc = comm->rank == 0 ? keep(config, err) : 0;

    if (spine_comm_agree(comm, rc, err))
        return -1;
    spine_comm_broadcast(comm, config, sizeof *config);
    return 0;
}
