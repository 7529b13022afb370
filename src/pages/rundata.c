/* rundata.c -- the data of a run's page. */
#include "spine/pages/rundata.h"

#include <cJSON.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "spine/base/infile.h"
#include "spine/base/json.h"
#include "spine/base/log.h"
#include "spine/base/memory.h"
#include "spine/files/metrics.h"
#include "spine/files/run.h"
#include "spine/files/runinput.h"
#include "spine/pages/coherence.h"
#include "spine/pages/packed.h"
#include "spine/space/neighbours.h"
#include "spine/space/plane.h"
#include "spine/space/ranking.h"
#include "spine/space/space.h"

enum { BINS = 20, MOST_EPOCHS = 1000 };

/* What the data are made from. */
struct source {
    struct spine_rundata_options options; /* fit() chooses the numbers that are SPINE_RUNDATA_FIT */
    size_t neighbours;
    struct spine_space space;
    struct spine_ranking ranking;
    size_t num_kept;
    uint32_t *kept;  /* owned; (num_kept): the rows of the words that are kept, ascending */
    uint32_t *index; /* owned; (rows): a row's index among them, or UINT32_MAX */
};

/* Items have two bytes if that is enough; unpackLists() in model.js has the same rule. */
static size_t width_for(size_t count)
{
    return count <= 65536 ? 2 : 4;
}

