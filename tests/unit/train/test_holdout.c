/* test_holdout.c -- rows held out are chosen by their words, replaced by the row before them, and
 * come back; run on several numbers of ranks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "spine/train/atoms.h"
#include "spine/train/holdout.h"
#include "support/expect.h"
#include "support/ranks.h"

enum { ROWS = 90, DIM = 3, BATCH = 4 };
static const double SHARE = 0.4;

/* Rows from 53 on are others, thrice as long. */
static float entry(size_t row, size_t k)
{
    const float factor = row < 53 ? 1 : 3;

    return factor * ((float)((row * 37 + k * 11) % 53) / 53 - 0.5F);
}

static bool is_held(size_t row)
{
    char word[32];
    snprintf(word, sizeof word, "word %zu", row);
    return spine_holdout_has(word, SHARE);
}

static void fill(struct spine_dataset *data)
{
    const struct spine_sharing sharing = {
        .seed = 1, .batch_size = BATCH, .groups = 1, .columns = world.size, .column = world.rank};
    *data = (struct spine_dataset){.dim = DIM, .stride = spine_kernel_stride(DIM)};
    TRY(spine_partition_init(&data->part, ROWS, &sharing, &err));
    const size_t local = data->part.end_row - data->part.first_row;
    TRY(spine_scaling_init(&data->scaling, DIM, SPINE_WHITEN_NO, 0, &err));
    data->rows = spine_kernel_alloc(local * data->stride, "a test", &err);
    for (size_t i = 0; i < local; i++) {
        char word[32];
        const int length = snprintf(word, sizeof word, "word %zu", data->part.first_row + i);
        TRY(spine_words_add(&data->words, word, (size_t)length, &err));
        for (size_t k = 0; k < DIM; k++)
            data->rows[i * data->stride + k] = entry(data->part.first_row + i, k);
    }
}

/* The row that is trained on in the place of a row. */
static size_t source_of(size_t row)
{
    size_t at = row;
    while (at > 0 && is_held(at))
        at--;
    while (is_held(at))
        at++;
    return at;
}

static void test_rows_are_replaced_by_the_one_before(void **state)
{
    (void)state;
    struct spine_dataset data;
    struct spine_holdout holdout;
    double mean[DIM] = {0}, variance = 0, squares = 0, held = 0;
    size_t total = 0;
    fill(&data);
    TRY(spine_holdout_begin(&holdout, &data, &world, SHARE, &err));
    const size_t first = data.part.first_row, local = data.part.end_row - first;

    for (size_t row = 0; row < ROWS; row++)
        total += is_held(row);
    assert_int_equal(holdout.total, total);
    assert_true(total > ROWS / 5 && total < ROWS * 3 / 5);
    for (size_t i = 0; i < local; i++)
        for (size_t k = 0; k < DIM; k++)
            assert_true(data.rows[i * data.stride + k] == entry(source_of(first + i), k));

    for (size_t row = 0; row < ROWS; row++)
        for (size_t k = 0; k < DIM; k++)
            mean[k] += (double)entry(source_of(row), k) / ROWS;
    for (size_t row = 0; row < ROWS; row++)
        for (size_t k = 0; k < DIM; k++) {
            variance += pow((double)entry(source_of(row), k) - mean[k], 2);
            squares += pow((double)entry(source_of(row), k), 2);
            held += is_held(row) ? pow((double)entry(row, k) - mean[k], 2) : 0;
        }
    assert_true(fabs(data.variance / variance - 1) < 1e-9);
    assert_true(fabs(data.squares / squares - 1) < 1e-9);
    assert_true(fabs(holdout.variance / held - 1) < 1e-9);

    const struct spine_dataset view = spine_holdout_view(&holdout, &data);
    assert_int_equal(view.part.num_rows, total);
    for (size_t h = 0; h < view.part.end_row; h++)
        assert_true(view.rows[h * view.stride] == entry(holdout.substitutes[h].row, 0));
    TRY(spine_holdout_end(&holdout, &data, &err));
    for (size_t i = 0; i < local; i++)
        for (size_t k = 0; k < DIM; k++)
            assert_true(data.rows[i * data.stride + k] == entry(first + i, k));
    spine_holdout_dispose(&holdout);
    spine_holdout_dispose(&holdout);
    spine_dataset_dispose(&data);
}

static bool is_equal(const float *a, const float *b)
{
    bool equal = true;

    for (size_t k = 0; k < DIM; k++)
        equal = equal && fabsf(a[k] - b[k]) < 1e-6F;
    return equal;
}

/* The words beside those held out that have this atom; the first of them. */
static size_t count_words(const float *atom, size_t *first)
{
    size_t found = 0;

    *first = ROWS;
    for (size_t row = ROWS; row-- > 0;) {
        float values[DIM];
        for (size_t k = 0; k < DIM; k++)
            values[k] = entry(row, k);
        spine_atoms_normalize(values, DIM);
        if (is_held(row) || !is_equal(values, atom))
            continue;
        *first = row;
        found++;
    }
    return found;
}

/* With as many atoms as words are left, some of which have equal directions, each is drawn once,
 * and the other atoms are none of these. */
static void test_words_held_out_are_no_atoms(void **state)
{
    (void)state;
    struct spine_dataset data;
    struct spine_holdout holdout;
    fill(&data);
    TRY(spine_holdout_begin(&holdout, &data, &world, SHARE, &err));
    const struct spine_atoms_words words = {&world, &data, 3, 0};
    const size_t count = ROWS - holdout.total, stride = data.stride;
    float *atoms = spine_kernel_alloc(count * stride, "a test", &err);
    size_t drawn[ROWS + 1] = {0}, covered = 0;

    TRY(spine_atoms_draw(&words, NULL, count, atoms, &err));
    for (size_t j = 0; j < count; j++) {
        size_t first;
        covered += count_words(atoms + j * stride, &first);
        drawn[first]++;
    }
    for (size_t row = 0; row < ROWS; row++)
        assert_true(drawn[row] <= 1);
    assert_int_equal(covered, count);
    assert_true(drawn[ROWS] > 0);

    /* One that is marked is as if all were. */
    const size_t last = count - drawn[ROWS] - 1;
    bool marked[ROWS] = {false};
    float *other = spine_kernel_alloc(count * stride, "a test", &err);
    marked[last] = true;
    TRY(spine_atoms_draw(&words, marked, count, other, &err));
    for (size_t j = 0; j < count; j++)
        assert_true(other[j * stride] == (j == last ? atoms[j * stride] : 0));
    free(other);

    free(atoms);
    spine_holdout_dispose(&holdout);
    spine_dataset_dispose(&data);
}

int run_holdout(const struct spine_comm *comm)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_replaced_by_the_one_before),
        cmocka_unit_test(test_words_held_out_are_no_atoms),
    };
    world = *comm;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
