/* test_config.c -- every option is taken, printed and taken again; nothing is clamped or ignored.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "spine/config/combination.h"
#include "spine/config/config.h"
#include "spine/config/identity.h"
#include "spine/config/inifile.h"
#include "spine/config/settings.h"

/* Every option at a value that isn't its default, as spine_config_text() prints it. */
static const char all_changed[] = "[data]\n"
                                  "input = /data/my vectors;v2=1 #3.h5\n"
                                  "words = words.txt\n"
                                  "cache = scratch/in.h5\n"
                                  "clip = 2.5\n"
                                  "center = no\n"
                                  "whiten = remove:3\n"
                                  "rms = 0.123456789012345\n"
                                  "holdout = 0.25\n"
                                  "limit = 1000000000000\n"
                                  "residency = stream\n"
                                  "window = 3.5\n"
                                  "dtype = bfloat16\n"
                                  "\n"
                                  "[model]\n"
                                  "hidden = 1048576\n"
                                  "objective = nnse\n"
                                  "start = words\n"
                                  "l0 = 5.5\n"
                                  "ridge = 0.25\n"
                                  "k = 33\n"
                                  "first_k = 44\n"
                                  "alpha = 2.5\n"
                                  "prefixes = 125, 250\n"
                                  "unit_norm = yes\n"
                                  "aux_k = 64\n"
                                  "aux_weight = 0.25\n"
                                  "silent_rows = 5000\n"
                                  "cap = none\n"
                                  "\n"
                                  "[loss]\n"
                                  "sparsity = 0.95\n"
                                  "asl_weight = 2.5\n"
                                  "psl_weight = 0\n"
                                  "l1_weight = 1.5\n"
                                  "\n"
                                  "[train]\n"
                                  "epochs = 4000\n"
                                  "stop_after = 1000\n"
                                  "batch_size = 1000000000\n"
                                  "noise = 0.2\n"
                                  "optimizer = sgd\n"
                                  "learning_rate = 1e-12\n"
                                  "rate_batch = 0\n"
                                  "momentum = 0.999999\n"
                                  "beta2 = 0.25\n"
                                  "schedule = cosine\n"
                                  "warmup = 0.03\n"
                                  "decay = 1\n"
                                  "seed = 9000000000000000\n"
                                  "refit = yes\n"
                                  "evaluate_every = 0\n"
                                  "revive_after = 7\n"
                                  "checkpoint_every = 3\n"
                                  "checkpoint_minutes = 0.5\n"
                                  "checkpoint_keep = 1000\n"
                                  "resume = never\n"
                                  "start_from = runs/first\n"
                                  "time_limit = 1439.5\n"
                                  "grace_seconds = 0\n"
                                  "check_room = no\n"
                                  "kernel = sparse\n"
                                  "\n"
                                  "[parallel]\n"
                                  "grid = 2x32\n"
                                  "reproducible = no\n"
                                  "wire = bfloat16\n"
                                  "\n"
                                  "[output]\n"
                                  "directory = out/run 7\n"
                                  "merge = no\n"
                                  "formats = h5ad, txt\n"
                                  "index = no\n"
                                  "noisy_codes = yes\n"
                                  "tensorboard = yes\n"
                                  "overwrite = yes\n";

static int parse_ini(struct spine_config *config, const char *text, struct spine_error *err)
{
    struct spine_inifile_lines sweep = {0};
    const int rc = spine_inifile_parse(config, &sweep, text, "run.ini", err);
    spine_inifile_lines_dispose(&sweep);
    return rc;
}

static void parse(struct spine_config *config, const char *text)
{
    struct spine_error err = {.text = ""};
    spine_config_init(config);
    if (parse_ini(config, text, &err))
        fail_msg("%s", err.text);
}

static char *text_of(const struct spine_config *config)
{
    struct spine_error err;
    char *text = spine_config_text(config, &err);
    assert_non_null(text);
    return text;
}

static char *identity_of(const struct spine_config *config)
{
    struct spine_error err;
    char *text = spine_identity_text(config, &err);
    assert_non_null(text);
    return text;
}

static void assert_text(const struct spine_config *config, const char *expected)
{
    char *text = text_of(config);
    assert_string_equal(text, expected);
    free(text);
}

static void test_defaults_are_those_of_the_manual(void **state)
{
    (void)state;
    struct spine_config config;
    spine_config_init(&config);
    assert_string_equal(config.input, "");
    assert_int_equal(config.center, 1);
    assert_true(config.rms == 0.4);
    assert_int_equal(config.limit, 0);
    assert_int_equal(config.hidden, 1000);
    assert_true(config.sparsity == 0.85 && config.asl_weight == 1 && config.psl_weight == 1);
    assert_int_equal(config.batch_size, 64);
    assert_true(config.noise == 0.4);
    assert_int_equal(config.seed, 1);
    assert_int_equal(config.formats, 1 << SPINE_FORMAT_H5AD);
    assert_int_equal(config.merge, 1);
    assert_int_equal(config.index, SPINE_INDEX_AUTO);
    assert_int_equal(config.overwrite, 0);
    assert_int_equal(config.noisy_codes, 0);
    assert_int_equal(config.tensorboard, 0);
}

static void test_every_option_reaches_its_field(void **state)
{
    (void)state;
    struct spine_config config;
    parse(&config, all_changed);
    assert_string_equal(config.input, "/data/my vectors;v2=1 #3.h5");
    assert_int_equal(config.center, 0);
    assert_true(config.clip == 2.5);
    assert_string_equal(config.whiten, "remove:3");
    assert_string_equal(config.prefixes, "125, 250");
    assert_true(config.unit_norm == 1);
    assert_int_equal(config.aux_k, 64);
    assert_true(config.aux_weight == 0.25);
    assert_int_equal(config.silent_rows, 5000);
    assert_true(config.rms == 0.123456789012345);
    assert_true(config.limit == INT64_C(1000000000000));
    assert_int_equal(config.residency, SPINE_RESIDENCY_STREAM);
    assert_int_equal(config.dtype, SPINE_DTYPE_BFLOAT16);
    assert_true(config.window == 3.5);
    assert_int_equal(spine_settings_storage(&config), SPINE_IN_FILE);
    assert_int_equal(config.hidden, 1048576);
    assert_true(config.sparsity == 0.95 && config.asl_weight == 2.5 && config.psl_weight == 0);
    assert_true(config.l1_weight == 1.5);
    assert_int_equal(config.objective, SPINE_OBJECTIVE_NNSE);
    assert_int_equal(config.start, SPINE_ATOMS_WORDS);
    assert_true(config.l0 == 5.5 && config.ridge == 0.25 && config.k == 33 &&
                config.first_k == 44 && config.alpha == 2.5 && config.cap == SPINE_CAP_NONE);
    assert_int_equal(config.epochs, 4000);
    assert_int_equal(config.stop_after, 1000);
    assert_int_equal(config.batch_size, 1000000000);
    assert_true(config.noise == 0.2);
    assert_int_equal(config.optimizer, 0);
    assert_true(config.learning_rate == 1e-12 && config.momentum == 0.999999);
    assert_true(config.beta2 == 0.25);
    assert_int_equal(config.schedule, 2);
    assert_true(config.warmup == 0.03 && config.decay == 1);
    assert_true(config.seed == INT64_C(9000000000000000));
    assert_int_equal(config.refit, 1);
    assert_int_equal(config.evaluate_every, 0);
    assert_int_equal(config.revive_after, 7);
    assert_int_equal(config.checkpoint_every, 3);
    assert_true(config.checkpoint_minutes == 0.5);
    assert_int_equal(config.checkpoint_keep, 1000);
    assert_string_equal(config.resume, "never");
    assert_true(config.time_limit == 1439.5 && config.grace_seconds == 0);
    assert_string_equal(config.directory, "out/run 7");
    assert_int_equal(config.merge, 0);
    assert_int_equal(config.index, SPINE_INDEX_NO);
    assert_int_equal(config.formats, 1 << SPINE_FORMAT_H5AD | 1 << SPINE_FORMAT_TXT);
    assert_int_equal(config.noisy_codes, 1);
    assert_int_equal(config.tensorboard, 1);
    assert_int_equal(config.overwrite, 1);
}

