/* output.c -- codes or vectors in formats that other programs read: what all formats share. */
#include "spine/files/output.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spine/base/memory.h"
#include "spine/base/outfile.h"
#include "spine/base/path.h"
#include "spine/files/distinct.h"
#include "spine/files/sink.h"
#include "spine/files/writer.h"

static const struct spine_writer *const writers[SPINE_FORMATS] = {
    [SPINE_FORMAT_H5AD] = &spine_writer_anndata,  [SPINE_FORMAT_TXT] = &spine_writer_text,
    [SPINE_FORMAT_VEC] = &spine_writer_vec,       [SPINE_FORMAT_BIN] = &spine_writer_word2vec,
    [SPINE_FORMAT_NPZ] = &spine_writer_scipy,     [SPINE_FORMAT_MTX] = &spine_writer_market,
    [SPINE_FORMAT_NPY] = &spine_writer_numpy,     [SPINE_FORMAT_SPARSE] = &spine_writer_sparse,
    [SPINE_FORMAT_TSV] = &spine_writer_projector,
};

/* Entries of a dense block of rows. */
enum { BLOCK_ENTRIES = 1 << 20 };

struct spine_output {
    enum spine_format format;
    const struct spine_writer *writer;
    struct spine_output_options options;
    struct spine_output_shape shape;
    struct spine_output_source source;
    struct spine_writing writing;
    struct spine_output_report report;
    struct spine_labels labels;
    struct spine_distinct distinct;
    struct spine_sink *listing; /* of the words; NULL: none */
    char *companion;            /* owned */
    bool is_complete;           /* its files are: they wait to be published */
    /* Rows that are yet to be written. The writer always gets the same number at a time, so that
     * the file's bytes depend on the rows only. */
    size_t block;
    bool has_excess;
    struct spine_words words, incoming, scratch;
    struct spine_csr values, excess;
    float *order;                   /* owned; (columns): scratch of --top */
    struct spine_columnscale scale; /* of what is written, for writers with labels */
};

/* --- Names -------------------------------------------------------------------------------- */

bool spine_output_is_dense(enum spine_format format)
{
    return writers[format]->is_dense;
}

static int find_format(const char *path, enum spine_format *found, struct spine_error *err)
{
    size_t length = 0;
    const bool is_packed = spine_sink_is_packed(path, &length);
    char names[128] = "";

    for (size_t i = 0; i < SPINE_FORMATS; i++) {
        const char *name = spine_format_names[i];
        const size_t end = strlen(name);
        if (length > end + 1 && path[length - end - 1] == '.' && path[length - end - 2] != '/' &&
            strncmp(path + length - end, name, end) == 0) {
            *found = (enum spine_format)i;
            if (is_packed && !writers[i]->is_packable)
                return spine_refuse(err, "%s: .%s files can't be compressed as a whole", path,
                                    name);
            return 0;
        }
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s.%s",
                 i == 0                   ? ""
                 : i + 1 == SPINE_FORMATS ? " or "
                                          : ", ",
                 name);
    }

    return spine_refuse(err, "%s: the name must end in %s, which selects the format", path, names);
}

/* The length of PATH, or of its last component, without its suffixes. */
static size_t stem_length(const char *path, enum spine_format format)
{
    size_t length = 0;
    spine_sink_is_packed(path, &length);
    return length - strlen(spine_format_names[format]) - 1;
}

bool spine_output_shares_words(const char *path, const char *other)
{
    enum spine_format format, others;
    struct spine_error ignored;

    if (find_format(path, &format, &ignored) || find_format(other, &others, &ignored) ||
        (writers[format]->words & writers[others]->words & SPINE_WORD_LISTED) == 0)
        return false;
    const char *name = spine_path_name(path), *other_name = spine_path_name(other);
    const size_t stem = stem_length(name, format);
    return stem == stem_length(other_name, others) && memcmp(name, other_name, stem) == 0 &&
           spine_path_are_beside(path, other);
}

