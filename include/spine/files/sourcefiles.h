/* sourcefiles.h -- what an input is, and the files that it is read from: itself, or where it is
 * unpacked to. source.h reads them. */
#ifndef SPINE_FILES_SOURCEFILES_H
#define SPINE_FILES_SOURCEFILES_H

#include <stdbool.h>

#include "spine/files/codes.h"
#include "spine/text/form.h"
#include "spine/text/layout.h"

/* What the user says; a zeroed struct but for the path will do. */
struct spine_source_request {
    const char *path;                /* FILE, FILE.zip:MEMBER, FILE.h5:/DATASET; "-": stdin */
    const char *words;               /* a list of words (wordlist.h), or NULL */
    const char *tensor;              /* of a safetensors file, or NULL: the only one */
    enum spine_form form;            /* SPINE_FORM_AUTO: find out */
    enum spine_layout_header header; /* of text */
};

/* What rank 0 finds out. Plain data, to be sent to other ranks as it is. */
struct spine_sourcefiles {
    char path[SPINE_PATH], words[SPINE_PATH]; /* to be opened; words may be empty */
    char words_name[SPINE_PATH];              /* of the list of words, in messages */
    bool is_path_spooled, are_words_spooled;
    enum spine_form form;
    struct spine_layout layout; /* of text */
};

/* Find out the form, and spool what must be: to files whose names begin with 'spool', which
 * spine_sourcefiles_clean() removes, whether this succeeds or not. */
int spine_sourcefiles_prepare(struct spine_sourcefiles *files,
                              const struct spine_source_request *request, const char *spool,
                              struct spine_error *err);

/* Remove what was spooled. */
void spine_sourcefiles_clean(const struct spine_sourcefiles *files);

#endif
