/* convert.c -- an embedding in any form to a vectors.h5, on all ranks together.
 *
 * All ranks go through the same steps. What can fail on one of them is done first, then
 * spine_comm_agree() makes it a failure of all. Row numbers are global, in file order, and so are
 * line numbers, once a rank knows how many lines the ranks before it have read.
 *
 * Words stay on the ranks that read them, which find duplicates together and write them. So do
 * vectors: those of text in the ranks' memory, all others in the file, from which they are copied
 * block by block. */
#include "spine/files/convert.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/clock.h"
#include "spine/base/log.h"
#include "spine/base/memory.h"
#include "spine/base/outfile.h"
#include "spine/base/present.h"
#include "spine/files/conversion.h"
#include "spine/files/duplicates.h"
#include "spine/files/leftout.h"
#include "spine/files/outliers.h"
#include "spine/files/runinput.h"
#include "spine/files/shared.h"
#include "spine/files/vectorsfile.h"
#include "spine/text/stream.h"

enum { BLOCK_NUMBERS = 1 << 20 }; /* that are copied at once */

struct job {
    struct spine_comm *comm;
    const struct spine_convert_options *options;
    struct spine_sourcefiles files;
    struct spine_source *source;
    struct spine_vectors vectors; /* this rank's */
    size_t first_row;             /* the global number of this rank's first row */
    uint64_t lines_before;        /* of the ranks before this one */
    struct spine_outliers outliers;

    /* The same on all ranks. */
    int64_t num_rows, num_left_out, num_blank, num_surplus, is_cut;
    int64_t num_duplicates, num_invalid;
    struct spine_vectorsfile_places places;

    /* On rank 0 only. */
    struct spine_leftout leftout;
    struct spine_store *store;
    bool has_created; /* there is a PATH.part of ours */
    bool has_unknown; /* GloVe's <unk>, which its header doesn't count */
};

/* --- Before the reading ------------------------------------------------------------------- */

static int check_input_stays(const struct spine_convert_options *options, struct spine_error *err)
{
    const char *words = options->source.words;

    if (spine_stream_check_stays(options->source.path, "input", options->output, err) ||
        (words != NULL && spine_stream_check_stays(words, "list of words", options->output, err)))
        return -1;
    return 0;
}

/* An existing output is replaced only if it is a file that we could have written. */
static int check_output(const struct spine_convert_options *options, struct spine_error *err)
{
    struct spine_store *store = NULL;
    struct spine_error reason;
    bool is_there = false;

    if (check_input_stays(options, err) || spine_present(options->output, &is_there, err))
        return -1;
    if (!is_there || options->is_temporary)
        return 0;
    if (spine_runinput_check_output(options->output, err))
        return -1;

    if (spine_store_open(&store, options->output, "spine-vectors", &reason) == 0)
        return spine_store_close(store, err);
    if (spine_fail_as(&reason, err))
        return -1;
    return spine_refuse(err, "%s: exists and was not written by spine-convert: not overwritten",
                        options->output);
}

/* The store is created before the long work, so that a failure to create it is reported at once. */
static int begin_output(struct job *job, struct spine_error *err)
{
    if (check_output(job->options, err) ||
        spine_vectorsfile_create(&job->store, job->options->output, err))
        return -1;
    job->has_created = true;
    return 0;
}

/* Rank 0 finds the form of the input. A spooled input goes beside PATH.part, which is created
 * first: while it is locked, no other conversion spools to the same names. */
static int prepare(struct job *job, struct spine_error *err)
{
    const struct spine_convert_options *options = job->options;

    if (begin_output(job, err))
        return -1;
    char *part = spine_outfile_part(options->output, err);
    const int rc =
        part == NULL ? -1 : spine_sourcefiles_prepare(&job->files, &options->source, part, err);
    free(part);
    return rc;
}

/* Check that all ranks see the file that rank 0 has created, since all write into it. */
static int check_shared(struct job *job, struct spine_error *err)
{
    char *part = spine_outfile_part(job->options->output, err);
    int rc = spine_comm_agree(job->comm, -(part == NULL), err);

    if (rc == 0)
        rc = spine_shared_check(job->comm, part, job->options->output, err);
    free(part);
    return rc;
}

