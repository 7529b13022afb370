/* earlier.c -- what a configuration takes from an earlier run. */
#include "spine/train/earlier.h"

#include <stdlib.h>
#include <string.h>

#include "spine/base/log.h"
#include "spine/config/identity.h"
#include "spine/config/inifile.h"
#include "spine/config/settings.h"
#include "spine/files/checkpoint.h"
#include "spine/files/rundir.h"
#include "spine/files/startmodel.h"

/* Read the configuration that a checkpoint was saved with. One that can't be read is reported by
 * resume.c, which reads all of it. */
static bool recall(struct spine_config *was, const char *path)
{
    char *text = NULL;
    struct spine_error ignored;

    const bool is_read = spine_checkpoint_peek(path, &text, &ignored) == 0 &&
                         spine_inifile_recall(was, text, path, &ignored) == 0;
    free(text);
    return is_read;
}

/* Find the checkpoint to resume from, and its configuration; path is "" if there is none. */
static int find_checkpoint(const struct spine_config *config, enum spine_rundir_state *state,
                           struct spine_config *was, char *path, struct spine_error *err)
{
    int64_t steps = INT64_MAX;

    path[0] = '\0';
    if (strcmp(config->resume, "never") == 0)
        return 0;
    if (spine_rundir_inspect(config->directory, state, NULL, err))
        return -1;

    while (*state != SPINE_RUNDIR_EMPTY && steps >= 0) {
        if (spine_checkpoint_newest(config->directory, steps, path, &steps, err))
            return -1;
        if (steps >= 0 && recall(was, path))
            return 0;
    }

    snprintf(path, SPINE_CHECKPOINT_PATH, "%s",
             strcmp(config->resume, "auto") == 0 ? "" : config->resume);
    if (path[0] != '\0' && !recall(was, path))
        path[0] = '\0';
    return 0;
}

/* Take the objective of another run, unless this one sets it, or sets options that it doesn't
 * use. */
static bool adopt(struct spine_config *config, int64_t objective)
{
    if (spine_config_has_objective(config) || config->objective == objective ||
        !spine_config_suits(config, (enum spine_objective)objective))
        return false;
    spine_config_choose(config, (enum spine_objective)objective);
    return true;
}

static void say_adopted(const struct spine_config *config, const char *run)
{
    spine_log(SPINE_LOG_INFO, "model.objective: %s, as in %s",
              spine_objective_names[config->objective], run);
}

/* Is the run, begun with 'was', finished with all the epochs of 'config', and replaced for that? */
static bool is_done_over(const struct spine_config *config, const struct spine_config *was,
                         enum spine_rundir_state state)
{
    return state == SPINE_RUNDIR_FINISHED && config->overwrite &&
           spine_settings_last_epoch(was) >= spine_settings_last_epoch(config);
}

/* On rank 0. */
static int keep(struct spine_config *config, struct spine_error *err)
{
    char path[SPINE_CHECKPOINT_PATH] = "", text[256];
    enum spine_rundir_state state = SPINE_RUNDIR_EMPTY;
    enum spine_objective objective;
    struct spine_config was, kept = *config;

    /* An empty name is refused later. */
    if (config->directory[0] != '\0' && find_checkpoint(config, &state, &was, path, err))
        return -1;

    if (path[0] != '\0') {
        const bool adopts = adopt(&kept, was.objective);
        const bool keeps = spine_config_keep_earlier(&kept, &was, text, sizeof text) > 0;
        if (!is_done_over(&kept, &was, state)) {
            if (adopts)
                say_adopted(&kept, path);
            if (keeps)
                spine_log(SPINE_LOG_INFO,
                          "%s: begun with %s, general defaults, which the run keeps", path, text);
            *config = kept;
            return 0;
        } /* else it is replaced */
    }

    if (config->start_from[0] != '\0' &&
        spine_startmodel_objective(config->start_from, &objective) && adopt(config, objective))
        say_adopted(config, config->start_from);
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

/* Do the two compute something else? */
static int compare(const struct spine_config *config, const struct spine_config *was, bool *differ,
                   struct spine_error *err)
{
    char *is_text = spine_identity_text(config, err), *was_text = NULL, differences[256];
    int rc = -1;

    if (is_text != NULL && (was_text = spine_identity_text(was, err)) != NULL) {
        *differ = spine_identity_differ(was_text, is_text, differences, sizeof differences) > 0;
        rc = 0;
    }
    free(is_text);
    free(was_text);
    return rc;
}

/* Find out what resume.c will decide where a checkpoint isn't named. On rank 0. */
static int foresee(const struct spine_config *config, bool *is_new, struct spine_error *err)
{
    char path[SPINE_CHECKPOINT_PATH];
    enum spine_rundir_state state = SPINE_RUNDIR_EMPTY;
    struct spine_config was;

    if (find_checkpoint(config, &state, &was, path, err))
        return -1;
    *is_new = path[0] == '\0' || is_done_over(config, &was, state);
    return *is_new || !config->overwrite ? 0 : compare(config, &was, is_new, err);
}

int spine_earlier_is_new(const struct spine_config *config, struct spine_comm *comm, bool *is_new,
                         struct spine_error *err)
{
    const bool names_checkpoint =
        strcmp(config->resume, "auto") != 0 && strcmp(config->resume, "never") != 0;
    int rc = 0;

    *is_new = false;
    if (config->start_from[0] != '\0' || names_checkpoint)
        return 0;
    if (comm->rank == 0)
        rc = foresee(config, is_new, err);
    spine_comm_broadcast(comm, is_new, sizeof *is_new);
    return spine_comm_agree(comm, rc, err);
}
