/* encode.c -- encode vectors with a trained model, or decode codes. */
#include "spine/space/encode.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spine/base/log.h"
#include "spine/base/memory.h"
#include "spine/base/outfile.h"
#include "spine/base/path.h"
#include "spine/base/printable.h"
#include "spine/config/settings.h"
#include "spine/files/array.h"
#include "spine/files/codes.h"
#include "spine/files/convert.h"
#include "spine/files/outputs.h"
#include "spine/files/run.h"
#include "spine/files/runinput.h"
#include "spine/files/store.h"
#include "spine/files/strings.h"
#include "spine/files/vectorsfile.h"
#include "spine/math/coder.h"
#include "spine/text/stream.h"

/* Rows that a rank takes at a time. */
enum { ROWS = 8 * SPINE_BLOCK_ROWS };

struct job {
    struct spine_comm *comm;
    const struct spine_encode_options *options;
    struct spine_run run;
    struct spine_store *vectors;
    char spool[SPINE_RUNDIR_PATH]; /* PATH of our temporary vectors.h5; "": none */
    char *part;                    /* owned; its PATH.part, to be discarded; NULL: none */
    size_t rows, width, columns;   /* of the input; numbers in a row of the output */
    struct spine_coder coder;
    struct spine_lasso lasso;        /* of model.objective = nnse; as is the solver */
    struct spine_lasso_coder solver; /* the coder's */
    float *in, *row;                 /* owned; (ROWS, stride) of the input; (columns) */
    struct spine_csr values, excess;
    /* On rank 0. */
    char fingerprint[SPINE_FINGERPRINT];
    struct spine_words labels;
    float *factors; /* owned; (columns): of the dimensions of the run's codes; NULL: unknown */
    bool *found;    /* owned; (num_words): is the word among the input's? */
    struct spine_outputs outputs;
};

/* --- Before the work ---------------------------------------------------------------------- */

/* Prepare to encode: with the model's encoder or, for model.objective = nnse, by solving for the
 * codes of each row, as training does (nnse.h). */
static int open_coder(struct job *job, struct spine_error *err)
{
    const struct spine_params *params = &job->run.model.params;
    const bool is_nnse = job->run.config.objective == SPINE_OBJECTIVE_NNSE;

    if (spine_coder_init(&job->coder, params->dim, params->hidden, err))
        return -1;
    job->coder.block.activation = spine_settings_activation(&job->run.config);
    if (!is_nnse || job->options->decode)
        return 0;

    if (spine_lasso_init(&job->lasso, params->W1, params->hidden, params->dim,
                         job->run.config.ridge, err) ||
        spine_lasso_coder_init(&job->solver, &job->lasso, err))
        return -1;
    job->solver.lambda = -(double)params->b1[0];
    job->coder.solver = &job->solver;
    return 0;
}

/* Is the input a vectors.h5? Fails if it can't be read now. */
static int is_vectors(const char *path, bool *is, struct spine_error *err)
{
    struct spine_store *store = NULL;
    *is = false;
    if (spine_vectorsfile_open(&store, NULL, path, err)) {
        if (err->status == SPINE_EXIT_FAILED)
            return -1;
        return 0;
    }

    *is = spine_vectorsfile_has_vectors(store);
    return spine_store_close(store, err);
}

/* Choose the name of the temporary vectors.h5: beside the first output, where all ranks see it.
 * Without outputs and other ranks it goes where nothing of the user's is, which may be writable
 * while the working directory isn't. */
static int name_spool(struct job *job, struct spine_error *err)
{
    const struct spine_encode_options *options = job->options;
    const char *directory = getenv("TMPDIR");
    int length;

    if (options->num_outputs > 0)
        length = snprintf(job->spool, sizeof job->spool, "%s.input.h5", options->outputs[0]);
    else if (job->comm->size > 1)
        length = snprintf(job->spool, sizeof job->spool, "spine-encode.input.h5");
    else
        length = snprintf(job->spool, sizeof job->spool, "%s/spine-encode-%ld.input.h5",
                          directory == NULL ? "/tmp" : directory, (long)getpid());
    if (length < (int)sizeof job->spool)
        return 0;
    job->spool[0] = '\0';
    return spine_refuse(err, "%.60s...: the path is too long",
                        options->num_outputs > 0 ? options->outputs[0] : "TMPDIR");
}

