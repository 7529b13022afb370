/* halving.c -- which trial to train next: asynchronous successive halving. */
#include "spine/sweep/halving.h"

#include <stdbool.h>

void spine_halving_init(struct spine_halving *halving, const struct spine_goal *goal, int64_t least,
                        int64_t reduction, int64_t most)
{
    *halving = (struct spine_halving){.goal = goal, .reduction = reduction};
    int64_t epochs = least;
    while (epochs < most && halving->num_rungs < SPINE_HALVING_RUNGS - 1) {
        halving->epochs[halving->num_rungs++] = epochs;
        if (epochs > most / reduction)
            break;
        epochs *= reduction;
    }
    halving->epochs[halving->num_rungs++] = most;
}

static bool is_on(const struct spine_contender *contender, size_t rung)
{
    return contender->done > rung;
}

/* May the trial be promoted from the rung? */
static bool may_rise(const struct spine_contender *contender, size_t rung)
{
    return contender->state == SPINE_CONTENDER_FREE && contender->done == rung + 1 &&
           contender->sent == rung + 1;
}

/* Is trial a better than b on the rung? Ties go to the lower number. */
static bool is_better(const struct spine_halving *halving, const struct spine_contender *contenders,
                      size_t rung, size_t a, size_t b)
{
    const int order =
        spine_goal_compare(halving->goal, &contenders[a].scores[rung], &contenders[b].scores[rung]);
    return order < 0 || (order == 0 && a < b);
}

/* Count the trials of the rung that are better than this one. */
static size_t count_better(const struct spine_halving *halving,
                           const struct spine_contender *contenders, size_t count, size_t rung,
                           size_t trial)
{
    size_t better = 0;
    for (size_t i = 0; i < count; i++)
        if (i != trial && is_on(&contenders[i], rung))
            better += is_better(halving, contenders, rung, i, trial);
    return better;
}

/* Find the best trial that may be promoted from the rung, if fewer than 'quota' trials of the rung
 * are better; 'count' if there is none. */
static size_t find_rising(const struct spine_halving *halving,
                          const struct spine_contender *contenders, size_t count, size_t rung,
                          size_t quota)
{
    size_t best = count;
    for (size_t i = 0; i < count; i++)
        if (may_rise(&contenders[i], rung) &&
            (best == count || is_better(halving, contenders, rung, i, best)))
            best = i;
    if (best == count || count_better(halving, contenders, count, rung, best) >= quota)
        return count;
    return best;
}

static size_t count_on(const struct spine_contender *contenders, size_t count, size_t rung)
{
    size_t on = 0;
    for (size_t i = 0; i < count; i++)
        on += is_on(&contenders[i], rung);
    return on;
}

/* Has a trial been promoted from the rung? */
static bool has_risen(const struct spine_contender *contenders, size_t count, size_t rung)
{
    for (size_t i = 0; i < count; i++)
        if (contenders[i].sent > rung + 1 && contenders[i].state != SPINE_CONTENDER_FAILED)
            return true;
    return false;
}

static enum spine_halving_verdict send(size_t to_trial, size_t to_rung, size_t *trial, size_t *rung)
{
    *trial = to_trial;
    *rung = to_rung;
    return SPINE_HALVING_TRAIN;
}

enum spine_halving_verdict spine_halving_next(const struct spine_halving *halving,
                                              const struct spine_contender *contenders,
                                              size_t count, size_t *trial, size_t *rung)
{
    bool busy = false;

    for (size_t i = 0; i < count; i++) { /* interrupted trials come first */
        const struct spine_contender *contender = &contenders[i];
        busy |= contender->state == SPINE_CONTENDER_BUSY;
        if (contender->state == SPINE_CONTENDER_FREE && contender->sent > contender->done)
            return send(i, contender->done, trial, rung);
    }

    for (size_t r = halving->num_rungs - 1; r-- > 0;) {
        const size_t quota = count_on(contenders, count, r) / (size_t)halving->reduction;
        const size_t rising = find_rising(halving, contenders, count, r, quota);
        if (rising < count)
            return send(rising, r + 1, trial, rung);
    }

    for (size_t i = 0; i < count; i++)
        if (contenders[i].state == SPINE_CONTENDER_FREE && contenders[i].sent == 0)
            return send(i, 0, trial, rung);

    if (busy)
        return halving->num_rungs > 1 ? SPINE_HALVING_WAIT : SPINE_HALVING_OVER;

    for (size_t r = halving->num_rungs - 1; r-- > 0;) {
        const size_t rising = has_risen(contenders, count, r)
                                  ? count
                                  : find_rising(halving, contenders, count, r, count);
        if (rising < count)
            return send(rising, r + 1, trial, rung);
    }

    return SPINE_HALVING_OVER;
}