int spine_output_companion(const char *path, char **companion, struct spine_error *err)
{
    enum spine_format format;
    *companion = NULL;
    if (find_format(path, &format, err))
        return -1;
    const bool is_listed = (writers[format]->words & SPINE_WORD_LISTED) != 0;
    if (!is_listed && format != SPINE_FORMAT_TSV)
        return 0;

    const char *end = is_listed ? ".words.txt" : ".metadata.tsv";
    const size_t stem = stem_length(path, format), bytes = stem + strlen(end) + 1;
    *companion = spine_memory_get(bytes, 1, "a file's name", err);
    if (*companion == NULL)
        return -1;
    snprintf(*companion, bytes, "%.*s%s", (int)stem, path, end);
    return 0;
}

int spine_output_find_words(const char *path, char **list, struct spine_error *err)
{
    struct spine_error why;

    if (spine_output_companion(path, list, &why))
        return spine_fail_as(&why, err);
    if (*list != NULL && access(*list, F_OK) != 0) {
        free(*list);
        *list = NULL;
    }
    return 0;
}

static bool is_same_output(const char *path, const char *other)
{
    return strcmp(spine_path_name(path), spine_path_name(other)) == 0 &&
           spine_path_are_beside(path, other);
}

int spine_output_check_names(const char *const *paths, size_t count, struct spine_error *err)
{
    for (size_t i = 0; i < count; i++) {
        char *words = NULL;
        if (spine_output_companion(paths[i], &words, err))
            return -1;

        int rc = 0;
        for (size_t other = 0; rc == 0 && other < count; other++)
            if (other < i && is_same_output(paths[other], paths[i]))
                rc = spine_refuse(err, "%s: this output is given twice", paths[i]);
            else if (words != NULL && is_same_output(paths[other], words))
                rc = spine_refuse(err, "%s: is also the list of words of %s; name another file",
                                  paths[other], paths[i]);
        free(words);
        if (rc != 0)
            return -1;
    }
    return 0;
}

int spine_output_argument(struct spine_output_options *options, int option, const char *value,
                          struct spine_error *err)
{
    size_t digits = 0;
    char *end = NULL;

    switch (option) {
    case SPINE_OUTPUT_THRESHOLD:
        options->threshold = strtod(value, &end);
        if (end == value || *end != '\0' || !isfinite(options->threshold) ||
            options->threshold <= 0)
            return spine_refuse(err, "--threshold: '%s' is not a number above 0", value);
        return 1;
    case SPINE_OUTPUT_TOP:
        return spine_arguments_whole("--top", value, 1, 1000000000, &options->top, err) ? -1 : 1;
    case SPINE_OUTPUT_DIGITS:
        if (spine_arguments_whole("--digits", value, 1, 9, &digits, err))
            return -1;
        options->digits = (int)digits;
        return 1;
    case SPINE_OUTPUT_BINARY:
        options->is_binary = true;
        return 1;
    case SPINE_OUTPUT_SCALE:
        if (strcmp(value, "columns") != 0)
            return spine_refuse(err, "--scale: expected columns, got '%s'", value);
        options->is_scaled = true;
        return 1;
    default:
        return 0;
    }
}

/* --- Opening and closing ------------------------------------------------------------------ */

static void release(struct spine_output *output)
{
    spine_labels_dispose(&output->labels);
    spine_columnscale_dispose(&output->scale);
    spine_distinct_dispose(&output->distinct);
    spine_words_dispose(&output->words);
    spine_words_dispose(&output->incoming);
    spine_words_dispose(&output->scratch);
    spine_csr_dispose(&output->values);
    spine_csr_dispose(&output->excess);
    free(output->companion);
    free(output->order);
    free(output);
}

static int prepare(struct spine_output *output, const char *path, struct spine_error *err)
{
    const struct spine_writer *writer = output->writer;
    const bool is_listed = (writer->words & SPINE_WORD_LISTED) != 0;

    if (spine_output_companion(path, &output->companion, err))
        return -1;
    output->order =
        spine_memory_get(output->shape.columns, sizeof *output->order, "a row's values", err);
    if (output->order == NULL)
        return -1;

    output->writing = (struct spine_writing){
        .path = path,
        .companion = output->companion,
        .shape = &output->shape,
        .source = &output->source,
        .labels = &output->labels,
        .digits = output->options.digits == 0 ? 9 : output->options.digits,
        .is_unindexed = output->options.is_unindexed,
    };
    output->writing.scale = &output->scale;
    if ((writer->words & SPINE_WORD_LABELS) != 0 &&
        (spine_labels_init(&output->labels, output->shape.columns, err) ||
         spine_columnscale_init(&output->scale, output->shape.columns, err)))
        return -1;
    if (writer->open(&output->writing, err))
        return -1;
    if (is_listed && !output->options.is_unlisted &&
        spine_sink_open(&output->listing, output->companion, err)) {
        writer->discard(&output->writing);
        return -1;
    }
    return 0;
}