static void test_what_is_printed_reads_back_as_the_same(void **state)
{
    (void)state;
    struct spine_config config, again;
    parse(&config, all_changed);
    assert_text(&config, all_changed);
    spine_config_init(&config);
    char *text = text_of(&config);
    parse(&again, text);
    assert_text(&again, text);
    free(text);
}

static void test_reals_are_printed_with_as_many_digits_as_they_need(void **state)
{
    (void)state;
    static const double numbers[] = {0.1,   1.0 / 3, 2.0 / 3 * 1e-5, 0.1 + 0.2, 123456.789012345678,
                                     1e-12, 5e-324};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct spine_config config, again;
        spine_config_init(&config);
        config.noise = numbers[i];
        char *text = text_of(&config);
        parse(&again, text);
        assert_true(again.noise == numbers[i]);
        free(text);
    }
}

static void test_the_description_reads_back_as_the_same(void **state)
{
    (void)state;
    static const char *const texts[] = {"", all_changed, "[data]\nrms = keep\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct spine_config config, again;
        char *description = NULL;
        size_t size = 0;
        FILE *file = open_memstream(&description, &size);
        parse(&config, texts[i]);
        spine_config_describe(&config, file);
        fclose(file);
        parse(&again, description);
        char *text = text_of(&config);
        assert_text(&again, text);
        assert_non_null(strstr(description, "; default: none, required\n"));
        assert_non_null(strstr(description, "; 1e-06 to 1000000, or keep; default: 0.4\n"));
        free(text);
        free(description);
    }
}

static void test_prefixes_are_parsed(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } bad[] = {
        {"5, 5",
         "model.prefixes: '5' is not a whole number from 6 to model.hidden; numbers must ascend"},
        {"5 x",
         "model.prefixes: 'x' is not a whole number from 6 to model.hidden; numbers must ascend"},
        {"0",
         "model.prefixes: '0' is not a whole number from 1 to model.hidden; numbers must ascend"},
        {"101",
         "model.prefixes: '101' is not a whole number from 1 to model.hidden; numbers must ascend"},
        {"1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16",
         "model.prefixes: has more than 15 numbers below model.hidden"},
    };
    struct spine_config config;
    struct spine_prefixes prefixes;
    struct spine_error err;

    spine_config_init(&config);
    assert_int_equal(spine_settings_prefixes(&config).count, 0);
    config.hidden = 100;
    strcpy(config.prefixes, "12, 25 50,100");
    prefixes = spine_settings_prefixes(&config);
    assert_int_equal(prefixes.count, 3);
    assert_int_equal(prefixes.width[0], 12);
    assert_int_equal(prefixes.width[2], 50);
    assert_int_equal(spine_prefixes_without(&prefixes, 11), 0);
    assert_int_equal(spine_prefixes_without(&prefixes, 12), 1);
    assert_int_equal(spine_prefixes_without(&prefixes, 99), 3);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        strcpy(config.prefixes, bad[i].text);
        assert_int_equal(spine_settings_parse_prefixes(&config, &prefixes, &err), -1);
        assert_string_equal(err.text, bad[i].message);
    }
}

static void test_whitening_is_parsed(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum spine_whiten whiten;
        size_t remove;
    } good[] = {{"no", SPINE_WHITEN_NO, 0},
                {"column", SPINE_WHITEN_COLUMN, 0},
                {"remove:1", SPINE_WHITEN_REMOVE, 1},
                {"remove:10000", SPINE_WHITEN_REMOVE, 10000}};
    static const char *const bad[] = {"",          "yes",         "columns",  "remove",
                                      "remove:",   "remove:0",    "remove:x", "remove:1 ",
                                      "remove:-1", "remove:10001"};
    struct spine_config config;

    spine_config_init(&config);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        strcpy(config.whiten, good[i].text);
        const struct spine_scaling_options options = spine_settings_scaling(&config);
        assert_int_equal(options.whiten, good[i].whiten);
        assert_int_equal(options.remove, good[i].remove);
        assert_true(options.center && options.rms == 0.4 && options.clip == 0);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        enum spine_whiten whiten;
        size_t remove;
        struct spine_error err;
        char expected[128];
        snprintf(expected, sizeof expected,
                 "data.whiten: '%s' is none of no, column, remove:K with K from 1 to 10000",
                 bad[i]);
        assert_int_equal(spine_settings_parse_whiten(bad[i], &whiten, &remove, &err), -1);
        assert_string_equal(err.text, expected);
    }
}

static void test_keep_is_a_scale_of_its_own(void **state)
{
    (void)state;
    struct spine_config config;
    parse(&config, "[data]\nrms = keep\n");
    assert_true(config.rms == 0);
    char *text = text_of(&config);
    assert_non_null(strstr(text, "rms = keep\n"));
    free(text);
}

static void test_what_editors_do_to_a_file_changes_nothing(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "[train]\nepochs = 7\nseed=3\n",
        "[train]\r\nepochs = 7\r\nseed=3\r\n",           /* CRLF */
        "\xEF\xBB\xBF[train]\nepochs = 7\nseed = 3\n",   /* a byte order mark */
        "\xEF\xBB\xBF[train]\r\nepochs = 7\r\nseed = 3", /* both, and no newline at the end */
        "; c\n\n# c\n[train] ; c\nepochs = 7 ; c\n  ; c\n\t\nseed = 3\n", /* comments, blanks */
        "[train]\nepochs=7\n[data]\n[train]\nseed : 3\n", /* a section in two parts */
        "[train]\nepochs   =\t 7  \nseed\t= 3",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct spine_config config;
        parse(&config, texts[i]);
        assert_int_equal(config.epochs, 7);
        assert_int_equal(config.seed, 3);
    }
}

