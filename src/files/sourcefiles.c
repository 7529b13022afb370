/* sourcefiles.c -- the form of an input, and the files from which it is read. */
#include "spine/files/sourcefiles.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/infile.h"
#include "spine/base/namelist.h"
#include "spine/base/path.h"
#include "spine/files/sparsearrays.h"
#include "spine/files/spool.h"
#include "spine/text/archive.h"
#include "spine/text/foreign.h"
#include "spine/text/npy.h"
#include "spine/text/shardindex.h"
#include "spine/text/stream.h"

static int set_path(char path[SPINE_PATH], const char *text, struct spine_error *err)
{
    if (snprintf(path, SPINE_PATH, "%s", text) >= SPINE_PATH)
        return spine_refuse(err, "%.60s...: the path is too long", text);
    return 0;
}

/* Unpack the file 'path', which becomes the name of what was unpacked. */
static int spool(char path[SPINE_PATH], const char *prefix, const char *ending, bool *is_spooled,
                 int *descriptor, struct spine_error *err)
{
    struct spine_spool file;

    if (spine_spool_make(&file, path, prefix, ending, err))
        return -1;
    strcpy(path, file.path);
    *descriptor = file.descriptor;
    *is_spooled = true;
    return 0;
}

static int spool_path(struct spine_sourcefiles *files, const char *prefix, struct spine_error *err)
{
    return spool(files->path, prefix, "spool", &files->is_path_spooled, &files->path_descriptor,
                 err);
}

static int spool_words(struct spine_sourcefiles *files, const char *prefix, struct spine_error *err)
{
    return spool(files->words, prefix, "words", &files->are_words_spooled, &files->words_descriptor,
                 err);
}

/* Find whether it must be unpacked to be read at any offset. */
static int look_at_container(const char *path, bool *is_packed, struct spine_error *err)
{
    struct spine_stream *stream = NULL;

    if (spine_stream_open(&stream, path, err))
        return -1;
    *is_packed = spine_stream_packing(stream) != SPINE_PACKING_NONE;
    spine_stream_close(stream);
    return 0;
}

/* An .npz: its members that end in .npy. */
struct arrays {
    char matrix[SPINE_PATH], words[SPINE_PATH]; /* FILE:MEMBER, if there is only one */
    int num_matrices, num_words, num_objects, num_lists;
    uint64_t length;   /* of the array of words, or if there is none, of objects */
    const char *inner; /* the array that was named, with or without .npy; NULL: none */
    uint64_t rows;     /* of it, if it is a matrix */
    const char *file;  /* borrowed, as inner */
    struct spine_error *err;
    struct spine_namelist names, matrices; /* of the members */
};

/* Does NAME or NAME.npy name the member? */
static bool is_named(const char *member, const char *name)
{
    const size_t length = strlen(name);

    return strncmp(member, name, length) == 0 &&
           (member[length] == '\0' || strcmp(member + length, ".npy") == 0);
}

/* Read the header of a member, and count it. */
static int note_member(const char *member, const void *start, size_t bytes, void *data)
{
    struct arrays *arrays = data;
    char path[SPINE_PATH];
    struct spine_npy npy;

    if (snprintf(path, sizeof path, "%s:%s", arrays->file, member) >= SPINE_PATH)
        return spine_refuse(arrays->err, "%.60s...: the path is too long", arrays->file);
    if (spine_npy_parse(&npy, start, bytes, path, arrays->err))
        return -1;

    spine_namelist_add(&arrays->names, "%s", member);
    if (arrays->inner != NULL && is_named(member, arrays->inner))
        arrays->rows = npy.num_sizes == 2 ? npy.sizes[0] : 0;
    if (npy.num_sizes == 2 && npy.type[1] == 'f') {
        arrays->num_matrices++;
        spine_namelist_add(&arrays->matrices, "%s", member);
        strcpy(arrays->matrix, path);
    } else if (spine_npy_has_words(&npy)) {
        arrays->num_words++;
        arrays->length = npy.sizes[0];
        strcpy(arrays->words, path);
    } else if (npy.num_sizes == 1 && strchr(npy.type, 'O') != NULL) {
        arrays->num_objects++;
        arrays->length = arrays->num_words == 0 ? npy.sizes[0] : arrays->length;
    } else if (npy.num_sizes == 1 && npy.type[1] == 'f')
        arrays->num_lists++;
    return 0;
}

