/* sourcefiles.h -- the form of an input, and the files from which source.h reads it: the input
 * itself, or where it was unpacked to. */
#ifndef SPINE_FILES_SOURCEFILES_H
#define SPINE_FILES_SOURCEFILES_H

#include <stdbool.h>

#include "spine/files/codes.h"
#include "spine/text/form.h"
#include "spine/text/layout.h"

/* What the user specified. Everything except the path may be zero. */
struct spine_source_request {
    const char *path;                /* FILE, FILE.zip:MEMBER, FILE.h5:/DATASET; "-": stdin */
    const char *words;               /* a list of words (wordlist.h), or NULL */
    const char *words_option;        /* that named it, in messages; NULL: "--words" */
    const char *tensor;              /* of a safetensors file, or NULL: the only one */
    enum spine_form form;            /* SPINE_FORM_AUTO: detect it */
    enum spine_layout_header header; /* of text */
};

/* What rank 0 found. Plain data, which may be broadcast as bytes. */
struct spine_sourcefiles {
    char path[SPINE_PATH], words[SPINE_PATH]; /* to be opened; words may be empty */
    char words_name[SPINE_PATH];              /* of the list of words, in messages */
    bool is_path_spooled, are_words_spooled;
    int path_descriptor, words_descriptor; /* of what was spooled, open on rank 0 */
    enum spine_form form;
    struct spine_layout layout; /* of text */
};

/* Find the form, and spool what can't be read at any offset to files whose names begin with
 * 'prefix'; if it is NULL, to files without a name in the directory for temporary files, which only
 * this process can open. Call spine_sourcefiles_clean(), which removes them, even after a
 * failure. */
int spine_sourcefiles_prepare(struct spine_sourcefiles *files,
                              const struct spine_source_request *request, const char *prefix,
                              struct spine_error *err);

/* Remove spooled files, where they were spooled. */
void spine_sourcefiles_clean(const struct spine_sourcefiles *files);

#endif