static void test_sets_take_spaces_commas_and_any_order(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t set;
    } sets[] = {{"h5ad", 1},         {"txt", 2},       {"txt,h5ad", 3},
                {" h5ad , txt ", 3}, {"h5ad txt,", 3}, {"txt, txt", 2}};
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        char text[100];
        struct spine_config config;
        snprintf(text, sizeof text, "[output]\nformats = %s\n", sets[i].text);
        parse(&config, text);
        assert_int_equal(config.formats, sets[i].set);
    }
}

#define LONG_50 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define LONG_200 LONG_50 LONG_50 LONG_50 LONG_50

static const struct {
    const char *text, *error;
} bad_files[] = {
    /* names */
    {"[train]\nepoch = 4\n",
     "run.ini:2: unknown option 'train.epoch'; the nearest is train.epochs"},
    {"[Train]\nepochs = 4\n",
     "run.ini:2: unknown option 'Train.epochs'; the nearest is train.epochs"},
    {"[model]\nhiden_dim = 4\n",
     "run.ini:2: unknown option 'model.hiden_dim'; the nearest is model.hidden"},
    {"[trian]\n\n;\nlearningrate = 4\n",
     "run.ini:4: unknown option 'trian.learningrate'; the nearest is train.learning_rate"},
    {"[train]\n= 4\n", "run.ini:2: unknown option 'train.'; the nearest is train.seed"},
    {"epochs = 4\n", "run.ini:1: an option before the first [section]; "
                     "is it a configuration, with '[data]' and 'input = FILE'?"},
    {"[]\nepochs = 4\n", "run.ini:2: an option before the first [section]; "
                         "is it a configuration, with '[data]' and 'input = FILE'?"},
    {"[train]\nepochs = 4\n[data]\n[train]\nepochs = 4\n", "run.ini:5: train.epochs is set twice"},
    {"[sweep]\na.b = 4\n[sweep]\na.b = 4\n", "run.ini:4: a.b is set twice in [sweep]"},
    {"[sweep]\n  a.b = 4\n",
     "run.ini:2: the line begins with a blank, which would continue the one "
     "before it; begin it at the margin"},
    /* lines */
    {"[train]\n\nepochs\n", "run.ini:3: is neither '[section]' nor 'name = value'"},
    {"[train\nepochs = 4\n", "run.ini:1: the [section] has no end"},
    {"[train] epochs = 4\n", "run.ini:1: text after the [section]; put it on a line of its own"},
    {"\xEF\xBB\xBF[train] 4\n", "run.ini:1: text after the [section]; put it on a line of its own"},
    {"[data]\ninput = a\n  b\n",
     "run.ini:3: the line begins with a blank, which would continue the one before it; begin it at "
     "the margin"},
    {"[data]\ninput = a\n\tcenter = no\n",
     "run.ini:3: the line begins with a blank, which would continue the one before it; begin it at "
     "the margin"},
    {"[data]\n input = a\n",
     "run.ini:2: the line begins with a blank, which would continue the one before it; begin it at "
     "the margin"},
    {"[data]\ninput = a\n [train]\n",
     "run.ini:3: the line begins with a blank, which would continue the one before it; begin it at "
     "the margin"},
    {"[data]\n" LONG_200 " = a\n",
     "run.ini:2: the line is longer than 198 bytes and not of the form name = value"},
    {"[data]\n" LONG_200,
     "run.ini:2: the line is longer than 198 bytes and not of the form name = value"},
    {"[data]\n" LONG_200 "\ninput = a\n",
     "run.ini:2: the line is longer than 198 bytes and not of the form name = value"},
    {"[" LONG_200 "]\ninput = a\n",
     "run.ini:1: the line is longer than 198 bytes and not of the form name = value"},
    {"[data]\n input = " LONG_200 "\n",
     "run.ini:2: the line begins with a blank, which would continue the one before it; begin it at "
     "the margin"},
    {"[data]\ninput = " LONG_200 "\ninput = " LONG_200 "\n", "run.ini:3: data.input is set twice"},
    {"[data]\ninput = " LONG_200 LONG_200 LONG_200 LONG_200 LONG_200 LONG_200 "\n",
     "run.ini:2: data.input: is longer than 1023 bytes"},
    /* whole numbers */
    {"[train]\nepochs = 4x\n", "run.ini:2: train.epochs: '4x' is not a whole number"},
    {"[train]\nepochs = 4 5\n", "run.ini:2: train.epochs: '4 5' is not a whole number"},
    {"[train]\nepochs = 4.0\n", "run.ini:2: train.epochs: '4.0' is not a whole number"},
    {"[train]\nepochs = 1e3\n", "run.ini:2: train.epochs: '1e3' is not a whole number"},
    {"[train]\nepochs = 0x10\n", "run.ini:2: train.epochs: '0x10' is not a whole number"},
    {"[train]\nepochs =\n", "run.ini:2: train.epochs: '' is not a whole number"},
    {"[train]\nepochs = ;4\n", "run.ini:2: train.epochs: '' is not a whole number"},
    {"[train]\nepochs = ten\n", "run.ini:2: train.epochs: 'ten' is not a whole number"},
    {"[train]\nepochs = -1\n",
     "run.ini:2: train.epochs: -1 is out of bounds, expected 0 to 1000000000"},
    {"[train]\nepochs = 1000000001\n",
     "run.ini:2: train.epochs: 1000000001 is out of bounds, expected 0 to 1000000000"},
    {"[train]\nepochs = 99999999999999999999\n",
     "run.ini:2: train.epochs: 99999999999999999999 is out of bounds, expected 0 to 1000000000"},
    {"[train]\nseed = 9000000000000001\n",
     "run.ini:2: train.seed: 9000000000000001 is out of bounds, expected 0 to 9e+15"},
    {"[train]\nseed = 18446744073709551617\n",
     "run.ini:2: train.seed: 18446744073709551617 is out of bounds, expected 0 to 9e+15"},
    {"[train]\nbatch_size = 0\n",
     "run.ini:2: train.batch_size: 0 is out of bounds, expected 1 to 1000000000"},
    {"[train]\nevaluate_every = -1\n",
     "run.ini:2: train.evaluate_every: -1 is out of bounds, expected 0 to 1000000000"},
    {"[model]\nhidden = 0\n", "run.ini:2: model.hidden: 0 is out of bounds, expected 1 to 1048576"},
    {"[model]\nhidden = 1048577\n",
     "run.ini:2: model.hidden: 1048577 is out of bounds, expected 1 to 1048576"},
    {"[data]\nlimit = -1\n",
     "run.ini:2: data.limit: -1 is out of bounds, expected 0 to 1000000000000"},
    /* reals */
    {"[train]\ncheckpoint_keep = 0\n",
     "run.ini:2: train.checkpoint_keep: 0 is out of bounds, expected 1 to 1000"},
    {"[train]\nnoise = 0,4\n", "run.ini:2: train.noise: '0,4' is not a number"},
    {"[train]\nnoise = nan\n", "run.ini:2: train.noise: 'nan' is not a number"},
    {"[train]\nnoise = inf\n", "run.ini:2: train.noise: 'inf' is not a number"},
    {"[train]\nnoise = -INFINITY\n", "run.ini:2: train.noise: '-INFINITY' is not a number"},
    {"[train]\nnoise = 1e999\n", "run.ini:2: train.noise: '1e999' is not a number"},
    {"[train]\nnoise =\n", "run.ini:2: train.noise: '' is not a number"},
    {"[train]\nnoise = keep\n", "run.ini:2: train.noise: 'keep' is not a number"},
    {"[train]\nnoise = -1e-300\n",
     "run.ini:2: train.noise: -1e-300 is out of bounds, expected 0 to 1000000"},
    {"[data]\nclip = 0.5\n", "run.ini:2: data.clip: 0.5 is out of bounds, expected 1 to 1000000"},
    {"[data]\nclip = no\n", "run.ini:2: data.clip: 'no' is not a number or none"},
    {"[data]\nrms = all\n", "run.ini:2: data.rms: 'all' is not a number or keep"},
    {"[data]\nrms = 0\n", "run.ini:2: data.rms: 0 is out of bounds, expected 1e-06 to 1000000"},
    {"[loss]\nsparsity = 1.0000001\n",
     "run.ini:2: loss.sparsity: 1.0000001 is out of bounds, expected 0 to 1"},
    {"[loss]\nasl_weight = -1\n",
     "run.ini:2: loss.asl_weight: -1 is out of bounds, expected 0 to 1000000"},
    {"[loss]\npsl_weight = 1e7\n",
     "run.ini:2: loss.psl_weight: 1e7 is out of bounds, expected 0 to 1000000"},
    {"[train]\nlearning_rate = 0\n",
     "run.ini:2: train.learning_rate: 0 is out of bounds, expected 1e-12 to 1000000"},
    {"[train]\nmomentum = 1\n",
     "run.ini:2: train.momentum: 1 is out of bounds, expected 0 to 0.999999"},
    {"[train]\nbeta2 = 1\n", "run.ini:2: train.beta2: 1 is out of bounds, expected 0 to 0.999999"},
    {"[train]\nwarmup = 1.1\n", "run.ini:2: train.warmup: 1.1 is out of bounds, expected 0 to 1"},
    {"[train]\ndecay = -0.1\n", "run.ini:2: train.decay: -0.1 is out of bounds, expected 0 to 1"},
    /* words */
    {"[data]\ncenter = true\n", "run.ini:2: data.center: 'true' is neither yes nor no"},
    {"[data]\ncenter = Yes\n", "run.ini:2: data.center: 'Yes' is neither yes nor no"},
    {"[data]\ncenter =\n", "run.ini:2: data.center: '' is neither yes nor no"},
    {"[train]\noptimizer = ada\n",
     "run.ini:2: train.optimizer: 'ada' is none of sgd|momentum|adam"},
    {"[train]\noptimizer = sgd|momentum\n",
     "run.ini:2: train.optimizer: 'sgd|momentum' is none of sgd|momentum|adam"},
    {"[train]\nschedule =\n", "run.ini:2: train.schedule: '' is none of constant|linear|cosine"},
    {"[output]\nformats =\n", "run.ini:2: output.formats: is empty, expected some of "
                              "h5ad|txt|vec|bin|npz|mtx|npy|sparse|tsv"},
    {"[output]\nindex = maybe\n", "run.ini:2: output.index: 'maybe' is none of auto|yes|no"},
    {"[output]\nformats = ,\n", "run.ini:2: output.formats: is empty, expected some of "
                                "h5ad|txt|vec|bin|npz|mtx|npy|sparse|tsv"},
    {"[output]\nformats = h5ad, text\n",
     "run.ini:2: output.formats: 'text' is none of h5ad|txt|vec|bin|npz|mtx|npy|sparse|tsv"},
};

