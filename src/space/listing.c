/* listing.c -- dimensions and words of a space, listed. */
#include "spine/space/listing.h"

#include <cJSON.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/json.h"
#include "spine/base/log.h"
#include "spine/base/memory.h"
#include "spine/base/number.h"
#include "spine/base/printable.h"
#include "spine/space/topwords.h"

static const char *word_of(struct spine_listing *listing, size_t row)
{
    return spine_catalogue_word(&listing->catalogue, row);
}

/* The words to list for a dimension; none if they can't be read, which spine_catalogue_check() then
 * reports. */
static const struct spine_ranked *top_of(struct spine_listing *listing, size_t dimension,
                                         size_t *count)
{
    const size_t active = spine_catalogue_active(&listing->catalogue, dimension);
    const size_t wanted = active < listing->most_words ? active : listing->most_words;
    const struct spine_ranked *top = spine_catalogue_top(&listing->catalogue, dimension, wanted);

    *count = listing->catalogue.has_failed ? 0 : wanted;
    return top;
}

/* --- JSON --------------------------------------------------------------------------------- */

/* The array of an object, made by the first call. */
static cJSON *list_of(cJSON *object, const char *name)
{
    cJSON *list = cJSON_GetObjectItemCaseSensitive(object, name);
    return list != NULL ? list : cJSON_AddArrayToObject(object, name);
}

static cJSON *append_object(cJSON *list)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddItemToArray(list, object);
    return object;
}

enum { DIGITS = 7 }; /* as many as a float has */

/* A word as valid JSON; NULL when out of memory, which printing then reports. */
static cJSON *make_word(struct spine_listing *listing, size_t row)
{
    struct spine_words words = {0};
    struct spine_error ignored;
    bool escaped;
    cJSON *word = spine_words_add_escaped(&words, word_of(listing, row), &escaped, &ignored) == 0
                      ? cJSON_CreateString(spine_words_get(&words, 0))
                      : NULL;
    if (word == NULL)
        spine_json_cut();
    spine_words_dispose(&words);
    return word;
}

static void add_word_words(struct spine_listing *listing, cJSON *object, size_t dimension)
{
    size_t count = 0;
    const struct spine_ranked *entry = top_of(listing, dimension, &count);
    cJSON *list = cJSON_AddArrayToObject(object, "words");
    for (size_t i = 0; i < count; i++)
        cJSON_AddItemToArray(list, make_word(listing, entry[i].index));
}

static void add_word(struct spine_listing *listing, size_t row,
                     const struct spine_ranked *dimensions, size_t count)
{
    cJSON *object = append_object(list_of(listing->json, "words"));
    cJSON_AddItemToObject(object, "word", make_word(listing, row));
    cJSON_AddNumberToObject(object, "active", (double)count);
    cJSON *list = cJSON_AddArrayToObject(object, "dimensions");
    for (size_t i = 0; i < count && i < listing->most_dimensions; i++) {
        cJSON *one = append_object(list);
        cJSON_AddNumberToObject(one, "dimension", dimensions[i].index);
        spine_json_add_real(one, "strength", (double)dimensions[i].strength, DIGITS);
        add_word_words(listing, one, dimensions[i].index);
    }
}

/* Add rows with their values, named 'name'. */
static void add_entries(struct spine_listing *listing, cJSON *object, const char *name,
                        const struct spine_ranked *entries, size_t count)
{
    cJSON *list = cJSON_AddArrayToObject(object, "words");
    for (size_t i = 0; i < count; i++) {
        cJSON *one = append_object(list);
        cJSON_AddItemToObject(one, "word", make_word(listing, entries[i].index));
        spine_json_add_real(one, name, (double)entries[i].strength, DIGITS);
    }
}

static void add_dimension(struct spine_listing *listing, size_t dimension)
{
    cJSON *object = append_object(list_of(listing->json, "dimensions"));
    size_t count = 0;
    const struct spine_ranked *top = top_of(listing, dimension, &count);
    cJSON_AddNumberToObject(object, "dimension", (double)dimension);
    cJSON_AddNumberToObject(object, "active",
                            (double)spine_catalogue_active(&listing->catalogue, dimension));
    add_entries(listing, object, "strength", top, count);
}

static void add_near(struct spine_listing *listing, size_t row, const struct spine_ranked *near,
                     size_t count)
{
    cJSON *object = append_object(list_of(listing->json, "near"));
    cJSON_AddItemToObject(object, "word", make_word(listing, row));
    add_entries(listing, object, "cosine", near, count);
}

/* --- Text --------------------------------------------------------------------------------- */

/* Print a word, made safe for a terminal, between two texts. */
static void put_word(struct spine_listing *listing, const char *before, size_t row,
                     const char *after)
{
    fputs(before, listing->out);
    spine_printable_print(listing->out, word_of(listing, row));
    fputs(after, listing->out);
}

