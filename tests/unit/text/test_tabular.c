/* test_tabular.c -- lines become fields, by the form's separators. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "spine/text/tabular.h"
#include "support/directory.h"
#include "support/expect.h"

/* All rows of a file: fields in brackets, rows by their line numbers. */
static void read_all(const char *bytes, enum spine_tabular_form form, char *text, size_t size)
{
    const struct path path = join_path(&directory, "table");
    struct spine_tabular *table = NULL;
    struct spine_tabular_row row;
    int rc;
    assert_int_equal(put_text(&path, bytes), 0);
    TRY(spine_tabular_open(&table, path.text, form, &err));
    text[0] = '\0';
    while ((rc = spine_tabular_next(table, &row, &err)) == 1) {
        snprintf(text + strlen(text), size - strlen(text), "%d", (int)row.line);
        for (size_t i = 0; i < row.count; i++)
            snprintf(text + strlen(text), size - strlen(text), "[%s]", row.field[i]);
    }
    assert_int_equal(rc, 0);
    spine_tabular_close(table);
}

static void test_fields(void **state)
{
    (void)state;
    static const struct {
        enum spine_tabular_form form;
        const char *bytes, *rows;
    } cases[] = {
        {SPINE_TABULAR_LINES, "New York\n\n a\tb \r\nlast", "1[New York]3[a\tb]4[last]"},
        {SPINE_TABULAR_TABS, "a b\t c ,d\n\t\tx\n", "1[a b][c ,d]2[][][x]"},
        {SPINE_TABULAR_TABS, "a\tb\t\n", "1[a][b][]"},
        {SPINE_TABULAR_BLANKS, "  a \t b,c  \n", "1[a][b,c]"},
        {SPINE_TABULAR_ANY, "a b\tc\nd , e f\ng  h\n", "1[a b][c]2[d][e f]3[g][h]"},
        {SPINE_TABULAR_ANY,
         "\xEF\xBB\xBF"
         "a,b\n",
         "1[a][b]"},
        {SPINE_TABULAR_ANY, "", ""},
        {SPINE_TABULAR_ANY, " \n\t\n", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[256];
        read_all(cases[i].bytes, cases[i].form, text, sizeof text);
        assert_string_equal(text, cases[i].rows);
    }
}

static void test_refusals(void **state)
{
    (void)state;
    const struct path path = join_path(&directory, "table");
    struct spine_tabular *table = NULL;
    struct spine_tabular_row row;
    char many[2 * SPINE_TABULAR_FIELDS + 8] = "a\n";
    EXPECT_REFUSED(spine_tabular_open(&table, path.text, SPINE_TABULAR_ANY, &err),
                   "%s: No such file or directory", path.text);
    assert_null(table);
    for (size_t i = 0; i <= SPINE_TABULAR_FIELDS; i++)
        strcat(many, "a ");
    assert_int_equal(put_text(&path, many), 0);
    TRY(spine_tabular_open(&table, path.text, SPINE_TABULAR_ANY, &err));
    assert_int_equal(spine_tabular_next(table, &row, &err), 1);
    EXPECT_REFUSED(spine_tabular_refuse(table, &row, "a number", 0, &err),
                   "%s:1: expected a number, got 'a'", path.text);
    EXPECT_REFUSED(spine_tabular_refuse(table, &row, "two words", 1, &err),
                   "%s:1: expected two words, the line has 1 field", path.text);
    EXPECT_REFUSED(spine_tabular_next(table, &row, &err), "%s:2: has more than %d fields",
                   path.text, SPINE_TABULAR_FIELDS);
    spine_tabular_close(table);

    FILE *file = fopen(path.text, "wb");
    fwrite("a\nb\0c\n", 1, 6, file);
    fclose(file);
    TRY(spine_tabular_open(&table, path.text, SPINE_TABULAR_ANY, &err));
    assert_int_equal(spine_tabular_next(table, &row, &err), 1);
    EXPECT_REFUSED(spine_tabular_next(table, &row, &err), "%s:2: a NUL byte in the line",
                   path.text);
    spine_tabular_close(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_fields),
        TEST(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