static void test_a_bad_file_is_refused_with_its_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad_files / sizeof *bad_files; i++) {
        struct spine_config config;
        struct spine_error err = {.text = "accepted"};
        spine_config_init(&config);
        const int rc = parse_ini(&config, bad_files[i].text, &err);
        assert_string_equal(err.text, bad_files[i].error);
        assert_int_equal(rc, -1);
        assert_int_equal(err.status, SPINE_EXIT_REFUSED);
    }
}

static void test_lines_of_a_sweep_are_kept_as_they_are(void **state)
{
    (void)state;
    struct spine_config config;
    struct spine_inifile_lines sweep = {0};
    struct spine_error err = {.text = ""};
    spine_config_init(&config);
    assert_int_equal(spine_inifile_parse(&config, &sweep,
                                         "[train]\nepochs = 7\n[sweep]\nmethod = grid\n"
                                         "model.hidden = 5, 6 ; two\n[data]\ninput = a.h5\n",
                                         "run.ini", &err),
                     0);
    assert_int_equal(config.epochs, 7);
    assert_int_equal(config.hidden, 1000);
    assert_string_equal(config.input, "a.h5");
    assert_int_equal(sweep.count, 2);
    assert_string_equal(sweep.line[1].name, "model.hidden");
    assert_string_equal(sweep.line[1].value, "5, 6");
    assert_int_equal(sweep.line[1].line, 5);
    spine_inifile_lines_dispose(&sweep);
}

static void test_the_last_epoch_for_now_is_never_beyond_all(void **state)
{
    (void)state;
    static const struct {
        int64_t epochs, stop_after, last;
    } cases[] = {{60, 0, 60}, {60, 1, 1}, {60, 59, 59}, {60, 60, 60}, {60, 61, 60}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spine_config config;
        spine_config_init(&config);
        config.epochs = cases[i].epochs;
        config.stop_after = cases[i].stop_after;
        config.refit = 1;
        assert_int_equal(spine_settings_last_epoch(&config), cases[i].last);
        assert_true(spine_settings_measures(&config, cases[i].last));
        assert_int_equal(spine_settings_refits(&config, cases[i].last), cases[i].last == 60);
    }
}