int spine_output_open(struct spine_output **output, const char *path,
                      const struct spine_output_shape *shape,
                      const struct spine_output_options *options,
                      const struct spine_output_source *source, struct spine_error *err)
{
    enum spine_format format;
    *output = NULL;
    if (find_format(path, &format, err))
        return -1;
    struct spine_output *made = spine_memory_zeroed(1, sizeof *made, "an output file", err);
    if (made == NULL)
        return -1;

    made->format = format;
    made->writer = writers[format];
    made->shape = *shape;
    made->options = *options;
    if (source != NULL)
        made->source = *source;
    made->report.columns = shape->columns;
    made->report.note = made->writer->note;
    made->block = shape->columns < BLOCK_ENTRIES ? BLOCK_ENTRIES / shape->columns : 1;
    if (prepare(made, path, err)) {
        release(made);
        return -1;
    }

    *output = made;
    return 0;
}

/* Has the output a list of its own beside it? */
static bool has_list(const struct spine_output *output)
{
    return output->companion != NULL && !output->options.is_unlisted;
}

void spine_output_discard(struct spine_output *output)
{
    if (output == NULL)
        return;

    if (output->is_complete) {
        spine_outfile_discard(output->writing.path);
        if (has_list(output))
            spine_outfile_discard(output->companion);
    } else {
        spine_sink_discard(output->listing);
        output->writer->discard(&output->writing);
    }
    release(output);
}

/* --- Words -------------------------------------------------------------------------------- */

/* Append a word, changed to fit into a line of text: line breaks, and with SPINE_WORD_ESCAPED bytes
 * that aren't UTF-8, become \xNN; with SPINE_WORD_JOINED, blanks become '_'. */
static int clean_word(struct spine_output *output, const char *word, struct spine_words *out,
                      struct spine_error *err)
{
    const int rules = output->writer->words;
    char *copy = spine_memory_get(4 * strlen(word) + 1, 1, "an escaped word", err), *end = copy;
    bool is_escaped = false, is_joined = false;
    if (copy == NULL)
        return -1;

    for (const char *at = word; *at != '\0';) {
        const size_t valid = spine_words_character(at);
        const bool is_break =
            *at == '\n' || *at == '\r' || (*at == '\t' && (rules & SPINE_WORD_UNTABBED) != 0);
        if (is_break || (valid == 0 && (rules & SPINE_WORD_ESCAPED) != 0)) {
            end += sprintf(end, "\\x%02X", (unsigned char)*at++);
            is_escaped = true;
        } else if ((*at == ' ' || *at == '\t') && (rules & SPINE_WORD_JOINED) != 0) {
            *end++ = '_';
            at++;
            is_joined = true;
        } else {
            const size_t bytes = valid == 0 ? 1 : valid;
            memcpy(end, at, bytes);
            end += bytes;
            at += bytes;
        }
    }

    output->report.escaped += is_escaped;
    output->report.joined += is_joined;
    const int rc = spine_words_add(out, copy, (size_t)(end - copy), err);
    free(copy);
    return rc;
}

static int clean_words(struct spine_output *output, const struct spine_words *words,
                       struct spine_error *err)
{
    const bool is_distinct = (output->writer->words & SPINE_WORD_DISTINCT) != 0;
    struct spine_words *out = is_distinct ? &output->scratch : &output->incoming;

    spine_words_truncate(&output->incoming, 0);
    spine_words_truncate(&output->scratch, 0);
    for (size_t i = 0; i < words->count; i++)
        if (clean_word(output, spine_words_get(words, i), out, err) ||
            (is_distinct && spine_distinct_add(&output->distinct, spine_words_get(out, i),
                                               &output->incoming, err)))
            return -1;

