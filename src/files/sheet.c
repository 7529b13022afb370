/* sheet.c -- HDF5 files of vectors from any program. */
#include "spine/files/sheet.h"

#include <stdio.h>
#include <string.h>

#include "spine/base/namelist.h"
#include "spine/files/array.h"
#include "spine/files/attribute.h"
#include "spine/files/object.h"
#include "spine/files/store.h"
#include "spine/files/strings.h"
#include "spine/files/vectorsfile.h"

/* What a file has. */
struct survey {
    size_t rows;                                            /* of the words that are looked for */
    int num_words, num_vectors;                             /* vectors: datasets of one dimension */
    char matrix[SPINE_CODES_NAME], words[SPINE_CODES_NAME]; /* the last one seen */
    char other[SPINE_CODES_NAME]; /* a matrix of something else than floating-point numbers */
    struct spine_namelist names;  /* of the matrices */
    bool is_long;                 /* a name doesn't fit */
};

static void keep_name(struct survey *survey, char to[SPINE_CODES_NAME], const char *name)
{
    survey->is_long = survey->is_long || strlen(name) >= SPINE_CODES_NAME;
    snprintf(to, SPINE_CODES_NAME, "%s", name);
}

static void note_matrix(const struct spine_object_facts *facts, void *data)
{
    struct survey *survey = data;

    survey->num_vectors += facts->kind == SPINE_OBJECT_REALS && facts->num_sizes == 1;
    if (facts->num_sizes != 2)
        return;
    if (facts->kind != SPINE_OBJECT_REALS) {
        if (facts->kind == SPINE_OBJECT_OTHER && strlen(facts->name) < sizeof survey->other)
            snprintf(survey->other, sizeof survey->other, "%s", facts->name);
        return;
    }
    keep_name(survey, survey->matrix, facts->name);
    spine_namelist_add(&survey->names, "%s (%zu x %zu)", facts->name, facts->sizes[0],
                       facts->sizes[1]);
}

static void note_words(const struct spine_object_facts *facts, void *data)
{
    struct survey *survey = data;

    if (facts->kind != SPINE_OBJECT_STRINGS || facts->num_sizes != 1 ||
        facts->sizes[0] != survey->rows)
        return;
    keep_name(survey, survey->words, facts->name);
    survey->num_words++;
}

/* MATLAB's matrices are stored column by column, so HDF5 has their columns as rows. */
static bool is_matlab(struct spine_store *store, const char *matrix)
{
    return spine_attribute_has(store, matrix, "MATLAB_class");
}

/* Refuse a sparse matrix of an AnnData other than X. */
static int check_dense(const struct spine_sheet *sheet, const char *file, struct spine_error *err)
{
    char index[SPINE_CODES_NAME + 8];

    snprintf(index, sizeof index, "%s/indptr", sheet->matrix);
    if (!spine_object_has(sheet->store, index))
        return 0;
    return spine_refuse(err,
                        "%s: '%s' is a sparse matrix; only X may be sparse; in Python: data = "
                        "anndata.read_h5ad('FILE'); data.X = data.layers['NAME']; "
                        "data.write_h5ad('NEW')",
                        file, sheet->matrix);
}

static int choose_matrix(struct spine_sheet *sheet, const char *file, struct survey *survey,
                         struct spine_error *err)
{
    if (spine_object_visit(sheet->store, note_matrix, survey, err))
        return -1;
    if (survey->names.count == 0 && survey->other[0] != '\0')
        return spine_refuse(err,
                            "%s: has no matrix of floating-point numbers; if '%s' has the vectors, "
                            "write it in Python: numpy.save('vectors.npy', "
                            "h5py.File('FILE')['%s'][:]%s.astype('f4')), and give the words with "
                            "--words or --words-from",
                            file, survey->other, survey->other,
                            is_matlab(sheet->store, survey->other) ? ".T" : "");