/* Around 198 bytes it is no longer inih that takes the value. */
static void test_a_line_of_any_length_is_read_alike(void **state)
{
    (void)state;
    for (size_t length = 1; length < SPINE_CONFIG_TEXT; length++) {
        struct spine_config config;
        char path[SPINE_CONFIG_TEXT] = "", text[2 * SPINE_CONFIG_TEXT];
        memset(path, 'x', length);
        path[length / 2] = path[length / 3] = length > 4 ? ' ' : 'x';
        path[length / 4] = length > 4 ? '=' : 'x';
        snprintf(text, sizeof text, "[data]\ninput =\t %s  ; comment = %s\r\ncenter:no\n", path,
                 length > 500 ? "" : path);
        parse(&config, text);
        assert_string_equal(config.input, path);
        assert_int_equal(config.center, 0);
    }
}

static void test_a_comment_may_be_long(void **state)
{
    (void)state;
    struct spine_config config;
    parse(&config, "[data]\n;" LONG_200 "\n  # a = b" LONG_200 "\ninput = a\n;" LONG_200);
    assert_string_equal(config.input, "a");
    parse(&config, "[data]\ninput =" LONG_200);
    assert_string_equal(config.input, LONG_200);
}

static void test_overrides_replace_what_the_file_set(void **state)
{
    (void)state;
    char *words[] = {"train.epochs=9", "data.input=a=b;c.h5", "output.formats=txt,h5ad",
                     "data.rms=keep", "output.directory="};
    struct spine_config config;
    struct spine_error err;
    parse(&config, "[train]\nepochs = 7\nseed = 3\n");
    assert_int_equal(spine_config_override(&config, words, 5, &err), 0);
    assert_int_equal(config.epochs, 9);
    assert_int_equal(config.seed, 3);
    assert_string_equal(config.input, "a=b;c.h5");
    assert_int_equal(config.formats, 3);
    assert_true(config.rms == 0);
    assert_string_equal(config.directory, "");
    assert_int_equal(spine_config_override(&config, words, 0, &err), 0);
}

static const struct {
    char *words[2];
    const char *error;
} bad_words[] = {
    {{"verbose"}, "'verbose' is not of the form section.key=value"},
    {{""}, "'' is not of the form section.key=value"},
    {{LONG_200 "=1"}, "'" LONG_200 "=1' is not of the form section.key=value"},
    {{"=1"}, "command line: unknown option ''; the nearest is model.k"},
    {{"epochs=1"}, "command line: unknown option 'epochs'; the nearest is train.epochs"},
    {{"train.epochs =1"},
     "command line: unknown option 'train.epochs '; the nearest is train.epochs"},
    {{"train.epochs=4x"}, "command line: train.epochs: '4x' is not a whole number"},
    {{"train.epochs=4 "}, "command line: train.epochs: '4 ' is not a whole number"},
    {{"train.epochs=4", "train.epochs=4"}, "command line: train.epochs is set twice"},
    {{"train.seed=1", "train.seeds=2"},
     "command line: unknown option 'train.seeds'; the nearest is train.seed"},
    /* What the record of a run couldn't give back: */
    {{"data.input= a.h5"},
     "command line: data.input: ' a.h5' can't be written to an INI file: it begins or ends with a "
     "blank, or has a line break or a ';' after a blank"},
    {{"data.input=a.h5\t"},
     "command line: data.input: 'a.h5\\x09' can't be written to an INI file: it begins or ends "
     "with a "
     "blank, or has a line break or a ';' after a blank"},
    {{"data.input=a ;b.h5"},
     "command line: data.input: 'a ;b.h5' can't be written to an INI file: it begins or ends with "
     "a "
     "blank, or has a line break or a ';' after a blank"},
    {{"data.input=;b.h5"},
     "command line: data.input: ';b.h5' can't be written to an INI file: it begins or ends with a "
     "blank, or has a line break or a ';' after a blank"},
    {{"output.directory=a\nb"},
     "command line: output.directory: 'a\\x0Ab' can't be written to an INI file: it begins or ends "
     "with a "
     "blank, or has a line break or a ';' after a blank"},
};

static void test_a_bad_override_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad_words / sizeof *bad_words; i++) {
        struct spine_config config;
        struct spine_error err = {.text = "accepted"};
        spine_config_init(&config);
        const int count = bad_words[i].words[1] == NULL ? 1 : 2;
        const int rc = spine_config_override(&config, bad_words[i].words, count, &err);
        assert_string_equal(err.text, bad_words[i].error);
        assert_int_equal(rc, -1);
        assert_int_equal(err.status, SPINE_EXIT_REFUSED);
    }
}

static void test_a_text_that_is_too_long_is_refused(void **state)
{
    (void)state;
    char word[11 + SPINE_CONFIG_TEXT + 1] = "data.input=";
    char *words[] = {word};
    struct spine_config config;
    struct spine_error err;
    spine_config_init(&config);
    memset(word + 11, 'x', SPINE_CONFIG_TEXT - 1);
    assert_int_equal(spine_config_override(&config, words, 1, &err), 0);
    assert_int_equal(strlen(config.input), SPINE_CONFIG_TEXT - 1);
    word[11 + SPINE_CONFIG_TEXT - 1] = 'x';
    assert_int_equal(spine_config_override(&config, words, 1, &err), -1);
    assert_string_equal(err.text, "command line: data.input: is longer than 1023 bytes");
}

static const struct {
    const char *text, *error; /* NULL: goes */
} together[] = {
    {"", NULL},
    {"[train]\noptimizer = sgd\n", NULL},
    {"[train]\noptimizer = momentum\nmomentum = 0.5\n", NULL},
    {"[train]\noptimizer = adam\nmomentum = 0.5\nbeta2 = 0.9\n", NULL},
    {"[train]\nwarmup = 0.7\ndecay = 0.3\n", NULL},
    {"[train]\nwarmup = 1\nschedule = cosine\n", NULL},
    {"[train]\nschedule = constant\n", NULL},
    {"[data]\ninput =\n", "data.input: is not set; it names the vectors to train on"},
    {"[output]\ndirectory =\n", "output.directory: is empty"},
    {"[output]\ndirectory = ~/run\n",
     "output.directory: '~/run': ~ and $VARIABLE aren't expanded; write the whole path"},
    {"[output]\ndirectory = ~user/run\n",
     "output.directory: '~user/run': ~ and $VARIABLE aren't expanded; write the whole path"},
    {"[data]\ninput = $SCRATCH/a.h5\n",
     "data.input: '$SCRATCH/a.h5': ~ and $VARIABLE aren't expanded; write the whole path"},
    {"[train]\nstart_from = a/${B}\n",
     "train.start_from: 'a/${B}': ~ and $VARIABLE aren't expanded; write the whole path"},
    {"[output]\ndirectory = a~/US$5\n", NULL},
    {"[train]\noptimizer = sgd\nmomentum = 0.5\n",
     "train.momentum: isn't used with train.optimizer = sgd; leave it out"},
    {"[train]\noptimizer = momentum\nbeta2 = 0.5\n",
     "train.beta2: isn't used with this train.optimizer, only with adam; leave it out"},
    {"[train]\nschedule = cosine\ndecay = 0.5\n",
     "train.decay: isn't used with this train.schedule, only with linear; leave it out"},
    {"[train]\nwarmup = 0.701\n", "train.warmup and train.decay: add up to more than 1"},
    {"[train]\nbatch_size = 32\n[model]\nobjective = nnse\n", NULL},
    {"[train]\nnoise = 0.2\n[model]\nobjective = nnse\n",
     "train.noise: isn't used with model.objective = nnse; leave it out, or set model.objective to "
     "spine, topk, batchtopk, ksparse or relu"},
    {"[model]\nk = 22\n",
     "model.k: isn't used with model.objective = nnse, the default; leave it out, or set "
     "model.objective to topk, batchtopk or ksparse"},
    {"[model]\nk = 22\nobjective = nnse\n", NULL}, /* the default, as in a list of all options */
    {"[model]\nl0 = 5\n[train]\nnoise = 0.4\n",
     "model.l0: isn't used with model.objective = spine, which follows from train.noise; leave it "
     "out, or set model.objective to nnse"},
};

