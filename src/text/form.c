/* form.c -- the form in which a file holds an embedding. */
#include "spine/text/form.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spine/base/path.h"
#include "spine/text/archive.h"
#include "spine/text/fasttext.h"
#include "spine/text/foreign.h"
#include "spine/text/npy.h"
#include "spine/text/safetensors.h"
#include "spine/text/stream.h"
#include "spine/text/word2vec.h"

/* --- Names -------------------------------------------------------------------------------- */

static const char *const names[] = {
    [SPINE_FORM_AUTO] = "auto",         [SPINE_FORM_TEXT] = "text",
    [SPINE_FORM_WORD2VEC] = "word2vec", [SPINE_FORM_FASTTEXT] = "fasttext",
    [SPINE_FORM_NPY] = "npy",           [SPINE_FORM_SAFETENSORS] = "safetensors",
    [SPINE_FORM_HDF5] = "hdf5",
};

const char *spine_form_name(enum spine_form form)
{
    return names[form];
}

int spine_form_parse(const char *name, enum spine_form *form, struct spine_error *err)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0) {
            *form = (enum spine_form)i;
            return 0;
        }
    return spine_refuse(err,
                        "--from: expected auto, text, word2vec, fasttext, npy, safetensors or "
                        "hdf5, got '%s'",
                        name);
}

/* --- From the first bytes ----------------------------------------------------------------- */

static bool has_hdf5(const struct spine_start *start, size_t offset)
{
    static const char hdf5[SPINE_FORM_SIGNATURE] = {'\x89', 'H',  'D',    'F',
                                                    '\r',   '\n', '\x1a', '\n'};

    return spine_start_holds(start, offset, hdf5, sizeof hdf5);
}

bool spine_form_begins_hdf5(const struct spine_start *start)
{
    return has_hdf5(start, 0);
}

/* HDF5 may begin after a user block of 512 bytes, 1,024, 2,048 ... */
static bool has_user_block(const struct spine_start *start)
{
    for (size_t offset = 512; offset < start->bytes; offset *= 2)
        if (has_hdf5(start, offset))
            return true;
    return false;
}

/* Guess the form of a file that begins with no known signature. A tar archive with an HDF5 file has
 * what looks like a user block. */
static int guess(const struct spine_start *start, enum spine_form *form, struct spine_error *err)
{
    if (has_user_block(start))
        *form = SPINE_FORM_HDF5;
    else if (spine_foreign_check_text(start, err) || spine_foreign_check_objects(start, err) ||
             spine_foreign_check_binary(start, err))
        return -1;
    return 0;
}

/* The sizes at the beginning of safetensors and word2vec's files, and the words there, may look
 * like another program's signature. */
int spine_form_find(const struct spine_start *start, enum spine_form *form, struct spine_error *err)
{
    *form = SPINE_FORM_TEXT;
    if (spine_form_begins_hdf5(start))
        *form = SPINE_FORM_HDF5;
    else if (spine_npy_is(start->at, start->bytes))
        *form = SPINE_FORM_NPY;
    else if (spine_fasttext_is(start->at, start->bytes))
        *form = SPINE_FORM_FASTTEXT;
    else if (spine_safetensors_is(start->at, start->bytes, start->file_bytes))
        *form = SPINE_FORM_SAFETENSORS;
    else if (spine_word2vec_is(start->at, start->bytes))
        *form = SPINE_FORM_WORD2VEC;
    else if (spine_foreign_check_signature(start, err))
        return -1;
    else
        return guess(start, form, err);
    return 0;
}

/* --- From a file -------------------------------------------------------------------------- */

/* Zip archives of other programs, recognised by the names of their members. */
struct members {
    bool is_torch, is_office, is_sheet;
};

static bool note_member(const char *name, void *data)
{
    struct members *members = data;

    members->is_torch = members->is_torch || spine_path_ends_in(name, "/data.pkl");
    members->is_sheet = members->is_sheet || strcmp(name, "xl/workbook.xml") == 0;
    members->is_office = members->is_office || strcmp(name, "[Content_Types].xml") == 0 ||
                         strcmp(name, "content.xml") == 0;
    return true;
}

static int check_archive(const char *path, struct spine_error *err)
{
    struct members members = {0};
    char *file = NULL;
    const char *inner = NULL;
    bool is_zip = false;

    if (spine_stream_split(path, &file, &inner, err))
        return -1;
    int rc = inner == NULL ? spine_archive_is(file, &is_zip, err) : 0;
    if (rc == 0 && is_zip)
        rc = spine_archive_list(file, note_member, &members, err);
    if (rc == 0 && members.is_torch)
        rc = spine_foreign_refuse(path, "a PyTorch file (.pt)", SPINE_FOREIGN_TORCH, err);
    else if (rc == 0 && members.is_sheet)
        rc = spine_foreign_refuse(path, "an Excel file (.xlsx)", SPINE_FOREIGN_PANDAS("read_excel"),
                                  err);
    else if (rc == 0 && members.is_office)
        rc = spine_foreign_refuse(path, "an Office document", SPINE_FOREIGN_EXPORT, err);
    free(file);
    return rc;
}

int spine_form_detect(const char *path, enum spine_form *form, struct spine_error *err)
{
    struct spine_start start;
    char *bytes = NULL;

    if (strstr(path, "://") != NULL && access(path, F_OK) != 0)
        return spine_foreign_refuse(path, "a URL", "download the file first, and give its path",
                                    err);
    if (check_archive(path, err))
        return -1;

    int rc = spine_start_read(path, &start, &bytes, err);
    if (rc == 0)
        rc = spine_form_find(&start, form, err);
    free(bytes);
    return rc;
}

int spine_form_check_text(const char *path, struct spine_error *err)
{
    struct spine_start start;
    char *bytes = NULL;
    int rc = spine_start_read(path, &start, &bytes, err);

    if (rc == 0)
        rc = spine_foreign_check_utf16(&start, err);
    free(bytes);
    return rc;
}