    for (size_t i = 0; output->listing != NULL && i < words->count; i++) {
        spine_sink_text(output->listing, spine_words_get(&output->incoming, i));
        spine_sink_text(output->listing, "\n");
    }
    return output->listing == NULL ? 0 : spine_sink_check(output->listing, err);
}

/* --- Values ------------------------------------------------------------------------------- */

static int descending(const void *a, const void *b)
{
    const float first = *(const float *)a, second = *(const float *)b;
    return (first < second) - (first > second);
}

/* Find the least value of a row that is kept, and how many values equal to it are kept. */
static float find_least(struct spine_output *output, const struct spine_csr *from, size_t row,
                        size_t *ties)
{
    const size_t count = (size_t)(from->indptr[row + 1] - from->indptr[row]);
    const size_t top = output->options.top;
    *ties = SIZE_MAX;
    if (top == 0 || count <= top)
        return -INFINITY;

    memcpy(output->order, from->data + from->indptr[row], count * sizeof *output->order);
    qsort(output->order, count, sizeof *output->order, descending);
    const float least = output->order[top - 1];
    *ties = 0;
    for (size_t i = top; i > 0 && output->order[i - 1] <= least; i--)
        (*ties)++;
    return least;
}

static void add_value(struct spine_csr *csr, int32_t column, float value)
{
    csr->indices[csr->count] = column;
    csr->data[csr->count++] = value;
}

/* Copy the values of a row that are kept, and their excess. */
static void filter_row(struct spine_output *output, const struct spine_output_rows *rows,
                       size_t row)
{
    const struct spine_csr *from = rows->values, *over = rows->excess;
    const float threshold = (float)output->options.threshold;
    int64_t above = over == NULL ? 0 : over->indptr[row];
    size_t ties = 0;
    const float least = find_least(output, from, row, &ties);

    for (int64_t at = from->indptr[row]; at < from->indptr[row + 1]; at++) {
        const float value = from->data[at];
        const int32_t column = from->indices[at];
        if (value < least || (output->options.threshold > 0 && value < threshold) ||
            (value <= least && ties == 0))
            continue;
        if (value <= least)
            ties--;
        const float factor = output->options.is_scaled ? output->options.factors[column] : 1;
        add_value(&output->values, column, (output->options.is_binary ? 1 : value) * factor);
        const float excess = over == NULL ? 0 : spine_csr_seek(over, row, column, &above);
        if (excess > 0 && !output->options.is_binary)
            add_value(&output->excess, column, excess * factor);
    }

    output->values.indptr[++output->values.rows] = (int64_t)output->values.count;
    output->excess.indptr[++output->excess.rows] = (int64_t)output->excess.count;
}

/* Pass the waiting rows to the writer. */
static int flush_rows(struct spine_output *output, struct spine_error *err)
{
    const struct spine_output_rows rows = {&output->words, &output->values,
                                           output->has_excess ? &output->excess : NULL};

    output->writing.values = output->report.values;
    if (output->values.rows > 0 && output->writer->rows(&output->writing, &rows, err))
        return -1;

    if (output->scale.dimensions > 0)
        spine_columnscale_add(&output->scale, &output->values);
    output->report.rows += output->values.rows;
    output->report.values += output->values.count;
    spine_csr_clear(&output->values);
    spine_csr_clear(&output->excess);
    spine_words_truncate(&output->words, 0);
    return 0;
}

int spine_output_write(struct spine_output *output, const struct spine_output_rows *rows,
                       struct spine_error *err)
{
    const struct spine_csr *values = rows->values, *excess = rows->excess;
    if (clean_words(output, rows->words, err) ||
        spine_csr_reserve(&output->values, values->rows, values->count, err) ||
        spine_csr_reserve(&output->excess, values->rows, excess == NULL ? 0 : excess->count, err))
        return -1;
    if (output->labels.dimensions > 0 &&
        spine_labels_add(&output->labels, &output->incoming, values, excess, err))
        return -1;

    output->has_excess = excess != NULL;
    for (size_t i = 0; i < values->rows; i++) {
        const char *word = spine_words_get(&output->incoming, i);
        if (spine_words_add(&output->words, word, strlen(word), err))
            return -1;
        filter_row(output, rows, i);
        if (output->values.rows == output->block && flush_rows(output, err))
            return -1;
    }
    return 0;
}

