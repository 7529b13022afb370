/* convert.c -- text vectors to a vectors.h5, on all ranks together.
 *
 * All ranks walk through the same steps. What can fail on one of them is done first, then
 * spine_comm_agree() makes it everyone's failure. Rows are numbered over all ranks in file order,
 * and so are lines, once a rank knows how many lines the ranks before it have read. */
#include "spine/files/convert.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "spine/base/log.h"
#include "spine/base/lookup.h"
#include "spine/base/memory.h"
#include "spine/base/outfile.h"
#include "spine/files/vectorsfile.h"
#include "spine/text/vectors.h"

enum { LINES_SHOWN = 5 };

/* A list of rows or lines. */
struct numbers {
    uint64_t *at; /* owned */
    size_t count;
};

struct job {
    struct spine_comm *comm;
    const struct spine_convert_options *options;
    struct spine_layout layout;
    struct spine_vectors vectors; /* this rank's; its words go to 'words' on rank 0 */
    size_t first_row;             /* of this rank's, counted over all ranks */

    /* The same on all ranks. */
    int64_t num_rows, num_not_finite, num_blank, is_cut;
    struct numbers repeated; /* rows whose word occurs in an earlier one, ascending */

    /* On rank 0 only. */
    struct spine_store *store;
    bool has_created;         /* there is a PATH.part of ours */
    struct spine_words words; /* of all ranks */
    struct numbers lines;     /* where each row stands */
    struct numbers not_finite, repeated_lines;
    size_t num_invalid; /* words that aren't UTF-8 */
};

