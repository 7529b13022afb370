/* decoder.c -- the decoder of a run, or of another program's autoencoder. */
#include "spine/eval/decoder.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "spine/base/infile.h"
#include "spine/base/log.h"
#include "spine/base/memory.h"
#include "spine/files/run.h"
#include "spine/files/source.h"
#include "spine/math/kernels.h"
#include "spine/text/stream.h"

/* --- Directions --------------------------------------------------------------------------- */

/* Take 'units' rows of 'dim' numbers. Number k of row j is values[j * row_step + k * step]. */
static int take_rows(struct spine_decoder *decoder, const float *values, size_t row_step,
                     size_t step, struct spine_error *err)
{
    decoder->rows =
        spine_kernel_alloc(decoder->units * decoder->stride, "the rows of a decoder", err);
    if (decoder->rows == NULL)
        return -1;

    for (size_t j = 0; j < decoder->units; j++) {
        const float *row = values + j * row_step;
        double squares = 0;
        for (size_t k = 0; k < decoder->dim; k++)
            squares += (double)row[k * step] * (double)row[k * step];
        for (size_t k = 0; squares > 0 && k < decoder->dim; k++)
            decoder->rows[j * decoder->stride + k] = (float)((double)row[k * step] / sqrt(squares));
    }
    return 0;
}

/* --- Runs --------------------------------------------------------------------------------- */

static int take_model(struct spine_decoder *decoder, const struct spine_run *run,
                      struct spine_error *err)
{
    const struct spine_params *params = &run->model.params;
    const bool is_nnse = run->config.objective == SPINE_OBJECTIVE_NNSE;

    decoder->units = params->hidden;
    decoder->dim = params->dim;
    decoder->stride = params->stride;
    return take_rows(decoder, is_nnse ? params->W1 : params->W2, params->stride, 1, err);
}

static int read_run(struct spine_decoder *decoder, struct spine_error *err)
{
    struct spine_run run;
    if (spine_run_require_model(&run, decoder->path, err))
        return -1;

    int rc = take_model(decoder, &run, err);
    spine_run_dispose(&run);
    if (rc == 0)
        rc = spine_space_read(&decoder->codes, decoder->path, err);
    if (rc == 0 && decoder->codes.dimensions != decoder->units)
        rc = spine_refuse(err, "%s: has codes of %zu dimensions, but a model of %zu", decoder->path,
                          decoder->codes.dimensions, decoder->units);
    return rc;
}

/* --- Files -------------------------------------------------------------------------------- */

/* Words show vectors or codes, unless the matrix was named. */
static int check_words(const struct spine_decoder *decoder, const struct spine_source *source,
                       struct spine_error *err)
{
    char *file = NULL;
    const char *inner = NULL;
    if (spine_source_words(source) == SPINE_WORDS_NUMBERED)
        return 0;

    const int rc = spine_stream_split(decoder->path, &file, &inner, err);
    free(file);
    if (rc != 0 || inner != NULL)
        return rc;
    return spine_refuse(err,
                        "%s: holds words and their vectors; expected a run or a decoder, a matrix "
                        "with a row for each unit",
                        decoder->path);
}

static int read_matrix(struct spine_decoder *decoder, struct spine_source *source,
                       struct spine_error *err)
{
    const struct spine_vectors_rules rules = {0};
    struct spine_vectors vectors = {0};
    int rc =
        check_words(decoder, source, err) || spine_source_scan(source, 0, 1, &rules, &vectors, err);

    if (rc == 0) {
        decoder->sizes[0] = vectors.rows;
        decoder->sizes[1] = vectors.dim;
        decoder->matrix = vectors.values; /* of text */
        vectors.values = NULL;
    }
    if (rc == 0 && decoder->matrix == NULL) {
        decoder->matrix =
            spine_memory_get(vectors.rows, vectors.dim * sizeof(float), "a decoder", err);
        rc = decoder->matrix == NULL ||
             spine_source_read(source, vectors.lines, vectors.rows, decoder->matrix, err);
    }
    for (size_t i = 0; rc == 0 && i < vectors.rows; i++)
        if (spine_vectors_count_finite(decoder->matrix + i * vectors.dim, vectors.dim) <
            vectors.dim)
            rc = spine_refuse(err, "%s: row %zu has a value that is not finite", decoder->path,
                              i + 1);
    spine_vectors_dispose(&vectors);
    if (rc)
        return -1;
    return 0;
}

