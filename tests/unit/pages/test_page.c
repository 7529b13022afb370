/* test_page.c -- a page holds its parts and its data, and no word breaks out of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "spine/pages/page.h"
#include "support/directory.h"
#include "support/expect.h"

static const char *const scripts[] = {"table.js", "chart.js", NULL};

static const struct spine_page page = {
    .title = "runs of </title> & \"quotes\" \xff", .body = "report.html", .scripts = scripts};

/* The page with this JSON; the caller frees. */
static char *write_page(const char *json)
{
    const struct path path = join_path(&directory, "page.html"), part = part_of(&path);
    TRY(spine_page_write(path.text, &page, json, &err));
    assert_false(is_there(&part));
    char *text = get_bytes(&path, NULL);
    assert_non_null(text);
    return text;
}

/* What is between two texts. */
static char *between(const char *text, const char *begin, const char *end)
{
    const char *from = strstr(text, begin);
    assert_non_null(from);
    from += strlen(begin);
    const char *to = strstr(from, end);
    assert_non_null(to);
    return strndup(from, (size_t)(to - from));
}

static const struct {
    const char *json, *written;
} jsons[] = {
    {"{\"word\":\"king\"}", "{\"word\":\"king\"}"},
    {"[\"</script><img src=x onerror=alert(1)>\"]",
     "[\"\\u003c/script\\u003e\\u003cimg src=x onerror=alert(1)\\u003e\"]"},
    {"[\"<!--<script>\"]", "[\"\\u003c!--\\u003cscript\\u003e\"]"},
    {"[\"a&lt;b\"]", "[\"a\\u0026lt;b\"]"},
    {"[\"\xe2\x80\xa8 \xe2\x80\xa9 \xe2\x80\xa6\"]", "[\"\\u2028 \\u2029 \xe2\x80\xa6\"]"},
    {"[\"caf\xc3\xa9 \xe6\xbc\xa2\"]", "[\"caf\xc3\xa9 \xe6\xbc\xa2\"]"},
    {"[\"\xff\xc3\"]", "[\"\\ufffd\\ufffd\"]"},
    {"[\"{{scripts}}\"]", "[\"{{scripts}}\"]"},
};

static void test_no_json_breaks_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof jsons / sizeof *jsons; i++) {
        char *text = write_page(jsons[i].json);
        char *written =
            between(text, "<script type=\"application/json\" id=\"data\">", "</script>");
        assert_string_equal(written, jsons[i].written);
        free(written);
        free(text);
    }
}

static void test_the_title_is_text(void **state)
{
    (void)state;
    char *text = write_page("{}"), *title = between(text, "<title>", "</title>");
    assert_string_equal(title, "runs of &#60;/title&#62; &#38; &#34;quotes&#34; &#xfffd;");
    free(title);
    free(text);
}

static void test_the_page_has_its_parts_and_needs_no_other_file(void **state)
{
    (void)state;
    static const char *const parts[] = {"page.css", "page.js", "table.js", "chart.js",
                                        "report.html"};
    char *text = write_page("{}");
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        assert_non_null(strstr(text, spine_page_asset(parts[i])));
    assert_null(spine_page_asset("report.txt"));
    assert_null(strstr(text, "{{"));
    assert_null(strstr(text, "@import"));
    assert_null(strstr(text, "src=\""));
    free(text);
}

/* Only what carries the page's mark may run, and the mark differs with the data. */
static void test_scripts_are_marked(void **state)
{
    (void)state;
    char *first = write_page("{}"), *again = write_page("{}"), *second = write_page("[]");
    char *mark = between(first, "script-src 'nonce-", "'");
    char marked[80];
    snprintf(marked, sizeof marked, "<script nonce=\"%s\">", mark);
    assert_int_equal(strlen(mark), 32);
    assert_non_null(strstr(first, marked));
    assert_string_equal(first, again);
    assert_null(strstr(second, mark));
    free(mark);
    free(first);
    free(again);
    free(second);
}

static void test_what_cannot_be_written_is_refused(void **state)
{
    (void)state;
    const struct path path = join_path(&directory, "no/page.html");
    EXPECT_REFUSED(spine_page_write(path.text, &page, "{}", &err),
                   "%s: its directory doesn't exist", path.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_no_json_breaks_out),
        TEST(test_the_title_is_text),
        TEST(test_the_page_has_its_parts_and_needs_no_other_file),
        TEST(test_scripts_are_marked),
        TEST(test_what_cannot_be_written_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
