/* tabular.c -- small tables, and what is read from them: test sets, lists, keys and answers. The
 * input's first byte chooses which. A table is read or refused, with a sentence, and what was
 * counted is no more than its lines. */
#include <math.h>
#include <string.h>

#include "fuzz.h"
#include "spine/base/log.h"
#include "spine/eval/analogies.h"
#include "spine/eval/answers.h"
#include "spine/eval/purity.h"
#include "spine/eval/similarity.h"
#include "spine/text/tabular.h"
#include "spine/text/testset.h"

static struct fuzz_file file;
static struct spine_space space;

/* A space of a few words. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const char text[] = "a 1 0 0\nb 1 1 0\nc 0 0 1\nd 0 1 1\ne .9 1 .05\nzero 0 0 0\n";
    struct spine_error err;
    (void)argc, (void)argv;
    spine_log_init("fuzz", 0, 1, SPINE_LOG_QUIET);
    fuzz_file_init(&file);
    fuzz_file_put(&file, (const uint8_t *)text, strlen(text));
    CHECK(spine_space_read(&space, file.path, &err) == 0);
    return 0;
}

static size_t count_lines(const uint8_t *bytes, size_t size)
{
    size_t lines = 1;
    for (size_t i = 0; i < size; i++)
        lines += bytes[i] == '\n';
    return lines;
}

static int read_rows(enum spine_tabular_form form, size_t lines, struct spine_error *err)
{
    struct spine_tabular *table = NULL;
    struct spine_tabular_row row;
    uint64_t last = 0;
    int rc = spine_tabular_open(&table, file.path, form, err);
    while (rc == 0 && (rc = spine_tabular_next(table, &row, err)) == 1) {
        CHECK(row.line > last && row.line <= lines);
        CHECK(row.count >= 1 && row.count <= SPINE_TABULAR_FIELDS);
        for (size_t i = 0; i < row.count; i++)
            CHECK(strpbrk(row.field[i], "\n") == NULL);
        last = row.line;
        rc = 0;
    }
    spine_tabular_close(table);
    return rc;
}

static int score(struct spine_error *err)
{
    struct spine_answers answers;
    const char *sheets[] = {file.path};
    const int rc = spine_answers_score(&answers, file.path, sheets, 1, err);
    if (rc == 0)
        spine_answers_dispose(&answers);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    enum { SIMILARITY = 4, ANALOGIES, CATEGORIZATION, ANSWERS, CHOICES };
    struct spine_similarity similarity;
    struct spine_analogies analogies;
    struct spine_purity categorization;
    struct spine_testset set = {.count = 0};
    struct spine_error err = {.text = ""};
    int rc = 0;
    if (size < 1)
        return 0;
    /* Compressed inputs have more lines than these bytes show: they are another harness's. */
    const int is_plain = size < 3 || (bytes[1] != 0x1F && bytes[1] != 0x28);
    const size_t lines = is_plain ? count_lines(bytes + 1, size - 1) : SIZE_MAX;
    fuzz_file_put(&file, bytes + 1, size - 1);
    switch (bytes[0] % CHOICES) {
    case SIMILARITY:
        rc = spine_testset_read_pairs(&set, file.path, &err);
        if (rc == 0)
            rc = spine_similarity_measure(&space, &set, 1, &similarity, &err);
        CHECK(rc != 0 || similarity.found + similarity.missing <= lines);
        CHECK(rc != 0 || isnan(similarity.rho.value) || fabs(similarity.rho.value) < 1 + 1e-9);
        break;
    case ANALOGIES:
        rc = spine_testset_read_analogies(&set, file.path, &err);
        if (rc == 0)
            rc = spine_analogies_measure(&space, &set, &analogies, &err);
        CHECK(rc != 0 || set.is_of_pairs || analogies.counted + analogies.missing == set.count);
        CHECK(rc != 0 || set.count <= lines);
        break;
    case CATEGORIZATION:
        rc = spine_testset_read_sorted(&set, file.path, &err);
        if (rc == 0)
            rc = spine_purity_measure(&space, &set, 1, &categorization, &err);
        CHECK(rc != 0 || categorization.found + categorization.missing <= lines);
        CHECK(rc != 0 || isnan(categorization.purity) || categorization.purity <= 1);
        break;
    case ANSWERS:
        rc = score(&err);
        break;
    default:
        rc = read_rows((enum spine_tabular_form)(bytes[0] % CHOICES), lines, &err);
    }
    spine_testset_dispose(&set);
    CHECK(rc == 0 || err.text[0] != '\0');
    return 0;
}