/* Choose among the arrays of an .npz, if 'path' is one and names none. */
static int choose_arrays(const char *path, struct arrays *arrays, struct spine_error *err)
{
    bool is_sparse = false;

    *arrays = (struct arrays){.file = path, .err = err};
    int rc = spine_sparsearrays_is(path, &is_sparse, err);
    if (rc == 0 && is_sparse)
        return spine_refuse(err,
                            "%s: a sparse matrix of SciPy's; " SPINE_FOREIGN_SPARSE
                            "; else save it densely: "
                            "numpy.save('vectors.npy', scipy.sparse.load_npz(FILE).toarray())",
                            path);
    if (rc == 0)
        rc = spine_archive_list_starts(path, ".npy", SPINE_NPY_START, note_member, arrays, err);

    if (rc == 0 && arrays->num_matrices == 0 && arrays->num_lists > 1)
        rc = spine_refuse(err,
                          "%s: has no matrix of floating-point numbers; if each array is a word's "
                          "vector, write them as text: python3 -c 'import numpy; f = "
                          "numpy.load(\"FILE\"); [print(w, *f[w]) for w in f]' > vectors.txt",
                          path);
    else if (rc == 0 && arrays->names.count > 0 && arrays->num_matrices != 1)
        rc = spine_refuse(
            err, "%s: has %d matrices of floating-point numbers; choose an array as %s:ARRAY: %s",
            path, arrays->num_matrices, path,
            spine_namelist_end(arrays->num_matrices > 0 ? &arrays->matrices : &arrays->names));
    return rc;
}

static int refuse_objects(const char *path, struct spine_error *err)
{
    return spine_refuse(err,
                        "%s: beside the matrix is an array of Python objects, which is not read; "
                        "save words as numpy.array(words, dtype=str), or give --words or "
                        "--words-from",
                        path);
}

/* The same, but ignore a member that can't be read: if it is the one that was named, reading it
 * reports why. */
static int note_readable(const char *member, const void *start, size_t bytes, void *data)
{
    struct arrays *arrays = data;
    const int rc = note_member(member, start, bytes, data);

    return rc != 0 && arrays->err->status == SPINE_EXIT_REFUSED ? 0 : rc;
}

/* FILE.npz:ARRAY: use the words that FILE.npz would have, if they are as many as the array's
 * rows. */
static int find_words_beside(struct spine_sourcefiles *files, struct spine_error *err)
{
    struct arrays arrays = {.err = err};
    char *file = NULL;
    const char *inner = NULL;
    bool is_zip = false;

    if (spine_stream_split(files->path, &file, &inner, err))
        return -1;
    int rc = inner == NULL ? 0 : spine_archive_is(file, &is_zip, err);
    arrays.file = file;
    arrays.inner = inner;
    if (rc == 0 && is_zip)
        rc = spine_archive_list_starts(file, ".npy", SPINE_NPY_START, note_readable, &arrays, err);

    const bool fits = arrays.rows > 0 && arrays.length == arrays.rows;
    if (rc == 0 && fits && arrays.num_words == 1)
        rc = set_path(files->words, arrays.words, err);
    else if (rc == 0 && fits && arrays.num_words == 0 && arrays.num_objects == 1)
        rc = refuse_objects(files->path, err);
    free(file);
    return rc;
}

/* Find the form of a file, unless *form is given; FILE:/DATASET has that of FILE. *is_inside: it is
 * a dataset or tensor, which can be read without unpacking. */
static int find_form(const char *path, enum spine_form *form, bool *is_inside,
                     struct spine_error *err)
{
    char *file = NULL;
    const char *inner = NULL;
    bool is_member = false;