static uint32_t thousandths(float value)
{
    const float rounded = roundf(1000 * value);
    return rounded < 0 ? 0 : rounded > 65535 ? 65535 : (uint32_t)rounded;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* The number of characters that bytes are packed into. */
static size_t packed_bytes(size_t bytes)
{
    return (bytes + 2) / 3 * 4;
}

/* --- The words kept ----------------------------------------------------------------------- */

/* Mark the first rows and all top words with 0 in source->index, the others with UINT32_MAX.
 * Returns the bytes of the marked rows in a page: their text, quoted, and the packed numbers. */
static size_t mark_words(struct source *source, const struct spine_rundata_options *keep)
{
    const struct spine_words *words = &source->space.words;
    size_t bytes = 0;

    for (size_t row = 0; row < source->space.rows; row++)
        source->index[row] = row < keep->rows ? 0 : UINT32_MAX;
    for (size_t dimension = 0; dimension < source->space.dimensions; dimension++) {
        const struct spine_ranked *top = spine_ranking_get(&source->ranking, dimension);
        const size_t count = source->ranking.active[dimension];
        for (size_t i = 0; i < least(count, keep->words); i++)
            source->index[top[i].index] = 0;
    }

    source->num_kept = 0;
    for (size_t row = 0; row < source->space.rows; row++)
        if (source->index[row] == 0) {
            source->num_kept++;
            bytes += strlen(spine_words_get(words, row)) + strlen("\"\",") + packed_bytes(3 * 4);
        }
    return bytes;
}

/* Estimate the bytes of the data in a page. */
static size_t estimate_bytes(struct source *source, const struct spine_rundata_options *keep,
                             size_t neighbours)
{
    const size_t words = mark_words(source, keep), dimensions = source->space.dimensions;
    const size_t active = source->space.codes.count / source->space.rows + 1; /* of a word */
    const size_t of_word = least(active, keep->dimensions) * (width_for(dimensions) + 2);
    const size_t of_dimension = 4 + BINS * 4 + keep->words * (width_for(source->num_kept) + 2) +
                                2 * neighbours * (width_for(dimensions) + 4) + 6;
    const size_t coherence = strlen("0.123,");

    return words + packed_bytes(source->num_kept * of_word) +
           packed_bytes(dimensions * of_dimension) + dimensions * coherence;
}

/* Choose the numbers that are SPINE_RUNDATA_FIT: the richest level that fits. */
static void fit(struct source *source)
{
    static const struct {
        size_t words, dimensions, neighbours;
    } levels[] = {{50, 20, 10}, {30, 20, 10}, {20, 12, 8}, {12, 10, 6}, {8, 8, 5}};
    static const size_t rows[] = {50000, 40000, 30000, 20000, 10000, 5000, 1000};
    enum { LEVELS = sizeof levels / sizeof *levels, ROWS = sizeof rows / sizeof *rows };
    const struct spine_rundata_options given = source->options;
    const bool is_free = given.words == SPINE_RUNDATA_FIT ||
                         given.dimensions == SPINE_RUNDATA_FIT || given.rows == SPINE_RUNDATA_FIT;

    for (size_t i = 0; i < LEVELS * ROWS; i++) {
        struct spine_rundata_options *keep = &source->options;
        *keep = given;
        source->neighbours = levels[i / ROWS].neighbours;
        if (given.words == SPINE_RUNDATA_FIT)
            keep->words = levels[i / ROWS].words;
        if (given.dimensions == SPINE_RUNDATA_FIT)
            keep->dimensions = levels[i / ROWS].dimensions;
        if (given.rows == SPINE_RUNDATA_FIT)
            keep->rows = rows[i % ROWS];
        /* Keep few rows only if even the poorest level doesn't fit with more. */
        if (given.rows == SPINE_RUNDATA_FIT && i / ROWS + 1 < LEVELS && keep->rows < 10000)
            continue;
        if (!is_free || estimate_bytes(source, keep, source->neighbours) <= given.bytes)
            return;
    }
}

/* Number the words kept. */
static int choose_words(struct source *source, struct spine_error *err)
{
    const size_t rows = source->space.rows;
    source->index = spine_memory_get(rows + 1, sizeof *source->index, "the words kept", err);
    if (source->index == NULL)
        return -1;

    fit(source);
    mark_words(source, &source->options);
    source->kept =
        spine_memory_get(source->num_kept + 1, sizeof *source->kept, "the words kept", err);
    if (source->kept == NULL)
        return -1;

    source->num_kept = 0;
    for (size_t row = 0; row < rows; row++)
        if (source->index[row] == 0) {
            source->index[row] = (uint32_t)source->num_kept;
            source->kept[source->num_kept++] = (uint32_t)row;
        }
    return 0;
}

/* Add the numbers kept, and log what is left out. */
static void add_kept(cJSON *rundata, const char *run, const struct source *source)
{
    const struct spine_rundata_options *keep = &source->options;
    cJSON *kept = cJSON_AddObjectToObject(rundata, "kept");
    cJSON_AddNumberToObject(kept, "words", (double)keep->words);
    cJSON_AddNumberToObject(kept, "dimensions", (double)keep->dimensions);
    cJSON_AddNumberToObject(kept, "rows", (double)least(keep->rows, source->space.rows));

    if (source->num_kept < source->space.rows)
        spine_log(SPINE_LOG_INFO,
                  "%s: the page has %zu of %zu words: the first %zu, and the %zu strongest of each "
                  "dimension; --rows and --words keep more",
                  run, source->num_kept, source->space.rows, keep->rows, keep->words);
}

/* Add the words kept; bytes that aren't UTF-8 become \xNN. */
static int add_words(cJSON *rundata, const struct source *source, struct spine_error *err)
{
    cJSON *list = cJSON_AddArrayToObject(rundata, "words");
    struct spine_words words = {0};

    int rc = 0;
    bool escaped;
    for (size_t i = 0; rc == 0 && i < source->num_kept; i++)
        rc = spine_words_add_escaped(&words, spine_words_get(&source->space.words, source->kept[i]),
                                     &escaped, err);

    for (size_t i = 0; rc == 0 && i < source->num_kept; i++)
        if (!cJSON_AddItemToArray(list, cJSON_CreateString(spine_words_get(&words, i))))
            rc = spine_memory_fail("the words kept", err);
    spine_words_dispose(&words);
    if (rc == 0 && source->num_kept < source->space.rows)
        rc = spine_packed_add(rundata, "row_of", source->kept, source->num_kept, 4, err);

    return rc;
}

/* Count the active dimensions of a row: other programs' codes may have values of 0 and below. */
static size_t count_on(const struct spine_csr *codes, size_t row)
{
    size_t count = 0;
    for (int64_t at = codes->indptr[row]; at < codes->indptr[row + 1]; at++)
        count += codes->data[at] > 0;
    return count;
}

/* Add the dimensions of the words kept, and the number of rows with 0, 1, 2, ... active
 * dimensions. */
static int add_dimensions_of_words(cJSON *rundata, const struct source *source,
                                   struct spine_error *err)
{
    const struct spine_csr *codes = &source->space.codes;
    const size_t dimensions = source->space.dimensions, most = source->options.dimensions;
    struct spine_lists lists = {0};
    struct spine_ranked *row =
        spine_memory_get(dimensions + 1, sizeof *row, "a word's dimensions", err);
    uint32_t *numbers = spine_memory_zeroed(source->num_kept + 1, sizeof *numbers,
                                            "the dimensions of all words", err);
    uint32_t *rows_with =
        spine_memory_zeroed(dimensions + 1, sizeof *rows_with, "the dimensions of all words", err);
    size_t fullest = 0;

    int rc = row == NULL || numbers == NULL || rows_with == NULL
                 ? -1
                 : spine_lists_init(&lists, source->num_kept, most, err);
    for (size_t i = 0; rc == 0 && i < codes->rows; i++) {
        const size_t count = count_on(codes, i);
        rows_with[count]++;
        fullest = count > fullest ? count : fullest;
    }

    for (size_t i = 0; rc == 0 && i < source->num_kept; i++) {
        const size_t count = spine_ranking_of_row(&source->space, source->kept[i], row);
        numbers[i] = (uint32_t)count;
        for (size_t k = 0; k < least(count, most); k++)
            spine_lists_append(&lists, i, row[k].index, thousandths(row[k].strength));
    }

    if (rc == 0)
        rc = spine_lists_add(&lists, rundata, "top_dimensions", width_for(dimensions), 2, err) ||
             spine_packed_add(rundata, "num_dimensions", numbers, source->num_kept, 4, err) ||
             spine_packed_add(rundata, "active_of_rows", rows_with, fullest + 1, 4, err);

    spine_lists_dispose(&lists);
    free(row);
    free(numbers);
    free(rows_with);
    return rc;
}

/* --- The dimensions --------------------------------------------------------------------------- */

static int add_top_words(cJSON *rundata, const struct source *source, struct spine_error *err)
{
    const struct spine_ranking *ranking = &source->ranking;
    struct spine_lists lists;
    if (spine_lists_init(&lists, ranking->dimensions, source->options.words, err))
        return -1;
    for (size_t dimension = 0; dimension < ranking->dimensions; dimension++) {
        const struct spine_ranked *top = spine_ranking_get(ranking, dimension);
        const size_t count = ranking->active[dimension];
        for (size_t i = 0; i < least(count, source->options.words); i++)
            spine_lists_append(&lists, dimension, source->index[top[i].index],
                               thousandths(top[i].strength));
    }

    const int rc =
        spine_lists_add(&lists, rundata, "top_words", width_for(source->num_kept), 2, err);

    spine_lists_dispose(&lists);
    return rc;
}

/* The bin of a value; values that were clamped to 1 are in the last one. */
static size_t bin_of(float strength)
{
    return strength >= 1 ? BINS - 1 : (size_t)(BINS * strength);
}

/* Add the number of words that activate each dimension, and a histogram of their values. */
static int add_activity(cJSON *rundata, const struct source *source, struct spine_error *err)
{
    const struct spine_ranking *ranking = &source->ranking;
    const size_t dimensions = ranking->dimensions;
    uint32_t *active =
        spine_memory_get(dimensions, sizeof *active, "the activity of all dimensions", err);
    uint32_t *histogram = spine_memory_zeroed(dimensions * BINS, sizeof *histogram,
                                              "the histograms of all dimensions", err);
    int rc = 0;

    if (active == NULL || histogram == NULL)
        rc = -1;

    for (size_t dimension = 0; rc == 0 && dimension < dimensions; dimension++) {
        const struct spine_ranked *list = spine_ranking_get(ranking, dimension);
        active[dimension] = (uint32_t)ranking->active[dimension];
        for (size_t i = 0; i < active[dimension]; i++)
            histogram[dimension * BINS + bin_of(list[i].strength)]++;
    }

    if (rc == 0)
        rc = spine_packed_add(rundata, "active", active, dimensions, 4, err) ||
             spine_packed_add(rundata, "histogram", histogram, dimensions * BINS, 4, err);

    free(active);
    free(histogram);
    return rc;
}

static int add_neighbours(cJSON *rundata, const char *name,
                          const struct spine_neighbours *neighbours, float scale,
                          struct spine_error *err)
{
    struct spine_lists lists;

    if (spine_lists_init(&lists, neighbours->dimensions, neighbours->most, err))
        return -1;

    for (size_t dimension = 0; dimension < neighbours->dimensions; dimension++)
        for (size_t i = 0; i < neighbours->count[dimension]; i++) {
            const struct spine_ranked *near = &neighbours->list[dimension * neighbours->most + i];
            if (near->strength > 0)
                spine_lists_append(&lists, dimension, near->index,
                                   (uint32_t)lroundf(scale * near->strength));
        }

    const int rc =
        spine_lists_add(&lists, rundata, name, width_for(neighbours->dimensions), 4, err);

    spine_lists_dispose(&lists);
    return rc;
}

static int add_together(cJSON *rundata, const struct source *source, struct spine_error *err)
{
    struct spine_neighbours neighbours;
    if (spine_neighbours_by_words(&neighbours, &source->ranking, &source->space.codes,
                                  source->neighbours, err))
        return -1;
    const int rc = add_neighbours(rundata, "together", &neighbours, 1, err);
    spine_neighbours_dispose(&neighbours);
    return rc;
}

/* --- The model, and what it was trained on ------------------------------------------------ */

/* Add the points of all dimensions on a map, each axis from 0 to 65535. */
static int add_map(cJSON *rundata, const struct spine_params *params,
                   const struct spine_neighbours *neighbours, struct spine_error *err)
{
    static const char what[] = "the map of the dimensions";
    const size_t count = 2 * neighbours->dimensions;
    double *points = spine_memory_get(count, sizeof *points, what, err);
    uint32_t *places = spine_memory_get(count, sizeof *places, what, err);
    int rc = points == NULL || places == NULL ? -1
                                              : spine_plane_place(points, neighbours, params->W2,
                                                                  params->dim, params->stride, err);

    for (size_t axis = 0; rc == 0 && axis < 2; axis++) {
        double low = INFINITY, high = -INFINITY;
        for (size_t i = axis; i < count; i += 2) {
            low = fmin(low, points[i]);
            high = fmax(high, points[i]);
        }
        for (size_t i = axis; i < count; i += 2)
            places[i] =
                high > low ? (uint32_t)lround(65535 * (points[i] - low) / (high - low)) : 32767;
    }

    if (rc == 0)
        rc = spine_packed_add(rundata, "map", places, count, 2, err);
    free(points);
    free(places);
    return rc;
}

static int add_nearest(cJSON *rundata, const struct spine_params *params, size_t most,
                       struct spine_error *err)
{
    struct spine_neighbours neighbours;
    if (spine_neighbours_by_cosine(&neighbours, params->W2, params->hidden, params->dim,
                                   params->stride, most, err))
        return -1;
    const int rc = add_neighbours(rundata, "nearest", &neighbours, 1000, err) ||
                   add_map(rundata, params, &neighbours, err);
    spine_neighbours_dispose(&neighbours);
    return rc;
}

/* Options that its objective doesn't use would mislead readers. */
static int add_config(cJSON *rundata, const struct spine_run *run, struct spine_error *err)
{
    char *text = spine_config_used_text(&run->config, err);

    if (text == NULL)
        return -1;
    cJSON_AddStringToObject(rundata, "config", text);
    free(text);
    return 0;
}

/* Add what is computed from the run's model, if it has one. */
static int add_model(cJSON *rundata, const struct spine_run *run, const struct source *source,
                     struct spine_error *err)
{
    if (!run->has_model)
        return 0;

    const struct spine_params *params = &run->model.params;
    if (add_config(rundata, run, err))
        return -1;
    cJSON_AddNumberToObject(rundata, "dim", (double)params->dim);
    if (params->hidden != source->space.dimensions)
        return spine_refuse(err, "%s: has %zu units, but the codes %zu", run->model_path,
                            params->hidden, source->space.dimensions);

    return add_nearest(rundata, params, source->neighbours, err);
}

static void warn_of_input(const char *run, const char *input, enum spine_runinput found)
{
    if (found == SPINE_RUNINPUT_MISSING)
        spine_log_warning("%s, the input of %s, can't be read: the page has no coherence; give a "
                          "reference space with --space",
                          input, run);
    else
        spine_log_warning("%s: isn't the input that %s was trained on (its checksum differs): the "
                          "page has no coherence; give a reference space with --space",
                          input, run);
}

/* Add the coherence of each dimension, if there is a reference space. */
static int add_coherence(cJSON *rundata, const char *run, const struct source *source,
                         const char *input, struct spine_error *err)
{
    enum spine_runinput found = SPINE_RUNINPUT_FOUND;
    char own[SPINE_RUNDIR_PATH];
    const char *path = source->options.space != NULL ? source->options.space : own;

    if (path == own && input[0] == '\0')
        return 0;
    if (path == own && spine_runinput_find(run, input, &found, own, err))
        return -1;
    if (found != SPINE_RUNINPUT_FOUND) {
        warn_of_input(run, found == SPINE_RUNINPUT_MISSING ? input : own, found);
        return 0;
    }

    double *coherence = spine_coherence_measure(&source->space, &source->ranking, path, err);
    if (coherence == NULL)
        return -1;
    cJSON *list = cJSON_AddArrayToObject(rundata, "coherence");
    for (size_t dimension = 0; dimension < source->space.dimensions; dimension++)
        spine_json_append_real(list, coherence[dimension], 3);
    free(coherence);
    return 0;
}

/* --- All of it ---------------------------------------------------------------------------- */

/* Add the run's name: its path as typed, without slashes at the end. */
static void add_name(cJSON *rundata, const char *run)
{
    size_t length = strlen(run);
    char name[SPINE_RUNDIR_PATH];
    while (length > 1 && run[length - 1] == '/')
        length--;
    snprintf(name, sizeof name, "%.*s", (int)length, run);
    cJSON_AddStringToObject(rundata, "name", name);
}

static int add_history(cJSON *rundata, const char *run, struct spine_error *err)
{
    char path[SPINE_RUNDIR_PATH];
    struct stat facts;
    cJSON *history;
    if (spine_metrics_path(run, path, err) ||
        spine_metrics_read_columns(path, MOST_EPOCHS, &history, err))
        return -1;
    if (history != NULL)
        cJSON_AddItemToObject(rundata, "history", history);
    if (history != NULL && stat(path, &facts) != 0)
        return spine_infile_fail(path, err);
    if (history != NULL)
        cJSON_AddNumberToObject(rundata, "written", (double)facts.st_mtime);
    return 0;
}

static int add_codes(cJSON *rundata, const struct source *source, struct spine_error *err)
{
    size_t values = 0;
    for (size_t dimension = 0; dimension < source->ranking.dimensions; dimension++)
        values += source->ranking.active[dimension];
    cJSON_AddNumberToObject(rundata, "rows", (double)source->space.rows);
    cJSON_AddNumberToObject(rundata, "dimensions", (double)source->space.dimensions);
    cJSON_AddNumberToObject(rundata, "values", (double)values);
    return add_words(rundata, source, err) || add_dimensions_of_words(rundata, source, err) ||
           add_top_words(rundata, source, err) || add_activity(rundata, source, err) ||
           add_together(rundata, source, err);
}

int spine_rundata_begin(const char *run, struct cJSON **rundata, struct spine_error *err)
{
    *rundata = cJSON_CreateObject();
    add_name(*rundata, run);
    if (add_history(*rundata, run, err) == 0)
        return 0;
    cJSON_Delete(*rundata);
    return -1;
}

int spine_rundata_make(const char *run, const struct spine_rundata_options *options,
                       struct cJSON **rundata, bool *is_listed, struct spine_error *err)
{
    struct source source = {.options = *options};
    struct spine_run files = {.has_model = false};

    if (spine_space_read_listed(&source.space, run, options->list, err))
        return -1;
    *is_listed = source.space.is_listed;

    int rc = source.space.dense != NULL
                 ? spine_refuse(err,
                                "%s: holds vectors, expected codes: the directory of a run, .h5ad, "
                                ".npz, .mtx or .sparse",
                                run)
                 : spine_rundata_begin(run, rundata, err);
    if (rc == 0) {
        spine_lookup_dispose(&source.space.lookup); /* words are only listed here */
        rc = spine_ranking_init(&source.ranking, &source.space, err) ||
             choose_words(&source, err) || add_codes(*rundata, &source, err) ||
             spine_run_read(&files, run, err) || add_model(*rundata, &files, &source, err);
        if (rc == 0) {
            add_kept(*rundata, run, &source);
            spine_csr_dispose(&source.space.codes); /* before another space is read */
            spine_csr_dispose(&source.space.excess);
            rc = add_coherence(*rundata, run, &source, files.config.input, err);
        }
        if (rc != 0)
            cJSON_Delete(*rundata);
    }

    spine_run_dispose(&files);
    spine_space_dispose(&source.space);
    spine_ranking_dispose(&source.ranking);
    free(source.kept);
    free(source.index);
    return rc;
}
