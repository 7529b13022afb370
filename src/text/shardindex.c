/* shardindex.c -- the index of a model in several safetensors files. */
#include "spine/text/shardindex.h"

#include <cJSON.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spine/base/infile.h"
#include "spine/base/json.h"
#include "spine/base/memory.h"
#include "spine/base/namelist.h"
#include "spine/base/path.h"
#include "spine/text/foreign.h"
#include "spine/text/stream.h"

enum { MOST_BYTES = 64 << 20 }; /* of an index; those of models of 100,000 tensors have 10 MiB */

/* Read the file's text; the caller frees it. */
static int read_text(const char *path, char **text, struct spine_error *err)
{
    FILE *file = spine_infile_open_stream(path);
    size_t bytes = 0, capacity = 0, got = 1;
    int rc = 0;
    if (file == NULL)
        return spine_infile_fail(path, err);

    *text = NULL;
    while (rc == 0 && got > 0 && bytes < MOST_BYTES) {
        rc = spine_memory_reserve(text, &capacity, bytes + (1 << 16), 1, "an index", err);
        got = rc == 0 ? fread(*text + bytes, 1, capacity - bytes - 1, file) : 0;
        bytes += got;
    }
    if (rc == 0 && ferror(file))
        rc = spine_infile_fail(path, err);
    if (rc == 0 && bytes >= MOST_BYTES)
        rc = spine_refuse(err, "%s: is too large for an index of tensors", path);
    fclose(file);
    if (rc == 0)
        (*text)[bytes] = '\0';
    return rc;
}

/* Does a tensor's name look like that of an embedding of words? */
static bool is_embedding(const char *name)
{
    static const char *const parts[] = {"embed_tokens",   "word_embeddings", "wte.",
                                        "tok_embeddings", "embed_in",        "shared.weight",
                                        "embedding"};

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strstr(name, parts[i]) != NULL)
            return true;
    return false;
}

/* Is it the name of a safetensors file in the same directory? */
static bool is_shard(const cJSON *file)
{
    return cJSON_IsString(file) && strchr(file->valuestring, '/') == NULL &&
           spine_path_ends_in(file->valuestring, ".safetensors");
}

/* List the tensors that may be chosen. */
static void list_names(const cJSON *map, bool only_embeddings, struct spine_namelist *names)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, map)
    {
        if (is_shard(item) && (!only_embeddings || is_embedding(item->string)))
            spine_namelist_add(names, "%s", item->string);
    }
}

/* Refuse the file of a tensor, of which is_shard() doesn't hold. */
static int refuse_file(const char *index, const cJSON *file, struct spine_error *err)
{
    if (!cJSON_IsString(file) || strchr(file->valuestring, '/') != NULL)
        return spine_refuse(err, "%s: the file of '%.80s' isn't a name in the same directory",
                            index, file->string);
    return spine_foreign_refuse(index, "an index of PyTorch's files", SPINE_FOREIGN_TORCH, err);
}

static int refuse_tensor(const char *index, const cJSON *map, const char *tensor,
                         struct spine_error *err)
{
    struct spine_namelist names = {0};

    list_names(map, true, &names);
    if (names.count == 0)
        list_names(map, false, &names);
    if (names.count == 0)
        return refuse_file(index, map->child, err);
    if (tensor == NULL)
        return spine_refuse(err,
                            "%s: an index of several safetensors files; choose a tensor as "
                            "%s:TENSOR, such as %s",
                            index, index, spine_namelist_end(&names));
    return spine_refuse(err, "%s: an index without the tensor '%.80s'; there are, for example: %s",
                        index, tensor, spine_namelist_end(&names));
}

/* DIRECTORY/FILE:TENSOR, of the index's directory. */
static int join(const char *index, const char *file, const char *tensor, char **shard,
                struct spine_error *err)
{
    const size_t directory = (size_t)(spine_path_name(index) - index);
    const size_t bytes = directory + strlen(file) + strlen(tensor) + 2;
    *shard = spine_memory_get(bytes, 1, "a file's name", err);
    if (*shard == NULL)
        return -1;

    snprintf(*shard, bytes, "%.*s%s", (int)directory, index, file);
    if (access(*shard, F_OK) != 0) {
        spine_refuse(err, "%s: the tensor '%.80s' is in %.200s, which isn't beside it", index,
                     tensor, file);
        free(*shard);
        *shard = NULL;
        return -1;
    }
    snprintf(*shard + strlen(*shard), bytes - strlen(*shard), ":%s", tensor);
    return 0;
}

static int look_up(const char *index, const cJSON *json, const char *tensor, char **shard,
                   struct spine_error *err)
{
    const cJSON *map = cJSON_GetObjectItemCaseSensitive(json, "weight_map");
    if (!cJSON_IsObject(map) || map->child == NULL)
        return spine_refuse(err, "%s: is not an index of tensors: it has no \"weight_map\"", index);

    const cJSON *file = tensor == NULL ? NULL : cJSON_GetObjectItemCaseSensitive(map, tensor);
    if (file == NULL)
        return refuse_tensor(index, map, tensor, err);
    if (!is_shard(file))
        return refuse_file(index, file, err);
    return join(index, file->valuestring, tensor, shard, err);
}

static int read_index(const char *index, const char *tensor, char **shard, struct spine_error *err)
{
    char *text = NULL;
    cJSON *json = NULL;
    int rc = read_text(index, &text, err);

    if (rc == 0)
        rc = spine_json_parse(text, "an index", &json, err);
    if (rc == 0)
        rc = look_up(index, json, tensor, shard, err);
    cJSON_Delete(json);
    free(text);
    return rc;
}

int spine_shardindex_find(const char *path, const char *tensor, char **shard,
                          struct spine_error *err)
{
    char *file = NULL;
    const char *inner = NULL;
    int rc = 0;

    *shard = NULL;
    if (spine_stream_split(path, &file, &inner, err))
        return -1;
    if (spine_path_ends_in(file, ".index.json") && access(file, F_OK) == 0)
        rc = read_index(file, tensor != NULL ? tensor : inner, shard, err);
    free(file);
    return rc;
}