    *is_inside = false;
    if (spine_stream_split(path, &file, &inner, err))
        return -1;
    int rc = inner == NULL ? 0 : spine_archive_is(file, &is_member, err);
    const bool is_part = inner != NULL && !is_member, is_given = *form != SPINE_FORM_AUTO;
    if (rc == 0 && !is_given)
        rc = spine_form_detect(is_part ? file : path, form, err);
    else if (rc == 0 && *form == SPINE_FORM_TEXT && !is_part)
        rc = spine_form_check_text(path, err);
    if (rc == 0 && is_part) {
        *is_inside = *form == SPINE_FORM_HDF5 || *form == SPINE_FORM_SAFETENSORS;
        if (!*is_inside && is_given)
            rc = spine_refuse(err,
                              "%s: --from=%s reads a whole file, not '%s' in it; leave out --from",
                              file, spine_form_name(*form), inner);
        else if (!*is_inside)
            rc = spine_refuse(err, "%s: is neither HDF5 nor a zip archive: '%s' can't be in it",
                              file, inner);
    }
    free(file);
    return rc;
}

/* Find the form of the input, and spool it if need be. */
static int prepare_input(struct spine_sourcefiles *files,
                         const struct spine_source_request *request, const char *prefix,
                         struct spine_error *err)
{
    bool is_inside = false, is_packed = false;

    files->form = request->form;
    if (find_form(files->path, &files->form, &is_inside, err)) {
        if (files->is_path_spooled)
            spine_error_rename(err, files->path, request->path);
        return -1;
    }
    if (!is_inside && look_at_container(files->path, &is_packed, err))
        return -1;
    if (files->form == SPINE_FORM_TEXT)
        return spine_layout_detect(&files->layout, files->path, request->path, request->header,
                                   err);
    return is_packed ? spool_path(files, prefix, err) : 0;
}

/* Spool a list of words that is a member of an .npz, or compressed and binary. */
static int prepare_words(struct spine_sourcefiles *files, const char *prefix,
                         struct spine_error *err)
{
    enum spine_form form = SPINE_FORM_AUTO;
    bool is_inside = false, is_packed = false;

    if (files->words[0] == '\0' || find_form(files->words, &form, &is_inside, err))
        return files->words[0] == '\0' ? 0 : -1;
    if (form != SPINE_FORM_NPY)
        return 0;
    if (look_at_container(files->words, &is_packed, err))
        return -1;
    return is_packed ? spool_words(files, prefix, err) : 0;
}

/* Set the path, to that of the file which an index names for the tensor if it is one. */
static int set_input(struct spine_sourcefiles *files, const struct spine_source_request *request,
                     struct spine_error *err)
{
    char *shard = NULL;
    if (spine_shardindex_find(request->path, request->tensor, &shard, err))
        return -1;

    const int rc = set_path(files->path, shard != NULL ? shard : request->path, err);
    free(shard);
    return rc;
}

int spine_sourcefiles_prepare(struct spine_sourcefiles *files,
                              const struct spine_source_request *request, const char *prefix,
                              struct spine_error *err)
{
    const char *words = request->words == NULL ? "" : request->words;
    struct arrays arrays = {0};
    bool is_zip = false;

    memset(files, 0, sizeof *files);
    if (set_input(files, request, err) || set_path(files->words, words, err))
        return -1;
    if (spine_infile_is_pipe(request->path) && spool_path(files, prefix, err))
        return -1;
    if (!files->is_path_spooled && spine_archive_is(request->path, &is_zip, err))
        return -1;
    if (is_zip) {
        if (choose_arrays(request->path, &arrays, err))
            return -1;
        if (arrays.names.count > 0 && set_path(files->path, arrays.matrix, err))
            return -1;
        if (arrays.names.count > 0 && request->words == NULL && arrays.num_words == 1 &&
            set_path(files->words, arrays.words, err))
            return -1;
        if (request->words == NULL && arrays.num_words == 0 && arrays.num_objects == 1)
            return refuse_objects(request->path, err);
    } else if (!files->is_path_spooled && request->words == NULL && find_words_beside(files, err))
        return -1;
    strcpy(files->words_name, files->words);
    if (prepare_input(files, request, prefix, err) || prepare_words(files, prefix, err))
        return -1;
    return 0;
}

void spine_sourcefiles_clean(const struct spine_sourcefiles *files)
{
    if (files->is_path_spooled)
        spine_spool_drop(files->path, files->path_descriptor);
    if (files->are_words_spooled)
        spine_spool_drop(files->words, files->words_descriptor);
}
