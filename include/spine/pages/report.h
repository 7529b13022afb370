/* report.h -- the HTML page of one run or two, also of a run while it trains. */
#ifndef SPINE_PAGES_REPORT_H
#define SPINE_PAGES_REPORT_H

#include "spine/pages/rundata.h"

enum { SPINE_REPORT_RUNS = 2 };
enum {
    SPINE_REPORT_BYTES = 5600000
}; /* of a page's data: it should open quickly, and go by mail */

#define SPINE_REPORT_NAME "report.html" /* of a sweep's trial, in its directory */

struct spine_report {
    const char *runs[SPINE_REPORT_RUNS];   /* directories, or codes.h5ad files */
    size_t num_runs;                       /* 1, or 2 to see them side by side */
    const char *evaluation;                /* what spine-eval --json wrote, or NULL */
    const char *labels[SPINE_REPORT_RUNS]; /* names of each run's dimensions (legend.h), or NULL */
    size_t num_labels;                     /* no more than runs */
    struct spine_rundata_options options;
};

/* Write the page, whole or not at all. */
int spine_report_write(const struct spine_report *report, const char *path,
                       struct spine_error *err);

/* Write the page of a run, which may be yet to begin, anew every 'seconds' seconds, until the run is
 * finished or a signal comes (interrupt.h); the last page is complete or stays as it is. Until then
 * it shows the epochs and reloads itself. */
int spine_report_follow(const struct spine_report *report, const char *path, size_t seconds,
                        struct spine_error *err);

#endif