static int begin(struct job *job, struct spine_error *err)
{
    const struct spine_source_request *request = &job->options->source;

    int rc = job->comm->rank == 0 ? prepare(job, err) : 0;
    if (spine_comm_agree(job->comm, rc, err) || check_shared(job, err))
        return -1;
    spine_comm_broadcast(job->comm, &job->files, sizeof job->files);

    rc = spine_source_open(&job->source, request, &job->files, err);
    if (rc == 0)
        rc = spine_outliers_init(&job->outliers, spine_source_dim(job->source), err);
    if (spine_comm_agree(job->comm, rc, err))
        return -1;

    if (job->options->notice != NULL)
        spine_log(SPINE_LOG_INFO, "%s", job->options->notice);
    if (job->comm->rank == 0)
        spine_conversion_warn(request->path, spine_source_dim(job->source), &job->files.layout);
    return 0;
}

/* --- Reading ------------------------------------------------------------------------------ */

/* Scan this rank's part; if not divided, rank 0 has all and the others nothing. */
static int take_part(struct job *job, bool is_divided, struct spine_error *err)
{
    const struct spine_vectors_rules rules = {job->options->skip_bad, job->options->limit};
    const struct spine_comm *comm = job->comm;

    spine_vectors_dispose(&job->vectors);
    if (!is_divided && comm->rank > 0) {
        job->vectors.dim = spine_source_dim(job->source);
        return 0;
    }
    return spine_source_scan(job->source, is_divided ? comm->rank : 0, is_divided ? comm->size : 1,
                             &rules, &job->vectors, err);
}

/* Do parts whose boundaries were guessed fit together? rc is this rank's own result. */
static int check_parts(const struct job *job, int rc, bool *fit, struct spine_error *err)
{
    struct spine_source_span span;
    char *all = NULL;
    size_t bytes = 0;

    spine_source_span(job->source, &span);
    span.has_failed = rc != 0;
    if (spine_comm_gather(job->comm, &span, sizeof span, &all, &bytes, err))
        return -1;

    *fit = job->comm->rank != 0 ||
           spine_source_fits((const struct spine_source_span *)(void *)all, job->comm->size);
    free(all);
    spine_comm_broadcast(job->comm, fit, sizeof *fit);
    return 0;
}

static int take_parts(struct job *job, struct spine_error *err)
{
    const bool is_divided = spine_source_is_divisible(job->source, job->options->limit);
    bool fit = true;

    if (!is_divided && job->comm->size > 1)
        spine_log(SPINE_LOG_INFO, "%s: %s, so one rank reads it alone", job->options->source.path,
                  job->options->limit > 0 ? "only the first rows are wanted" : "compressed");
    int rc = take_part(job, is_divided, err);
    if (!is_divided || job->comm->size == 1 || job->files.form != SPINE_FORM_WORD2VEC)
        return rc;

    struct spine_error failure;
    if (check_parts(job, rc, &fit, &failure)) {
        if (rc == 0)
            *err = failure;
        return -1;
    }
    if (fit)
        return rc;
    spine_log(SPINE_LOG_INFO,
              "%s: rows can't be found from the middle of the file, so one rank reads it alone",
              job->options->source.path);
    return take_part(job, false, err);
}

static void count_lines_from_start(struct job *job)
{
    struct spine_vectors *vectors = &job->vectors;
    for (size_t i = 0; i < vectors->rows; i++)
        vectors->lines[i] += job->lines_before;
    for (size_t i = 0; i < vectors->num_left_out; i++)
        vectors->left_out[i].line += job->lines_before;
}

static void sum_counts(struct job *job)
{
    const struct spine_vectors *vectors = &job->vectors;
    int64_t counts[] = {(int64_t)vectors->rows, (int64_t)vectors->num_left_out,
                        (int64_t)vectors->num_blank, (int64_t)vectors->num_surplus,
                        vectors->is_cut};
    job->first_row = (size_t)spine_comm_sum_before(job->comm, counts[0]);
    spine_comm_sum_counts(job->comm, counts, sizeof counts / sizeof *counts);
    job->num_rows = counts[0];
    job->num_left_out = counts[1];
    job->num_blank = counts[2];
    job->num_surplus = counts[3];
    job->is_cut = counts[4];
}