static void print_words(struct spine_listing *listing, size_t dimension)
{
    size_t count = 0;
    const struct spine_ranked *entry = top_of(listing, dimension, &count);
    if (count == 0)
        fprintf(listing->out, " (no word)");
    for (size_t i = 0; i < count; i++)
        put_word(listing, " ", entry[i].index, "");
    putc('\n', listing->out);
}

static void print_word(struct spine_listing *listing, size_t row,
                       const struct spine_ranked *dimensions, size_t count)
{
    put_word(listing, "", row, "");
    fprintf(listing->out, ": %zu dimensions\n", count);
    for (size_t i = 0; i < count && i < listing->most_dimensions; i++) {
        fprintf(listing->out, "  %6.3f %6u ", (double)dimensions[i].strength, dimensions[i].index);
        print_words(listing, dimensions[i].index);
    }
}

static void print_entries(struct spine_listing *listing, const struct spine_ranked *entries,
                          size_t count)
{
    for (size_t i = 0; i < count; i++) {
        fprintf(listing->out, "  %6.3f", (double)entries[i].strength);
        put_word(listing, "  ", entries[i].index, "\n");
    }
}

/* --- Listing ------------------------------------------------------------------------------ */

static int list_word(struct spine_listing *listing, size_t row, struct spine_error *err)
{
    struct spine_ranked *dimensions = spine_memory_get(
        listing->catalogue.dimensions + 1, sizeof *dimensions, "a word's dimensions", err);
    if (dimensions == NULL)
        return -1;
    const size_t count = spine_catalogue_of_row(&listing->catalogue, row, dimensions);
    if (listing->json != NULL)
        add_word(listing, row, dimensions, count);
    else
        print_word(listing, row, dimensions, count);
    free(dimensions);
    return spine_catalogue_check(&listing->catalogue, err);
}

/* Find a word in any case, and say so if the spelling differs. */
static int64_t find_word(struct spine_listing *listing, const char *word)
{
    const int64_t row = spine_catalogue_find_any_case(&listing->catalogue, word);

    if (row >= 0 && strcmp(word_of(listing, (size_t)row), word) != 0)
        spine_log(SPINE_LOG_INFO, "'%s' is not among the words, but '%s' is", word,
                  word_of(listing, (size_t)row));
    return row;
}

/* Refuse a word that is missing, and suggest similar ones. */
static int refuse_word(struct spine_listing *listing, const char *option, const char *word,
                       struct spine_error *err)
{
    enum { SUGGESTED = 3 };
    size_t rows[SUGGESTED], used = 0;
    char nearest[256] = "";
    const size_t count = spine_catalogue_suggest(&listing->catalogue, word, SUGGESTED, rows);

    for (size_t i = 0; i < count && used < sizeof nearest; i++)
        used += (size_t)snprintf(nearest + used, sizeof nearest - used, "%s%s",
                                 i == 0 ? "; the nearest: " : ", ", word_of(listing, rows[i]));
    return spine_refuse(err, "%s'%s' is not among the %zu words%s", option, word,
                        listing->catalogue.rows, nearest);
}

/* List all words that match a pattern. */
static int list_matches(struct spine_listing *listing, const char *pattern, struct spine_error *err)
{
    struct spine_catalogue *catalogue = &listing->catalogue;
    size_t matches = 0;

    spine_catalogue_read_words(catalogue);
    if (spine_catalogue_check(catalogue, err))
        return -1;
    for (size_t i = 0; i < catalogue->rows; i++)
        if (fnmatch(pattern, word_of(listing, i), 0) == 0) {
            matches++;
            if (list_word(listing, i, err))
                return -1;
        }
    if (matches == 0)
        return spine_refuse(err, "'%s' is not among the %zu words, and none matches it", pattern,
                            listing->catalogue.rows);

    return 0;
}

int spine_listing_word(struct spine_listing *listing, const char *pattern, struct spine_error *err)
{
    const size_t dimensions = listing->catalogue.dimensions;
    const int64_t row = find_word(listing, pattern);
    int64_t number;
    const bool is_dimension = spine_number_whole(pattern, 0, (int64_t)dimensions - 1, &number) == 0;

    if (spine_catalogue_check(&listing->catalogue, err))
        return -1;
    if (row >= 0 && is_dimension)
        spine_log(SPINE_LOG_INFO, "'%s' is a word; for the dimension: --dimension=%s", pattern,
                  pattern);
    if (row >= 0)
        return list_word(listing, (size_t)row, err);
    if (is_dimension)
        return spine_listing_dimension(listing, (size_t)number, err);
    if (spine_number_whole(pattern, 0, INT64_MAX, &number) == 0)
        return spine_refuse(err,
                            "'%s' is not among the %zu words, and dimensions are numbered from 0 "
                            "to %zu",
                            pattern, listing->catalogue.rows, dimensions - 1);
    if (strpbrk(pattern, "*?[") != NULL)
        return list_matches(listing, pattern, err);
    return refuse_word(listing, "", pattern, err);
}

