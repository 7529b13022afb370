/* expect.h -- what a call must return: success, or a refusal with this very text. After cmocka.h.
 */
#ifndef SPINE_EXPECT_H
#define SPINE_EXPECT_H

#include <stdio.h>

#include "spine/base/error.h"

/* Of the calls in a test: TRY(spine_store_close(store, &err)); */
static struct spine_error err;

#define TRY(call)                                                                                  \
    do {                                                                                           \
        if (call)                                                                                  \
            fail_msg("%s", err.text);                                                              \
    } while (0)

#define EXPECT_REFUSED(call, ...)                                                                  \
    do {                                                                                           \
        char expected_[sizeof err.text];                                                           \
        const int rc_ = (call);                                                                    \
        snprintf(expected_, sizeof expected_, __VA_ARGS__);                                        \
        assert_string_equal(rc_ == 0 ? "accepted" : err.text, expected_);                          \
        assert_int_equal(rc_, -1);                                                                 \
        assert_int_equal(err.status, SPINE_EXIT_REFUSED);                                          \
    } while (0)

#endif
