/* record.c -- the record of a trial. */
#include "spine/sweep/record.h"

#include <cJSON.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "spine/base/json.h"
#include "spine/base/memory.h"
#include "spine/base/outfile.h"
#include "spine/base/textfile.h"
#include "spine/files/metrics.h"

void spine_record_clear(struct spine_account *account)
{
    free(account->reason);
    free(account->not_evaluated);
    account->reason = account->not_evaluated = NULL;
}

static void read_scores(const cJSON *object, struct spine_scores *scores)
{
    *scores = spine_goal_unknown();
    for (size_t s = 0; s < SPINE_GOAL_SCORES; s++) {
        const cJSON *number = cJSON_GetObjectItemCaseSensitive(object, spine_goal_name(s));
        if (cJSON_IsNumber(number))
            scores->value[s] = number->valuedouble;
    }
}

/* Read the finished rungs and their scores; -1 if they aren't what make_json() writes. */
static int read_rungs(struct spine_contender *contender, size_t num_rungs, const cJSON *rungs)
{
    const cJSON *rung;

    contender->done = 0;
    if (!cJSON_IsArray(rungs))
        return -1;
    cJSON_ArrayForEach(rung, rungs)
    {
        const cJSON *scores = cJSON_GetObjectItemCaseSensitive(rung, "scores");
        if (!cJSON_IsObject(scores) || contender->done == num_rungs)
            return -1;
        read_scores(scores, &contender->scores[contender->done]);
        contender->done++;
    }
    return 0;
}

/* Read a number from 0 to 'most' with this name; -1, with *number 0, if there is none. */
static int read_number(const cJSON *object, const char *name, double most, double *number)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    *number = 0;
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0 && item->valuedouble <= most))
        return -1;
    *number = item->valuedouble;
    return 0;
}

/* Read a string that may be absent. */
static int read_string(const cJSON *object, const char *name, char **text, struct spine_error *err)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    if (!cJSON_IsString(item))
        return 0;
    *text = spine_memory_copy(item->valuestring, "a trial's record", err);
    if (*text == NULL)
        return -1;
    return 0;
}

/* Fill the record from a trial's file. */
static int take_record(const struct spine_record *record, size_t rungs, const cJSON *json,
                       const char *path, struct spine_error *err)
{
    struct spine_contender *contender = record->contender;
    struct spine_account *account = record->account;
    double sent, epoch, claims;

    if (read_rungs(contender, rungs, cJSON_GetObjectItemCaseSensitive(json, "rungs")) ||
        read_number(json, "sent", (double)rungs, &sent) || sent < (double)contender->done ||
        sent > (double)contender->done + 1 ||
        read_number(json, "seconds", HUGE_VAL, &account->seconds) ||
        read_number(json, "epoch", INT_MAX, &epoch) ||
        read_number(json, "claims", INT_MAX, &claims))
        return spine_refuse(err,
                            "%s: is damaged: expected what spine-sweep writes; if you remove it, "
                            "'spine-sweep run' resumes the trial from its checkpoint",
                            path);

    contender->sent = (size_t)sent;
    account->epoch = (int64_t)epoch;
    account->claims = (int)claims;
    account->diverged = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, "diverged"));
    if (read_string(json, "failed", &account->reason, err) ||
        read_string(json, "not_evaluated", &account->not_evaluated, err))
        return -1;
    return 0;
}

int spine_record_read(const char *path, size_t rungs, const struct spine_record *record,
                      struct spine_error *err)
{
    struct spine_contender *contender = record->contender;
    struct spine_account *account = record->account;
    char *text = NULL;

    if (spine_textfile_find(path, "a trial's record", SPINE_RECORD_MOST, &text, err))
        return -1;
    spine_record_clear(account);
    contender->done = contender->sent = 0;
    account->seconds = 0;
    account->epoch = account->claims = 0;
    account->diverged = false;
    if (text == NULL || text[0] == '\0') {
        account->claims = text != NULL;
        free(text);
        return 0;
    }

    cJSON *json = NULL;
    int rc = spine_json_parse(text, "a trial's record", &json, err);
    if (rc == 0)
        rc = take_record(record, rungs, json, path, err);
    cJSON_Delete(json);
    free(text);
    return rc;
}

/* Enough digits to read back exactly the number compared here. */
enum { DIGITS = 17 };

static cJSON *make_json(const struct spine_record *record)
{
    const struct spine_contender *contender = record->contender;
    const struct spine_account *account = record->account;
    cJSON *json = cJSON_CreateObject();
    cJSON *rungs = cJSON_AddArrayToObject(json, "rungs");

    for (size_t r = 0; r < contender->done; r++) {
        cJSON *rung = cJSON_CreateObject();
        cJSON *scores = cJSON_AddObjectToObject(rung, "scores");
        for (size_t s = 0; s < SPINE_GOAL_SCORES; s++)
            if (isfinite(contender->scores[r].value[s]))
                spine_json_add_real(scores, spine_goal_name(s), contender->scores[r].value[s],
                                    DIGITS);
        cJSON_AddItemToArray(rungs, rung);
    }

    cJSON_AddNumberToObject(json, "sent", (double)contender->sent);
    cJSON_AddNumberToObject(json, "seconds", account->seconds);
    cJSON_AddNumberToObject(json, "epoch", (double)account->epoch);
    cJSON_AddNumberToObject(json, "claims", account->claims);
    if (account->diverged)
        cJSON_AddTrueToObject(json, "diverged");
    if (account->reason != NULL)
        cJSON_AddStringToObject(json, "failed", account->reason);
    if (account->not_evaluated != NULL)
        cJSON_AddStringToObject(json, "not_evaluated", account->not_evaluated);
    return json;
}

char *spine_record_text(const struct spine_record *record, struct spine_error *err)
{
    spine_json_watch();
    cJSON *json = make_json(record);
    char *text = spine_json_print(json, true, "a trial's record", err);

    cJSON_Delete(json);
    return text;
}

int spine_record_progress(const char *path, struct spine_scores *scores, int64_t *epoch,
                          struct spine_error *err)
{
    char *line = NULL;

    *scores = spine_goal_unknown();
    *epoch = 0;
    if (spine_metrics_last(path, &line, err))
        return -1;
    if (line == NULL)
        return 0;

    cJSON *json = NULL;
    double number = 0;
    int rc = spine_json_parse(line, "a line of the metrics", &json, err);
    if (rc == 0 && read_number(json, "epoch", INT_MAX, &number) != 0)
        rc = spine_refuse(err, "%s: its last line is not an epoch's JSON object", path);
    read_scores(json, scores);
    *epoch = (int64_t)number;
    cJSON_Delete(json);
    free(line);
    return rc;
}
