/* runinput.c -- which file is the input of a run. */
#include "spine/files/runinput.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>

#include "spine/base/filefacts.h"
#include "spine/base/memory.h"
#include "spine/base/path.h"
#include "spine/base/present.h"
#include "spine/base/words.h"
#include "spine/files/attribute.h"
#include "spine/files/checkpoint.h"
#include "spine/files/vectorsfile.h"

enum { BLOCK_NUMBERS = 1 << 20 };

uint64_t spine_runinput_hash(const float *row, size_t dim, uint64_t number, const char *word)
{
    return XXH3_64bits_withSeed(word, strlen(word),
                                XXH3_64bits_withSeed(row, dim * sizeof *row, number));
}

void spine_runinput_describe(size_t rows, size_t dim, uint64_t checksum,
                             char text[SPINE_RUNINPUT_TEXT])
{
    snprintf(text, SPINE_RUNINPUT_TEXT, "%zu rows x %zu numbers, checksum %016" PRIx64, rows, dim,
             checksum);
}

const char spine_runinput_advice[] =
    "; choose another output.directory, or set output.overwrite = yes";

int spine_runinput_compare(const char *checkpoint, const char *saved, const char *name,
                           const char *own, const char *advice, struct spine_error *err)
{
    if (strcmp(saved, own) == 0)
        return 0;
    return spine_refuse(err, "%s: is of another input: %.100s; %s has %s%s", checkpoint, saved,
                        name, own, advice);
}

/* --- Describing a file -------------------------------------------------------------------- */

/* Add the hashes of rows [first, first + count) to *sum. Seven parameters: the file, a range of
 * rows, and memory for them. */
static int add_block(struct spine_store *store, size_t first, size_t count, size_t dim,
                     float *block, uint64_t *sum, struct spine_error *err)
{
    struct spine_words words = {0};
    int rc = spine_vectorsfile_read(store, first, count, dim, block, err);

    if (rc == 0)
        rc = spine_vectorsfile_read_words(store, first, count, &words, err);
    for (size_t i = 0; rc == 0 && i < count; i++)
        *sum += spine_runinput_hash(block + i * dim, dim, first + i, spine_words_get(&words, i));
    spine_words_dispose(&words);
    return rc;
}

static int sum_rows(struct spine_store *store, size_t rows, size_t dim, uint64_t *sum,
                    struct spine_error *err)
{
    const size_t most = dim < BLOCK_NUMBERS ? BLOCK_NUMBERS / (dim + 1) + 1 : 1;
    float *block = spine_memory_get(most, dim * sizeof *block, "a block of the input", err);
    int rc = -(block == NULL);

    *sum = 0;
    for (size_t first = 0; rc == 0 && first < rows; first += most)
        rc = add_block(store, first, rows - first < most ? rows - first : most, dim, block, sum,
                       err);
    free(block);
    return rc;
}

/* Describe the first rows of a file, as many as 'wanted', a description, has; all if it has
 * fewer. */
static int describe_file(const char *path, const char *wanted, char text[SPINE_RUNINPUT_TEXT],
                         struct spine_error *err)
{
    const unsigned long long expected = strtoull(wanted, NULL, 10);
    struct spine_store *store = NULL;
    size_t rows = 0, dim = 0;
    uint64_t sum = 0;

    if (spine_vectorsfile_open(&store, NULL, path, err))
        return -1;
    int rc = spine_vectorsfile_extent(store, path, &rows, &dim, err);
    if (rc == 0 && expected < rows)
        rows = (size_t)expected;
    if (rc == 0)
        rc = sum_rows(store, rows, dim, &sum, err);
    struct spine_error unheard;
    if (spine_store_close(store, rc == 0 ? err : &unheard))
        rc = -1;
    if (rc == 0)
        spine_runinput_describe(rows, dim, sum, text);
    return rc;
}

/* --- The run's input ---------------------------------------------------------------------- */

/* Get the description in the run's newest checkpoint, whose path goes to 'checkpoint'; NULL if
 * there is none, or only an unreadable one. The caller frees it. */
static int recall(const char *directory, char checkpoint[SPINE_CHECKPOINT_PATH], char **input,
                  struct spine_error *err)
{
    struct spine_error why;
    int64_t steps = -1;

    *input = NULL;
    if (spine_checkpoint_newest(directory, INT64_MAX, checkpoint, &steps, err))
        return -1;
    if (steps >= 0 && spine_checkpoint_peek_input(checkpoint, input, &why))
        return spine_fail_as(&why, err);
    return 0;
}

int spine_runinput_check(const char *directory, const char *path, const char *name,
                         struct spine_error *err)
{
    char checkpoint[SPINE_CHECKPOINT_PATH], *input = NULL, own[SPINE_RUNINPUT_TEXT];

