/* shardindex.c -- indexes of safetensors: a tensor's file is found, in the index's directory, or
 * the index is refused with a sentence. The input's first byte chooses whether the tensor "a" is
 * asked for. */
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "spine/text/shardindex.h"

static char directory[FUZZ_PATH], path[FUZZ_PATH + 16], shard[FUZZ_PATH + 16];

static void remove_all(void)
{
    unlink(path);
    unlink(shard);
    rmdir(directory);
}

static void put(const char *name, const void *bytes, size_t size)
{
    FILE *file = fopen(name, "wb");
    CHECK(file != NULL && fwrite(bytes, 1, size, file) == size && fclose(file) == 0);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const char *parent = getenv("TMPDIR");
    (void)argc, (void)argv;

    snprintf(directory, sizeof directory, "%s/fuzz-XXXXXX", parent == NULL ? "/tmp" : parent);
    CHECK(mkdtemp(directory) != NULL);
    snprintf(path, sizeof path, "%s/m.index.json", directory);
    snprintf(shard, sizeof shard, "%s/b.safetensors", directory);
    put(shard, "", 0);
    atexit(remove_all);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct spine_error err = {.text = ""};
    char *found = NULL;
    if (size < 1)
        return 0;

    put(path, bytes + 1, size - 1);
    const int rc = spine_shardindex_find(path, (bytes[0] & 1) != 0 ? "a" : NULL, &found, &err);
    CHECK(rc == 0 ? found != NULL : found == NULL && err.text[0] != '\0');
    if (rc == 0) /* the only file that is there, and the tensor */
        CHECK(strncmp(found, shard, strlen(shard)) == 0 &&
              strcmp(found + strlen(shard), ":a") == 0);
    free(found);
    return 0;
}