/* --- Publishing --------------------------------------------------------------------------- */

/* Complete PATH.part and that of the list of words. */
static int complete(struct spine_output *output, struct spine_error *err)
{
    struct spine_sink *listing = output->listing;
    if (flush_rows(output, err))
        return -1;

    output->writing.values = output->report.values;
    output->report.renamed = output->distinct.renamed;
    output->listing = NULL;
    if (listing != NULL && spine_sink_complete(listing, err))
        return -1;

    output->is_complete = true; /* or removed */
    return output->writer->finish(&output->writing, err);
}

static int remove_list(const struct spine_output *output, struct spine_error *err)
{
    if (!has_list(output) || unlink(output->companion) == 0 || errno == ENOENT)
        return 0;
    return spine_fail(err, "%s: %s", output->companion, strerror(errno));
}

static int publish_files(struct spine_output *const *outputs, size_t count, struct spine_error *err)
{
    for (size_t i = 0; i < count; i++)
        if (spine_outfile_publish(outputs[i]->writing.path, err))
            return -1;
    for (size_t i = 0; i < count; i++)
        if (has_list(outputs[i]) && spine_outfile_publish(outputs[i]->companion, err))
            return -1;
    return 0;
}

/* All that takes time, and most of what may fail, is done first. What was published stays if
 * another file can't be: it is complete, and what it replaced is gone. */
static int publish(struct spine_output *const *outputs, size_t count, struct spine_error *err)
{
    for (size_t i = 0; i < count; i++)
        if (spine_outfile_sync(outputs[i]->writing.path, err) ||
            (has_list(outputs[i]) && spine_outfile_sync(outputs[i]->companion, err)))
            return -1;
    for (size_t i = 0; i < count; i++)
        if (spine_outfile_check_place(outputs[i]->writing.path, err) ||
            (has_list(outputs[i]) && spine_outfile_check_place(outputs[i]->companion, err)))
            return -1;

    for (size_t i = 0; i < count; i++)
        if (remove_list(outputs[i], err))
            return -1;
    if (publish_files(outputs, count, err))
        return -1;

    for (size_t i = 0; i < count; i++)
        if (outputs[i]->writer->follow != NULL &&
            outputs[i]->writer->follow(&outputs[i]->writing, err))
            return -1;
    return 0;
}

int spine_output_close(struct spine_output *const *outputs, size_t count,
                       struct spine_output_report *reports, struct spine_error *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < count; i++) {
        rc = complete(outputs[i], err);
        reports[i] = outputs[i]->report;
    }
    if (rc == 0)
        rc = publish(outputs, count, err);
    for (size_t i = 0; i < count; i++)
        spine_output_discard(outputs[i]); /* those that weren't published */
    return rc;
}

/* --- For people --------------------------------------------------------------------------- */

void spine_output_describe(const struct spine_output_report *report, char *text, size_t size)
{
    snprintf(text, size, "%zu word%s x %zu dimension%s, %.1f values a word", report->rows,
             report->rows == 1 ? "" : "s", report->columns, report->columns == 1 ? "" : "s",
             report->rows == 0 ? 0 : (double)report->values / (double)report->rows);
}

void spine_output_describe_notes(const struct spine_output_report *report, char *text, size_t size)
{
    const struct {
        size_t count;
        const char *one, *several, *what;
    } changes[] = {
        {report->escaped, "is not valid UTF-8 or has", "are not valid UTF-8 or have",
         "a line break; such bytes are written as \\xNN"},
        {report->joined, "has", "have", "blanks, which are written as '_'"},
        {report->renamed, "occurs", "occur", "again; the second is written as WORD-1"},
    };

    text[0] = '\0';
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        if (changes[i].count > 0)
            snprintf(text + strlen(text), size - strlen(text), "%s%zu word%s %s %s",
                     text[0] == '\0' ? "" : "; ", changes[i].count,
                     changes[i].count == 1 ? "" : "s",
                     changes[i].count == 1 ? changes[i].one : changes[i].several, changes[i].what);
    if (report->note != NULL)
        snprintf(text + strlen(text), size - strlen(text), "%s%s", text[0] == '\0' ? "" : "; ",
                 report->note);
}
