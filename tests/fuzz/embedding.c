/* embedding.c -- embeddings in binary forms, FUZZ_FORM: read or refused with a sentence, and in
 * several parts the same comes out as in one. The input's first byte chooses the parts and the
 * rules; of files that are refused, parts are read only half of the time, since most inputs are
 * refused. */
#include <string.h>

#include "fuzz.h"
#include "spine/files/source.h"

enum { MOST_PARTS = 5 };

static struct fuzz_file file;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    fuzz_file_init(&file);
    return 0;
}

/* All rows that were taken. */
struct table {
    size_t rows, dim;
    struct spine_words words;
    float *values; /* owned; (rows, dim) */
};

static void add_part(struct table *table, struct spine_source *source,
                     const struct spine_vectors *part, int *rc, struct spine_error *err)
{
    const size_t dim = spine_source_dim(source), before = table->rows * dim;

    CHECK(part->words.count == part->rows && part->dim == dim);
    if (part->rows == 0)
        return;
    table->values = realloc(table->values, (before + part->rows * dim) * sizeof(float));
    CHECK(table->values != NULL);
    if (part->values != NULL)
        memcpy(table->values + before, part->values, part->rows * dim * sizeof(float));
    else
        *rc = spine_source_read(source, part->lines, part->rows, table->values + before, err);
    for (size_t i = 0; *rc == 0 && i < part->rows; i++) {
        const char *word = spine_words_get(&part->words, i);
        CHECK(i == 0 || part->lines[i] > part->lines[i - 1]);
        CHECK(spine_words_add(&table->words, word, strlen(word), err) == 0);
    }
    table->rows += part->rows;
}

/* Take all parts, up to the first that fails, each from a source of its own as ranks do. */
static int take_parts(const struct spine_source_request *request,
                      const struct spine_sourcefiles *files, int parts, bool leave_out,
                      struct table *table, bool *fit, struct spine_error *err)
{
    const struct spine_vectors_rules rules = {.leave_out = leave_out};
    struct spine_source_span spans[MOST_PARTS];
    int rc = 0;

    *table = (struct table){0};
    *fit = true;
    for (int i = 0; rc == 0 && i < parts; i++) {
        struct spine_source *source = NULL;
        struct spine_vectors part = {0};
        rc = spine_source_open(&source, request, files, err);
        if (rc == 0) {
            parts = spine_source_is_divisible(source, 0) ? parts : 1;
            table->dim = spine_source_dim(source);
            rc = spine_source_scan(source, i, parts, &rules, &part, err);
            spine_source_span(source, &spans[i]);
            spans[i].has_failed = rc != 0;
            *fit = spine_source_fits(spans, i + 1);
        }
        if (rc == 0)
            add_part(table, source, &part, &rc, err);
        spine_vectors_dispose(&part);
        spine_source_close(source);
    }
    return rc;
}

static void release(struct table *table)
{
    spine_words_dispose(&table->words);
    free(table->values);
}

static void compare(const struct table *whole, const struct table *parts)
{
    CHECK(whole->rows == parts->rows && whole->dim == parts->dim);
    CHECK(whole->rows == 0 ||
          memcmp(whole->values, parts->values, whole->rows * whole->dim * sizeof(float)) == 0);
    for (size_t i = 0; i < whole->rows; i++)
        CHECK(strcmp(spine_words_get(&whole->words, i), spine_words_get(&parts->words, i)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const struct spine_source_request request = {.path = file.path, .form = FUZZ_FORM};
    struct spine_sourcefiles files;
    struct spine_error err = {.text = ""};
    char spool[FUZZ_PATH + 8];
    if (size < 1)
        return 0;

    fuzz_file_put(&file, bytes + 1, size - 1);
    snprintf(spool, sizeof spool, "%s.spool", file.path);
    int rc = spine_sourcefiles_prepare(&files, &request, spool, &err);
    /* HDF5 doesn't survive any bytes (README.md): it has harnesses of its own. */
    if (rc == 0 && files.form != SPINE_FORM_HDF5) {
        const bool leave_out = bytes[0] & 1;
        struct table whole, parts;
        bool fit;
        rc = take_parts(&request, &files, 1, leave_out, &whole, &fit, &err);
        /* A file that isn't even opened has no parts. */
        if (whole.dim > 0 && (rc == 0 || bytes[0] >> 3 & 1)) {
            const int parts_rc = take_parts(&request, &files, 2 + (bytes[0] >> 1 & 3), leave_out,
                                            &parts, &fit, &err);
            CHECK((rc == 0) == (parts_rc == 0) || !fit);
            if (rc == 0 && parts_rc == 0 && fit)
                compare(&whole, &parts);
            release(&parts);
        }
        release(&whole);
    }
    CHECK(rc == 0 || err.text[0] != '\0');
    spine_sourcefiles_clean(&files);
    return 0;
}
