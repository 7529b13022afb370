/* test_checkpoint.c -- what is loaded is what was saved, to the bit, or nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <time.h>

#include "spine/files/array.h"
#include "spine/files/attribute.h"
#include "spine/files/checkpoint.h"
#include "spine/files/checksum.h"
#include "spine/files/store.h"
#include "support/directory.h"
#include "support/expect.h"

enum { DIM = 5, HIDDEN = 7 };

static char identity[] = "model.hidden = 7\n", config[] = "[model]\nhidden = 7\n";
static char input[] = "9 rows x 5 numbers";
static char kernels[] = "AVX2, a library";
static const struct spine_checkpoint_texts texts = {identity, config, input, kernels};
static const struct spine_progress progress = {.steps = 79,
                                               .epoch = 2,
                                               .step = 11,
                                               .mode = SPINE_SPARSE,
                                               .squares = 1.0 / 3,
                                               .partial = 1e-300,
                                               .penalty = -0.0,
                                               .active = 1e15 + 1,
                                               .waited = 0.1,
                                               .seconds = 12345.678};

/* What a run has to save. */
struct run {
    struct spine_params params;
    struct spine_optimizer optimizer;
};

/* A matrix's padding stays zero. */
static void fill(const struct spine_params *shape, float *block, uint64_t seed)
{
    struct spine_params params;
    if (block == NULL)
        return;
    spine_params_place(&params, shape->dim, shape->hidden, block);
    spine_params_randomize(&params, seed, 0, shape->hidden);
    for (size_t j = 0; j < params.hidden; j++)
        params.b1[j] = (float)(seed * 100 + j) / 7;
    for (size_t k = 0; k < params.dim; k++)
        params.b2[k] = -(float)(seed * 100 + k) * 1e-30F;
}

static void make_run(struct run *run, enum spine_optimizer_kind kind, size_t dim, size_t hidden)
{
    TRY(spine_params_init(&run->params, dim, hidden, &err));
    TRY(spine_optimizer_init(&run->optimizer, kind, 0.9, 0.99, run->params.len, &err));
}

static void fill_run(struct run *run, uint64_t seed)
{
    fill(&run->params, run->params.data, seed);
    fill(&run->params, run->optimizer.first, seed + 1);
    fill(&run->params, run->optimizer.second, seed + 2);
    run->optimizer.steps = 79;
}

static void dispose_run(struct run *run)
{
    spine_optimizer_dispose(&run->optimizer);
    spine_params_dispose(&run->params);
}

static int blocks_equal(const struct run *a, const float *first, const float *second)
{
    if (first == NULL || second == NULL)
        return first == second;
    return memcmp(first, second, a->params.len * sizeof *first) == 0;
}

static int runs_equal(const struct run *a, const struct run *b)
{
    return blocks_equal(a, a->params.data, b->params.data) &&
           blocks_equal(a, a->optimizer.first, b->optimizer.first) &&
           blocks_equal(a, a->optimizer.second, b->optimizer.second) &&
           a->optimizer.steps == b->optimizer.steps;
}

static void init_writer(struct spine_checkpoint_writer *writer, const char *path, int keep)
{
    TRY(spine_checkpoint_writer_init(writer, path, keep, &texts, &err));
}

static void save_at(struct spine_checkpoint_writer *writer, const struct run *run, int64_t steps)
{
    struct spine_progress here = progress;
    here.steps = steps;
    TRY(spine_checkpoint_save(writer, SPINE_CHECKPOINT_NOW, &run->params, &run->optimizer, &here,
                              &err));
}

/* Read everything; 0, or -1 with err. */
static int load(const char *path, struct run *run, struct spine_progress *found)
{
    struct spine_checkpoint checkpoint;
    bool is_damaged;

    if (spine_checkpoint_open(&checkpoint, path, &is_damaged, &err))
        return -1;
    if (strcmp(checkpoint.texts.identity, identity) != 0 ||
        strcmp(checkpoint.texts.config, config) != 0 ||
        strcmp(checkpoint.texts.input, input) != 0 ||
        strcmp(checkpoint.texts.kernels, kernels) != 0)
        fail_msg("%s: other texts than were saved", path);

    const int rc = spine_checkpoint_read(&checkpoint, &run->params, &run->optimizer, &err);
    *found = checkpoint.progress;

    spine_checkpoint_close(&checkpoint);
    return rc;
}

