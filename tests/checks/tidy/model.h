/* model.h -- what clang-tidy must know of functions in other files, which it doesn't look into:
 * that a failure isn't 0, and isn't after ranks have agreed either. Included before each file, but
 * for those that define these functions. */
#ifndef SPINE_TIDY_MODEL_H
#define SPINE_TIDY_MODEL_H

#include "spine/ranks/comm.h"

int spine_tidy_other_ranks(void);
void spine_tidy_use(const void *err, ...);

#define spine_fail(err, ...) (spine_tidy_use(err, __VA_ARGS__), -1)
#define spine_leave(err, ...) (spine_tidy_use(err, __VA_ARGS__), -1)
#define spine_refuse(err, ...) (spine_tidy_use(err, __VA_ARGS__), -1)
#define spine_comm_agree(comm, rc, err)                                                            \
    (spine_tidy_use(err, comm), (rc) != 0 ? -1 : spine_tidy_other_ranks())

#endif