static int read_rows(struct job *job, struct spine_error *err)
{
    const int rc = take_parts(job, err);
    /* A rank that failed hasn't counted all its lines. That doesn't matter, since only the error of
     * the lowest such rank is reported, and the ranks before it have counted theirs. */
    job->lines_before = (uint64_t)spine_comm_sum_before(job->comm, (int64_t)job->vectors.num_lines);
    if (rc != 0 && job->vectors.bad_line > 0)
        spine_source_locate(job->source, job->lines_before + job->vectors.bad_line, err);
    if (spine_comm_agree(job->comm, rc, err))
        return -1;
    count_lines_from_start(job);
    sum_counts(job);
    return 0;
}

/* --- Words -------------------------------------------------------------------------------- */

/* Is the last word of all GloVe's <unk>? */
static bool ends_in_unknown(const struct job *job)
{
    const bool is_last = job->first_row + job->vectors.rows == (size_t)job->num_rows;

    return spine_comm_max(job->comm, is_last && spine_source_ends_in_unknown(&job->vectors.words)) >
           0;
}

static int check_counts(struct job *job, struct spine_error *err)
{
    const uint64_t found = (uint64_t)(job->num_rows + job->num_left_out);
    const uint64_t limit = job->options->limit;
    const bool is_whole = limit == 0 || found < limit, has_unknown = ends_in_unknown(job);

    if (is_whole &&
        spine_source_check_count(job->source, found, has_unknown, &job->has_unknown, err))
        return -1;
    if (job->num_rows == 0)
        return spine_refuse(err, "%s: no vectors are left", job->options->source.path);
    return 0;
}

/* Broadcast the word of row 'row', counted over all ranks. The caller frees *word. */
static int share_word(const struct job *job, size_t row, char **word, struct spine_error *err)
{
    const struct spine_vectors *vectors = &job->vectors;
    const bool is_here = row >= job->first_row && row < job->first_row + vectors->rows;
    const char *mine = is_here ? spine_words_get(&vectors->words, row - job->first_row) : "";
    char *gathered = NULL;
    size_t bytes = 0;

    if (spine_comm_gather(job->comm, mine, is_here ? strlen(mine) + 1 : 0, &gathered, &bytes, err))
        return -1;
    spine_comm_broadcast(job->comm, &bytes, sizeof bytes);
    if (job->comm->rank != 0)
        gathered = spine_memory_get(bytes, 1, "a word", err);
    if (spine_comm_agree(job->comm, -(gathered == NULL), err)) {
        free(gathered);
        return -1;
    }
    spine_comm_broadcast(job->comm, gathered, bytes);
    *word = gathered;
    return 0;
}

/* The first line of all ranks with this word. */
static uint64_t find_first_line(const struct job *job, const char *word)
{
    const struct spine_vectors *vectors = &job->vectors;
    size_t i = 0;

    while (i < vectors->rows && strcmp(spine_words_get(&vectors->words, i), word) != 0)
        i++;
    return (uint64_t)-spine_comm_max(job->comm,
                                     i < vectors->rows ? -(int64_t)vectors->lines[i] : -INT64_MAX);
}

/* Refuse the first duplicate on any rank. rows[0] is this rank's first, if it has one. */
static int refuse_duplicate(const struct job *job, const uint64_t *rows, size_t count,
                            struct spine_error *err)
{
    const int64_t mine = count > 0 ? (int64_t)(job->first_row + rows[0]) : INT64_MAX;
    const int64_t first = -spine_comm_max(job->comm, -mine);
    char quoted[SPINE_LINES_QUOTE], *word = NULL;
    int rc = 0;

    if (share_word(job, (size_t)first, &word, err))
        return -1;
    const uint64_t line = find_first_line(job, word);
    if (mine == first) {
        spine_lines_quote(quoted, word, strlen(word));
        spine_refuse(err, "the word %s is on %s %llu already; --on-bad=skip leaves duplicates out",
                     quoted, spine_source_place(job->source), (unsigned long long)line);
        rc = spine_source_locate(job->source, job->vectors.lines[rows[0]], err);
    }
    free(word);
    return spine_comm_agree(job->comm, rc, err);
}

/* Leave this rank's duplicates out. */
static int drop_duplicates(struct job *job, const uint64_t *rows, size_t count,
                           struct spine_error *err)
{
    struct spine_vectors *vectors = &job->vectors;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = spine_vectors_leave_out(vectors, vectors->lines[rows[i]], SPINE_ROW_DUPLICATE, err);
    if (spine_comm_agree(job->comm, rc, err))
        return -1;