/* Read the idle epochs only; 0, or -1 with err. */
static int load_idle(const char *path, int32_t *idle, size_t num_idle)
{
    struct spine_checkpoint checkpoint;
    bool is_damaged;

    if (spine_checkpoint_open(&checkpoint, path, &is_damaged, &err))
        return -1;

    const int rc = spine_checkpoint_read_idle(&checkpoint, idle, num_idle, &err);
    spine_checkpoint_close(&checkpoint);
    return rc;
}

/* The same of the rows for which units were inactive. */
static int load_silence(const char *path, int64_t *silence, size_t num_silence)
{
    struct spine_checkpoint checkpoint;
    bool is_damaged;

    if (spine_checkpoint_open(&checkpoint, path, &is_damaged, &err))
        return -1;

    const int rc = spine_checkpoint_read_silence(&checkpoint, silence, num_silence, &err);
    spine_checkpoint_close(&checkpoint);
    return rc;
}

/* It loads, and is what was saved. */
static void assert_saved(const struct path *path, const struct run *saved, int64_t steps)
{
    struct run found;
    struct spine_progress where, expected = progress;
    expected.steps = steps;
    make_run(&found, saved->optimizer.kind, saved->params.dim, saved->params.hidden);
    TRY(load(path->text, &found, &where));
    assert_int_equal(found.optimizer.steps, steps);
    found.optimizer.steps = saved->optimizer.steps;
    assert_true(runs_equal(&found, saved));
    assert_memory_equal(&where, &expected, sizeof where);
    dispose_run(&found);
}

static struct path checkpoint(const struct path *above, int64_t steps)
{
    char name[64];
    snprintf(name, sizeof name, "checkpoint-%010lld.h5", (long long)steps);
    return join_path(above, name);
}

static void test_what_was_saved_is_loaded_with_the_moments(void **state)
{
    (void)state;
    static const enum spine_optimizer_kind kinds[] = {SPINE_SGD, SPINE_MOMENTUM, SPINE_ADAM};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct run run;
        struct spine_checkpoint_writer writer;
        const struct path now = checkpoint(&directory, 79), behind = checkpoint(&directory, 80);
        make_run(&run, kinds[i], DIM, HIDDEN);
        fill_run(&run, 10 * i + 1);
        init_writer(&writer, directory.text, 2);
        save_at(&writer, &run, 79);
        assert_true(is_there(&now));
        assert_saved(&now, &run, 79);
        struct spine_progress later = progress;
        later.steps = 80;
        TRY(spine_checkpoint_save(&writer, SPINE_CHECKPOINT_BEHIND, &run.params, &run.optimizer,
                                  &later, &err));
        TRY(spine_checkpoint_finish(&writer, &err));
        TRY(spine_checkpoint_finish(&writer, &err));
        assert_saved(&behind, &run, 80);
        assert_true(writer.seconds > 0);
        spine_checkpoint_writer_dispose(&writer);
        spine_checkpoint_writer_dispose(&writer);
        dispose_run(&run);
    }
}

static sem_t may_publish;

static void wait_for_leave(void)
{
    sem_wait(&may_publish);
}

static void test_training_may_go_on_while_it_is_saved_behind(void **state)
{
    (void)state;
    struct run run, before;
    struct spine_checkpoint_writer writer;
    make_run(&run, SPINE_ADAM, DIM, HIDDEN);
    make_run(&before, SPINE_ADAM, DIM, HIDDEN);
    init_writer(&writer, directory.text, 9);
    assert_int_equal(sem_init(&may_publish, 0, 0), 0);
    writer.before_publish = wait_for_leave;
    for (int64_t steps = 1; steps <= 3; steps++) {
        struct spine_progress here = progress;
        here.steps = steps;
        fill_run(&run, (uint64_t)steps);
        TRY(spine_checkpoint_save(&writer, SPINE_CHECKPOINT_BEHIND, &run.params, &run.optimizer,
                                  &here, &err));
        const struct path path = checkpoint(&directory, steps);
        TRY(spine_checkpoint_poll(&writer, &err)); /* which doesn't wait */
        assert_false(is_there(&path));             /* not before it is whole */
        fill_run(&run, 99);
        here.epoch = here.mode = 99;
        sem_post(&may_publish);
    }
    spine_checkpoint_writer_dispose(&writer); /* finishes */
    sem_destroy(&may_publish);
    for (int64_t steps = 1; steps <= 3; steps++) {
        const struct path path = checkpoint(&directory, steps);
        fill_run(&before, (uint64_t)steps);
        assert_saved(&path, &before, steps);
    }
    dispose_run(&before);
    dispose_run(&run);
}