static int read_file(struct spine_decoder *decoder, struct spine_error *err)
{
    const struct spine_source_request request = {.path = decoder->path};
    struct spine_sourcefiles files = {0};
    struct spine_source *source = NULL;
    int rc = spine_sourcefiles_prepare(&files, &request, NULL, err);

    if (rc == 0)
        rc = spine_source_open(&source, &request, &files, err);
    if (rc == 0)
        rc = read_matrix(decoder, source, err);
    spine_source_close(source);
    spine_sourcefiles_clean(&files);
    return rc;
}

/* --- Which way round ---------------------------------------------------------------------- */

static bool has_size(const struct spine_decoder *decoder, size_t size)
{
    return decoder->matrix == NULL ? decoder->dim == size
                                   : decoder->sizes[0] == size || decoder->sizes[1] == size;
}

static bool all_have_size(const struct spine_decoder *decoders, size_t count, size_t size)
{
    for (size_t i = 0; i < count; i++)
        if (!has_size(&decoders[i], size))
            return false;
    return true;
}

/* Are all matrices the same way round? */
static bool all_have_columns(const struct spine_decoder *decoders, size_t count, size_t columns)
{
    for (size_t i = 0; i < count; i++)
        if (decoders[i].sizes[1] != columns)
            return false;
    return true;
}

/* Find the numbers of a vector: of a run if there is one, else a size that all matrices have, at
 * best that of rows; 0 if there is none. Matrices of one size, some of them turned round, have more
 * units than numbers: whatever their order. */
static size_t find_dim(const struct spine_decoder *decoders, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (decoders[i].matrix == NULL)
            return decoders[i].dim;

    const size_t rows = decoders[0].sizes[0], columns = decoders[0].sizes[1];
    const bool fits = all_have_size(decoders, count, columns);
    const bool turned = all_have_size(decoders, count, rows);
    if (fits && turned && !all_have_columns(decoders, count, columns))
        return rows < columns ? rows : columns;
    if (fits)
        return columns;
    return turned ? rows : 0;
}

static int orient(struct spine_decoder *decoder, bool is_transposed, struct spine_error *err)
{
    const size_t columns = decoder->sizes[1];

    decoder->units = decoder->sizes[is_transposed];
    decoder->dim = decoder->sizes[!is_transposed];
    decoder->stride = spine_kernel_stride(decoder->dim);
    spine_log(SPINE_LOG_INFO, "%s: %zu units on vectors of %zu numbers%s", decoder->path,
              decoder->units, decoder->dim,
              is_transposed                   ? ", a column each"
              : decoder->units < decoder->dim ? "; if a unit is a column, give --transposed"
                                              : "");
    const int rc = take_rows(decoder, decoder->matrix, is_transposed ? 1 : columns,
                             is_transposed ? columns : 1, err);
    free(decoder->matrix);
    decoder->matrix = NULL;
    return rc;
}

int spine_decoder_read_all(struct spine_decoder *decoders, const char *const *paths, size_t count,
                           bool is_transposed, struct spine_error *err)
{
    struct stat facts;

    for (size_t i = 0; i < count; i++) {
        decoders[i].path = paths[i];
        if (stat(paths[i], &facts) != 0 && errno != ENOENT && errno != ENOTDIR)
            return spine_infile_fail(paths[i], err);
        const bool is_run = stat(paths[i], &facts) == 0 && S_ISDIR(facts.st_mode);
        if (is_run ? read_run(&decoders[i], err) : read_file(&decoders[i], err))
            return -1;
    }

    const size_t dim = find_dim(decoders, count);
    for (size_t i = 0; i < count; i++) {
        const size_t *sizes = decoders[i].sizes;
        if (decoders[i].matrix != NULL &&
            orient(&decoders[i], is_transposed || (sizes[1] != dim && sizes[0] == dim), err))
            return -1;
    }
    return 0;
}

void spine_decoder_dispose(struct spine_decoder *decoder)
{
    free(decoder->rows);
    free(decoder->matrix);
    spine_space_dispose(&decoder->codes);
}