static unsigned long long wide(uint64_t value)
{
    return value;
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* --- Before the reading ------------------------------------------------------------------- */

static bool are_same_file(const char *path, const char *other)
{
    struct stat facts, other_facts;
    return stat(path, &facts) == 0 && stat(other, &other_facts) == 0 &&
           facts.st_dev == other_facts.st_dev && facts.st_ino == other_facts.st_ino;
}

/* Whatever stands under the output's name is replaced only if we could have made it. */
static int check_output(const struct spine_convert_options *options, struct spine_error *err)
{
    struct spine_store *store = NULL;
    struct spine_error reason;
    struct stat facts;
    char *part = spine_outfile_part(options->output, err);
    if (part == NULL)
        return -1;
    const bool is_input =
        are_same_file(options->input, options->output) || are_same_file(options->input, part);
    free(part);
    if (is_input)
        return spine_refuse(err, "%s: the output would overwrite the input", options->output);
    if (stat(options->output, &facts) != 0)
        return 0;
    if (spine_vectorsfile_open(&store, NULL, options->output, &reason))
        return spine_refuse(err, "%s: exists and was not written by spine-convert: not overwritten",
                            options->output);
    return spine_store_close(store, err);
}

/* The store is created before the long work: that it can't be should be said at once. */
static int begin_output(struct job *job, struct spine_error *err)
{
    if (check_output(job->options, err) ||
        spine_vectorsfile_create(&job->store, job->options->output, err))
        return -1;
    job->has_created = true;
    return 0;
}

static int begin(struct job *job, struct spine_error *err)
{
    const struct spine_convert_options *options = job->options;
    int rc = 0;
    if (job->comm->rank == 0 &&
        (spine_layout_detect(&job->layout, options->input, options->header, err) ||
         begin_output(job, err)))
        rc = -1;
    if (spine_comm_agree(job->comm, rc, err))
        return -1;
    spine_comm_broadcast(job->comm, &job->layout, sizeof job->layout);
    if (job->comm->rank == 0 && job->layout.dimension == 1)
        spine_log_warning("%s: every row has one number only; are these words and their counts?",
                          options->input);
    return 0;
}

/* --- Reading ------------------------------------------------------------------------------ */

/* Where the bytes of rank 'rank' begin. Rank 0 has the first byte, however few there are. */
static uint64_t range_begin(uint64_t bytes, int rank, int size)
{
    const uint64_t part = bytes / (uint64_t)size, rest = bytes % (uint64_t)size;
    return part * (uint64_t)rank + (rest < (uint64_t)rank ? rest : (uint64_t)rank);
}

static bool is_read_in_parts(const struct job *job)
{
    return job->layout.kind == SPINE_LINES_PLAIN && job->options->limit == 0;
}

static int open_part(const struct job *job, struct spine_lines **input, struct spine_error *err)
{
    const struct spine_comm *comm = job->comm;
    const char *path = job->options->input;
    const uint64_t bytes = job->layout.bytes;
    if (is_read_in_parts(job))
        return spine_lines_open_range(input, path, range_begin(bytes, comm->rank, comm->size),
                                      range_begin(bytes, comm->rank + 1, comm->size), err);
    return comm->rank == 0 ? spine_lines_open(input, path, err) : 0;
}

static int parse_part(struct job *job, struct spine_error *err)
{
    struct spine_lines *input = NULL;
    if (open_part(job, &input, err))
        return -1;
    job->vectors.dimension = job->layout.dimension;
    const struct spine_vectors_rules rules = {job->options->skip_bad, job->options->limit};
    const int rc =
        input == NULL ? 0 : spine_vectors_parse(&job->vectors, input, &job->layout, &rules, err);
    spine_lines_close(input);
    return rc;
}

static void count_lines_from_start(struct job *job, uint64_t lines_before)
{
    struct spine_vectors *vectors = &job->vectors;
    for (size_t i = 0; i < vectors->rows; i++)
        vectors->lines[i] += lines_before;
    for (size_t i = 0; i < vectors->num_not_finite; i++)
        vectors->not_finite[i] += lines_before;
}

static void sum_counts(struct job *job)
{
    const struct spine_vectors *vectors = &job->vectors;
    int64_t counts[] = {(int64_t)vectors->rows, (int64_t)vectors->num_not_finite,
                        (int64_t)vectors->num_blank, vectors->is_cut};
    job->first_row = (size_t)spine_comm_sum_before(job->comm, counts[0]);
    spine_comm_sum_counts(job->comm, counts, sizeof counts / sizeof *counts);
    job->num_rows = counts[0];
    job->num_not_finite = counts[1];
    job->num_blank = counts[2];
    job->is_cut = counts[3];
}

/* All ranks know the counts, so all come to the same result. */
static int check_counts(const struct job *job, struct spine_error *err)
{
    const int64_t found = job->num_rows + job->num_not_finite;
    const char *path = job->options->input;
    const uint64_t limit = job->options->limit;
    const bool is_whole = limit == 0 || (uint64_t)found < limit;
    if (job->layout.has_header && is_whole && (uint64_t)found != job->layout.announced)
        return spine_refuse(err, "%s:1: the header announces %llu vectors, the file has %llu", path,
                            wide(job->layout.announced), wide((uint64_t)found));
    if (job->num_rows == 0)
        return spine_refuse(err, "%s: no vectors are left", path);
    return 0;
}

static int read_rows(struct job *job, struct spine_error *err)
{
    if (!is_read_in_parts(job) && job->comm->size > 1)
        spine_log(SPINE_LOG_INFO, "%s: %s, so one rank reads it alone", job->options->input,
                  job->options->limit > 0 ? "only the first rows are wanted" : "compressed");
    int rc = parse_part(job, err);
    /* A rank that failed has not seen all its lines. But it is the lowest such rank whose error
     * counts, and the ranks before that have. */
    const uint64_t before =
        (uint64_t)spine_comm_sum_before(job->comm, (int64_t)job->vectors.num_lines);
    if (rc != 0 && job->vectors.bad_line > 0)
        spine_lines_locate(job->options->input, before + job->vectors.bad_line, err);
    if (spine_comm_agree(job->comm, rc, err))
        return -1;
    count_lines_from_start(job, before);
    sum_counts(job);
    return check_counts(job, err);
}

/* --- Words -------------------------------------------------------------------------------- */

static int gather_numbers(const struct job *job, const uint64_t *mine, size_t count,
                          struct numbers *all, struct spine_error *err)
{
    char *block = NULL;
    size_t bytes = 0;
    if (spine_comm_gather(job->comm, mine, count * sizeof *mine, &block, &bytes, err))
        return -1;
    *all = (struct numbers){(uint64_t *)(void *)block, bytes / sizeof *mine};
    return 0;
}

/* Make a list of words of a block in which each is ended by NUL, and own the block. */
static int adopt_words(struct spine_words *words, char *text, size_t bytes, size_t count,
                       struct spine_error *err)
{
    *words = (struct spine_words){.text = text, .bytes = bytes, .text_capacity = bytes};
    words->start = spine_memory_get(count + 1, sizeof *words->start, "the words", err);
    if (words->start == NULL)
        return -1;
    words->start_capacity = count + 1;
    for (size_t at = 0; at < bytes; at += strlen(text + at) + 1)
        words->start[words->count++] = at;
    return 0;
}

/* Bring the words of all ranks to rank 0, where they then only are. */
static int gather_words(struct job *job, struct spine_error *err)
{
    struct spine_words *mine = &job->vectors.words;
    char *text = NULL;
    size_t bytes = 0;
    if (job->comm->size == 1) {
        job->words = *mine;
        *mine = (struct spine_words){0};
        return 0;
    }
    if (spine_comm_gather(job->comm, mine->text, mine->bytes, &text, &bytes, err))
        return -1;
    spine_words_dispose(mine);
    const int rc = job->comm->rank == 0
                       ? adopt_words(&job->words, text, bytes, (size_t)job->num_rows, err)
                       : 0;
    return spine_comm_agree(job->comm, rc, err);
}

static int gather_lines(struct job *job, struct spine_error *err)
{
    const struct spine_vectors *vectors = &job->vectors;
    if (gather_numbers(job, vectors->lines, vectors->rows, &job->lines, err))
        return -1;
    return gather_numbers(job, vectors->not_finite, vectors->num_not_finite, &job->not_finite, err);
}

/* --- Repeated words ----------------------------------------------------------------------- */

static int refuse_repeated(const struct job *job, size_t row, struct spine_error *err)
{
    char quoted[SPINE_LINES_QUOTE];
    const char *word = spine_words_get(&job->words, row);
    size_t first = 0;
    while (strcmp(spine_words_get(&job->words, first), word) != 0)
        first++;
    spine_lines_quote(quoted, word, strlen(word));
    return spine_refuse(err, "%s:%llu: the word %s is on line %llu already", job->options->input,
                        wide(job->lines.at[row]), quoted, wide(job->lines.at[first]));
}

static int find_repeated(struct job *job, struct spine_error *err)
{
    struct numbers *rows = &job->repeated, *lines = &job->repeated_lines;
    const size_t most = job->options->skip_bad ? SIZE_MAX : 1;
    if (spine_lookup_find_duplicates(&job->words, most, &rows->at, &rows->count, err))
        return -1;
    if (rows->count > 0 && !job->options->skip_bad)
        return refuse_repeated(job, (size_t)rows->at[0], err);
    lines->at = spine_memory_get(rows->count + 1, sizeof *lines->at, "the duplicate words", err);
    if (lines->at == NULL)
        return -1;
    for (size_t i = 0; i < rows->count; i++)
        lines->at[lines->count++] = job->lines.at[rows->at[i]];
    return 0;
}

/* Tell all ranks which rows are repeated. */
static int share_repeated(struct job *job, struct spine_error *err)
{
    struct numbers *repeated = &job->repeated;
    spine_comm_broadcast(job->comm, &repeated->count, sizeof repeated->count);
    int rc = 0;
    if (job->comm->rank != 0) {
        repeated->at =
            spine_memory_get(repeated->count + 1, sizeof *repeated->at, "the duplicate words", err);
        if (repeated->at == NULL)
            rc = -1;
    }
    if (spine_comm_agree(job->comm, rc, err))
        return -1;
    spine_comm_broadcast(job->comm, repeated->at, repeated->count * sizeof *repeated->at);
    return 0;
}

static size_t count_below(const struct numbers *rows, size_t limit)
{
    size_t count = 0;
    while (count < rows->count && rows->at[count] < limit)
        count++;
    return count;
}

/* Take the repeated rows out of this rank's. */
static void drop_rows(struct job *job)
{
    struct numbers *repeated = &job->repeated;
    const size_t before = count_below(repeated, job->first_row);
    const size_t end = count_below(repeated, job->first_row + job->vectors.rows);
    for (size_t i = before; i < end; i++)
        repeated->at[i] -= job->first_row;
    if (end > before)
        spine_vectors_drop(&job->vectors, repeated->at + before, end - before);
    job->first_row -= before;
    job->num_rows -= (int64_t)repeated->count;
}

static int drop_repeated(struct job *job, struct spine_error *err)
{
    const int rc = job->comm->rank == 0 ? find_repeated(job, err) : 0;
    if (spine_comm_agree(job->comm, rc, err) || share_repeated(job, err))
        return -1;
    if (job->comm->rank == 0)
        spine_words_drop(&job->words, job->repeated.at, job->repeated.count);
    drop_rows(job);
    return 0;
}

/* --- Writing ------------------------------------------------------------------------------ */

/* Rank 0's part. */
static int write_words(struct job *job, struct spine_error *err)
{
    const struct spine_vectorsfile_origin origin = {.source = job->options->input,
                                                    .rows_not_finite = job->num_not_finite,
                                                    .rows_repeated = (int64_t)job->repeated.count};
    struct spine_store *store = job->store;

    if (spine_vectorsfile_write_words(store, &job->words, &origin, err))
        return -1;

    job->store = NULL;
    return spine_store_close(store, err);
}

static int write_values(struct job *job, struct spine_error *err)
{
    const struct spine_vectorsfile_rows rows = {.rows = (size_t)job->num_rows,
                                                .dim = job->vectors.dimension,
                                                .first = job->first_row,
                                                .count = job->vectors.rows,
                                                .values = job->vectors.values};

    return spine_vectorsfile_write(job->comm, job->options->output, &rows, err);
}

static int write_output(struct job *job, struct spine_error *err)
{
    int rc = job->comm->rank == 0 ? write_words(job, err) : 0;
    if (spine_comm_agree(job->comm, rc, err) || write_values(job, err))
        return -1;
    rc = job->comm->rank == 0 ? spine_outfile_publish(job->options->output, err) : 0;
    return spine_comm_agree(job->comm, rc, err);
}

/* --- The report --------------------------------------------------------------------------- */

static double root_mean_square(struct job *job)
{
    const size_t count = job->vectors.rows * job->vectors.dimension;
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < count; i++)
        sum += (double)job->vectors.values[i] * (double)job->vectors.values[i];
    spine_comm_sum_doubles(job->comm, &sum, 1);
    return sqrt(sum / ((double)job->num_rows * (double)job->vectors.dimension));
}

