/* layout.h -- the layout of a file of word vectors in text form, found from its first rows.
 *
 *     the 0.418 0.24968 -0.41242 ...           GloVe
 *     999994 300                               word2vec and fastText have a header line first:
 *     the 0.1073 0.0089 0.0006 ...             rows and numbers in a row
 *
 * Tables that pandas, R and others write are recognised, too: column names, row numbers, quotes.
 * Rows without words are refused.
 *
 * vectors.h parses the file by this layout. */
#ifndef SPINE_TEXT_LAYOUT_H
#define SPINE_TEXT_LAYOUT_H

#include <stdbool.h>

#include "spine/base/field.h"
#include "spine/text/lines.h"

/* YES: the first line gives the rows and the dimension. SKIP: ignore the first line. */
enum spine_layout_header {
    SPINE_HEADER_AUTO,
    SPINE_HEADER_YES,
    SPINE_HEADER_NO,
    SPINE_HEADER_SKIP,
};

/* Plain data: may be broadcast as bytes. */
struct spine_layout {
    enum spine_packing packing;
    uint64_t bytes; /* of the file on the disk */
    size_t dim;     /* D */
    bool has_mark;  /* a UTF-8 byte order mark */
    bool has_header;
    bool has_count;     /* the header gives the number of rows: */
    uint64_t announced; /* this number */

    /* What tables of other programs have; all of it is skipped. */
    bool has_names;       /* the first line names the columns, or numbers them */
    bool has_row_numbers; /* a row begins with its number */
    bool has_quotes;      /* words are in double quotes; */
    bool has_bare_words;  /* only those with blanks are */

    bool has_tab;       /* a word ends at its row's first tab */
    bool has_surplus;   /* words may end in numbers: "Unit 7" */
    bool has_colons;    /* all words end in a colon */
    bool has_remains;   /* all words end in a field that is nearly a number */
    bool may_be_longer; /* words seem to end in numbers, but the file doesn't settle it */
};

/* Find the layout. Refuses what isn't rows of vectors: empty files, CSV, HTML, scripts, binary
 * files. Messages call the file 'name'. With SPINE_HEADER_AUTO, detects whether there is a
 * header. */
int spine_layout_detect(struct spine_layout *layout, const char *path, const char *name,
                        enum spine_layout_header header, struct spine_error *err);

/* Skip the byte order mark, if the file has one and this is its first line. */
void spine_layout_pass_mark(const struct spine_layout *layout, struct spine_line *line);

/* Is this the file's first line, and has it no vector? */
bool spine_layout_is_header(const struct spine_layout *layout, const struct spine_line *line);

/* Strip the row number and the quotes that the layout has from a word. Doubled or escaped quotes
 * inside it are left unchanged. */
struct spine_field spine_layout_word(const struct spine_layout *layout, struct spine_field word);

/* A line without leading and trailing separators. */
struct spine_field spine_layout_content(const struct spine_line *line);

#endif
