/* report.c -- the HTML page of one run or two. */
#include "spine/pages/report.h"

#include <cJSON.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "spine/base/interrupt.h"
#include "spine/base/json.h"
#include "spine/base/log.h"
#include "spine/base/memory.h"
#include "spine/base/textfile.h"
#include "spine/files/metrics.h"
#include "spine/files/rundir.h"
#include "spine/pages/legend.h"
#include "spine/pages/page.h"

enum { MOST_BYTES = 1 << 28 }; /* of a file that is read whole */

static const char *const styles[] = {"report.css", NULL};
static const char *const scripts[] = {
    "table.js",      "chart.js", "model.js",      "search.js", "overview.js",
    "dimensions.js", "map.js",   "evaluation.js", "report.js", NULL};

static bool has_text(const cJSON *object, const char *name)
{
    return cJSON_IsString(cJSON_GetObjectItemCaseSensitive(object, name));
}

/* Has it the parts of spine-eval's JSON that the page's scripts rely on? */
static bool is_evaluation(const cJSON *evaluation)
{
    const cJSON *files = cJSON_GetObjectItemCaseSensitive(evaluation, "files"), *file, *measure;
    if (!cJSON_IsArray(files))
        return false;

    cJSON_ArrayForEach(file, files)
    {
        const cJSON *measures = cJSON_GetObjectItemCaseSensitive(file, "measures");
        if (!has_text(file, "path") || !cJSON_IsArray(measures))
            return false;
        cJSON_ArrayForEach(measure, measures)
        {
            if (!has_text(measure, "group") || !has_text(measure, "name"))
                return false;
        }
    }

    return true;
}

static int add_evaluation(cJSON *data, const char *path, struct spine_error *err)
{
    char *text = NULL;
    if (spine_textfile_read(path, "an evaluation", MOST_BYTES, &text, NULL, err))
        return -1;

    cJSON *evaluation = NULL;
    const int rc = spine_json_parse(text, "an evaluation", &evaluation, err);
    free(text);
    if (rc != 0)
        return -1;
    if (!is_evaluation(evaluation)) {
        cJSON_Delete(evaluation);
        return spine_refuse(err, "%s: is not what spine-eval --json writes", path);
    }
    cJSON_AddItemToObject(data, "evaluation", evaluation);
    return 0;
}

static cJSON *begin_data(void)
{
    spine_json_watch();
    cJSON *data = cJSON_CreateObject();
    cJSON_AddStringToObject(data, "version", SPINE_VERSION);

    cJSON *metrics = cJSON_AddObjectToObject(data, "metrics");
    for (enum spine_metric i = 0; i < SPINE_METRICS; i++) {
        cJSON *metric = cJSON_AddObjectToObject(metrics, spine_metrics_name(i));
        cJSON_AddStringToObject(metric, "label", spine_metrics_label(i));
        cJSON_AddStringToObject(metric, "unit", spine_metrics_unit_name(spine_metrics_unit(i)));
        cJSON_AddNumberToObject(metric, "chart", spine_metrics_chart(i));
    }

    return data;
}

static int write_page(const struct spine_report *report, const cJSON *data, const char *path,
                      struct spine_error *err)
{
    char title[1024];
    const int is_pair = report->num_runs > 1;

    snprintf(title, sizeof title, "%.400s%s%.400s · spine", report->runs[0], is_pair ? " and " : "",
             is_pair ? report->runs[1] : "");
    const struct spine_page page = {
        .title = title, .body = "report.html", .styles = styles, .scripts = scripts};
    char *json = spine_json_print(data, false, "the data of a page", err);
    if (json == NULL)
        return -1;
    const int rc = spine_page_write(path, &page, json, err);

    cJSON_free(json);
    return rc;
}

/* *is_listed becomes true if the run's words are those of the list. */
static int add_run(const struct spine_report *report, size_t i, cJSON *runs, bool *is_listed,
                   struct spine_error *err)
{
    cJSON *rundata;
    bool is_used;

