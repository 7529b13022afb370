/* shardindex.h -- the index of a model in several safetensors files: Hugging Face's
 * model.safetensors.index.json, which names the file of each tensor, in the same directory.
 *
 *     {"metadata": {...}, "weight_map": {"wte.weight": "model-00001-of-00002.safetensors", ...}}
 */
#ifndef SPINE_TEXT_SHARDINDEX_H
#define SPINE_TEXT_SHARDINDEX_H

#include "spine/base/error.h"

/* If 'path', FILE or FILE:TENSOR, is an index, set *shard to that file of the tensor, as
 * FILE:TENSOR, which the caller frees; else to NULL. 'tensor', which may be NULL, comes before that
 * of the path. An index is a file whose name ends in .index.json. Without a tensor it is refused,
 * with the names of embeddings. Local. */
int spine_shardindex_find(const char *path, const char *tensor, char **shard,
                          struct spine_error *err);

#endif
