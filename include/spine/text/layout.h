/* layout.h -- the layout of a file of word vectors in text form, found from its first rows.
 *
 *     the 0.418 0.24968 -0.41242 ...           GloVe
 *     999994 300                               word2vec and fastText have a header line first:
 *     the 0.1073 0.0089 0.0006 ...             rows and numbers in a row
 *
 * vectors.h parses the file by this layout. */
#ifndef SPINE_TEXT_LAYOUT_H
#define SPINE_TEXT_LAYOUT_H

#include "spine/base/field.h"
#include "spine/text/lines.h"

enum spine_layout_header { SPINE_HEADER_AUTO, SPINE_HEADER_YES, SPINE_HEADER_NO };

/* Plain data: may be broadcast as bytes. */
struct spine_layout {
    enum spine_lines_kind kind;
    uint64_t bytes;   /* of the file on the disk */
    size_t dimension; /* D */
    bool has_mark;    /* a UTF-8 byte order mark */
    bool has_header;
    uint64_t announced; /* rows, as the header says */
};

/* Find the layout. Refuses what isn't rows of vectors: empty files, CSV, HTML, UTF-16, word2vec's
 * binary format. Detects whether there is a header unless 'header' says so. */
int spine_layout_detect(struct spine_layout *layout, const char *path,
                        enum spine_layout_header header, struct spine_error *err);

/* Skip the byte order mark, if the file has one and this is its first line. */
void spine_layout_pass_mark(const struct spine_layout *layout, struct spine_line *line);

/* A line without the separators before and after it. */
struct spine_field spine_layout_content(const struct spine_line *line);

#endif
