/* driver.c -- main() for a harness without libFuzzer: runs the empty input, the files that are
 * given, and all files in directories that are given. */
#include <string.h>

#include "fuzz.h"
#include "support/temporary.h"

static size_t num_run;

static void run_file(const struct path *path)
{
    size_t size = 0;
    char *bytes = get_bytes(path, &size);
    CHECK(bytes != NULL);
    /* A copy of just that size, so that reading beyond it is noticed. */
    uint8_t *copy = malloc(size > 0 ? size : 1);
    CHECK(copy != NULL);
    memcpy(copy, bytes, size);
    fprintf(stderr, "%s\n", path->text);
    LLVMFuzzerTestOneInput(copy, size);
    num_run++;
    free(copy);
    free(bytes);
}

static void run_all(const struct path *path)
{
    DIR *listing = opendir(path->text);
    if (listing == NULL) {
        if (is_there(path))
            run_file(path);
        return;
    }
    for (struct dirent *entry; (entry = readdir(listing)) != NULL;)
        if (entry->d_name[0] != '.') {
            const struct path inner = join_path(path, entry->d_name);
            run_file(&inner);
        }
    closedir(listing);
}

int main(int argc, char **argv)
{
    LLVMFuzzerInitialize(&argc, &argv);
    LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    for (int i = 1; i < argc; i++) {
        struct path path;
        snprintf(path.text, sizeof path.text, "%s", argv[i]);
        run_all(&path);
    }
    printf("%zu inputs\n", num_run);
    return 0;
}