static void test_options_that_do_not_go_together_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof together / sizeof *together; i++) {
        struct spine_config config;
        struct spine_error err = {.text = ""};
        spine_config_init(&config);
        strcpy(config.input, "vectors.h5");
        assert_int_equal(parse_ini(&config, together[i].text, &err), 0);
        const int rc = spine_combination_check(&config, &err);
        assert_string_equal(err.text, together[i].error == NULL ? "" : together[i].error);
        assert_int_equal(rc, together[i].error == NULL ? 0 : -1);
    }
}

static void assert_identity(const struct spine_config *config, const char *was, int differences,
                            const char *expected)
{
    char text[1000];
    char *is = identity_of(config);
    assert_int_equal(spine_identity_differ(was, is, text, sizeof text), differences);
    assert_string_equal(text, expected);
    free(is);
}

static void test_what_fixes_the_result_is_the_identity(void **state)
{
    (void)state;
    static const struct {
        const char *text; /* changed from the default */
        int differences;
        const char *expected;
    } changes[] = {
        {"", 0, ""},
        {"[model]\nhidden = 100\n", 1, "model.hidden was 1000, is 100"},
        {"[data]\ncenter = no\nrms = keep\n", 2,
         "data.center was yes, is no; data.rms was 0.4, is keep"},
        {"[data]\nlimit = 10\n[loss]\nsparsity = 0.9\npsl_weight = 2\n[train]\nseed = 2\n", 4,
         "data.limit was 0, is 10; loss.sparsity was 0.85, is 0.9; loss.psl_weight was 1, is 2; "
         "train.seed was 1, is 2"},
        {"[train]\noptimizer = sgd\nbatch_size = 640\nrevive_after = 3\n", 3,
         "train.batch_size was 64, is 640; train.optimizer was adam, is sgd; "
         "train.revive_after was 0, is 3"},
        /* What may change: */
        {"[data]\ninput = other.h5\n[train]\nepochs = 61\nevaluate_every = 1\nkernel = dense\n"
         "checkpoint_every = 1\ncheckpoint_minutes = 0\ncheckpoint_keep = 1\nresume = a.h5\n"
         "time_limit = 1\ngrace_seconds = 0\n",
         0, ""},
        {"[output]\ndirectory = there\nmerge = no\nformats = txt\nindex = no\nnoisy_codes = yes\n"
         "tensorboard = yes\noverwrite = yes\n",
         0, ""},
    };
    static const char spine[] = "[model]\nobjective = spine\n";
    struct spine_config config;
    char text[500];

    parse(&config, spine);
    char *was = identity_of(&config);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        snprintf(text, sizeof text, "%s%s", spine, changes[i].text);
        parse(&config, text);
        assert_identity(&config, was, changes[i].differences, changes[i].expected);
    }
    free(was);
}

/* As an earlier version wrote it, which didn't have the option yet. */
static void test_an_option_that_is_missing_had_its_default(void **state)
{
    (void)state;
    static const char line[] = "data.clip = none\n";
    struct spine_config config;
    char text[100];
    spine_config_init(&config);
    char *was = identity_of(&config);
    char *at = strstr(was, line);
    assert_non_null(at);
    memmove(at, at + strlen(line), strlen(at + strlen(line)) + 1);

    assert_identity(&config, was, 0, "");
    parse(&config, "[data]\nclip = 3\n");
    assert_identity(&config, was, 1, "data.clip was unknown, is 3");
    free(was);
    assert_int_equal(spine_identity_differ("", line, text, sizeof text), 0);
    /* The first versions had no objective but SPINE's. */
    assert_int_equal(
        spine_identity_differ("", "model.objective = spine\nmodel.l0 = 22\n", text, sizeof text),
        0);
    assert_int_equal(spine_identity_differ("", "model.objective = nnse\n", text, sizeof text), 1);
}

static void test_differences_name_what_is_unknown_and_what_there_is_room_for(void **state)
{
    (void)state;
    static const char was[] = "a.b = 1\na.c = x y\n";
    char text[64];
    assert_int_equal(spine_identity_differ(was, was, text, sizeof text), 0);
    assert_string_equal(text, "");
    /* One whose name begins like another's is new. */
    assert_int_equal(spine_identity_differ("a.b = 1\n", "a.b = 1\na.bb = 2\n", text, sizeof text),
                     1);
    assert_string_equal(text, "a.bb was unknown, is 2");
    assert_int_equal(spine_identity_differ("garbage", "a.b = 1\n", text, sizeof text), 1);
    assert_string_equal(text, "a.b was unknown, is 1");
    assert_int_equal(spine_identity_differ(was, "a.b = 12\na.c = x\n", text, 30), 2);
    assert_string_equal(text, "a.b was 1, is 12; a.c was x y");
}

/* start, l0, ridge, epochs and refit, which follow the objective. */
static void assert_recipe(const struct spine_config *config, const char *expected)
{
    char text[100];

    snprintf(text, sizeof text, "%s %g %g %lld %s",
             config->start == SPINE_ATOMS_WORDS ? "words" : "random", config->l0, config->ridge,
             (long long)config->epochs, config->refit ? "yes" : "no");
    assert_string_equal(text, expected);
}

