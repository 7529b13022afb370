/* file.c -- a scratch file, in TMPDIR. */
#include <string.h>
#include <unistd.h>

#include "fuzz.h"

static char scratch[FUZZ_PATH]; /* to be removed at the end; a crash leaves it */

static void remove_scratch(void)
{
    unlink(scratch);
}

void fuzz_file_init(struct fuzz_file *file)
{
    const char *parent = getenv("TMPDIR");
    CHECK(scratch[0] == '\0'); /* one is enough */
    snprintf(file->path, FUZZ_PATH, "%s/fuzz-XXXXXX", parent == NULL ? "/tmp" : parent);
    file->file = mkstemp(file->path);
    CHECK(file->file >= 0);
    strcpy(scratch, file->path);
    atexit(remove_scratch);
}

void fuzz_file_put(const struct fuzz_file *file, const void *bytes, size_t size)
{
    CHECK(ftruncate(file->file, 0) == 0);
    CHECK(pwrite(file->file, bytes, size, 0) == (ssize_t)size);
}