    if (spine_rundata_make(report->runs[i], &report->options, &rundata, &is_used, err))
        return -1;
    *is_listed = *is_listed || is_used;
    cJSON_AddItemToArray(runs, rundata);
    if (i >= report->num_labels)
        return 0;

    const cJSON *dimensions = cJSON_GetObjectItemCaseSensitive(rundata, "dimensions");
    return spine_legend_add(report->labels[i],
                            cJSON_IsNumber(dimensions) ? (size_t)dimensions->valuedouble : 0,
                            rundata, err);
}

int spine_report_write(const struct spine_report *report, const char *path, struct spine_error *err)
{
    cJSON *data = begin_data();
    cJSON *runs = cJSON_AddArrayToObject(data, "runs");
    const char *list = report->options.list;
    bool is_listed = false;

    int rc = 0;
    for (size_t i = 0; rc == 0 && i < report->num_runs; i++)
        rc = add_run(report, i, runs, &is_listed, err);

    if (rc == 0 && list != NULL && !is_listed)
        spine_log_warning("--words-from: %s isn't used: the codes have words of their own", list);
    if (rc == 0 && report->evaluation != NULL)
        rc = add_evaluation(data, report->evaluation, err);
    if (rc == 0)
        rc = write_page(report, data, path, err);

    cJSON_Delete(data);
    return rc;
}

/* --- A run in progress -------------------------------------------------------------------- */

/* When the run last wrote an epoch, in seconds since 1970; 0 if it never did. */
static double last_written(const char *run)
{
    char path[SPINE_RUNDIR_PATH];
    struct spine_error ignored;
    struct stat facts;
    if (spine_metrics_path(run, path, &ignored) || stat(path, &facts) != 0)
        return 0;
    return (double)facts.st_mtime;
}

/* The page of an unfinished run, which reloads itself every 'seconds' seconds, if that isn't 0. */
static int write_live(const struct spine_report *report, const char *path, size_t seconds,
                      struct spine_error *err)
{
    cJSON *data = begin_data(), *rundata;
    if (spine_rundata_begin(report->runs[0], &rundata, err)) {
        cJSON_Delete(data);
        return -1;
    }

    cJSON_AddItemToArray(cJSON_AddArrayToObject(data, "runs"), rundata);
    cJSON *live = cJSON_AddObjectToObject(data, "live");
    cJSON_AddNumberToObject(live, "seconds", (double)seconds);
    cJSON_AddNumberToObject(live, "written", last_written(report->runs[0]));
    const int rc = write_page(report, data, path, err);
    cJSON_Delete(data);
    return rc;
}

int spine_report_follow(const struct spine_report *report, const char *path, size_t seconds,
                        struct spine_error *err)
{
    const struct timespec pause = {.tv_sec = (time_t)seconds};
    enum spine_rundir_state state = SPINE_RUNDIR_EMPTY;
    struct stat facts;
    bool has_said = false;

    if (stat(report->runs[0], &facts) == 0 && !S_ISDIR(facts.st_mode))
        return spine_refuse(err, "%s: is not the directory of a run", report->runs[0]);
    spine_interrupt_install();

    for (;;) {
        if (spine_rundir_inspect(report->runs[0], &state, NULL, err))
            return -1;
        if (state == SPINE_RUNDIR_FINISHED)
            return spine_report_write(report, path, err);
        if (write_live(report, path, seconds, err))
            return -1;
        if (state == SPINE_RUNDIR_EMPTY && !has_said)
            spine_log(SPINE_LOG_INFO, "%s: has no run yet; waiting until one begins there",
                      report->runs[0]);
        has_said = true;
        nanosleep(&pause, NULL); /* ends early when a signal comes */
        if (spine_interrupt_hurry() || spine_interrupt_leave())
            return write_live(report, path, 0, err);
    }
}