    if (recall(directory, checkpoint, &input, err))
        return -1;
    if (input == NULL)
        return 0;
    int rc = describe_file(path, input, own, err);
    if (rc == 0)
        rc = spine_runinput_compare(checkpoint, input, name, own, spine_runinput_advice, err);
    free(input);
    return rc;
}

/* Is it a readable file, and the one with this description? If that is NULL, any is. */
static int try_path(const char *path, const char *description, enum spine_runinput *found,
                    struct spine_error *err)
{
    char own[SPINE_RUNINPUT_TEXT];
    bool is_readable = false;

    *found = SPINE_RUNINPUT_MISSING;
    if (spine_present_readable(path, &is_readable, err))
        return -1;
    if (!is_readable)
        return 0;
    if (description != NULL && describe_file(path, description, own, err))
        return -1;
    const bool is_same = description == NULL || strcmp(description, own) == 0;
    *found = is_same ? SPINE_RUNINPUT_FOUND : SPINE_RUNINPUT_CHANGED;
    return 0;
}

/* Write where the file may be: in the run's directory, at its path, and beside the directory. */
static int name_place(const char *directory, const char *input, int place, char *path,
                      struct spine_error *err)
{
    char beside[SPINE_RUNDIR_PATH];

    if (place == 1) {
        if (snprintf(path, SPINE_RUNDIR_PATH, "%s", input) < SPINE_RUNDIR_PATH)
            return 0;
        return spine_refuse(err, "%.60s...: the path is too long", input);
    }
    if (place == 2 && spine_rundir_join(beside, directory, "..", err))
        return -1;
    return spine_rundir_join(path, place == 0 ? directory : beside, spine_path_name(input), err);
}

int spine_runinput_find(const char *directory, const char *input, enum spine_runinput *found,
                        char path[SPINE_RUNDIR_PATH], struct spine_error *err)
{
    char checkpoint[SPINE_CHECKPOINT_PATH], *description = NULL, place[SPINE_RUNDIR_PATH];
    enum spine_runinput here = SPINE_RUNINPUT_MISSING;
    int rc = recall(directory, checkpoint, &description, err);
    const int places = description == NULL ? 2 : 3;

    *found = SPINE_RUNINPUT_MISSING;
    for (int i = 0; rc == 0 && i < places && *found != SPINE_RUNINPUT_FOUND; i++) {
        rc = name_place(directory, input, i, place, err);
        if (rc == 0)
            rc = try_path(place, description, &here, err);
        if (rc != 0 || here == SPINE_RUNINPUT_MISSING ||
            (here == SPINE_RUNINPUT_CHANGED && *found == SPINE_RUNINPUT_CHANGED))
            continue;
        *found = here;
        strcpy(path, place);
    }
    free(description);
    return rc;
}

/* --- What isn't to be replaced ------------------------------------------------------------ */

static const char input_name[] = "input.h5";

/* Was the file 'input' converted from one of the output's name? */
static int is_from(const char *input, const char *output, bool *is, struct spine_error *err)
{
    struct spine_store *store = NULL;
    struct spine_error why;
    char *source = NULL;

    *is = false;
    if (spine_vectorsfile_open(&store, NULL, input, &why))
        return spine_fail_as(&why, err);
    int rc = 0;
    if (spine_attribute_get_text(store, "/", "source", &source, &why))
        rc = spine_fail_as(&why, err);
    else
        *is = strcmp(source, spine_path_name(output)) == 0;
    free(source);
    if (spine_store_close(store, &why) && rc == 0)
        rc = spine_fail_as(&why, err);
    return rc;
}

int spine_runinput_check_source(const char *directory, const char *output, struct spine_error *err)
{
    char input[SPINE_RUNDIR_PATH];
    struct stat made, facts;
    bool is = false;

    if (spine_rundir_join(input, directory, input_name, err))
        return -1;
    if (stat(input, &made) != 0 || stat(output, &facts) != 0 ||
        spine_filefacts_is_newer(&facts, &made))
        return 0;
    if (is_from(input, output, &is, err))
        return -1;
    if (is)
        return spine_refuse(err,
                            "%s: seems to be the input of the run in %s, which the output would "
                            "overwrite; name another file",
                            output, directory);
    return 0;
}

int spine_runinput_check_output(const char *output, struct spine_error *err)
{
    char copy[SPINE_RUNDIR_PATH];
    enum spine_rundir_state state;

    if (strcmp(spine_path_name(output), input_name) != 0 ||
        snprintf(copy, sizeof copy, "%s", output) >= (int)sizeof copy)
        return 0;
    const char *directory = spine_path_cut_to_directory(copy);
    if (spine_rundir_inspect(directory, &state, NULL, err))
        return -1;
    if (state == SPINE_RUNDIR_EMPTY)
        return 0;
    return spine_refuse(err, "%s: is the input of the run in %s; name another file", output,
                        directory);
}