    if (survey->names.count == 0)
        return spine_refuse(
            err,
            "%s: holds neither vectors (/vectors) nor codes (/X), nor any other "
            "matrix of floating-point numbers%s",
            file,
            survey->num_vectors > 1
                ? "; if each dataset is a word's vector, write them as text: python3 "
                  "-c 'import h5py; h = h5py.File(\"FILE\"); [print(w, *h[w]) for w "
                  "in h]' > vectors.txt"
                : "");

    if (survey->names.count > 1)
        return spine_refuse(err, "%s: has %zu matrices; choose one as %s:DATASET: %s", file,
                            survey->names.count, file, spine_namelist_end(&survey->names));
    strcpy(sheet->matrix, survey->matrix);
    return 0;
}

/* Find the only dataset with one string for each row, if there is one. */
static int choose_words(struct spine_sheet *sheet, struct survey *survey, struct spine_error *err)
{
    survey->rows = sheet->rows;
    if (spine_object_visit(sheet->store, note_words, survey, err))
        return -1;
    if (survey->num_words == 1)
        strcpy(sheet->words, survey->words);
    return 0;
}

static int open_sparse(struct spine_sheet *sheet, const char *file, struct spine_error *err)
{
    if (spine_codes_open_merged(&sheet->codes, file, err))
        return -1;
    sheet->is_sparse = true;
    sheet->rows = sheet->codes.rows;
    sheet->dim = sheet->codes.hidden;
    strcpy(sheet->words, sheet->codes.words);
    return 0;
}

/* The rows of an AnnData's matrices have the index of /obs, but those in /var, /varm and /varp that
 * of /var. */
static const char *find_frame(const char *matrix)
{
    const char *group = matrix + strspn(matrix, "/");
    const size_t length = strcspn(group, "/");
    const bool is_var = length == 3 && strncmp(group, "var", 3) == 0;
    const bool is_of_var =
        length == 4 && (strncmp(group, "varm", 4) == 0 || strncmp(group, "varp", 4) == 0);

    return is_var || is_of_var ? "/var" : "/obs";
}

static int choose_index(struct spine_sheet *sheet, struct spine_error *err)
{
    struct spine_error why;
    size_t count = 0;

    const char *frame = find_frame(sheet->matrix);
    if (!spine_object_has(sheet->store, frame))
        return 0;
    spine_codes_find_index(sheet->store, frame, sheet->words);
    const int rc = spine_strings_count(sheet->store, sheet->words, &count, &why);
    if (rc != 0 || count != sheet->rows)
        sheet->words[0] = '\0';
    return rc == 0 ? 0 : spine_fail_as(&why, err);
}

/* Find the datasets of an open file. */
static int find_datasets(struct spine_sheet *sheet, const char *file, const char *dataset,
                         struct spine_error *err)
{
    struct spine_object_facts facts;
    struct survey survey = {0};

    if (dataset != NULL)
        keep_name(&survey, sheet->matrix, dataset);
    else if (spine_vectorsfile_has_vectors(sheet->store)) {
        strcpy(sheet->matrix, "/vectors");
        if (spine_object_has(sheet->store, "/words"))
            strcpy(sheet->words, "/words");
    } else if (spine_object_is(sheet->store, "/X", SPINE_OBJECT_REALS, &facts)) {
        strcpy(sheet->matrix, "/X"); /* of AnnData, or just a dataset of this name */
        if (spine_object_has(sheet->store, "/obs"))
            spine_codes_find_index(sheet->store, "/obs", sheet->words);
    } else if (choose_matrix(sheet, file, &survey, err))
        return -1;

    if (survey.is_long)
        return spine_refuse(err, "%s: a dataset's name is longer than %d bytes", file,
                            SPINE_CODES_NAME);
    if (check_dense(sheet, file, err))
        return -1;
    if (spine_array_extent(sheet->store, sheet->matrix, SPINE_ARRAY_FLOAT, &sheet->rows,
                           &sheet->dim, err))
        return -1;
    if (dataset != NULL && choose_index(sheet, err))
        return -1;
    return sheet->words[0] == '\0' ? choose_words(sheet, &survey, err) : 0;
}