    spine_vectors_drop(vectors, rows, count);
    job->first_row = (size_t)spine_comm_sum_before(job->comm, (int64_t)vectors->rows);
    job->num_rows -= job->num_duplicates;
    return 0;
}

static int check_duplicates(struct job *job, struct spine_error *err)
{
    uint64_t *rows = NULL;
    size_t count = 0;
    int rc = 0;

    if (spine_duplicates_find(job->comm, &job->vectors.words, &rows, &count, err))
        return -1;
    job->num_duplicates = (int64_t)count;
    spine_comm_sum_counts(job->comm, &job->num_duplicates, 1);
    if (job->num_duplicates > 0)
        rc = job->options->skip_bad ? drop_duplicates(job, rows, count, err)
                                    : refuse_duplicate(job, rows, count, err);
    free(rows);
    return rc;
}

static int check_words(struct job *job, struct spine_error *err)
{
    const struct spine_words *words = &job->vectors.words;

    if (check_counts(job, err) || check_duplicates(job, err) ||
        spine_leftout_gather(&job->leftout, job->comm, &job->vectors, err))
        return -1;
    for (size_t i = 0; i < words->count; i++)
        job->num_invalid += !spine_words_are_valid(spine_words_get(words, i));
    spine_comm_sum_counts(job->comm, &job->num_invalid, 1);
    return 0;
}

/* --- Writing ------------------------------------------------------------------------------ */

/* Write everything except words and vectors; called on rank 0. */
static int make_room(struct job *job, const struct spine_stringheap *heap, struct spine_error *err)
{
    const struct spine_vectorsfile_origin origin = {.source = job->options->source.path,
                                                    .rows_left_out = job->num_left_out,
                                                    .rows_repeated = job->num_duplicates};
    const struct spine_inputfacts *facts = job->options->facts;
    struct spine_store *store = job->store;

    if ((facts != NULL && spine_inputfacts_record(facts, store, err)) ||
        spine_vectorsfile_begin(store, (size_t)job->num_rows, job->vectors.dim, heap, &origin,
                                &job->places, err))
        return -1;

    job->store = NULL;
    return spine_store_close(store, err);
}

static int write_words(struct job *job, struct spine_error *err)
{
    const struct spine_words *words = &job->vectors.words;
    struct spine_stringheap heap;

    if (spine_stringheap_plan(&heap, job->comm, words, err))
        return -1;
    int rc = job->comm->rank == 0 ? make_room(job, &heap, err) : 0;
    if (spine_comm_agree(job->comm, rc, err))
        return -1;
    spine_comm_broadcast(job->comm, &job->places, sizeof job->places);
    rc = spine_vectorsfile_put_words(job->options->output, &job->places, &heap, words, err);
    return spine_comm_agree(job->comm, rc, err);
}

/* Refuse a number that isn't finite, of rows [first, first + count) of this rank's. */
static int check_finite(const struct job *job, const float *values, size_t first, size_t count,
                        struct spine_error *err)
{
    const size_t dim = job->vectors.dim;

    for (size_t i = 0; i < count * dim; i++)
        if (!isfinite(values[i])) {
            spine_refuse(err, "number %zu of %zu is not finite: %g", i % dim + 1, dim,
                         (double)values[i]);
            return spine_source_locate(job->source, job->vectors.lines[first + i / dim], err);
        }
    return 0;
}

/* The vectors of rows [first, first + count) of this rank's: in memory, or read into 'block'. NULL
 * on failure. */
static const float *get_values(const struct job *job, size_t first, size_t count, uint64_t *lines,
                               float *block, struct spine_error *err)
{
    const struct spine_vectors *vectors = &job->vectors;

    if (job->files.form == SPINE_FORM_TEXT)
        return vectors->values + first * vectors->dim;
    for (size_t i = 0; i < count; i++)
        lines[i] = vectors->lines[first + i] - job->lines_before;
    if (spine_source_read(job->source, lines, count, block, err) ||
        check_finite(job, block, first, count, err))
        return NULL;
    return block;
}

