/* listing.h -- dimensions and words of a space, listed: as text while they are asked for, or as one
 * JSON object in the end.
 *
 *     open, then any number of questions, end, close
 *
 * Of a word come the dimensions, of a dimension the words, strongest first (ranking.h). JSON is
 *
 *     {"words": [{"word": "king", "active": 24, "dimensions":
 *                     [{"dimension": 7, "strength": 1.25, "words": ["queen", ...]}, ...]}, ...],
 *      "dimensions": [{"dimension": 7, "active": 80, "words":
 *                          [{"word": "queen", "strength": 2.5}, ...]}, ...],
 *      "near": [{"word": "king", "words": [{"word": "queen", "cosine": 0.75}, ...]}, ...]}
 *
 * with what was asked for; bytes of a word that aren't UTF-8 stand as \xNN. */
#ifndef SPINE_SPACE_LISTING_H
#define SPINE_SPACE_LISTING_H

#include <stdbool.h>
#include <stdio.h>

#include "spine/space/ranking.h"
#include "spine/space/space.h"

struct cJSON; /* cJSON.h */

struct spine_listing {
    struct spine_space space;
    struct spine_ranking columns;
    size_t most_dimensions; /* listed of a word, and of all */
    size_t most_words;      /* listed of a dimension, and near a word */
    FILE *out;              /* borrowed */
    struct cJSON *json;     /* owned; NULL: text */
};

/* Read the words and vectors of a path (space.h), to list them on 'out'. */
int spine_listing_open(struct spine_listing *listing, const char *path, size_t most_dimensions,
                       size_t most_words, bool as_json, FILE *out, struct spine_error *err);

/* List the dimensions of a word; or, where it isn't a word, of all words that match it as a pattern
 * with *, ? and [...]. Refused if there is none. */
int spine_listing_word(struct spine_listing *listing, const char *pattern, struct spine_error *err);

/* List a dimension; refused if there is none of this number. */
int spine_listing_dimension(struct spine_listing *listing, size_t dimension,
                            struct spine_error *err);

/* List the dimensions that are filled best: whose strongest words are strongest on average. */
int spine_listing_best(struct spine_listing *listing, struct spine_error *err);

/* List the words whose vectors have the greatest cosines with that of a word. */
int spine_listing_near(struct spine_listing *listing, const char *word, struct spine_error *err);

/* List all dimensions as TSV, JSON or not: dimension, active, and word1, strength1, word2, ... up
 * to most_words; a heading first. A tab, line break or backslash in a word is \t, \n, \r or \\. */
void spine_listing_dump(const struct spine_listing *listing);

/* Write the JSON, if it is JSON. */
int spine_listing_end(const struct spine_listing *listing, struct spine_error *err);

void spine_listing_close(struct spine_listing *listing);

#endif