static void test_how_long_units_were_idle_is_saved(void **state)
{
    (void)state;
    static const enum spine_checkpoint_mode modes[] = {SPINE_CHECKPOINT_NOW,
                                                       SPINE_CHECKPOINT_BEHIND};
    struct run run;
    make_run(&run, SPINE_SGD, DIM, HIDDEN);
    for (size_t i = 0; i < 2; i++) {
        int32_t idle[HIDDEN] = {0, -1, 2, 3, 4, 1000000, 6}, found[HIDDEN], kept[HIDDEN];
        struct spine_checkpoint_writer writer;
        const struct path path = checkpoint(&directory, 79);
        int64_t silence[HIDDEN] = {0, 64, INT64_C(1) << 40, 0, 0, 0, 9}, rows[HIDDEN];
        memcpy(kept, idle, sizeof idle);
        init_writer(&writer, directory.text, 1);
        writer.idle = idle;
        writer.num_idle = HIDDEN;
        writer.silence = silence;
        writer.num_silence = HIDDEN;
        TRY(spine_checkpoint_save(&writer, modes[i], &run.params, &run.optimizer, &progress, &err));
        idle[3] = 77;
        silence[6] = 77;
        spine_checkpoint_writer_dispose(&writer);
        TRY(load_idle(path.text, found, HIDDEN));
        assert_memory_equal(found, kept, sizeof kept);
        EXPECT_REFUSED(load_idle(path.text, found, HIDDEN - 1),
                       "%s: '/idle' has 7 units, expected 6", path.text);
        TRY(load_silence(path.text, rows, HIDDEN));
        assert_true(rows[2] == INT64_C(1) << 40 && rows[1] == 64 && rows[6] == 9);
        EXPECT_REFUSED(load_silence(path.text, rows, HIDDEN - 1),
                       "%s: '/silence' has 7 units, expected 6", path.text);
    }
    dispose_run(&run);
}

static void test_the_last_ones_are_kept(void **state)
{
    (void)state;
    struct run run;
    struct spine_checkpoint_writer writer;
    make_run(&run, SPINE_SGD, DIM, HIDDEN);
    for (int keep = 1; keep <= 3; keep++) {
        init_writer(&writer, directory.text, keep);
        for (int64_t steps = 10 * keep; steps < 10 * keep + 5; steps++)
            save_at(&writer, &run, steps);
        for (int64_t steps = 0; steps < 10 * keep + 9; steps++) {
            const struct path path = checkpoint(&directory, steps);
            assert_int_equal(is_there(&path),
                             steps < 10 * keep + 5 && steps >= 10 * keep + 5 - keep);
        }
        spine_checkpoint_writer_dispose(&writer);
    }
    dispose_run(&run);
}

static void test_one_that_was_passed_over_does_not_crowd_out_a_new_one(void **state)
{
    (void)state;
    struct run run;
    struct spine_checkpoint_writer writer;
    const struct path damaged = checkpoint(&directory, 100), first = checkpoint(&directory, 50);
    const struct path second = checkpoint(&directory, 60);
    make_run(&run, SPINE_SGD, DIM, HIDDEN);
    assert_int_equal(put_text(&damaged, "damaged"), 0);
    init_writer(&writer, directory.text, 1);
    save_at(&writer, &run, 50);
    assert_true(is_there(&first));
    save_at(&writer, &run, 60);
    assert_true(is_there(&second));
    assert_false(is_there(&first));
    save_at(&writer, &run, 110);
    assert_false(is_there(&damaged)); /* by now it is an old one */
    spine_checkpoint_writer_dispose(&writer);
    dispose_run(&run);
}

