/* page.h -- self-contained HTML pages: one file, no network, safe with any words.
 *
 * A page is page.html with the common style sheet and script (page.css, page.js), its own ones, and
 * one JSON value, which its scripts find in the variable 'data'. The files are in src/pages/assets
 * and are built into the library; page.js describes what it offers to other scripts.
 *
 * Nothing in the JSON can break out of its element: '<', '>', '&', U+2028 and U+2029 are written as
 * \u escapes, bytes that aren't UTF-8 as U+FFFD. The page's content security policy forbids other
 * scripts and all requests. */
#ifndef SPINE_PAGES_PAGE_H
#define SPINE_PAGES_PAGE_H

#include <stddef.h>

#include "spine/base/error.h"

struct spine_page {
    const char *title;          /* plain text */
    const char *body;           /* the file of src/pages/assets with the contents of <body> */
    const char *const *styles;  /* files after page.css, ended by NULL; NULL: none */
    const char *const *scripts; /* files after page.js, ended by NULL; NULL: none */
};

/* Write the page with this JSON to a file, complete or not at all (outfile.h). Local. */
int spine_page_write(const char *path, const struct spine_page *page, const char *json,
                     struct spine_error *err);

/* A file of src/pages/assets as text, embedded by embed.cmake. spine_page_asset() returns NULL if
 * there is no file of this name. */
struct spine_asset {
    const char *name, *text;
};
extern const struct spine_asset spine_assets[]; /* ended by a NULL name */
const char *spine_page_asset(const char *name);

#endif
