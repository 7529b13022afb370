/* formats.c -- sound files of all our formats, and how each is read. */
#include <math.h>
#include <string.h>

#include "hdf5.h"
#include "spine/files/array.h"
#include "spine/files/checkpoint.h"
#include "spine/files/merge.h"
#include "spine/files/source.h"
#include "spine/files/store.h"
#include "spine/files/strings.h"
#include "spine/space/ranking.h"

#define fail_msg(...) (fprintf(stderr, __VA_ARGS__), abort()) /* for expect.h */

#include "support/shards.h"

/* --- Sound files -------------------------------------------------------------------------- */

static void write_vectors(const struct path *path)
{
    struct spine_store *store = NULL;
    struct spine_words words = {0};
    float rows[RUN_ROWS][RUN_DIM];
    for (size_t i = 0; i < RUN_ROWS; i++) {
        char buffer[32];
        const char *word = run_word(i, buffer);
        TRY(spine_words_add(&words, word, strlen(word), &err));
        for (size_t k = 0; k < RUN_DIM; k++)
            rows[i][k] = run_input(i, k);
    }
    TRY(spine_store_create(&store, path->text, "spine-vectors", &err));
    TRY(spine_strings_append(store, "/words", &words, &err));
    TRY(spine_array_make(store, "/vectors", SPINE_ARRAY_FLOAT, RUN_ROWS, RUN_DIM, &err));
    TRY(spine_array_write(store, "/vectors", SPINE_ARRAY_FLOAT, 0, RUN_ROWS, RUN_DIM, rows, &err));
    TRY(spine_store_close(store, &err));
    TRY(spine_outfile_publish(path->text, &err));
    spine_words_dispose(&words);
}

static void write_checkpoint(const struct path *run)
{
    static char identity[] = "model.hidden = 9\n", config[] = "[model]\nhidden = 9\n";
    static char input[] = "23 rows x 5 numbers";
    const struct spine_checkpoint_texts texts = {identity, config, input, NULL};
    const struct spine_progress progress = {.steps = 7, .epoch = 1, .step = 3};
    struct spine_checkpoint_writer writer;
    struct spine_optimizer optimizer;
    struct spine_params params;
    fill_params(&params);
    TRY(spine_optimizer_init(&optimizer, SPINE_ADAM, 0.9, 0.99, params.len, &err));
    TRY(spine_checkpoint_writer_init(&writer, run->text, 1, &texts, &err));
    TRY(spine_checkpoint_save(&writer, SPINE_CHECKPOINT_NOW, &params, &optimizer, &progress, &err));
    spine_checkpoint_writer_dispose(&writer);
    spine_optimizer_dispose(&optimizer);
    spine_params_dispose(&params);
}

static void write_model(const struct path *path)
{
    struct spine_params params;
    struct spine_scaling scaling;
    fill_params(&params);
    TRY(spine_scaling_init(&scaling, RUN_DIM, SPINE_WHITEN_REMOVE, 2, &err));
    scaling.longest = 5;
    TRY(spine_modelfile_write(path->text, &params, &scaling, "[model]\nhidden = 9\n", &err));
    spine_scaling_dispose(&scaling);
    spine_params_dispose(&params);
}

static void take_file(struct fuzz_format *format, const char *name, const struct path *run)
{
    const struct path path = join_path(run, name);
    format->bytes = (uint8_t *)get_bytes(&path, &format->size);
    CHECK(format->bytes != NULL);
}

static void make_files(struct fuzz_format *formats)
{
    const struct path run = make_temporary();
    const struct path vectors = join_path(&run, "vectors.h5"), model = join_path(&run, "model.h5");
    const struct path merged = join_path(&run, "codes.h5ad");
    struct spine_merge_report report;
    write_vectors(&vectors);
    write_shards(&run, 1);
    TRY(spine_merge_into(run.text, merged.text, NULL, NULL, &report, &err));
    write_model(&model);
    write_checkpoint(&run);
    take_file(&formats[FUZZ_VECTORS], "vectors.h5", &run);
    take_file(&formats[FUZZ_SHARD], "shards/codes-00000.h5", &run);
    take_file(&formats[FUZZ_MERGED], "codes.h5ad", &run);
    take_file(&formats[FUZZ_MODEL], "model.h5", &run);
    take_file(&formats[FUZZ_CHECKPOINT], "checkpoint-0000000007.h5", &run);
    remove_all(&run);
}

/* --- Reading ------------------------------------------------------------------------------ */

/* What the evaluating programs do with vectors and codes. */
static int read_space(const char *path)
{
    struct spine_space space;
    struct spine_ranking ranking;
    struct spine_error failure;
    if (spine_space_read(&space, path, &failure))
        return -1;
    CHECK(space.rows > 0 && space.words.count == space.rows);
    TRY(spine_ranking_init(&ranking, &space, &failure));
    for (size_t j = 0; j < ranking.dimensions; j++) {
        const struct spine_ranked *entries = spine_ranking_get(&ranking, j);
        const size_t count = ranking.start[j + 1] - ranking.start[j];
        for (size_t i = 0; i < count; i++) {
            CHECK(entries[i].index < space.rows &&
                  (entries[i].strength > 0) == (i < ranking.active[j]));
            CHECK(i == 0 || entries[i].strength <= entries[i - 1].strength);
        }
    }
    spine_ranking_dispose(&ranking);
    spine_space_dispose(&space);
    return 0;
}

