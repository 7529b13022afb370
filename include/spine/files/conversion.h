/* conversion.h -- the report of a conversion (convert.h): how many vectors it wrote, what it
 * skipped and what it left out. Local: rank 0 knows everything. */
#ifndef SPINE_FILES_CONVERSION_H
#define SPINE_FILES_CONVERSION_H

#include <stdint.h>
#include <stdio.h>

#include "spine/files/leftout.h"
#include "spine/files/source.h"

/* All pointers are borrowed. */
struct spine_conversion {
    const struct spine_source_request *request;
    const struct spine_source *source;
    const struct spine_layout *layout; /* of the source, if it is text */
    const char *output;
    const struct spine_leftout *leftout;
    size_t dim;
    double rms; /* of all numbers */
    int64_t num_rows;
    int64_t num_blank;   /* lines */
    int64_t num_surplus; /* words that end in a number */
    int64_t num_invalid; /* words that aren't valid UTF-8 */
    bool is_cut;         /* the last line has no newline */
    bool has_unknown;    /* GloVe's <unk>, which its header doesn't count */
};

void spine_conversion_print(const struct spine_conversion *done, FILE *out);

/* Warn of what may be a mistake in a source with vectors of 'dim' numbers; 'layout' is for text. */
void spine_conversion_warn(const char *path, size_t dim, const struct spine_layout *layout);

/* With --verbose, log the seconds of each step, from the four marks between them, and the rate for
 * this number of bytes of vectors. */
void spine_conversion_log_seconds(const double marks[4], double bytes, int num_ranks);

#endif
