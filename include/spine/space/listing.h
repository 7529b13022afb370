/* listing.h -- dimensions and words of a space, listed as text or as one JSON object.
 *
 *     open, any number of calls that list something, end, close
 *
 * Text is written at once, JSON at the end. A word is listed with its dimensions, a dimension with
 * its words, strongest first (ranking.h). The JSON is
 *
 *     {"words": [{"word": "king", "active": 24, "dimensions":
 *                     [{"dimension": 7, "strength": 1.25, "words": ["queen", ...]}, ...]}, ...],
 *      "dimensions": [{"dimension": 7, "active": 80, "words":
 *                          [{"word": "queen", "strength": 2.5}, ...]}, ...],
 *      "near": [{"word": "king", "words": [{"word": "queen", "cosine": 0.75}, ...]}, ...]}
 *
 * with only the members that were requested; bytes of a word that aren't UTF-8 are written as
 * \xNN. */
#ifndef SPINE_SPACE_LISTING_H
#define SPINE_SPACE_LISTING_H

#include <stdbool.h>
#include <stdio.h>

#include "spine/space/catalogue.h"

struct cJSON; /* cJSON.h */

struct spine_listing {
    struct spine_catalogue catalogue;
    size_t most_dimensions; /* to list for a word, and in spine_listing_best() */
    size_t most_words;      /* to list for a dimension, and near a word */
    FILE *out;              /* borrowed */
    struct cJSON *json;     /* owned; NULL: text */
};

/* What to list, and how. */
struct spine_listing_options {
    const char *path;  /* of words and vectors (catalogue.h); borrowed until closing */
    const char *words; /* a list of words for a file that has none, or NULL */
    size_t most_dimensions, most_words;
    bool is_scaled; /* find nearby words with all dimensions scaled to equal variance */
    bool as_json;
};

/* Open the words and vectors, to list them on 'out'. */
int spine_listing_open(struct spine_listing *listing, const struct spine_listing_options *options,
                       FILE *out, struct spine_error *err);

/* List the dimensions of a word, in any case (space.h). If the space lacks the word, a number lists
 * that dimension, and a pattern with *, ? and [...] lists all words that match. If nothing matches,
 * the refusal suggests similar words. */
int spine_listing_word(struct spine_listing *listing, const char *pattern, struct spine_error *err);

/* List the words of a dimension. Refuses a dimension that the space doesn't have. */
int spine_listing_dimension(struct spine_listing *listing, size_t dimension,
                            struct spine_error *err);

/* List the dimensions whose top words are strongest on average. */
int spine_listing_best(struct spine_listing *listing, struct spine_error *err);

/* List the words whose vectors have the greatest cosines with that of a word, in any case. Refuses
 * a word whose vector is all zeros. */
int spine_listing_near(struct spine_listing *listing, const char *word, struct spine_error *err);

/* Write all dimensions as TSV, even if the listing is JSON: a heading, then dimension, active, and
 * word1, strength1, word2, ... up to most_words. A tab, line break or backslash in a word becomes
 * \t, \n, \r or \\. */
int spine_listing_dump(struct spine_listing *listing, struct spine_error *err);

/* Write each dimension as a JSON object, one a line, as input for programs that name dimensions:
 *
 *     {"dimension": 7, "active": 80, "rows": 17000,
 *      "top": [{"word": "queen", "activation": 2.5}, ...],
 *      "contrast": [{"word": "river", "activation": 0}, ...]}
 *
 * 'top' has up to most_words of its strongest words. 'contrast' has as many words that it isn't
 * about, drawn without repetition from those in its bottom half that are in the top tenth of
 * another dimension (topwords.h, seed 1). */
int spine_listing_for_labelling(struct spine_listing *listing, struct spine_error *err);

/* Write the JSON object, if the listing is JSON. */
int spine_listing_end(const struct spine_listing *listing, struct spine_error *err);

void spine_listing_close(struct spine_listing *listing);

#endif
