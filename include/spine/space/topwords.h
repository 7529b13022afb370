/* topwords.h -- the top words of every dimension, and intruders among them.
 *
 * Top words are the strongest active words (ranking.h). An intruder to a dimension is a word in its
 * bottom half (no stronger than the median, and weaker than the top words shown) that is in the top
 * tenth of another dimension: active, and among its rows / 10 strongest words, rounded up. So it is
 * a meaningful word, but not in this dimension.
 *
 * If there is a reference (reference.h), only words that it knows are used. */
#ifndef SPINE_SPACE_TOPWORDS_H
#define SPINE_SPACE_TOPWORDS_H

#include "spine/space/ranking.h"
#include "spine/space/reference.h"

/* 'known' counts the words that the reference knows among so many strongest of a dimension, or
 * among 'most' if that is more. */
enum { SPINE_TOPWORDS_STRONGEST = 10 };

struct spine_topwords {
    const struct spine_space *space;     /* borrowed */
    const struct spine_ranking *ranking; /* borrowed; of the space */
    size_t most;
    size_t *count;  /* owned; (dimensions): top words found, up to 'most' */
    size_t *known;  /* owned; (dimensions): of the strongest, those that may be used */
    uint32_t *top;  /* owned; (dimensions, most): their rows, strongest first */
    uint32_t *pool; /* owned; (pool_count): rows of possible intruders, ascending */
    size_t pool_count;
};

/* Find up to 'most' top words of every dimension. If 'reference' is NULL, any word may be used. */
int spine_topwords_init(struct spine_topwords *topwords, const struct spine_space *space,
                        const struct spine_ranking *ranking,
                        const struct spine_reference *reference, size_t most,
                        struct spine_error *err);
void spine_topwords_dispose(struct spine_topwords *topwords);

/* The rows of a dimension's top words, (count[dimension]). Borrowed. */
const uint32_t *spine_topwords_top(const struct spine_topwords *topwords, size_t dimension);

/* Draw an intruder to the first 'shown' top words of a dimension; a function of the arguments.
 * Returns its row; -1 if there is none, or there are fewer than 'shown' top words. */
int64_t spine_topwords_intruder(const struct spine_topwords *topwords, size_t dimension,
                                size_t shown, uint64_t seed, uint32_t draw);

#endif