static int convert(struct job *job, struct spine_error *err)
{
    const struct spine_encode_options *options = job->options;
    /* Standard output is for --words. */
    struct spine_convert_options conversion = {
        .output = job->spool, .report = stderr, .is_temporary = true};

    if (name_spool(job, err))
        return -1;
    conversion.source.path = options->input;
    conversion.source.words = options->words_from;
    conversion.source.words_option = "--words-from";
    job->part = spine_outfile_part(job->spool, err);
    if (spine_comm_agree(job->comm, -(job->part == NULL), err))
        return -1;
    if (spine_convert(job->comm, &conversion, err) == 0)
        return 0;
    if (options->num_outputs > 0) {
        spine_error_rename(err, job->part, options->outputs[0]);
        spine_error_rename(err, job->spool, options->outputs[0]);
    }
    return -1;
}

static int check_width(const struct job *job, struct spine_error *err)
{
    const struct spine_params *params = &job->run.model.params;
    const size_t expected = job->options->decode ? params->hidden : params->dim;
    if (job->width == expected)
        return 0;
    return spine_refuse(err, "%s: has %zu number%s a row, but %s %zu", job->options->input,
                        job->width, job->width == 1 ? "" : "s",
                        job->options->decode ? "the model's codes have"
                                             : "the model was trained on rows of",
                        expected);
}

static int open_input(struct job *job, struct spine_error *err)
{
    const char *path = job->part != NULL ? job->part : job->options->input;
    const struct spine_params *params = &job->run.model.params;

    if (spine_vectorsfile_open(&job->vectors, NULL, path, err) ||
        spine_vectorsfile_extent(job->vectors, path, &job->rows, &job->width, err) ||
        check_width(job, err))
        return -1;

    job->columns = job->options->decode ? params->dim : params->hidden;
    job->in = spine_kernel_alloc(ROWS * spine_kernel_stride(job->width), "rows of the input", err);
    job->row = spine_memory_get(job->columns, sizeof *job->row, "a row", err);
    if (job->in == NULL || job->row == NULL)
        return -1;
    return open_coder(job, err);
}

/* Read the scale of dimensions in the run's own codes from an open codes.h5ad. */
static int read_factors(struct job *job, struct spine_store *store, struct spine_error *err)
{
    size_t count = 0;

    if (spine_array_extent(store, "/var/scale", SPINE_ARRAY_FLOAT, &count, NULL, err))
        return -1;
    if (count != job->columns)
        return 0;
    job->factors = spine_memory_get(count, sizeof *job->factors, "the scale", err);
    if (job->factors == NULL)
        return -1;
    if (spine_array_read(store, "/var/scale", SPINE_ARRAY_FLOAT, 0, count, 1, job->factors, err)) {
        free(job->factors);
        job->factors = NULL;
        return -1;
    }
    return 0;
}

static int read_names(struct job *job, struct spine_store *store, struct spine_error *err)
{
    char names[SPINE_CODES_NAME];
    size_t count = 0;

    spine_codes_find_index(store, "/var", names);
    if (spine_strings_count(store, names, &count, err))
        return -1;
    if (count == job->columns && spine_strings_read(store, names, 0, count, &job->labels, err)) {
        spine_words_dispose(&job->labels);
        return -1;
    }
    return 0;
}

/* For parts that a file may lack: did the machine fail? */
static bool has_failed(int rc, const struct spine_error *err)
{
    return rc != 0 && err->status == SPINE_EXIT_FAILED;
}

/* Read the names and the scale of dimensions from the run's own codes, if there are any. */
static int read_labels(struct job *job, struct spine_error *err)
{
    char path[SPINE_RUNDIR_PATH];
    struct spine_store *store = NULL;
    if (spine_rundir_join(path, job->options->run, "codes.h5ad", err))
        return -1;
    if (job->options->decode || (access(path, R_OK) != 0 && (errno == ENOENT || errno == EACCES)))
        return 0;

    const int opened = spine_store_open(&store, path, NULL, err);
    bool failed = has_failed(opened, err) ||
                  (opened == 0 && (has_failed(read_names(job, store, err), err) ||
                                   has_failed(read_factors(job, store, err), err)));
    struct spine_error ignored;
    if (opened == 0 && spine_store_close(store, failed ? &ignored : err))
        failed = true;
    if (failed)
        return -1;
    return 0;
}