static void test_defaults_follow_the_objective_unless_they_are_set(void **state)
{
    (void)state;
    static const char general[] = "random 22 0 60 no", nnse[] = "words 60 2 5 yes";
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"", nnse},
        {"objective = spine\n", general},
        {"[train]\nnoise = 0.2\n", general},
        {"objective = ksparse\n", general},
        {"objective = relu\n", general},
        {"objective = topk\n", "words 22 0 60 yes"},
        {"objective = batchtopk\n", "random 22 0 60 yes"},
        {"objective = nnse\n", nnse},
        /* What is set wins, before the objective and behind it, also with the general default. */
        {"[train]\nepochs = 30\nnoise = 0.2\n", "random 22 0 30 no"},
        {"l0 = 22\nobjective = nnse\n[train]\nepochs = 60\n", "words 22 2 60 yes"},
        {"objective = nnse\nridge = 0\nstart = random\n[train]\nrefit = no\n", "random 60 0 5 no"},
        /* A default gives way where another option leaves no place for it. */
        {"objective = nnse\n[train]\nstart_from = a\n", "random 60 2 5 yes"},
        {"objective = nnse\n[train]\nepochs = 0\n", "words 60 2 0 no"},
        {"objective = topk\nprefixes = 5\n", "words 22 0 60 no"},
        {"unit_norm = yes\nobjective = batchtopk\n", "random 22 0 60 no"},
        {"objective = topk\nhidden = 29999\n", "words 22 0 60 yes"},
        {"objective = topk\nhidden = 30000\n", "words 22 0 60 no"},
        {"objective = nnse\nhidden = 30000\n", "words 60 2 5 no"},
        {"objective = nnse\nhidden = 300\n", "words 60 2 5 yes"},
        {"objective = nnse\nhidden = 299\n", "words 22 2 5 yes"},
        {"hidden = 299\nl0 = 60\n", "words 60 2 5 yes"},
    };
    struct spine_error err = {.text = ""};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spine_config config, again;
        char text[200];

        snprintf(text, sizeof text, "[data]\ninput = a.h5\n[model]\n%s", cases[i].text);
        parse(&config, text);
        assert_recipe(&config, cases[i].expected);
        assert_int_equal(spine_combination_check(&config, &err), 0);

        char *all = text_of(&config); /* the values in force */
        parse(&again, all);
        assert_recipe(&again, cases[i].expected);
        assert_int_equal(spine_inifile_recall(&again, all, "model.h5", &err), 0);
        assert_recipe(&again, cases[i].expected);
        free(all);
    }
}

static void test_the_objective_is_nnse_unless_options_of_spine_are_set(void **state)
{
    (void)state;
    static const struct {
        const char *text, *objective, *reason; /* NULL: none */
    } cases[] = {
        {"", "nnse", NULL},
        {"[loss]\nsparsity = 0.85\n", "spine", "loss.sparsity"},
        {"[loss]\nasl_weight = 1\n", "spine", "loss.asl_weight"},
        {"[loss]\npsl_weight = 0.5\n", "spine", "loss.psl_weight"},
        {"[model]\ncap = none\n", "spine", "model.cap"},
        {"[train]\nbatch_size = 64\n", "spine", "train.batch_size"},
        {"[train]\nnoise = 0\n", "spine", "train.noise"},
        {"[train]\noptimizer = adam\n", "spine", "train.optimizer"},
        {"[train]\nlearning_rate = 0.001\n", "spine", "train.learning_rate"},
        {"[train]\nrate_batch = 64\n", "spine", "train.rate_batch"},
        {"[train]\nmomentum = 0.9\n", "spine", "train.momentum"},
        {"[train]\nbeta2 = 0.9\n", "spine", "train.beta2"},
        {"[train]\nschedule = cosine\n", "spine", "train.schedule"},
        {"[train]\nwarmup = 0.1\n", "spine", "train.warmup"},
        {"[train]\ndecay = 0.1\n", "spine", "train.decay"},
        {"[train]\nrevive_after = 5\n", "spine", "train.revive_after"},
        {"[train]\nkernel = sparse\n", "spine", "train.kernel"},
        /* What both use, what neither uses, and what only nnse uses. */
        {"[model]\nhidden = 50\nstart = random\n[train]\nepochs = 3\nrefit = no\nseed = 2\n",
         "nnse", NULL},
        {"[model]\nk = 5\nprefixes = 5\nunit_norm = yes\n[loss]\nl1_weight = 1\n", "nnse", NULL},
        {"[model]\nl0 = 5\nridge = 0\n", "nnse", NULL},
        /* Other sections. */
        {"[data]\nrms = keep\ncenter = no\nclip = 2\nholdout = 0.1\n", "nnse", NULL},
        {"[parallel]\ngrid = 1x2\nreproducible = no\nwire = bfloat16\n", "nnse", NULL},
        {"[output]\nnoisy_codes = yes\ndirectory = here\n", "nnse", NULL},
        /* What is set wins. */
        {"[loss]\nsparsity = 0.85\n[model]\nobjective = nnse\n", "nnse", NULL},
        {"[model]\nobjective = topk\n[train]\nnoise = 0\n", "topk", NULL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spine_config config;
        parse(&config, cases[i].text);
        const struct spine_option *reason = spine_config_reason(&config);
        assert_string_equal(spine_objective_names[config.objective], cases[i].objective);
        assert_string_equal(reason == NULL ? "none" : reason->name,
                            cases[i].reason == NULL ? "none" : cases[i].reason);
    }
}

static void test_another_run_s_objective_is_taken_if_it_uses_all_options(void **state)
{
    (void)state;
    struct spine_config config;

    parse(&config, "[model]\nhidden = 50\n[output]\nnoisy_codes = yes\n");
    assert_false(spine_config_has_objective(&config));
    assert_true(spine_config_suits(&config, SPINE_OBJECTIVE_SPINE));
    parse(&config, "[model]\nk = 50\n[train]\nnoise = 0\n");
    assert_true(spine_config_suits(&config, SPINE_OBJECTIVE_TOPK));
    assert_false(spine_config_suits(&config, SPINE_OBJECTIVE_SPINE));
    assert_false(spine_config_suits(&config, SPINE_OBJECTIVE_NNSE));

    spine_config_choose(&config, SPINE_OBJECTIVE_TOPK);
    assert_true(spine_config_has_objective(&config));
    assert_recipe(&config, "words 22 0 60 yes");
}

static void test_objectives_that_use_an_option_are_listed(void **state)
{
    (void)state;
    char text[64];

    spine_objective_users("model.k", text, sizeof text);
    assert_string_equal(text, "topk, batchtopk or ksparse");
    spine_objective_users("model.l0", text, sizeof text);
    assert_string_equal(text, "nnse");
    spine_objective_users("train.noise", text, sizeof text);
    assert_string_equal(text, "spine, topk, batchtopk, ksparse or relu");
}

static void test_the_objective_may_change_later(void **state)
{
    (void)state;
    char *words[] = {"model.objective=nnse"}, *back[] = {"model.objective=topk"};
    struct spine_config config;
    struct spine_error err;

    parse(&config, "[data]\ninput = a.h5\n[model]\nstart = random\n");
    assert_int_equal(spine_config_override(&config, words, 1, &err), 0);
    assert_recipe(&config, "random 60 2 5 yes");
    char *base = spine_config_base_text(&config, &err);
    assert_null(strstr(base, "l0 = "));
    assert_non_null(strstr(base, "start = random\n"));
    assert_int_equal(spine_config_override(&config, back, 1, &err), 0);
    assert_recipe(&config, "random 22 0 60 yes");
    free(base);
}

static void test_a_run_of_an_earlier_version_keeps_its_defaults(void **state)
{
    (void)state;
    /* Written when ridge wasn't an option yet. */
    static const char was[] = "[model]\nobjective = nnse\nstart = words\nl0 = 22\n"
                              "[train]\nepochs = 60\nrefit = no\n";
    struct spine_config config, recalled;
    struct spine_error err;
    char text[200];

    assert_int_equal(spine_inifile_recall(&recalled, was, "model.h5", &err), 0);
    assert_recipe(&recalled, "words 22 0 60 no");

    parse(&config, "[model]\nobjective = nnse\n[train]\nrefit = yes\n");
    assert_int_equal(spine_config_keep_earlier(&config, &recalled, text, sizeof text), 3);
    assert_string_equal(text, "model.l0 = 22, model.ridge = 0, train.epochs = 60");
    assert_recipe(&config, "words 22 0 60 yes"); /* refit was set, and is refused then */

    /* What was neither default stays different; another objective is another run. */
    recalled.l0 = 30;
    parse(&config, "[model]\nobjective = nnse\nridge = 1\n[train]\nepochs = 5\nrefit = yes\n");
    assert_int_equal(spine_config_keep_earlier(&config, &recalled, text, sizeof text), 0);
    recalled.objective = SPINE_OBJECTIVE_TOPK;
    parse(&config, "[model]\nobjective = nnse\n");
    assert_int_equal(spine_config_keep_earlier(&config, &recalled, text, sizeof text), 0);
    assert_recipe(&config, "words 60 2 5 yes");
}

static void test_prefixes_are_compared_as_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *was, *is;
        int differences;
    } pairs[] = {
        {"125,250", "125, 250", 0},
        {"125, 250", "125 250", 0},
        {"125,250,", "125\t, 250", 0},
        {"", "", 0},
        {"125, 250", "125, 25", 1},
        {"125, 25", "125, 250", 1},
        {"125", "125, 250", 1},
        {"125, 250", "125", 1},
        {"", "125", 1},
        {"125 250", "125250", 1},
        {"125", "", 1},
    };
    char was[64], is[64], text[200];

    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        snprintf(was, sizeof was, "model.prefixes = %s\nmodel.k = 3\n", pairs[i].was);
        snprintf(is, sizeof is, "model.prefixes = %s\nmodel.k = 3\n", pairs[i].is);
        assert_int_equal(spine_identity_differ(was, is, text, sizeof text), pairs[i].differences);
    }
}

