/* inputfacts.c -- from which files, in which state, a vectors.h5 was converted. */
#include "spine/files/inputfacts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "spine/base/infile.h"
#include "spine/base/memory.h"
#include "spine/base/path.h"
#include "spine/files/attribute.h"
#include "spine/text/shardindex.h"
#include "spine/text/stream.h"

static const char files_name[] = "source_files";

/* Append a line to the facts: the state and the name of a file. */
static int append(struct spine_inputfacts *facts, const char *state, const char *name,
                  struct spine_error *err)
{
    const char *const before = facts->files == NULL ? "" : facts->files;
    const size_t bytes = strlen(before) + strlen(state) + strlen(name) + 2;
    char *longer = spine_memory_get(bytes, 1, "the input's name", err);
    if (longer == NULL)
        return -1;

    snprintf(longer, bytes, "%s%s%s\n", before, state, name);
    free(facts->files);
    facts->files = longer;
    return 0;
}

/* The size and the time of a file; -1 if there is none. What is wrong with it otherwise is found
 * when it is read. */
static int describe(const char *file, char *text, size_t size, struct spine_error *err)
{
    const int64_t second = 1000 * 1000 * 1000;
    int64_t bytes = -1, time = -1;
    struct stat facts;

    if (stat(file, &facts) == 0) {
        bytes = (int64_t)facts.st_size;
        time = (int64_t)facts.st_mtim.tv_sec * second + (int64_t)facts.st_mtim.tv_nsec;
    } else if (errno != ENOENT && errno != ENOTDIR && errno != EACCES)
        return spine_infile_fail(file, err);
    snprintf(text, size, "%" PRId64 " %" PRId64 " ", bytes, time);
    return 0;
}

/* Add the line of a file, whose name in 'path' may be followed by that of a part. */
static int add_line(struct spine_inputfacts *facts, const char *file, const char *path,
                    struct spine_error *err)
{
    char state[64];

    if (describe(file, state, sizeof state, err))
        return -1;
    return append(facts, state, path + (spine_path_name(file) - file), err);
}

static int add(struct spine_inputfacts *facts, const char *path, struct spine_error *err)
{
    const char *inner = NULL;
    char *file = NULL;
    if (spine_stream_split(path, &file, &inner, err))
        return -1;

    const int rc = add_line(facts, file, path, err);
    free(file);
    return rc;
}

/* Add the file that the input names if it is an index. */
static int add_shard(struct spine_inputfacts *facts, const char *input, struct spine_error *err)
{
    struct spine_error why;
    char *shard = NULL;
    if (spine_shardindex_find(input, NULL, &shard, &why) && spine_fail_as(&why, err))
        return -1;

    const int rc = shard == NULL ? 0 : add(facts, shard, err);
    free(shard);
    return rc;
}

int spine_inputfacts_get(struct spine_inputfacts *facts, const char *input, const char *words,
                         struct spine_error *err)
{
    *facts = (struct spine_inputfacts){0};
    if (add(facts, input, err) || add_shard(facts, input, err))
        return -1;
    return words == NULL || words[0] == '\0' ? 0 : add(facts, words, err);
}

int spine_inputfacts_record(const struct spine_inputfacts *facts, struct spine_store *store,
                            struct spine_error *err)
{
    return spine_attribute_set_text(store, "/", files_name, facts->files, err);
}

int spine_inputfacts_match(const struct spine_inputfacts *facts, struct spine_store *store,
                           bool *match, struct spine_error *err)
{
    char *files = NULL;

    *match = false;
    if (!spine_attribute_has(store, "/", files_name))
        return 0;
    if (spine_attribute_get_text(store, "/", files_name, &files, err))
        return -1;
    *match = strcmp(files, facts->files) == 0;
    free(files);
    return 0;
}

void spine_inputfacts_dispose(struct spine_inputfacts *facts)
{
    free(facts->files);
    *facts = (struct spine_inputfacts){0};
}