int spine_listing_dimension(struct spine_listing *listing, size_t dimension,
                            struct spine_error *err)
{
    if (dimension >= listing->catalogue.dimensions)
        return spine_refuse(err, "--dimension: %zu is not below %zu, the number of dimensions",
                            dimension, listing->catalogue.dimensions);
    if (listing->json != NULL) {
        add_dimension(listing, dimension);
        return 0;
    }

    size_t count = 0;
    const struct spine_ranked *top = top_of(listing, dimension, &count);
    fprintf(listing->out, "dimension %zu: active for %zu of %zu words\n", dimension,
            spine_catalogue_active(&listing->catalogue, dimension), listing->catalogue.rows);
    print_entries(listing, top, count);
    return spine_catalogue_check(&listing->catalogue, err);
}

/* The mean strength of a dimension's strongest words; absent ones count 0. */
static float mean_strength(struct spine_listing *listing, size_t dimension)
{
    size_t count = 0;
    const struct spine_ranked *entry = top_of(listing, dimension, &count);
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (double)entry[i].strength;
    return (float)(sum / (double)listing->most_words);
}

int spine_listing_best(struct spine_listing *listing, struct spine_error *err)
{
    const size_t width = listing->catalogue.dimensions;
    struct spine_ranked *order =
        spine_memory_get(width + 1, sizeof *order, "the order of the dimensions", err);
    if (order == NULL)
        return -1;
    for (size_t j = 0; j < width; j++)
        order[j] = (struct spine_ranked){mean_strength(listing, j), (uint32_t)j};
    spine_ranked_sort(order, width);
    for (size_t i = 0; i < width && i < listing->most_dimensions; i++) {
        if (listing->json != NULL) {
            add_dimension(listing, order[i].index);
        } else {
            fprintf(listing->out, "%6u ", order[i].index);
            print_words(listing, order[i].index);
        }
    }
    free(order);
    return spine_catalogue_check(&listing->catalogue, err);
}

int spine_listing_near(struct spine_listing *listing, const char *word, struct spine_error *err)
{
    struct spine_catalogue *catalogue = &listing->catalogue;
    const int64_t row = find_word(listing, word);
    if (spine_catalogue_check(catalogue, err))
        return -1;
    if (row < 0)
        return refuse_word(listing, "--near: ", word, err);
    if (spine_catalogue_is_zero(catalogue, (size_t)row))
        return spine_refuse(err, "--near: '%s' has a vector of zeros, which is near no other",
                            word_of(listing, (size_t)row));

    struct spine_ranked *near = NULL;
    const size_t count = spine_catalogue_near(catalogue, (size_t)row, listing->most_words, &near);
    if (listing->json != NULL) {
        add_near(listing, (size_t)row, near, count);
    } else {
        put_word(listing, "near ", (size_t)row, "\n");
        print_entries(listing, near, count);
    }

    free(near);
    return spine_catalogue_check(catalogue, err);
}

/* --- The whole space ---------------------------------------------------------------------- */

static void dump_word(FILE *out, const char *word)
{
    static const char special[] = "\t\n\r\\", letters[] = "tnr\\";
    char piece[16];

    while (*word != '\0') {
        const char *found = strchr(special, *word);
        if (found != NULL) {
            fprintf(out, "\\%c", letters[found - special]);
            word++;
        } else {
            spine_printable_next(&word, piece);
            fputs(piece, out);
        }
    }
}

int spine_listing_dump(struct spine_listing *listing, struct spine_error *err)
{
    FILE *out = listing->out;

    spine_catalogue_read_words(&listing->catalogue);
    if (spine_catalogue_check(&listing->catalogue, err))
        return -1;

    fprintf(out, "dimension\tactive");
    for (size_t i = 1; i <= listing->most_words; i++)
        fprintf(out, "\tword%zu\tstrength%zu", i, i);
    putc('\n', out);
    for (size_t j = 0; j < listing->catalogue.dimensions; j++) {
        size_t count = 0;
        const struct spine_ranked *entry = top_of(listing, j, &count);
        if (spine_catalogue_check(&listing->catalogue, err))
            return -1;
        fprintf(out, "%zu\t%zu", j, spine_catalogue_active(&listing->catalogue, j));
        for (size_t i = 0; i < count; i++) {
            putc('\t', out);
            dump_word(out, word_of(listing, entry[i].index));
            fprintf(out, "\t%.7g", (double)entry[i].strength);
        }
        putc('\n', out);
    }
    return 0;
}