static void test_a_product_that_is_whole_is_not_rounded_down(void **state)
{
    (void)state;
    struct spine_config config;

    parse(&config, "[data]\ninput = x.h5\n[model]\nobjective = ksparse\nk = 100\nalpha = 1.15\n");
    assert_int_equal(spine_settings_encode_k(&config), 115);
    config.alpha = 1.159;
    assert_int_equal(spine_settings_encode_k(&config), 115);
}

/* A dry run's, by objective and by options that others turn on. */
static void test_what_is_used_is_printed(void **state)
{
    (void)state;
    static const struct {
        const char *options, *has, *lacks;
    } cases[] = {
        {"", "\nl0 = 60\n", "noise = "},
        {"", "\n[train]\n", "[loss]"},
        {"[train]\nnoise = 0.3\n", "\nnoise = 0.3\n", "l0 = "},
        {"[model]\nobjective = topk\nk = 9\n", "\nk = 9\n", "silent_rows = "},
        {"[model]\nobjective = topk\nk = 9\naux_k = 4\n", "\nsilent_rows = 20000\n", "l0 = "},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spine_config config;
        struct spine_error err;
        parse(&config, cases[i].options);
        char *text = spine_config_used_text(&config, &err);
        assert_non_null(strstr(text, cases[i].has));
        assert_null(strstr(text, cases[i].lacks));
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults_are_those_of_the_manual),
        cmocka_unit_test(test_every_option_reaches_its_field),
        cmocka_unit_test(test_what_is_printed_reads_back_as_the_same),
        cmocka_unit_test(test_reals_are_printed_with_as_many_digits_as_they_need),
        cmocka_unit_test(test_the_description_reads_back_as_the_same),
        cmocka_unit_test(test_prefixes_are_parsed),
        cmocka_unit_test(test_whitening_is_parsed),
        cmocka_unit_test(test_keep_is_a_scale_of_its_own),
        cmocka_unit_test(test_what_editors_do_to_a_file_changes_nothing),
        cmocka_unit_test(test_sets_take_spaces_commas_and_any_order),
        cmocka_unit_test(test_a_bad_file_is_refused_with_its_line),
        cmocka_unit_test(test_lines_of_a_sweep_are_kept_as_they_are),
        cmocka_unit_test(test_the_last_epoch_for_now_is_never_beyond_all),
        cmocka_unit_test(test_a_line_of_any_length_is_read_alike),
        cmocka_unit_test(test_a_comment_may_be_long),
        cmocka_unit_test(test_overrides_replace_what_the_file_set),
        cmocka_unit_test(test_a_bad_override_is_refused),
        cmocka_unit_test(test_a_text_that_is_too_long_is_refused),
        cmocka_unit_test(test_options_that_do_not_go_together_are_refused),
        cmocka_unit_test(test_what_fixes_the_result_is_the_identity),
        cmocka_unit_test(test_an_option_that_is_missing_had_its_default),
        cmocka_unit_test(test_defaults_follow_the_objective_unless_they_are_set),
        cmocka_unit_test(test_the_objective_is_nnse_unless_options_of_spine_are_set),
        cmocka_unit_test(test_another_run_s_objective_is_taken_if_it_uses_all_options),
        cmocka_unit_test(test_objectives_that_use_an_option_are_listed),
        cmocka_unit_test(test_the_objective_may_change_later),
        cmocka_unit_test(test_a_run_of_an_earlier_version_keeps_its_defaults),
        cmocka_unit_test(test_prefixes_are_compared_as_numbers),
        cmocka_unit_test(test_differences_name_what_is_unknown_and_what_there_is_room_for),
        cmocka_unit_test(test_a_product_that_is_whole_is_not_rounded_down),
        cmocka_unit_test(test_what_is_used_is_printed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