static int open_outputs(struct job *job, struct spine_error *err)
{
    const struct spine_encode_options *options = job->options;
    const struct spine_modelfile *model = &job->run.model;
    const struct spine_output_shape shape = {job->rows, job->columns};
    struct spine_output_options changes = options->output;
    char *const fingerprint = job->fingerprint;

    job->found = spine_memory_zeroed(options->num_words + 1, sizeof *job->found, "the words", err);
    if (job->found == NULL || read_labels(job, err))
        return -1;
    changes.factors = job->factors;
    if (changes.is_scaled && options->decode)
        return spine_refuse(err, "--scale: is for codes, not for --decode");
    if (changes.is_scaled && job->factors == NULL)
        return spine_refuse(err,
                            "--scale: %s has no codes.h5ad with the scale of its dimensions; "
                            "spine-merge writes it",
                            options->run);
    spine_modelfile_fingerprint(&model->params, &model->scaling, fingerprint);
    const struct spine_output_source source = {
        .fingerprint = fingerprint,
        .params = options->decode ? NULL : &model->params,
        .scaling = &model->scaling,
        .labels = job->labels.count > 0 ? &job->labels : NULL,
        .factors = changes.is_scaled ? NULL : job->factors,
    };

    return spine_outputs_open(&job->outputs, options->outputs, options->num_outputs, &shape,
                              &changes, &source, err);
}

/* --- Rows --------------------------------------------------------------------------------- */

static int encode_rows(struct job *job, size_t count, struct spine_error *err)
{
    const struct spine_params *params = &job->run.model.params;

    spine_scaling_apply(&job->run.model.scaling, count, job->in);
    for (struct spine_block_walk at = {0}; spine_block_next(&at, count);) {
        spine_coder_encode(&job->coder, params, at.rows, job->in + at.first * params->stride, true);
        if (spine_codes_add_block(&job->coder.block, &job->values, &job->excess, err))
            return -1;
    }
    return 0;
}

/* (h W2 + b2) / factor + mean; all numbers are stored. */
static int decode_rows(struct job *job, size_t count, struct spine_error *err)
{
    const struct spine_modelfile *model = &job->run.model;
    const struct spine_params *params = &model->params;
    struct spine_csr *values = &job->values;
    const size_t stride = spine_kernel_stride(job->width);
    if (spine_csr_reserve(values, count, count * params->dim, err) ||
        spine_csr_reserve(&job->excess, count, 0, err))
        return -1;

    for (size_t i = 0; i < count; i++) {
        memcpy(job->row, params->b2, params->dim * sizeof *job->row);
        for (size_t j = 0; j < params->hidden; j++) {
            const float h = job->in[i * stride + j];
            for (size_t k = 0; h != 0 && k < params->dim; k++)
                job->row[k] += h * params->W2[j * params->stride + k];
        }
        for (size_t k = 0; k < params->dim; k++) {
            values->indices[values->count] = (int32_t)k;
            values->data[values->count++] =
                (float)((double)job->row[k] / spine_scaling_factor(&model->scaling, k) +
                        (double)model->scaling.mean[k]);
        }
        values->indptr[++values->rows] = (int64_t)values->count;
    }
    return 0;
}

/* Encode or decode this rank's rows [first, first + count) to values and excess. */
static int take_rows(struct job *job, size_t first, size_t count, struct spine_error *err)
{
    spine_csr_clear(&job->values);
    spine_csr_clear(&job->excess);
    if (count == 0)
        return spine_csr_reserve(&job->values, 0, 0, err);
    if (spine_vectorsfile_read(job->vectors, first, count, spine_kernel_stride(job->width), job->in,
                               err))
        return -1;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < job->width; k++)
            if (!isfinite(job->in[i * spine_kernel_stride(job->width) + k]))
                return spine_refuse(err, "%s: row %zu has a value that is not finite",
                                    job->options->input, first + i + 1);
    return job->options->decode ? decode_rows(job, count, err) : encode_rows(job, count, err);
}

/* --- Gathering ---------------------------------------------------------------------------- */

/* Gather an array of 'count' elements of 'size' bytes on rank 0. */
static int gather(struct spine_comm *comm, const void *data, size_t count, size_t size, void **all,
                  struct spine_error *err)
{
    char *bytes = NULL;
    size_t num_bytes = 0;
    const int rc = spine_comm_gather(comm, data, count * size, &bytes, &num_bytes, err);
    *all = bytes;
    return rc;
}

/* Gather all ranks' rows of a matrix, in rank order, on rank 0. Lengths of rows are sent instead of
 * row ends. */
static int gather_rows(struct spine_comm *comm, const struct spine_csr *mine, size_t rows,
                       struct spine_csr *all, struct spine_error *err)
{
    void *lengths = NULL, *indices = NULL, *data = NULL;
    int64_t *own = spine_memory_get(mine->rows + 1, sizeof *own, "lengths of rows", err);
    int rc = 0;

    if (own == NULL)
        rc = -1;
    rc = spine_comm_agree(comm, rc, err);
    for (size_t i = 0; rc == 0 && own != NULL && i < mine->rows; i++)
        own[i] = mine->indptr[i + 1] - mine->indptr[i];

