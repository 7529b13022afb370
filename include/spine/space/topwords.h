/* topwords.h -- what a judge is shown of every dimension: its top words, and intruders.
 *
 * Top words are the strongest above 0 (ranking.h). An intruder to a dimension is a word from its
 * bottom half (no stronger than the median, and weaker than the top words shown) that is in the top
 * tenth of some dimension: among its rows / 10 strongest words, rounded up, and above 0. So it is
 * a word that means something, but not here.
 *
 * Both are taken from the words that the reference knows, if there is one: those that aren't known
 * are passed over. */
#ifndef SPINE_SPACE_TOPWORDS_H
#define SPINE_SPACE_TOPWORDS_H

#include "spine/space/ranking.h"
#include "spine/space/reference.h"

struct spine_topwords {
    const struct spine_space *space; /* borrowed, as is the next one */
    const struct spine_ranking *columns;
    size_t most;
    size_t *count;  /* owned; (columns): top words shown, up to 'most' */
    uint32_t *top;  /* owned; (columns, most): their rows, strongest first */
    uint32_t *pool; /* owned; (pool_count): rows of possible intruders, ascending */
    size_t pool_count;
};

/* reference may be NULL: all words are known. */
int spine_topwords_init(struct spine_topwords *panel, const struct spine_space *space,
                        const struct spine_ranking *columns,
                        const struct spine_reference *reference, size_t most,
                        struct spine_error *err);
void spine_topwords_dispose(struct spine_topwords *panel);

/* The top words of a dimension. */
const uint32_t *spine_topwords_top(const struct spine_topwords *panel, size_t dimension);

/* An intruder to the first 'shown' top words, its row: number 'draw' of those drawn by 'seed', a
 * function of these alone. -1 if there is none, or fewer than 'shown' top words. */
int64_t spine_topwords_intruder(const struct spine_topwords *panel, size_t dimension, size_t shown,
                                uint64_t seed, uint32_t draw);

#endif