/* All rows, in blocks of two. */
static int read_codes(struct spine_codes *codes)
{
    struct spine_words words = {0};
    struct spine_error failure;
    int rc = 0;
    for (size_t first = 0; rc == 0 && first < codes->rows; first += 2) {
        const size_t count = codes->rows - first < 2 ? codes->rows - first : 2;
        rc = spine_codes_read(codes, first, count, &failure);
        for (size_t i = 0; rc == 0 && i < codes->block.count; i++)
            CHECK(isfinite(codes->block.data[i]) &&
                  (size_t)codes->block.indices[i] < codes->hidden);
    }
    if (rc == 0)
        rc = spine_strings_read(codes->store, codes->words, 0, codes->rows, &words, &failure);
    spine_words_dispose(&words);
    return rc;
}

static int read_shard(const char *path)
{
    struct spine_codes codes;
    struct spine_shard shard;
    struct spine_error failure;
    if (spine_codes_open_shard(&codes, path, &shard, &failure))
        return -1;
    CHECK(strlen(shard.fingerprint) < SPINE_FINGERPRINT);
    const int rc = read_codes(&codes);
    spine_codes_close(&codes);
    return rc;
}

/* AnnData as spine-convert reads it: accepted or refused, with a sentence. */
static void read_embedding(const char *path)
{
    const struct spine_source_request request = {.path = path, .form = SPINE_FORM_HDF5};
    const struct spine_vectors_rules rules = {0};
    struct spine_vectors vectors = {0};
    struct spine_sourcefiles files;
    struct spine_source *source = NULL;
    struct spine_error failure = {.text = ""};

    int rc = spine_sourcefiles_prepare(&files, &request, path, &failure);
    if (rc == 0)
        rc = spine_source_open(&source, &request, &files, &failure);
    if (rc == 0)
        rc = spine_source_scan(source, 0, 1, &rules, &vectors, &failure);
    if (rc == 0 && vectors.rows > 0) {
        const size_t count = vectors.rows < 4 ? vectors.rows : 4;
        float *values = malloc(count * vectors.dim * sizeof *values);
        CHECK(values != NULL && vectors.words.count == vectors.rows);
        rc = spine_source_read(source, vectors.lines, count, values, &failure);
        free(values);
    }
    CHECK(rc == 0 || failure.text[0] != '\0');
    spine_vectors_dispose(&vectors);
    spine_source_close(source);
}

static int read_merged(const char *path)
{
    struct spine_codes codes;
    struct spine_error failure;
    read_embedding(path);
    if (spine_codes_open_merged(&codes, path, &failure))
        return -1;
    const int rc = read_codes(&codes);
    const size_t rows = codes.rows;
    spine_codes_close(&codes);
    return rc == 0 && rows > 0 ? read_space(path) : rc;
}

static int read_model(const char *path)
{
    struct spine_modelfile model;
    struct spine_error failure;
    if (spine_modelfile_read(&model, path, &failure))
        return -1;
    CHECK(model.scaling.scale > 0 && isfinite(model.scaling.mean[model.params.dim - 1]));
    spine_modelfile_dispose(&model);
    return 0;
}

static int read_checkpoint(const char *path)
{
    struct spine_checkpoint checkpoint;
    struct spine_optimizer optimizer;
    struct spine_params params;
    struct spine_error failure;
    TRY(spine_params_init(&params, RUN_DIM, RUN_HIDDEN, &err));
    TRY(spine_optimizer_init(&optimizer, SPINE_ADAM, 0.9, 0.99, params.len, &err));
    bool is_damaged;
    int rc = spine_checkpoint_open(&checkpoint, path, &is_damaged, &failure);
    if (rc == 0) {
        CHECK(checkpoint.progress.steps >= 0);
        if (spine_checkpoint_read(&checkpoint, &params, &optimizer, &failure))
            rc = -1;
        spine_checkpoint_close(&checkpoint);
    }
    spine_optimizer_dispose(&optimizer);
    spine_params_dispose(&params);
    return rc;
}

struct fuzz_format *fuzz_formats(void)
{
    static struct fuzz_format formats[FUZZ_FORMATS] = {
        [FUZZ_VECTORS] = {"vectors", read_space, NULL, 0, NULL},
        [FUZZ_SHARD] = {"shard", read_shard, NULL, 0, NULL},
        [FUZZ_MERGED] = {"merged", read_merged, NULL, 0, NULL},
        [FUZZ_MODEL] = {"model", read_model, NULL, 0, NULL},
        [FUZZ_CHECKPOINT] = {"checkpoint", read_checkpoint, NULL, 0, NULL},
    };
    if (formats[0].bytes == NULL)
        make_files(formats);
    return formats;
}
