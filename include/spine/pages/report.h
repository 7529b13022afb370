/* report.h -- the HTML page of one run or two, also during training. */
#ifndef SPINE_PAGES_REPORT_H
#define SPINE_PAGES_REPORT_H

#include "spine/pages/rundata.h"

enum { SPINE_REPORT_RUNS = 2 };
/* The bytes of a page's data, so that it opens quickly and can be mailed. */
enum { SPINE_REPORT_BYTES = 5600000 };

#define SPINE_REPORT_NAME "report.html" /* the page of a sweep's trial, in the trial's directory */

struct spine_report {
    const char *runs[SPINE_REPORT_RUNS];   /* directories, or files of codes */
    size_t num_runs;                       /* 1, or 2 to show them side by side */
    const char *evaluation;                /* what spine-eval --json wrote, or NULL */
    const char *labels[SPINE_REPORT_RUNS]; /* names of each run's dimensions (legend.h), or NULL */
    size_t num_labels;                     /* no more than runs */
    struct spine_rundata_options options;
};

/* Write the page, complete or not at all. */
int spine_report_write(const struct spine_report *report, const char *path,
                       struct spine_error *err);

/* Write the page of a run, which needn't have begun, every 'seconds' seconds until the run is
 * finished or a signal arrives (interrupt.h). Until then the page shows the epochs and reloads
 * itself; the last page is complete. */
int spine_report_follow(const struct spine_report *report, const char *path, size_t seconds,
                        struct spine_error *err);

#endif