static bool is_utf8(const char *word)
{
    size_t length = 1;
    while (*word != '\0' && length > 0) {
        length = spine_words_character(word);
        word += length;
    }
    return length > 0;
}

static size_t count_invalid(const struct spine_words *words)
{
    size_t count = 0;
    for (size_t i = 0; i < words->count; i++)
        count += !is_utf8(spine_words_get(words, i));
    return count;
}

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

/* " (line 7)", " (lines 7, 9, 12, ...)" */
static void print_lines(const struct numbers *lines)
{
    printf(" (line%s", plural(lines->count));
    for (size_t i = 0; i < lines->count && i < LINES_SHOWN; i++)
        printf("%s %llu", i > 0 ? "," : "", wide(lines->at[i]));
    printf("%s)\n", lines->count > LINES_SHOWN ? ", ..." : "");
}

static void print_left_out(const char *path, const char *why, const struct numbers *lines)
{
    if (lines->count == 0)
        return;
    printf("%s: left out %zu row%s %s", path, lines->count, plural(lines->count), why);
    print_lines(lines);
}

static void print_report(const struct job *job, double rms)
{
    const char *path = job->options->input;
    const size_t num_blank = (size_t)job->num_blank;
    printf("%s: %lld vectors of %zu number%s, RMS %.6g\n", job->options->output,
           (long long)job->num_rows, job->layout.dimension, plural(job->layout.dimension), rms);
    if (job->layout.has_mark)
        printf("%s: the byte order mark at the start is removed\n", path);
    if (num_blank > 0)
        printf("%s: %zu blank line%s skipped\n", path, num_blank, plural(num_blank));
    print_left_out(path, "with NaN or Inf", &job->not_finite);
    print_left_out(path, "with duplicate words", &job->repeated_lines);
    if (job->num_invalid > 0)
        printf("%s: %zu word%s not valid UTF-8: kept byte for byte\n", path, job->num_invalid,
               job->num_invalid == 1 ? " is" : "s are");
    if (job->is_cut)
        printf("%s: the last line has no newline: kept, but if the file was cut off, its last "
               "number may be too\n",
               path);
}