    if (rc == 0 &&
        (gather(comm, own, mine->rows, sizeof *own, &lengths, err) ||
         gather(comm, mine->indices, mine->count, sizeof *mine->indices, &indices, err) ||
         gather(comm, mine->data, mine->count, sizeof *mine->data, &data, err)))
        rc = -1;
    if (rc == 0 && comm->rank == 0) {
        size_t count = 0;
        for (size_t i = 0; i < rows; i++)
            count += (size_t)((int64_t *)lengths)[i];
        spine_csr_clear(all);
        rc = spine_csr_reserve(all, rows, count, err);
        for (size_t i = 0; rc == 0 && i < rows; i++) {
            all->count += (size_t)((int64_t *)lengths)[i];
            all->indptr[++all->rows] = (int64_t)all->count;
        }
        if (rc == 0 && count > 0) {
            memcpy(all->indices, indices, count * sizeof *all->indices);
            memcpy(all->data, data, count * sizeof *all->data);
        }
    }

    free(own);
    free(lengths);
    free(indices);
    free(data);
    return spine_comm_agree(comm, rc, err);
}

/* Print a word's values, the greatest first. */
static void print_row(const struct job *job, const char *word, const struct spine_csr *values,
                      size_t row)
{
    assert(row < values->rows);
    for (int64_t at = values->indptr[row]; at < values->indptr[row + 1]; at++) {
        const int32_t column = values->indices[at];
        spine_printable_print(stdout, word);
        printf("\t%d\t%.9g\t", column, (double)values->data[at]);
        spine_printable_line(stdout, "%s",
                             job->labels.count > 0 ? spine_words_get(&job->labels, (size_t)column)
                                                   : "");
    }
}

static int write_rows(struct job *job, size_t first, const struct spine_csr *values,
                      const struct spine_csr *excess, struct spine_error *err)
{
    const struct spine_encode_options *options = job->options;
    struct spine_words words = {0};
    const struct spine_output_rows rows = {&words, values, options->decode ? NULL : excess};
    int rc = spine_vectorsfile_read_words(job->vectors, first, values->rows, &words, err);

    if (rc == 0)
        rc = spine_outputs_write(&job->outputs, &rows, err);
    for (size_t i = 0; rc == 0 && options->num_words > 0 && i < words.count; i++)
        for (size_t w = 0; w < options->num_words; w++)
            if (strcmp(spine_words_get(&words, i), options->words[w]) == 0) {
                job->found[w] = true;
                print_row(job, options->words[w], values, i);
            }

    spine_words_dispose(&words);
    return rc;
}

/* Refuse words of which the input has none, and say which of them it lacks. */
static int check_found(const struct job *job, struct spine_error *err)
{
    const struct spine_encode_options *options = job->options;
    size_t missing = 0;

    for (size_t w = 0; w < options->num_words; w++)
        missing += !job->found[w];
    if (missing > 0 && missing == options->num_words)
        return missing == 1 ? spine_refuse(err, "--words: '%s' is not among the %zu words of %s",
                                           options->words[0], job->rows, options->input)
                            : spine_refuse(err, "--words: none is among the %zu words of %s",
                                           job->rows, options->input);

    for (size_t w = 0; w < options->num_words; w++)
        if (!job->found[w])
            spine_log_warning("--words: '%s' is not among the %zu words of %s", options->words[w],
                              job->rows, options->input);
    return 0;
}

static int work(struct job *job, struct spine_error *err)
{
    const size_t size = (size_t)job->comm->size, rank = (size_t)job->comm->rank;
    struct spine_csr values = {0}, excess = {0};
    int rc = 0;

    for (size_t first = 0; rc == 0 && first < job->rows; first += size * ROWS) {
        const size_t all = job->rows - first < size * ROWS ? job->rows - first : size * ROWS;
        const size_t before = rank * ROWS < all ? rank * ROWS : all;
        const size_t count = all - before < ROWS ? all - before : ROWS;
        rc = take_rows(job, first + before, count, err);
        rc = spine_comm_agree(job->comm, rc, err);
        if (rc == 0)
            rc = gather_rows(job->comm, &job->values, all, &values, err);
        if (rc == 0)
            rc = gather_rows(job->comm, &job->excess, job->options->decode ? 0 : all, &excess, err);
        if (rc == 0 && rank == 0)
            rc = write_rows(job, first, &values, &excess, err);
        rc = spine_comm_agree(job->comm, rc, err);
    }

    spine_csr_dispose(&values);
    spine_csr_dispose(&excess);
    return rc;
}