static void add_activation(struct spine_listing *listing, cJSON *list, size_t row, size_t dimension)
{
    cJSON *object = append_object(list);
    cJSON_AddItemToObject(object, "word", make_word(listing, row));
    spine_json_add_real(object, "activation",
                        (double)spine_space_strength(&listing->catalogue.space, row, dimension),
                        DIGITS);
}

/* Add words that the dimension isn't about; fewer if draws repeat. */
static void add_contrast(struct spine_listing *listing, const struct spine_topwords *topwords,
                         cJSON *list, size_t dimension, uint32_t *chosen)
{
    enum { SEED = 1, TRIES = 4 };
    const size_t most = listing->most_words, shown = topwords->count[dimension];
    size_t count = 0;

    for (uint32_t draw = 0; shown > 0 && count < most && draw < TRIES * most; draw++) {
        const int64_t row = spine_topwords_intruder(topwords, dimension, shown, SEED, draw);
        size_t known = 0;
        if (row < 0)
            return;
        while (known < count && chosen[known] != (uint32_t)row)
            known++;
        if (known < count)
            continue;
        chosen[count++] = (uint32_t)row;
        add_activation(listing, list, (size_t)row, dimension);
    }
}

static int print_for_labelling(struct spine_listing *listing, const struct spine_topwords *topwords,
                               size_t dimension, uint32_t *chosen, struct spine_error *err)
{
    const uint32_t *top = spine_topwords_top(topwords, dimension);
    spine_json_watch();
    cJSON *object = cJSON_CreateObject();
    cJSON_AddNumberToObject(object, "dimension", (double)dimension);
    cJSON_AddNumberToObject(object, "active",
                            (double)spine_catalogue_active(&listing->catalogue, dimension));
    cJSON_AddNumberToObject(object, "rows", (double)listing->catalogue.rows);
    cJSON *list = cJSON_AddArrayToObject(object, "top");
    for (size_t i = 0; i < topwords->count[dimension]; i++)
        add_activation(listing, list, top[i], dimension);
    add_contrast(listing, topwords, cJSON_AddArrayToObject(object, "contrast"), dimension, chosen);

    char *text = spine_json_print(object, false, "a dimension's JSON", err);
    cJSON_Delete(object);
    if (text == NULL)
        return -1;
    fprintf(listing->out, "%s\n", text);
    cJSON_free(text);
    return 0;
}

int spine_listing_for_labelling(struct spine_listing *listing, struct spine_error *err)
{
    const struct spine_catalogue *catalogue = &listing->catalogue;
    struct spine_topwords topwords;
    if (spine_catalogue_read_all(&listing->catalogue, err))
        return -1;

    uint32_t *chosen =
        spine_memory_get(listing->most_words, sizeof *chosen, "the contrast words", err);
    if (chosen == NULL || spine_topwords_init(&topwords, &catalogue->space, &catalogue->ranking,
                                              NULL, listing->most_words, err)) {
        free(chosen);
        return -1;
    }

    int rc = 0;
    for (size_t j = 0; rc == 0 && j < listing->catalogue.dimensions; j++)
        rc = print_for_labelling(listing, &topwords, j, chosen, err);
    spine_topwords_dispose(&topwords);
    free(chosen);
    return rc;
}

int spine_listing_open(struct spine_listing *listing, const struct spine_listing_options *options,
                       FILE *out, struct spine_error *err)
{
    *listing = (struct spine_listing){
        .most_dimensions = options->most_dimensions, .most_words = options->most_words, .out = out};
    if (spine_catalogue_open(&listing->catalogue, options->path, options->words, err))
        return -1;
    if (options->is_scaled && (spine_catalogue_read_all(&listing->catalogue, err) ||
                               spine_space_scale_columns(&listing->catalogue.space, err))) {
        spine_catalogue_close(&listing->catalogue);
        return -1;
    }
    spine_json_watch();
    listing->json = options->as_json ? cJSON_CreateObject() : NULL;
    if (options->as_json && listing->json == NULL) {
        spine_listing_close(listing);
        return spine_memory_fail("the answer", err);
    }
    return 0;
}

int spine_listing_end(const struct spine_listing *listing, struct spine_error *err)
{
    if (spine_catalogue_check(&listing->catalogue, err))
        return -1;
    if (listing->json == NULL)
        return 0;
    char *text = spine_json_print(listing->json, false, "the answer", err);
    if (text == NULL)
        return -1;

    fprintf(listing->out, "%s\n", text);
    cJSON_free(text);
    return 0;
}

void spine_listing_close(struct spine_listing *listing)
{
    cJSON_Delete(listing->json);
    spine_catalogue_close(&listing->catalogue);
    *listing = (struct spine_listing){0};
}
