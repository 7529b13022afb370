/* layout.h -- the layout of a file of word vectors in text form, found from its first rows.
 *
 *     the 0.418 0.24968 -0.41242 ...           GloVe
 *     999994 300                               word2vec and fastText have a header line first:
 *     the 0.1073 0.0089 0.0006 ...             rows and numbers in a row
 *
 * Tables of pandas, R and others are recognized, too: names of columns, row numbers, quotes. Rows
 * without words are refused.
 *
 * vectors.h parses the file by this layout. */
#ifndef SPINE_TEXT_LAYOUT_H
#define SPINE_TEXT_LAYOUT_H

#include <stdbool.h>

#include "spine/base/field.h"
#include "spine/text/lines.h"

/* YES: the first line says rows and dimension. SKIP: skip the first line, whatever it says. */
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
    bool has_count;     /* the header says how many rows there are: */
    uint64_t announced; /* this number */

    /* What tables of other programs have; all of it is skipped. */
    bool has_names;       /* the first line names the columns, or numbers them */
    bool has_row_numbers; /* a row begins with its number */
    bool has_quotes;      /* words are in double quotes: */
    bool has_bare_words;  /* only those with blanks do */

    bool has_tab;       /* a word ends at its row's first tab */
    bool has_surplus;   /* words may end in numbers: "Unit 7" */
    bool may_be_longer; /* words seem to end in numbers, but nothing decides it */
};

/* Find the layout. Refuses what isn't rows of vectors: empty files, CSV, HTML, UTF-16, word2vec's
 * binary format; messages call the file 'name'. Detects whether there is a header unless 'header'
 * says so. */
int spine_layout_detect(struct spine_layout *layout, const char *path, const char *name,
                        enum spine_layout_header header, struct spine_error *err);

/* Skip the byte order mark, if the file has one and this is its first line. */
void spine_layout_pass_mark(const struct spine_layout *layout, struct spine_line *line);

/* Is it the first line, and one without a vector? */
bool spine_layout_is_header(const struct spine_layout *layout, const struct spine_line *line);

/* May this field belong to a name: "13" of "Apollo 13", "3.1"? */
bool spine_layout_is_name_part(struct spine_field text);

/* A word without the row number and the quotes that the layout says there are. What is in doubled
 * or escaped quotes stays as it is. */
struct spine_field spine_layout_word(const struct spine_layout *layout, struct spine_field word);

/* A line without the separators before and after it. */
struct spine_field spine_layout_content(const struct spine_line *line);

#endif