static void test_the_newest_below_a_number_is_found(void **state)
{
    (void)state;
    static const char *const names[] = {
        "checkpoint-0000000007.h5", "checkpoint-0000000300.h5",      "checkpoint-0000000020.h5",
        "checkpoint-9.h5",          "checkpoint-0000000400.h5.part", "checkpoint-0000000500.h5.old",
        "checkpoint-+000000600.h5", "checkpoint--000000001.h5",      "my-checkpoint-0000000700.h5",
        "checkpoint-00000000800.h5"};
    char path[SPINE_CHECKPOINT_PATH] = "unchanged";
    int64_t found = 0;
    TRY(spine_checkpoint_newest(directory.text, INT64_MAX, path, &found, &err));
    assert_int_equal(found, -1);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct path file = join_path(&directory, names[i]);
        assert_int_equal(put_text(&file, ""), 0);
    }
    static const int64_t expected[] = {300, 20, 7, -1};
    int64_t steps = INT64_MAX;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        TRY(spine_checkpoint_newest(directory.text, steps, path, &steps, &err));
        assert_int_equal(steps, expected[i]);
        const struct path file = checkpoint(&directory, steps);
        if (steps >= 0)
            assert_string_equal(path, file.text);
    }
    const struct path none = join_path(&directory, "none"), file = join_path(&directory, names[0]);
    TRY(spine_checkpoint_newest(none.text, INT64_MAX, path, &found, &err));
    assert_int_equal(found, -1);
    EXPECT_REFUSED(spine_checkpoint_newest(file.text, INT64_MAX, path, &found, &err),
                   "%s: Not a directory", file.text);
}

/* --- Files that aren't as they were saved ---------------------------------------------------- */

/* A directory's saved run and its only checkpoint. */
static struct path save_one(struct run *run)
{
    struct spine_checkpoint_writer writer;
    make_run(run, SPINE_ADAM, DIM, HIDDEN);
    fill_run(run, 5);
    init_writer(&writer, directory.text, 1);
    save_at(&writer, run, 79);
    spine_checkpoint_writer_dispose(&writer);
    return checkpoint(&directory, 79);
}