static int check_writer(struct spine_sheet *sheet, const char *file, struct spine_error *err)
{
    if (!is_matlab(sheet->store, sheet->matrix))
        return 0;
    return spine_refuse(
        err,
        "%s: '%s' is a matrix of MATLAB's, whose columns are rows here; write it in "
        "Python: numpy.save('vectors.npy', h5py.File('FILE')['%s'][:].T), and give the "
        "words with --words or --words-from",
        file, sheet->matrix, sheet->matrix);
}

static int check_extent(struct spine_sheet *sheet, const char *file, struct spine_error *err)
{
    size_t num_words = sheet->rows;

    if (sheet->rows == 0 || sheet->dim == 0)
        return spine_refuse(err, "%s: has %zu vectors of %zu numbers", file, sheet->rows,
                            sheet->dim);
    if (sheet->words[0] != '\0' && !sheet->is_sparse &&
        spine_strings_count(sheet->store, sheet->words, &num_words, err))
        return -1;
    if (num_words != sheet->rows && num_words == sheet->dim)
        return spine_refuse(err, "%s: has %zu words for %zu vectors of %zu numbers: transpose '%s'",
                            file, num_words, sheet->rows, sheet->dim, sheet->matrix);
    if (num_words != sheet->rows)
        return spine_refuse(err, "%s: has %zu words for %zu vectors", file, num_words, sheet->rows);
    return 0;
}

int spine_sheet_open(struct spine_sheet *sheet, const char *file, const char *dataset,
                     struct spine_error *err)
{
    struct spine_object_facts facts;
    struct spine_error ignored;

    memset(sheet, 0, sizeof *sheet);
    if (spine_store_open(&sheet->store, file, NULL, err))
        return -1;

    int rc;
    const bool is_group = dataset == NULL && !spine_vectorsfile_has_vectors(sheet->store) &&
                          spine_object_has(sheet->store, "/X") &&
                          !spine_object_is(sheet->store, "/X", SPINE_OBJECT_REALS, &facts);
    if (is_group) {
        spine_store_close(sheet->store, &ignored);
        sheet->store = NULL;
        rc = open_sparse(sheet, file, err);
    } else
        rc = find_datasets(sheet, file, dataset, err);

    if (rc == 0 && !sheet->is_sparse)
        rc = check_writer(sheet, file, err);
    if (rc == 0)
        rc = check_extent(sheet, file, err);
    if (rc)
        spine_sheet_close(sheet);
    return rc;
}

int spine_sheet_words(struct spine_sheet *sheet, size_t first, size_t count,
                      struct spine_words *words, struct spine_error *err)
{
    return spine_strings_read(sheet->is_sparse ? sheet->codes.store : sheet->store, sheet->words,
                              first, count, words, err);
}

int spine_sheet_read(struct spine_sheet *sheet, size_t first, size_t count, float *values,
                     struct spine_error *err)
{
    const size_t dim = sheet->dim;

    if (!sheet->is_sparse)
        return spine_array_read(sheet->store, sheet->matrix, SPINE_ARRAY_FLOAT, first, count, dim,
                                values, err);

    const size_t block = spine_codes_block_rows(&sheet->codes);
    for (size_t done = 0; done < count; done += block) {
        const size_t now = count - done < block ? count - done : block;
        if (spine_codes_read(&sheet->codes, first + done, now, err))
            return -1;
        for (size_t i = 0; i < now; i++)
            spine_csr_spread(&sheet->codes.block, i, dim, values + (done + i) * dim);
    }
    return 0;
}

void spine_sheet_close(struct spine_sheet *sheet)
{
    struct spine_error ignored;

    if (sheet->is_sparse)
        spine_codes_close(&sheet->codes);
    spine_store_close(sheet->store, &ignored);
    memset(sheet, 0, sizeof *sheet);
}
