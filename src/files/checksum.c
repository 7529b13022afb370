/* checksum.c -- a checksum at a file's end. */
#include "spine/files/checksum.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "spine/base/infile.h"
#include "spine/base/memory.h"

enum { TRAILER = 32, NAME = 16 };
#ifdef __SANITIZE_ADDRESS__ /* maps larger ones one by one, and takes ten times as long */
enum { BLOCK = 1 << 16 };
#else
enum { BLOCK = 1 << 20 };
#endif

static void write_trailer(char *trailer, const XXH3_state_t *state)
{
    snprintf(trailer, TRAILER + 1, "spine-seal XXH3 %016" PRIx64,
             (uint64_t)XXH3_64bits_digest(state));
}

/* Digest the file's next 'length' bytes. */
static int digest(FILE *file, long long length, XXH3_state_t *state, char *block)
{
    while (length > 0) {
        const size_t bytes = length < BLOCK ? (size_t)length : BLOCK;
        if (fread(block, 1, bytes, file) != bytes || XXH3_64bits_update(state, block, bytes))
            return -1;
        length -= (long long)bytes;
    }
    return 0;
}

/* Digest all but the file's last 'rest' bytes; -1 if they can't be read or there are fewer. */
static int digest_file(FILE *file, long long rest, char *trailer)
{
    struct spine_error unheard;
    XXH3_state_t *state = XXH3_createState();
    char *block = spine_memory_get(BLOCK, 1, "a block of a file", &unheard);
    int rc = -1;
    if (state != NULL && block != NULL && XXH3_64bits_reset(state) == XXH_OK &&
        fseeko(file, 0, SEEK_END) == 0) {
        const long long length = ftello(file) - rest;
        rc = length < 0 || fseeko(file, 0, SEEK_SET) != 0 ? -1 : digest(file, length, state, block);
    }
    if (rc == 0)
        write_trailer(trailer, state);
    free(block);
    XXH3_freeState(state);
    return rc;
}

int spine_checksum_put(const char *part, const char *path, struct spine_error *err)
{
    char trailer[TRAILER + 1];
    FILE *file = fopen(part, "r+b");
    errno = file == NULL ? errno : 0;
    int rc = file == NULL ? -1 : digest_file(file, 0, trailer);
    if (rc == 0 && (fseeko(file, 0, SEEK_END) != 0 || fwrite(trailer, 1, TRAILER, file) != TRAILER))
        rc = -1;
    int reason = errno;
    if (file != NULL && fclose(file) != 0 && rc == 0) {
        reason = errno;
        rc = -1;
    }
    return rc == 0 ? 0
                   : spine_fail(err, "%s: can't append the checksum: %s", path, strerror(reason));
}

int spine_checksum_check(const char *path, bool *is_damaged, struct spine_error *err)
{
    char expected[TRAILER + 1], found[TRAILER];
    FILE *file = spine_infile_open_stream(path);

    *is_damaged = false;
    if (file == NULL)
        return spine_infile_fail(path, err);

    errno = 0;
    int rc = digest_file(file, TRAILER, expected);
    if (rc == 0 && fread(found, 1, TRAILER, file) != TRAILER)
        rc = -1;

    /* After a read error the file may be intact; a directory or a pipe is not a checkpoint. */
    if (rc != 0 && errno != 0 && errno != EINVAL && errno != EISDIR && errno != ESPIPE)
        spine_fail(err, "%s: %s", path, strerror(errno));
    else if (rc != 0 || memcmp(found, expected, NAME) != 0)
        rc = spine_refuse(err, "%s: is cut off, or not a checkpoint", path);
    else if (memcmp(found, expected, TRAILER) != 0)
        rc = spine_refuse(err, "%s: is damaged: checksum mismatch", path);

    *is_damaged = rc != 0 && err->status == SPINE_EXIT_REFUSED;
    fclose(file);
    return rc;
}