static void put_bytes(const struct path *path, const char *bytes, size_t size)
{
    FILE *file = fopen(path->text, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static int load_any(const struct path *path, size_t dim, size_t hidden)
{
    struct run run;
    struct spine_progress where;
    make_run(&run, SPINE_ADAM, dim, hidden);
    const int rc = load(path->text, &run, &where);
    dispose_run(&run);
    return rc;
}

static void test_a_flipped_byte_is_found(void **state)
{
    (void)state;
    struct run run;
    const struct path path = save_one(&run), copy = join_path(&directory, "flipped.h5");
    size_t size = 0;
    char *bytes = get_bytes(&path, &size);
    assert_non_null(bytes);
    for (size_t at = 0; at < size; at += at < 512 || at + 64 > size ? 1 : 13) {
        const char before = bytes[at];
        bytes[at] = (char)(before ^ (1 << at % 8));
        put_bytes(&copy, bytes, size);
        bytes[at] = before;
        if (at + 32 < size || at + 16 >= size)
            EXPECT_REFUSED(load_any(&copy, DIM, HIDDEN), "%s: is damaged: checksum mismatch",
                           copy.text);
        else
            EXPECT_REFUSED(load_any(&copy, DIM, HIDDEN), "%s: is cut off, or not a checkpoint",
                           copy.text);
    }
    free(bytes);
    dispose_run(&run);
}

/* HDF5's checksums and ours of the numbers' extents and finiteness, without the trailer: the
 * numbers in a file are never others than were saved. */
static void test_a_flipped_number_is_found_by_its_own_checksum(void **state)
{
    (void)state;
    struct run run, found;
    const struct path path = save_one(&run), copy = join_path(&directory, "flipped.h5");
    size_t size = 0, refused = 0;
    char *bytes = get_bytes(&path, &size);
    assert_non_null(bytes);
    make_run(&found, SPINE_ADAM, DIM, HIDDEN);
    float *const blocks[] = {run.params.W1, run.params.W2, run.optimizer.first,
                             run.optimizer.second};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        char *at = bytes;
        while (memcmp(at, blocks[i], DIM * sizeof(float)) != 0)
            assert_true((size_t)(++at - bytes) + DIM * sizeof(float) < size);
        for (int bit = 0; bit < 8; bit++, refused++) {
            struct spine_progress where;
            at[4] = (char)(at[4] ^ (1 << bit));
            put_bytes(&copy, bytes, size);
            at[4] = (char)(at[4] ^ (1 << bit));
            TRY(spine_checksum_put(copy.text, copy.text, &err));
            assert_int_equal(load(copy.text, &found, &where), -1);
        }
    }
    assert_int_equal(refused, 32);
    free(bytes);
    dispose_run(&found);
    dispose_run(&run);
}

static void test_a_file_that_is_cut_off_is_refused(void **state)
{
    (void)state;
    struct run run;
    const struct path path = save_one(&run), copy = join_path(&directory, "cut.h5");
    size_t size = 0;
    char *bytes = get_bytes(&path, &size);
    assert_non_null(bytes);
    for (size_t length = 0; length < size; length += length < 64 || length + 64 > size ? 1 : 101) {
        put_bytes(&copy, bytes, length);
        EXPECT_REFUSED(load_any(&copy, DIM, HIDDEN), "%s: is cut off, or not a checkpoint",
                       copy.text);
    }
    put_bytes(&copy, bytes, size);
    TRY(load_any(&copy, DIM, HIDDEN));
    FILE *file = fopen(copy.text, "ab");
    assert_non_null(file);
    fputc('x', file);
    fclose(file);
    EXPECT_REFUSED(load_any(&copy, DIM, HIDDEN), "%s: is cut off, or not a checkpoint", copy.text);
    free(bytes);
    dispose_run(&run);
}

static void test_what_is_no_checkpoint_is_refused(void **state)
{
    (void)state;
    const struct path none = join_path(&directory, "none.h5"), text = join_path(&directory, "text");
    EXPECT_REFUSED(load_any(&none, DIM, HIDDEN), "%s: No such file or directory", none.text);
    assert_int_equal(put_text(&text, "a text that is longer than a checksum would be, by far"), 0);
    EXPECT_REFUSED(load_any(&text, DIM, HIDDEN), "%s: is cut off, or not a checkpoint", text.text);
    EXPECT_REFUSED(load_any(&directory, DIM, HIDDEN), "%s: is cut off, or not a checkpoint",
                   directory.text);
    TRY(spine_checksum_put(text.text, text.text, &err));
    EXPECT_REFUSED(load_any(&text, DIM, HIDDEN), "%s: not an HDF5 file", text.text);
}

static void test_another_shape_is_refused(void **state)
{
    (void)state;
    struct run run;
    const struct path path = save_one(&run);
    EXPECT_REFUSED(load_any(&path, DIM + 1, HIDDEN),
                   "%s: '/parameters/W1' is 7 x 5, expected 7 x 6", path.text);
    EXPECT_REFUSED(load_any(&path, DIM, HIDDEN + 1),
                   "%s: '/parameters/W1' is 7 x 5, expected 8 x 5", path.text);
    dispose_run(&run);
}

/* A file with a checksum like a checkpoint, but for one thing. */
static void put_unlike(const struct path *path, const char *format, int64_t version,
                       const char *left_out, int64_t epoch, float number)
{
    struct run run;
    struct spine_store *store = NULL;
    const struct path part = part_of(path);
    static const char *const names[] = {"/first", "/second", "/parameters"};
    static const char *const reals[] = {"squares", "partial", "asl", "active", "waited", "seconds"};
    const int64_t integers[] = {79, epoch, 11, SPINE_DENSE};
    static const char *const integer_names[] = {"steps", "epoch", "step", "mode"};
    TRY(spine_store_create(&store, path->text, NULL, &err));
    TRY(spine_attribute_set_text(store, "/", "format", format, &err));
    TRY(spine_attribute_set_integers(store, "/", "format_version", &version, 1, &err));
    const struct {
        const char *name, *text;
    } attributes[] = {
        {"identity", identity}, {"config", config}, {"input", input}, {"kernels", kernels}};
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++)
        if (strcmp(attributes[i].name, left_out) != 0)
            TRY(spine_attribute_set_text(store, "/", attributes[i].name, attributes[i].text, &err));
    for (size_t i = 0; i < 4; i++)
        if (strcmp(integer_names[i], left_out) != 0)
            TRY(spine_attribute_set_integers(store, "/", integer_names[i], &integers[i], 1, &err));
    for (size_t i = 0; i < 6; i++)
        if (strcmp(reals[i], left_out) != 0)
            TRY(spine_attribute_set_real(store, "/", reals[i], 1, &err));
    make_run(&run, SPINE_ADAM, DIM, HIDDEN);
    for (size_t i = 0; i < 3; i++) {
        const size_t rows[] = {HIDDEN, HIDDEN, HIDDEN, DIM}, columns[] = {DIM, 0, DIM, 0};
        static const char *const tensors[] = {"W1", "b1", "W2", "b2"};
        for (size_t j = 0; j < 4; j++) {
            char name[64];
            float zeros[HIDDEN * DIM] = {number};
            snprintf(name, sizeof name, "%s/%s", names[i], tensors[j]);
            if (strcmp(name, left_out) == 0)
                continue;
            TRY(spine_array_make_checked(store, name, SPINE_ARRAY_FLOAT, rows[j], columns[j],
                                         &err));
            TRY(spine_array_write(store, name, SPINE_ARRAY_FLOAT, 0, rows[j],
                                  columns[j] > 0 ? columns[j] : 1, zeros, &err));
        }
    }
    TRY(spine_store_close(store, &err));
    TRY(spine_checksum_put(part.text, path->text, &err));
    assert_int_equal(rename(part.text, path->text), 0);
    dispose_run(&run);
}