/* --- The end ------------------------------------------------------------------------------ */

static void describe(const char *path, const struct spine_output_report *report)
{
    char text[512];

    spine_output_describe(report, text, sizeof text);
    spine_printable_line(stdout, "%s: %s", path, text);
    spine_output_describe_notes(report, text, sizeof text);
    if (text[0] != '\0')
        spine_printable_line(stdout, "%s: %s", path, text);
}

/* Publish the outputs or, after a failure, discard them. */
static int close_outputs(struct job *job, int rc, struct spine_error *err)
{
    rc = spine_outputs_close(&job->outputs, rc, err);
    for (size_t i = 0; rc == 0 && i < job->outputs.count; i++)
        describe(job->options->outputs[i], &job->outputs.reports[i]);
    spine_outputs_dispose(&job->outputs);
    return rc;
}

static void release(struct job *job)
{
    struct spine_error ignored;
    spine_store_close(job->vectors, &ignored);
    if (job->spool[0] != '\0')
        spine_outfile_discard(job->spool);
    free(job->part);
    spine_run_dispose(&job->run);
    spine_coder_dispose(&job->coder);
    spine_lasso_coder_dispose(&job->solver);
    spine_lasso_dispose(&job->lasso);
    spine_words_dispose(&job->labels);
    spine_csr_dispose(&job->values);
    spine_csr_dispose(&job->excess);
    free(job->in);
    free(job->row);
    free(job->factors);
    free(job->found);
}

/* Refuse a file to write that would replace what is read. */
static int check_stays(const struct spine_encode_options *options, const char *output,
                       struct spine_error *err)
{
    const char *list = options->words_from;

    if (spine_stream_check_stays(options->input, "input", output, err) ||
        (list != NULL && spine_stream_check_stays(list, "list of words", output, err)))
        return -1;
    return 0;
}

/* The same for the run's own codes and the source of its input. */
static int check_run_stays(const char *run, const char *output, struct spine_error *err)
{
    if (strncmp(spine_path_name(output), "codes.", strlen("codes.")) == 0 &&
        spine_path_lies_in(output, run))
        return spine_refuse(
            err,
            "%s: is for the codes of the run itself, which spine-merge writes; name "
            "another file",
            output);
    return spine_runinput_check_source(run, output, err);
}

/* Refuse outputs of no format, those that would replace each other, and those that would replace
 * what is read, by themselves or by the words beside them. */
static int check_outputs(const struct spine_encode_options *options, struct spine_error *err)
{
    if (spine_output_check_names(options->outputs, options->num_outputs, err))
        return -1;
    for (size_t i = 0; i < options->num_outputs; i++) {
        const char *output = options->outputs[i];
        char *words = NULL;
        if (spine_output_companion(output, &words, err))
            return -1;

        int rc = check_run_stays(options->run, output, err);
        if (rc == 0)
            rc = check_stays(options, output, err);
        if (rc == 0 && words != NULL)
            rc = check_stays(options, words, err);
        free(words);
        if (rc != 0)
            return -1;
    }
    return 0;
}

int spine_encode(struct spine_comm *comm, const struct spine_encode_options *options,
                 struct spine_error *err)
{
    struct job job = {.comm = comm, .options = options};
    int rc = spine_run_require_model(&job.run, options->run, err);
    if (rc == 0 && comm->rank == 0)
        rc = check_outputs(options, err);
    rc = spine_comm_agree(comm, rc, err);

    bool is = false;
    if (comm->rank == 0 && rc == 0)
        rc = is_vectors(options->input, &is, err);
    rc = spine_comm_agree(comm, rc, err);
    int64_t is_other = rc == 0 && !is;
    spine_comm_broadcast(comm, &is_other, sizeof is_other);
    if (rc == 0 && options->words_from != NULL && !is_other)
        rc = spine_refuse(err, "%s: has words of its own; leave out --words-from", options->input);
    if (rc == 0 && is_other)
        rc = convert(&job, err);
    if (rc == 0)
        rc = spine_comm_agree(comm, open_input(&job, err), err);
    if (rc == 0)
        rc = spine_comm_agree(comm, comm->rank == 0 ? open_outputs(&job, err) : 0, err);
    if (rc == 0)
        rc = work(&job, err);
    if (rc == 0 && comm->rank == 0)
        rc = check_found(&job, err);
    if (comm->rank == 0)
        rc = close_outputs(&job, rc, err);
    rc = spine_comm_agree(comm, rc, err);

    release(&job);
    return rc;
}