/* Copy this rank's vectors, block by block. Local. */
static int copy_values(struct job *job, uint64_t *lines, float *block, struct spine_error *err)
{
    const char *path = job->options->output;
    const size_t dim = job->vectors.dim, rows = job->vectors.rows;
    const size_t most = BLOCK_NUMBERS / dim + 1;

    job->outliers.first_row = job->first_row;
    for (size_t done = 0; done < rows; done += most) {
        const size_t now = rows - done < most ? rows - done : most;
        const float *values = get_values(job, done, now, lines, block, err);
        if (values == NULL || spine_outliers_add(&job->outliers, values, now, dim, err) ||
            spine_vectorsfile_put(path, &job->places, job->first_row + done, now, dim, values, err))
            return -1;
    }
    return spine_outfile_sync(path, err);
}

static int write_values(struct job *job, struct spine_error *err)
{
    const size_t dim = job->vectors.dim, most = BLOCK_NUMBERS / dim + 1;
    const bool is_text = job->files.form == SPINE_FORM_TEXT;

    float *block = spine_memory_get(is_text ? 1 : most * dim, sizeof *block, "a block", err);
    uint64_t *lines = spine_memory_get(most, sizeof *lines, "a block's lines", err);
    int rc = -(block == NULL || lines == NULL);
    if (rc == 0)
        rc = copy_values(job, lines, block, err);

    free(block);
    free(lines);
    return spine_comm_agree(job->comm, rc, err);
}

/* *word is the outlier's, if there is one; the caller frees it. */
static int write_output(struct job *job, struct spine_outlier_report *report, char **word,
                        struct spine_error *err)
{
    if (write_words(job, err) || write_values(job, err) ||
        spine_outliers_find(&job->outliers, job->comm, report, err) ||
        (report->has_row && share_word(job, report->row, word, err)))
        return -1;
    int rc = 0;
    if (job->comm->rank == 0 && !job->options->is_temporary)
        rc = spine_outfile_publish(job->options->output, err);
    return spine_comm_agree(job->comm, rc, err);
}

/* --- The job ------------------------------------------------------------------------------ */

static void print_report(const struct job *job, double rms)
{
    const struct spine_conversion done = {
        .request = &job->options->source,
        .source = job->source,
        .layout = &job->files.layout,
        .output = job->options->is_temporary ? job->options->source.path : job->options->output,
        .leftout = &job->leftout,
        .dim = job->vectors.dim,
        .rms = rms,
        .num_rows = job->num_rows,
        .num_blank = job->num_blank,
        .num_surplus = job->num_surplus,
        .num_invalid = job->num_invalid,
        .is_cut = job->is_cut > 0,
        .has_unknown = job->has_unknown,
    };

    spine_conversion_print(&done, job->options->report);
}

static void report_all(const struct job *job, const struct spine_outlier_report *report,
                       const char *word)
{
    const struct spine_convert_options *options = job->options;

    if (job->comm->rank > 0)
        return;
    if (options->report != NULL)
        print_report(job, report->rms);
    spine_outliers_warn(report, options->source.path, word);
}

static int run(struct job *job, struct spine_error *err)
{
    struct spine_outlier_report report;
    double marks[4] = {spine_clock_now()};
    char *word = NULL;

    if (begin(job, err) || read_rows(job, err))
        return -1;
    marks[1] = spine_clock_now();
    if (check_words(job, err))
        return -1;
    marks[2] = spine_clock_now();
    const int rc = write_output(job, &report, &word, err);
    marks[3] = spine_clock_now();
    if (rc == 0)
        report_all(job, &report, word);
    free(word);
    if (rc)
        return -1;
    spine_conversion_log_seconds(
        marks, (double)job->num_rows * (double)job->vectors.dim * sizeof(float), job->comm->size);
    return 0;
}

static void dispose(struct job *job)
{
    spine_vectors_dispose(&job->vectors);
    spine_leftout_dispose(&job->leftout);
    spine_outliers_dispose(&job->outliers);
    spine_source_close(job->source);
    if (job->comm->rank == 0)
        spine_sourcefiles_clean(&job->files);
}

int spine_convert(struct spine_comm *comm, const struct spine_convert_options *options,
                  struct spine_error *err)
{
    struct job job = {.comm = comm, .options = options};
    const int rc = run(&job, err);
    if (rc != 0) {
        struct spine_error ignored;
        spine_store_close(job.store, &ignored);
        if (job.has_created)
            spine_outfile_discard(options->output);
    }
    dispose(&job);
    return rc;
}