static void test_what_is_missing_or_makes_no_sense_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *format;
        int64_t version;
        const char *left_out;
        int64_t epoch;
        float number;
        const char *error; /* behind the path; NULL: accepted */
    } files[] = {
        {"spine-checkpoint", SPINE_STORE_VERSION, "", 2, 1, NULL},
        {"spine-model", SPINE_STORE_VERSION, "", 2, 1,
         "holds 'spine-model', expected 'spine-checkpoint'"},
        {"spine-checkpoint", SPINE_STORE_VERSION + 1, "", 2, 1,
         "is version 2 of 'spine-checkpoint', this program reads version 1"},
        {"spine-checkpoint", SPINE_STORE_VERSION, "identity", 2, 1,
         "'/' has no attribute 'identity'"},
        {"spine-checkpoint", SPINE_STORE_VERSION, "input", 2, 1, "'/' has no attribute 'input'"},
        {"spine-checkpoint", SPINE_STORE_VERSION, "step", 2, 1, "'/' has no attribute 'step'"},
        {"spine-checkpoint", SPINE_STORE_VERSION, "asl", 2, 1, "'/' has no attribute 'asl'"},
        {"spine-checkpoint", SPINE_STORE_VERSION, "mode", 2, 1, "'/' has no attribute 'mode'"},
        {"spine-checkpoint", SPINE_STORE_VERSION, "/parameters/W2", 2, 1,
         "has no dataset '/parameters/W2'"},
        {"spine-checkpoint", SPINE_STORE_VERSION, "/first/b1", 2, 1, "has no dataset '/first/b1'"},
        {"spine-checkpoint", SPINE_STORE_VERSION, "/second/W1", 2, 1,
         "has no dataset '/second/W1'"},
        {"spine-checkpoint", SPINE_STORE_VERSION, "", -1, 1,
         "its step or epoch is negative, or its mode unknown"},
        {"spine-checkpoint", SPINE_STORE_VERSION, "", 2, NAN,
         "'/parameters/W1' has a number that is not finite"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const struct path path = join_path(&directory, "unlike.h5");
        put_unlike(&path, files[i].format, files[i].version, files[i].left_out, files[i].epoch,
                   files[i].number);
        if (files[i].error == NULL)
            TRY(load_any(&path, DIM, HIDDEN));
        else
            EXPECT_REFUSED(load_any(&path, DIM, HIDDEN), "%s: %s", path.text, files[i].error);
    }
}

/* --- What can't be written -------------------------------------------------------------------- */

static void assert_failed(int rc, const char *pattern_begin, const char *pattern_end)
{
    assert_int_equal(rc, -1);
    assert_int_equal(err.status, SPINE_EXIT_FAILED);
    if (strncmp(err.text, pattern_begin, strlen(pattern_begin)) != 0 ||
        strlen(err.text) < strlen(pattern_end) ||
        strcmp(err.text + strlen(err.text) - strlen(pattern_end), pattern_end) != 0)
        fail_msg("said '%s', expected '%s...%s'", err.text, pattern_begin, pattern_end);
}

