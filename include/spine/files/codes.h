/* codes.h -- sparse codes on disk: the ranks' shards, and reading them back.
 *
 * A shard, run/shards/codes-RRRRR.h5, is a "spine-codes" file with the codes of one rank's rows:
 * the matrices /codes and /excess (csr.h) and their /words. /excess has, where a unit is at 1, how
 * far above 1 it was before the clamp: it orders words that the clamp made equal. Attributes of
 * the root group: shard, shards (which of how many), first_row, rows, total_rows, hidden, and
 * fingerprint (of the model that made them).
 *
 * A merged file, codes.h5ad, is AnnData's: /X and /layers/excess, which those of other programs
 * lack; words in the index of /obs, which ours calls _index. */
#ifndef SPINE_FILES_CODES_H
#define SPINE_FILES_CODES_H

#include "spine/base/words.h"
#include "spine/files/csr.h"
#include "spine/files/modelfile.h"
#include "spine/files/store.h"

enum { SPINE_PATH = 4096, SPINE_CODES_NAME = 128 };

/* What a shard says about itself. */
struct spine_shard {
    int64_t shard, shards;
    int64_t first_row, rows, total_rows, hidden;
    char fingerprint[SPINE_FINGERPRINT];
};

/* The path of shard number 'shard' of the run in 'directory'; path has SPINE_PATH bytes. */
int spine_codes_shard_path(char *path, const char *directory, int64_t shard,
                           struct spine_error *err);

/* Check all shards in directory/shards; refuses, by name, one that is missing, foreign, duplicate or
 * incomplete. What shard 0 says goes to *first; first->shards is how many there are. */
int spine_codes_check_shards(const char *directory, struct spine_shard *first,
                             struct spine_error *err);

/* Create a shard under 'path' with its words and no rows yet; then append all its rows, block by
 * block. *totals, zeroed before the first block, counts the values so far. The caller closes the
 * store and publishes the file (outfile.h). */
struct spine_codes_totals {
    size_t codes, excess;
};
int spine_codes_create_shard(struct spine_store **store, const char *path,
                             const struct spine_shard *shard, const struct spine_words *words,
                             struct spine_error *err);
int spine_codes_append(struct spine_store *store, const struct spine_csr *codes,
                       const struct spine_csr *excess, struct spine_codes_totals *totals,
                       struct spine_error *err);

/* Codes being read, a block of rows at a time. */
struct spine_codes {
    struct spine_store *store; /* owned */
    char path[SPINE_PATH];
    const char *matrix, *excess; /* their names in the store; excess may be NULL: none */
    char words[SPINE_CODES_NAME];
    size_t rows, hidden;
    size_t num_values, num_excess;
    struct spine_csr block, block_excess; /* owned; the rows read last */
};

/* Open a shard, filling *shard, or a merged file. Refuses what isn't one or is incomplete. */
int spine_codes_open_shard(struct spine_codes *codes, const char *path, struct spine_shard *shard,
                           struct spine_error *err);
int spine_codes_open_merged(struct spine_codes *codes, const char *path, struct spine_error *err);
void spine_codes_close(struct spine_codes *codes);

/* The dataset of the index of an AnnData frame, "/obs" or "/var": the name that its attribute says,
 * and of an array of strings that may be missing (nullable-string-array) the values. */
void spine_codes_find_index(struct spine_store *store, const char *frame,
                            char name[SPINE_CODES_NAME]);

/* How many rows to read at once, so that a block stays in a few megabytes. */
size_t spine_codes_block_rows(const struct spine_codes *codes);

/* Read rows [first, first + count) into block and block_excess. */
int spine_codes_read(struct spine_codes *codes, size_t first, size_t count,
                     struct spine_error *err);

#endif
