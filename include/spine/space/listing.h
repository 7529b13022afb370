/* listing.h -- dimensions and words of a space, listed as text or as one JSON object.
 *
 *     open, any number of listing calls, end, close
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
    size_t most_dimensions; /* listed of a word, and by spine_listing_best() */
    size_t most_words;      /* listed of a dimension, and near a word */
    FILE *out;              /* borrowed */
    struct cJSON *json;     /* owned; NULL: text */
};

/* What to list, and how. */
struct spine_listing_options {
    const char *path;  /* of words and vectors (catalogue.h); borrowed until closing */
    const char *words; /* the words of a file that has none, or NULL; refused if it has some */
    size_t most_dimensions, most_words;
    bool is_scaled; /* words nearby are found with dimensions of equal spread */
    bool as_json;
};

/* Open the words and vectors, to list them on 'out'. */
int spine_listing_open(struct spine_listing *listing, const struct spine_listing_options *options,
                       FILE *out, struct spine_error *err);

/* List the dimensions of a word, in any case (space.h). If the space lacks it, the number of a
 * dimension lists that, and a pattern with *, ? and [...] all words that match. Refused if there is
 * none, with the words nearest to it. */
int spine_listing_word(struct spine_listing *listing, const char *pattern, struct spine_error *err);

/* List the words of a dimension. Refused if the space has no such dimension. */
int spine_listing_dimension(struct spine_listing *listing, size_t dimension,
                            struct spine_error *err);

/* List the dimensions whose strongest words are strongest on average. */
int spine_listing_best(struct spine_listing *listing, struct spine_error *err);

/* List the words whose vectors have the greatest cosines with that of a word, in any case. Refused if
 * its vector is of zeros. */
int spine_listing_near(struct spine_listing *listing, const char *word, struct spine_error *err);

/* Write all dimensions as TSV, whether JSON or not: a heading, then dimension, active, and word1,
 * strength1, word2, ... up to most_words. A tab, line break or backslash in a word is \t, \n, \r or
 * \\. */
int spine_listing_dump(struct spine_listing *listing, struct spine_error *err);

/* Write each dimension as a JSON object, one a line, in what programs that name dimensions take:
 *
 *     {"dimension": 7, "active": 80, "rows": 17000,
 *      "top": [{"word": "queen", "activation": 2.5}, ...],
 *      "contrast": [{"word": "river", "activation": 0}, ...]}
 *
 * 'top' are up to most_words of its strongest words; 'contrast' as many words that it isn't about:
 * drawn from those of its bottom half that are in the top tenth of another (topwords.h, seed 1),
 * none twice. */
int spine_listing_for_labelling(struct spine_listing *listing, struct spine_error *err);

/* Write the JSON object, if the listing is JSON. */
int spine_listing_end(const struct spine_listing *listing, struct spine_error *err);

void spine_listing_close(struct spine_listing *listing);

#endif