static int unmount_directory(void **state)
{
    umount(directory.text);
    return remove_directory(state);
}

static void test_a_full_disk_leaves_the_checkpoint_before(void **state)
{
    (void)state;
    if (mount("tmpfs", directory.text, "tmpfs", 0, "size=160k") != 0) {
        print_message("SKIPPED: THE FULL DISK IS NOT TESTED: only root may mount one\n");
        skip();
    }
    struct run run;
    struct spine_checkpoint_writer writer;
    const struct path first = checkpoint(&directory, 1), second = checkpoint(&directory, 2);
    const struct path part = part_of(&second);
    make_run(&run, SPINE_ADAM, 50, 140); /* 62 KiB, thrice */
    init_writer(&writer, directory.text, 1);
    fill_run(&run, 1);
    struct run small;
    make_run(&small, SPINE_SGD, 50, 140);
    fill_run(&small, 1);
    save_at(&writer, &small, 1);
    for (int behind = 0; behind < 2; behind++) {
        struct spine_progress later = progress;
        later.steps = 2;
        int rc =
            spine_checkpoint_save(&writer, behind ? SPINE_CHECKPOINT_BEHIND : SPINE_CHECKPOINT_NOW,
                                  &run.params, &run.optimizer, &later, &err);
        if (behind) {
            assert_int_equal(rc, 0);
            rc = spine_checkpoint_finish(&writer, &err);
        }
        assert_failed(rc, second.text, ": No space left on device");
        assert_false(is_there(&second));
        assert_false(is_there(&part));
        assert_saved(&first, &small, 1);
        TRY(spine_checkpoint_finish(&writer, &err)); /* it has been told */
    }
    spine_checkpoint_writer_dispose(&writer);
    dispose_run(&small);
    dispose_run(&run);
}

static void test_a_directory_that_is_gone_is_named(void **state)
{
    (void)state;
    struct run run;
    struct spine_checkpoint_writer writer;
    const struct path gone = join_path(&directory, "gone"), path = checkpoint(&gone, 79);
    make_run(&run, SPINE_SGD, DIM, HIDDEN);
    init_writer(&writer, gone.text, 1);
    EXPECT_REFUSED(spine_checkpoint_save(&writer, SPINE_CHECKPOINT_NOW, &run.params, &run.optimizer,
                                         &progress, &err),
                   "%s: its directory doesn't exist", path.text);
    TRY(spine_checkpoint_save(&writer, SPINE_CHECKPOINT_BEHIND, &run.params, &run.optimizer,
                              &progress, &err));
    while (!writer.done)
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    EXPECT_REFUSED(spine_checkpoint_poll(&writer, &err), "%s: its directory doesn't exist",
                   path.text);
    TRY(spine_checkpoint_poll(&writer, &err)); /* it has been told */
    TRY(spine_checkpoint_save(&writer, SPINE_CHECKPOINT_BEHIND, &run.params, &run.optimizer,
                              &progress, &err));
    /* And the next one would tell of it. */
    EXPECT_REFUSED(spine_checkpoint_save(&writer, SPINE_CHECKPOINT_BEHIND, &run.params,
                                         &run.optimizer, &progress, &err),
                   "%s: its directory doesn't exist", path.text);
    spine_checkpoint_writer_dispose(&writer);
    dispose_run(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_what_was_saved_is_loaded_with_the_moments),
        TEST(test_training_may_go_on_while_it_is_saved_behind),
        TEST(test_how_long_units_were_idle_is_saved),
        TEST(test_the_last_ones_are_kept),
        TEST(test_one_that_was_passed_over_does_not_crowd_out_a_new_one),
        TEST(test_the_newest_below_a_number_is_found),
        TEST(test_a_flipped_byte_is_found),
        TEST(test_a_flipped_number_is_found_by_its_own_checksum),
        TEST(test_a_file_that_is_cut_off_is_refused),
        TEST(test_what_is_no_checkpoint_is_refused),
        TEST(test_another_shape_is_refused),
        TEST(test_what_is_missing_or_makes_no_sense_is_named),
        cmocka_unit_test_setup_teardown(test_a_full_disk_leaves_the_checkpoint_before,
                                        make_directory, unmount_directory),
        TEST(test_a_directory_that_is_gone_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
