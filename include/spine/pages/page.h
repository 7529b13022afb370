/* page.h -- self-contained HTML pages: one file, no network, safe with any words.
 *
 * A page is page.html with the common style sheet and script (page.css, page.js), those of its own,
 * and one piece of JSON, which its scripts find in the variable 'data'. The files are in
 * src/pages/assets, where page.js says what it offers; they are built into the library.
 *
 * Nothing in the JSON can break out of its element: '<', '>', '&', U+2028 and U+2029 are written as
 * \u escapes, bytes that aren't UTF-8 as U+FFFD. And the page's own policy lets no other script run
 * and nothing be fetched. */
#ifndef SPINE_PAGES_PAGE_H
#define SPINE_PAGES_PAGE_H

#include <stddef.h>

#include "spine/base/error.h"

struct spine_page {
    const char *title; /* plain text */
    const char *body;  /* a file of src/pages/assets, such as "report.html": what <body> holds */
    const char *const *styles;  /* files behind page.css, ended by NULL; NULL: none */
    const char *const *scripts; /* files behind page.js, the same */
};

/* Write the page with this JSON to a file, whole or not at all (outfile.h). Local. */
int spine_page_write(const char *path, const struct spine_page *page, const char *json,
                     struct spine_error *err);

/* A file of src/pages/assets as text, embedded by embed.cmake; NULL if there is none of this name. */
struct spine_asset {
    const char *name, *text;
};
extern const struct spine_asset spine_assets[]; /* ended by a NULL name */
const char *spine_page_asset(const char *name);

#endif