static void log_seconds(const struct job *job, const double marks[4])
{
    static const char *const steps[] = {"reading and parsing", "repeated words", "writing"};
    const double total = marks[3] - marks[0];
    for (int i = 0; i < 3; i++) {
        const double seconds = marks[i + 1] - marks[i];
        spine_log(SPINE_LOG_VERBOSE, "%-20s %8.3f s %5.1f %%", steps[i], seconds,
                  100 * seconds / total);
    }
    spine_log(SPINE_LOG_VERBOSE, "%-20s %8.3f s, %.0f MB/s of input, %d rank%s", "all", total,
              (double)job->layout.bytes / 1e6 / total, job->comm->size,
              plural((size_t)job->comm->size));
}

/* --- The job ------------------------------------------------------------------------------ */

static int run(struct job *job, struct spine_error *err)
{
    double marks[4] = {seconds_now()};
    if (begin(job, err) || read_rows(job, err))
        return -1;
    marks[1] = seconds_now();
    if (gather_words(job, err) || gather_lines(job, err) || drop_repeated(job, err))
        return -1;
    job->num_invalid = count_invalid(&job->words);
    marks[2] = seconds_now();
    if (write_output(job, err))
        return -1;
    marks[3] = seconds_now();
    const double rms = root_mean_square(job);
    if (job->comm->rank == 0)
        print_report(job, rms);
    log_seconds(job, marks);
    return 0;
}

static void dispose(struct job *job)
{
    spine_vectors_dispose(&job->vectors);
    spine_words_dispose(&job->words);
    free(job->lines.at);
    free(job->not_finite.at);
    free(job->repeated.at);
    free(job->repeated_lines.at);
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
