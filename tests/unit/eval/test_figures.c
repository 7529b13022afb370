/* test_figures.c -- the table and the JSON of what was found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "spine/eval/figures.h"
#include "support/expect.h"

static struct spine_evaluation files[2];

static int make(void **state)
{
    (void)state;
    files[0] = (struct spine_evaluation){.path = "run", .rows = 17, .columns = 10};
    files[1] = (struct spine_evaluation){.path = "caf\xE9\".txt", .rows = 3, .columns = 2};
    const struct spine_estimate found = {0.9625, 0.95, 0.975}, unknown = {NAN, NAN, NAN};
    TRY(spine_figures_add_plain(&files[0].figures, "sparsity", "dead", 2, 0, &err));
    TRY(spine_figures_add(&files[0].figures, "reading", "intrusion", found, 985, 15, 3, &err));
    TRY(spine_figures_add(&files[1].figures, "reading", "intrusion", unknown, 0, 2, 3, &err));
    TRY(spine_figures_add_plain(&files[1].figures, "reading", "more", 0.5, 1, &err));
    TRY(spine_figures_add_plain(&files[1].figures, "sparsity", "late", 7, 0, &err));
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    spine_figures_dispose(&files[0].figures);
    spine_figures_dispose(&files[1].figures);
    return 0;
}

static void test_table(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    TRY(spine_figures_print(files, 2, out, &err));
    fclose(out);
    assert_string_equal(text, "             run                                 caf\xE9\".txt\n"
                              "sparsity\n"
                              "  dead       2                                   -\n"
                              "  late       -                                   7\n"
                              "reading\n"
                              "  intrusion  0.963 (0.950 to 0.975), 15 missing  -, 2 missing\n"
                              "  more       -                                   0.5\n");
    free(text);
}

static void test_a_table_has_no_control_bytes(void **state)
{
    (void)state;
    struct spine_evaluation file = {.path = "a\x1b.txt"};
    char *text = NULL;
    size_t size = 0;

    TRY(spine_figures_add_plain(&file.figures, "g\x1b[2K", "n\r", 2, 0, &err));
    FILE *out = open_memstream(&text, &size);
    TRY(spine_figures_print(&file, 1, out, &err));
    fclose(out);
    assert_string_equal(text, "         a\\x1B.txt\n"
                              "g\\x1B[2K\n"
                              "  n\\x0D  2\n");

    free(text);
    spine_figures_dispose(&file.figures);
}

static void test_json(void **state)
{
    (void)state;
    char *text = spine_figures_json(files, 2);
    assert_string_equal(
        text, "{\"program\":\"spine-eval\",\"version\":\"" SPINE_VERSION "\",\"files\":["
              "{\"path\":\"run\",\"rows\":17,\"columns\":10,\"measures\":["
              "{\"group\":\"sparsity\",\"name\":\"dead\",\"value\":2},"
              "{\"group\":\"reading\",\"name\":\"intrusion\",\"value\":0.9625,\"low\":0.95,"
              "\"high\":0.975,\"count\":985,\"missing\":15}]},"
              "{\"path\":\"caf\\\\xE9\\\".txt\",\"rows\":3,\"columns\":2,\"measures\":["
              "{\"group\":\"reading\",\"name\":\"intrusion\",\"value\":null,\"count\":0,"
              "\"missing\":2},"
              "{\"group\":\"reading\",\"name\":\"more\",\"value\":0.5},"
              "{\"group\":\"sparsity\",\"name\":\"late\",\"value\":7}]}]}\n");
    cJSON *parsed = cJSON_Parse(text);
    assert_non_null(parsed);
    cJSON_Delete(parsed);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_a_table_has_no_control_bytes),
        cmocka_unit_test(test_json),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
