/* test_team.c -- ranks that meet see what all have written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "spine/ranks/team.h"
#include "support/expect.h"
#include "support/ranks.h"

enum { ROUNDS = 100 };

static void test_after_a_meeting_all_see_what_each_wrote(void **state)
{
    (void)state;
    struct spine_team team;
    TRY(spine_team_init(&team, &world, (size_t)world.size * sizeof(int), &err));
    assert_int_equal((uintptr_t)team.memory % 64, 0);
    int *numbers = team.memory;
    for (int rank = 0; rank < world.size; rank++)
        assert_int_equal(numbers[rank], 0);
    spine_team_meet(&team, 0);
    for (int round = 1; round <= ROUNDS; round++) {
        numbers[world.rank] = round * (world.rank + 1);
        spine_team_meet(&team, 0);
        for (int rank = 0; rank < world.size; rank++)
            assert_int_equal(numbers[rank], round * (rank + 1));
        spine_team_meet(&team, 0);
    }
    assert_true(world.size == 1 || team.waited > 0);
    spine_team_dispose(&team);
    spine_team_dispose(&team);
}

static void test_flags_are_those_of_any_rank(void **state)
{
    (void)state;
    struct spine_team team;
    TRY(spine_team_init(&team, &world, 0, &err));
    for (int round = 0; round < ROUNDS; round++) {
        const uint64_t own = round % 3 == 0 ? 0 : (uint64_t)1 << (world.rank + round % 5);
        uint64_t expected = 0;
        for (int rank = 0; rank < world.size && round % 3 != 0; rank++)
            expected |= (uint64_t)1 << (rank + round % 5);
        assert_true(spine_team_meet(&team, own) == expected);
    }
    spine_team_dispose(&team);
}

int run_team(const struct spine_comm *comm)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_after_a_meeting_all_see_what_each_wrote),
        cmocka_unit_test(test_flags_are_those_of_any_rank),
    };
    world = *comm;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
