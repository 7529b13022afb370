/* codes.h -- sparse codes on disk: the ranks' shards, and reading them back.
 *
 * A shard, run/shards/codes-RRRRR.h5, is a "spine-codes" file with the codes of one rank's rows:
 * the matrices /codes and /excess (csr.h) and their /words. For units at 1, /excess has how far
 * above 1 they were before the clamp; it orders words that the clamp made equal. Attributes of the
 * root group: shard, shards (its number and how many there are), first_row, rows, total_rows,
 * hidden, and fingerprint (of the model that computed them).
 *
 * A merged file, codes.h5ad, has AnnData's format: /X, and /layers/excess, which files of other
 * programs lack. The words are the index of /obs, called _index in our files. */
#ifndef SPINE_FILES_CODES_H
#define SPINE_FILES_CODES_H

#include "spine/base/words.h"
#include "spine/files/csr.h"
#include "spine/files/modelfile.h"
#include "spine/files/store.h"
#include "spine/math/block.h"

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

/* Check all shards in directory/shards. Refuses, by name, a shard that is missing, of another run,
 * duplicate or incomplete. *first gets the attributes of shard 0; first->shards is their number. */
int spine_codes_check_shards(const char *directory, struct spine_shard *first,
                             struct spine_error *err);

/* Create a shard at 'path' with its words but no rows; then append all rows, block by block.
 * *totals, zeroed before the first block, counts the values so far. The caller closes the store and
 * publishes the file (outfile.h). */
struct spine_codes_totals {
    size_t codes, excess;
};
int spine_codes_create_shard(struct spine_store **store, const char *path,
                             const struct spine_shard *shard, const struct spine_words *words,
                             struct spine_error *err);
int spine_codes_append(struct spine_store *store, const struct spine_csr *codes,
                       const struct spine_csr *excess, struct spine_codes_totals *totals,
                       struct spine_error *err);

/* Append the rows of a block, encoded unclamped, to codes and their excess over the cap. */
int spine_codes_add_block(const struct spine_block *block, struct spine_csr *codes,
                          struct spine_csr *excess, struct spine_error *err);

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

/* Open a shard, and fill *shard; open a merged file. Refuses other and incomplete files. */
int spine_codes_open_shard(struct spine_codes *codes, const char *path, struct spine_shard *shard,
                           struct spine_error *err);
int spine_codes_open_merged(struct spine_codes *codes, const char *path, struct spine_error *err);
void spine_codes_close(struct spine_codes *codes);

/* Find the dataset with the index of an AnnData frame, "/obs" or "/var": the one that the frame's
 * attribute names, or its values if it is a nullable-string-array. */
void spine_codes_find_index(struct spine_store *store, const char *frame,
                            char name[SPINE_CODES_NAME]);

/* The number of rows to read at once so that a block has a few megabytes. */
size_t spine_codes_block_rows(const struct spine_codes *codes);

/* Read rows [first, first + count) into block and block_excess. */
int spine_codes_read(struct spine_codes *codes, size_t first, size_t count,
                     struct spine_error *err);

#endif
