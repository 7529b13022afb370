/* config.c -- the options of a run. The table below defines all of them. */
#include "spine/config/config.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/spelling.h"
#include "spine/base/textstream.h"
#include "spine/math/lapack.h"

const char *const spine_format_names[] = {
    [SPINE_FORMAT_H5AD] = "h5ad", [SPINE_FORMAT_TXT] = "txt",
    [SPINE_FORMAT_VEC] = "vec",   [SPINE_FORMAT_BIN] = "bin",
    [SPINE_FORMAT_NPZ] = "npz",   [SPINE_FORMAT_MTX] = "mtx",
    [SPINE_FORMAT_NPY] = "npy",   [SPINE_FORMAT_SPARSE] = "sparse",
    [SPINE_FORMAT_TSV] = "tsv",   NULL};
static const char *const cap_names[] = {[SPINE_CAP_ONE] = "1", [SPINE_CAP_NONE] = "none", NULL};
static const char *const residency_names[] = {
    [SPINE_RESIDENCY_MEMORY] = "memory", [SPINE_RESIDENCY_STREAM] = "stream", NULL};
static const char *const dtype_names[] = {
    [SPINE_DTYPE_FLOAT32] = "float32", [SPINE_DTYPE_BFLOAT16] = "bfloat16", NULL};
static const char *const atoms_names[] = {
    [SPINE_ATOMS_RANDOM] = "random", [SPINE_ATOMS_WORDS] = "words", NULL};
static const char *const index_names[] = {
    [SPINE_INDEX_AUTO] = "auto", [SPINE_INDEX_YES] = "yes", [SPINE_INDEX_NO] = "no", NULL};
static const char *const keep[] = {"keep", NULL}, *const none[] = {"none", NULL};

#define FIELD(name) offsetof(struct spine_config, name)
#define ANY 0, 0
#define TEXT SPINE_OPTION_TEXT
#define COUNT SPINE_OPTION_COUNT
#define REAL SPINE_OPTION_REAL
#define SWITCH SPINE_OPTION_SWITCH
#define CHOICE SPINE_OPTION_CHOICE
#define SET SPINE_OPTION_SET
#define FIXED SPINE_OPTION_FIXED
#define FREE SPINE_OPTION_FREE
#define IDLE SPINE_OPTION_IDLE
#define OWN SPINE_OPTION_OWN

/* clang-format off */
static const struct spine_option options[] = {
    {"data.input", FREE, TEXT, FIELD(input), ANY, "", NULL, "the vectors: vectors.h5, or any file that spine-convert reads, which is converted first"},
    {"data.words", FREE, TEXT, FIELD(words), ANY, "", NULL, "a list of words for an input without words; see spine-convert --words"},
    {"data.cache", IDLE, TEXT, FIELD(cache), ANY, "", NULL, "the file to which the input is converted; empty: input.h5 in output.directory"},
    {"data.clip", FIXED, REAL, FIELD(clip), 1, 1e6, "none", none, "shorten rows that are longer than this multiple of the median length; none: don't"},
    {"data.center", FIXED, SWITCH, FIELD(center), 0, 1, "yes", NULL, "subtract the mean row from the input"},
    {"data.whiten", FIXED, TEXT, FIELD(whiten), ANY, "no", NULL, "no; column gives each coordinate unit variance; remove:K removes the K first principal components"},
    {"data.rms", FIXED, REAL, FIELD(rms), 1e-6, 1e6, "0.4", keep, "scale the input so that its entries have this root mean square; keep: don't"},
    {"data.holdout", FIXED, REAL, FIELD(holdout), 0, 0.9, "0", NULL, "share of the rows, chosen by their words, that training doesn't see; they are measured and encoded"},
    {"data.limit", FIXED, COUNT, FIELD(limit), 0, 1e12, "0", NULL, "train on this number of first rows only; 0: all"},
    {"data.residency", FIXED, CHOICE, FIELD(residency), ANY, "memory", residency_names, "keep the rows in memory, or read them from vectors.h5 while training, in an order that is shuffled within windows"},
    {"data.window", FIXED, REAL, FIELD(window), 1e-3, 1e6, "64", NULL, "with residency = stream: MiB of rows, of all ranks together, that are in memory and shuffled at a time"},
    {"data.dtype", FIXED, CHOICE, FIELD(dtype), ANY, "float32", dtype_names, "type of the rows in memory; bfloat16 halves the memory and rounds"},
    {"model.hidden", FIXED, COUNT, FIELD(hidden), 1, 1048576, "1000", NULL, "length of a code: the number of units"},
    {"model.objective", FIXED, CHOICE, FIELD(objective), ANY, "nnse", spine_objective_names, "spine: the SPINE autoencoder; topk: the k largest units of a row; batchtopk: k units a row on average over a batch; ksparse: as topk, with tied matrices; relu: the rectifier with an l1 loss; nnse: sparse non-negative codes over a learned dictionary. If it isn't set, an option of model, loss or train that spine uses but nnse doesn't makes it spine"},
    {"model.start", FIXED, CHOICE, FIELD(start), ANY, "random", atoms_names, "initial weights of units: random numbers, or vectors of words (with an encoder W2, and the same in W1; with nnse the atoms)"},
    {"model.l0", FIXED, REAL, FIELD(l0), 0.1, 1e6, "22", NULL, "for nnse: wanted mean number of values a word; with fewer than 300 units, the default is 22"},
    {"model.ridge", FIXED, REAL, FIELD(ridge), 0, 1e6, "0", NULL, "for nnse: L2 penalty, the weight of half the sum of a word's squared values; it spreads a word over similar atoms"},
    {"model.k", FIXED, COUNT, FIELD(k), 1, 1048576, "22", NULL, "for topk, batchtopk and ksparse: active units of a row"},
    {"model.first_k", FIXED, COUNT, FIELD(first_k), 1, 1048576, "100", NULL, "for ksparse: k of the first epoch, if above model.k; k falls to model.k in the first half of the epochs"},
    {"model.alpha", FIXED, REAL, FIELD(alpha), 1, 1000, "1", NULL, "for ksparse: codes have alpha k active units"},
    {"model.prefixes", FIXED, TEXT, FIELD(prefixes), ANY, "", NULL, "for topk and batchtopk: numbers of first units that also reconstruct rows by themselves, such as 125, 250, 500"},
    {"model.unit_norm", FIXED, SWITCH, FIELD(unit_norm), 0, 1, "no", NULL, "for topk, batchtopk and relu: keep the rows of W2 at length 1"},
    {"model.aux_k", FIXED, COUNT, FIELD(aux_k), 0, 1048576, "0", NULL, "for topk and batchtopk: silent units of a row that are trained on the error that the active ones leave (AuxK); 0: none"},
    {"model.aux_weight", FIXED, REAL, FIELD(aux_weight), 0, 1e6, "0.03125", NULL, "with aux_k: weight of the loss of silent units"},
    {"model.silent_rows", FIXED, COUNT, FIELD(silent_rows), 1, 1e12, "20000", NULL, "with aux_k: a unit is silent when it hasn't been active for this number of rows, of all ranks together"},
    {"model.cap", FIXED, CHOICE, FIELD(cap), ANY, "1", cap_names, "for all objectives but nnse: the largest value of a unit; with none, spine needs loss.psl_weight = 0"},
    {"loss.sparsity", FIXED, REAL, FIELD(sparsity), 0, 1, "0.85", NULL, "wanted mean of 1 - h; units above 1 - sparsity cost ASL"},
    {"loss.asl_weight", FIXED, REAL, FIELD(asl_weight), 0, 1e6, "1", NULL, "weight of the average sparsity loss"},
    {"loss.psl_weight", FIXED, REAL, FIELD(psl_weight), 0, 1e6, "1", NULL, "weight of the partial sparsity loss"},
    {"loss.l1_weight", FIXED, REAL, FIELD(l1_weight), 0, 1e6, "0.5", NULL, "for relu: weight of the sum of a row's values, which is added to the row's squared error"},
    {"train.epochs", FREE, COUNT, FIELD(epochs), 0, 1e9, "60", NULL, "passes over the input; 0, for nnse only: keep the initial atoms"},
    {"train.stop_after", OWN, COUNT, FIELD(stop_after), 0, 1e9, "0", NULL, "stop after this epoch and write the results so far; a higher value resumes; the learning rate follows train.epochs; 0: don't stop"},
    {"train.batch_size", FIXED, COUNT, FIELD(batch_size), 1, 1e9, "64", NULL, "rows of a step, of all ranks together"},
    {"train.noise", FIXED, REAL, FIELD(noise), 0, 1e6, "0.4", NULL, "standard deviation of the noise added to the (scaled) input"},
    {"train.optimizer", FIXED, CHOICE, FIELD(optimizer), ANY, "adam", spine_optimizer_names, "how the gradient changes the parameters"},
    {"train.learning_rate", FIXED, REAL, FIELD(learning_rate), 1e-12, 1e6, "0.001", NULL, "highest learning rate, for batches of train.rate_batch rows"},
    {"train.rate_batch", FIXED, COUNT, FIELD(rate_batch), 0, 1e9, "64", NULL, "batch size for which learning_rate is meant; for another, the rate is scaled by the ratio (sgd, momentum) or its square root (adam); 0: never scaled"},
    {"train.momentum", FIXED, REAL, FIELD(momentum), 0, 0.999999, "0.9", NULL, "momentum of momentum; beta1 of adam"},
    {"train.beta2", FIXED, REAL, FIELD(beta2), 0, 0.999999, "0.99", NULL, "beta2 of adam"},
    {"train.schedule", FIXED, CHOICE, FIELD(schedule), ANY, "linear", spine_schedule_names, "learning rate after the warm-up: constant; linear: falls in the last steps (train.decay); cosine: falls along half a cosine"},
    {"train.warmup", FIXED, REAL, FIELD(warmup), 0, 1, "0.05", NULL, "share of all steps in which the rate rises"},
    {"train.decay", FIXED, REAL, FIELD(decay), 0, 1, "0.3", NULL, "with schedule = linear: share of all steps in which the rate falls to 0"},
    {"train.seed", FIXED, COUNT, FIELD(seed), 0, 9e15, "1", NULL, "seed of initial weights, order and noise"},
    {"train.refit", FIXED, SWITCH, FIELD(refit), 0, 1, "no", NULL, "after the last epoch, or for nnse with train.epochs = 0 the start, refit W2 and b2 to the clean codes by ridge regression; codes don't change"},
    {"train.evaluate_every", IDLE, COUNT, FIELD(evaluate_every), 0, 1e9, "10", NULL, "epochs between measurements on clean input; 0: only at the end"},
    {"train.revive_after", FIXED, COUNT, FIELD(revive_after), 0, 1e9, "0", NULL, "epochs after which a unit that no word activates is revived from the worst-explained word; 0: never"},
    {"train.checkpoint_every", IDLE, COUNT, FIELD(checkpoint_every), 0, 1e9, "0", NULL, "epochs between checkpoints; 0: by time only"},
    {"train.checkpoint_minutes", IDLE, REAL, FIELD(checkpoint_minutes), 0, 1e6, "10", NULL, "minutes between checkpoints; 0: by epochs only"},
    {"train.checkpoint_keep", IDLE, COUNT, FIELD(checkpoint_keep), 1, 1000, "2", NULL, "number of checkpoints to keep, the newest"},
    {"train.resume", OWN, TEXT, FIELD(resume), ANY, "auto", NULL, "auto: resume the run in the directory; never: start a new run; or a checkpoint to resume from"},
    {"train.start_from", FIXED, TEXT, FIELD(start_from), ANY, "", NULL, "a run's directory: start from its parameters and scaling"},
    {"train.time_limit", IDLE, REAL, FIELD(time_limit), 0, 1e7, "0", NULL, "minutes after which to save and leave with status 75; 0: only before the end of a Slurm job"},
    {"train.grace_seconds", IDLE, REAL, FIELD(grace_seconds), 0, 1e5, "5", NULL, "seconds that a checkpoint may take after SIGTERM, and before a time limit"},
    {"train.check_room", IDLE, SWITCH, FIELD(check_room), 0, 1, "yes", NULL, "begin only if memory and disk have space for what the run is predicted to need"},
    {"train.kernel", FREE, CHOICE, FIELD(kernel), ANY, "auto", spine_kernel_names, "compute with all units (dense), with active ones only (sparse), or whichever is faster at the time (auto)"},
    {"parallel.grid", FREE, TEXT, FIELD(grid), ANY, "auto", NULL, "how ranks are arranged: auto, the fastest by a short measurement; or RxC: R groups divide the rows of a batch, and the C ranks of a group, on one host or several, divide the units"},
    {"parallel.reproducible", FIXED, SWITCH, FIELD(reproducible), 0, 1, "yes", NULL, "sum in an order that doesn't depend on ranks and grid, so that any number of ranks gives the same bits; no allows more row groups"},
    {"parallel.wire", FIXED, CHOICE, FIELD(wire), ANY, "float32", dtype_names, "type of the gradients sent between row groups on several hosts; bfloat16 halves the bytes, rounds, and needs reproducible = no"},
    {"output.directory", OWN, TEXT, FIELD(directory), ANY, "run", NULL, "the directory for the run's files"},
    {"output.merge", IDLE, SWITCH, FIELD(merge), 0, 1, "yes", NULL, "merge the ranks' shards at the end; if not, use spine-merge"},
    {"output.formats", IDLE, SET, FIELD(formats), ANY, "h5ad", spine_format_names, "formats to merge into, separated by commas: AnnData, text, word2vec text and binary, SciPy, Matrix Market, NumPy, sparse text, Embedding Projector"},
    {"output.index", IDLE, CHOICE, FIELD(index), ANY, "auto", index_names, "write codes.index beside codes.h5ad, for spine-top; auto: yes, except for a sweep's trials"},
    {"output.noisy_codes", FREE, SWITCH, FIELD(noisy_codes), 0, 1, "no", NULL, "compute the codes from noisy input, as the published program does"},
    {"output.tensorboard", IDLE, SWITCH, FIELD(tensorboard), 0, 1, "no", NULL, "also write the metrics as an event file for TensorBoard"},
    {"output.overwrite", OWN, SWITCH, FIELD(overwrite), 0, 1, "no", NULL, "replace the run in the directory if it is finished or can't be resumed"},
};
/* clang-format on */

enum { NUM_OPTIONS = sizeof options / sizeof *options };

/* --- Defaults by objective ---------------------------------------------------------------- */

static bool starts_from_run(const struct spine_config *config)
{
    return config->start_from[0] != '\0';
}

/* Codes with 60 of so few values wouldn't be sparse; of less than 100 units, no lambda gives as many. */
static bool has_few_units(const struct spine_config *config)
{
    return config->hidden < 300;
}

/* What train.refit is refused with, and nnse's untrained atoms, which are kept unless it is set. */
static bool excludes_refit(const struct spine_config *config)
{
    return config->epochs == 0 || config->prefixes[0] != '\0' || config->unit_norm ||
           config->hidden >= SPINE_LAPACK_MOST;
}

#define OF(objective) (1 << SPINE_OBJECTIVE_##objective)

/* Where an objective has another default: what tools/doc/rivals.md found to be best with it. */
static const struct recipe {
    const char *name;
    int objectives;
    const char *value;
    bool (*gives_way)(const struct spine_config *config); /* to others; or NULL */
} recipes[] = {
    {"model.start", OF(TOPK) | OF(NNSE), "words", starts_from_run},
    {"model.l0", OF(NNSE), "60", has_few_units},
    {"model.ridge", OF(NNSE), "2", NULL},
    {"train.epochs", OF(NNSE), "5", NULL},
    {"train.refit", OF(TOPK) | OF(BATCHTOPK) | OF(NNSE), "yes", excludes_refit},
};

enum { NUM_RECIPES = sizeof recipes / sizeof *recipes };

static bool *mark_of(struct spine_config_given *given, const struct spine_option *option)
{
    return &given->is_given[option - options];
}

bool spine_config_is_given(const struct spine_config *config, const struct spine_option *option)
{
    return config->given.is_given[option - options];
}

/* The option's default with this objective and these other options. */
static const char *find_default(const struct spine_option *option,
                                const struct spine_config *config)
{
    for (size_t i = 0; i < NUM_RECIPES; i++)
        if (strcmp(recipes[i].name, option->name) == 0 &&
            (recipes[i].objectives >> config->objective & 1) != 0)
            return recipes[i].gives_way != NULL && recipes[i].gives_way(config) ? option->initial
                                                                                : recipes[i].value;
    return option->initial;
}

static void set_default(const struct spine_option *option, struct spine_config *config,
                        const char *value)
{
    struct spine_error err;

    if (spine_option_set(option, config, value, &err))
        assert(!"a default that its own option refuses");
}

static const struct spine_option *objective_option(void)
{
    return spine_config_find("model.objective");
}

/* Find an option that tells that an objective isn't meant: it is set, and isn't used. */
static const struct spine_option *find_unused(const struct spine_config *config,
                                              enum spine_objective objective, bool by_spine)
{
    for (size_t i = 0; i < NUM_OPTIONS; i++)
        if (config->given.is_given[i] && spine_objective_decides(options[i].name) &&
            !spine_objective_uses(objective, options[i].name) &&
            (!by_spine || spine_objective_uses(SPINE_OBJECTIVE_SPINE, options[i].name)))
            return &options[i];
    return NULL;
}

bool spine_config_has_objective(const struct spine_config *config)
{
    return spine_config_is_given(config, objective_option());
}

const struct spine_option *spine_config_reason(const struct spine_config *config)
{
    return spine_config_has_objective(config) ? NULL
                                              : find_unused(config, SPINE_OBJECTIVE_NNSE, true);
}

bool spine_config_suits(const struct spine_config *config, enum spine_objective objective)
{
    return find_unused(config, objective, false) == NULL;
}

/* Set what the user didn't set to its default. In the table's order: the default of train.refit
 * depends on train.epochs. */
static void follow(struct spine_config *config)
{
    if (!spine_config_has_objective(config))
        config->objective =
            spine_config_reason(config) == NULL ? SPINE_OBJECTIVE_NNSE : SPINE_OBJECTIVE_SPINE;
    for (size_t i = 0; i < NUM_RECIPES; i++) {
        const struct spine_option *option = spine_config_find(recipes[i].name);
        if (!spine_config_is_given(config, option))
            set_default(option, config, find_default(option, config));
    }
}

void spine_config_choose(struct spine_config *config, enum spine_objective objective)
{
    *mark_of(&config->given, objective_option()) = true;
    config->objective = objective;
    follow(config);
}

void spine_config_mark(struct spine_config *config, const char *name)
{
    const struct spine_option *option = spine_config_find(name);

    if (option != NULL)
        *mark_of(&config->given, option) = true;
    follow(config);
}

bool spine_config_has_recipe(const struct spine_option *option)
{
    for (size_t i = 0; i < NUM_RECIPES; i++)
        if (strcmp(recipes[i].name, option->name) == 0)
            return true;
    return false;
}

/* Does its value depend on the objective? */
static bool follows(const struct spine_config *config, const struct spine_option *option)
{
    return spine_config_has_recipe(option) && !spine_config_is_given(config, option);
}

bool spine_config_is_default(const struct spine_config *config, const struct spine_option *option)
{
    struct spine_config other = *config;

    set_default(option, &other, find_default(option, config));
    return spine_option_equal(option, config, &other);
}

int spine_config_keep_earlier(struct spine_config *config, const struct spine_config *was,
                              char *text, size_t size)
{
    int count = 0;
    size_t used = 0;

    text[0] = '\0';
    if (was->objective != config->objective)
        return 0;
    for (size_t i = 0; i < NUM_RECIPES; i++) {
        const struct spine_option *option = spine_config_find(recipes[i].name);
        struct spine_config other = *config;
        set_default(option, &other, option->initial);
        if (spine_config_is_given(config, option) || !spine_option_equal(option, was, &other) ||
            spine_option_equal(option, was, config))
            continue;
        set_default(option, config, option->initial);
        *mark_of(&config->given, option) = true;
        const int written = snprintf(text + used, size - used, "%s%s = %s", count > 0 ? ", " : "",
                                     option->name, option->initial);
        used += written > 0 && (size_t)written < size - used ? (size_t)written : 0;
        count++;
    }
    return count;
}

/* --- Names -------------------------------------------------------------------------------- */

const struct spine_option *spine_config_option(size_t index)
{
    return index < NUM_OPTIONS ? &options[index] : NULL;
}

const struct spine_option *spine_config_find(const char *name)
{
    for (size_t i = 0; i < NUM_OPTIONS; i++)
        if (strcmp(options[i].name, name) == 0)
            return &options[i];
    return NULL;
}

static int refuse_name(const char *name, struct spine_error *err)
{
    const struct spine_option *nearest = &options[0];
    for (size_t i = 1; i < NUM_OPTIONS; i++)
        if (spine_spelling_distance(options[i].name, name) <
            spine_spelling_distance(nearest->name, name))
            nearest = &options[i];
    return spine_refuse(err, "unknown option '%s'; the nearest is %s", name, nearest->name);
}

bool spine_config_has_format(const struct spine_config *config, enum spine_format format)
{
    return (config->formats >> format & 1) != 0;
}

int spine_config_set(struct spine_config *config, struct spine_config_given *given,
                     const char *name, const char *value, struct spine_error *err)
{
    const struct spine_option *option = spine_config_find(name);
    if (option == NULL)
        return refuse_name(name, err);
    if (*mark_of(given, option))
        return spine_refuse(err, "%s is set twice", name);
    *mark_of(given, option) = true;
    if (spine_option_set(option, config, value, err))
        return -1;

    *mark_of(&config->given, option) = true;
    follow(config);
    return 0;
}

/* Put "where: " before a refusal. */
static int locate(const char *where, struct spine_error *err)
{
    const struct spine_error inner = *err;
    return spine_refuse(err, "%s: %.900s", where, inner.text);
}

void spine_config_init(struct spine_config *config)
{
    static_assert((int)NUM_OPTIONS <= (int)SPINE_CONFIG_MOST_OPTIONS,
                  "those given have a mark each");
    *config = (struct spine_config){0};
    for (size_t i = 0; i < NUM_OPTIONS; i++)
        set_default(&options[i], config, options[i].initial);
    follow(config);
}

void spine_config_init_recorded(struct spine_config *config)
{
    spine_config_init(config);
    for (size_t i = 0; i < NUM_OPTIONS; i++)
        config->given.is_given[i] = true;
    for (size_t i = 0; i < NUM_RECIPES; i++) {
        const struct spine_option *option = spine_config_find(recipes[i].name);
        set_default(option, config, option->initial);
    }
    config->objective = SPINE_OBJECTIVE_SPINE;
}

int spine_config_override(struct spine_config *config, char *const *words, int count,
                          struct spine_error *err)
{
    struct spine_config_given given = {{false}};
    for (int i = 0; i < count; i++) {
        char name[128];
        const char *equals = strchr(words[i], '=');
        if (equals == NULL || equals - words[i] >= (ptrdiff_t)sizeof name)
            return spine_refuse(err, "'%s' is not of the form section.key=value", words[i]);
        snprintf(name, sizeof name, "%.*s", (int)(equals - words[i]), words[i]);
        if (spine_config_set(config, &given, name, equals + 1, err))
            return locate("command line", err);
    }
    return 0;
}

/* --- Printing ----------------------------------------------------------------------------- */

enum print { ALL, EXPLAINED, WITHOUT_FOLLOWERS, USED };

/* The default in --print-config: only the input has none and must be set. */
static const char *default_text(const struct spine_option *option)
{
    if (option->initial[0] != '\0')
        return option->initial;
    return option->field == FIELD(input) ? "none, required" : "none";
}

/* The objectives that have other defaults: "; topk, batchtopk: yes". */
static void print_recipes(const struct spine_option *option, FILE *file)
{
    for (size_t i = 0; i < NUM_RECIPES; i++) {
        const char *before = "; ";
        if (strcmp(recipes[i].name, option->name) != 0)
            continue;
        for (size_t j = 0; spine_objective_names[j] != NULL; j++)
            if ((recipes[i].objectives >> j & 1) != 0) {
                fprintf(file, "%s%s", before, spine_objective_names[j]);
                before = ", ";
            }
        fprintf(file, ": %s", recipes[i].value);
    }
    fputc('\n', file);
}

/* The objectives that use an option, where not all do and its meaning doesn't begin with them. */
static void print_users(const struct spine_option *option, FILE *file)
{
    char users[96];
    bool by_all = true, by_all_but_nnse = true;

    for (int i = 0; spine_objective_names[i] != NULL; i++) {
        const bool is_used = spine_objective_uses((enum spine_objective)i, option->name);
        by_all = by_all && is_used;
        by_all_but_nnse = by_all_but_nnse && is_used == (i != SPINE_OBJECTIVE_NNSE);
    }
    if (by_all || strncmp(option->meaning, "for ", 4) == 0)
        return;
    spine_objective_users(option->name, users, sizeof users);
    fprintf(file, "; for %s", by_all_but_nnse ? "all objectives but nnse" : users);
}

/* What model.aux_k turns on is used only with it. */
static bool is_off(const struct spine_config *config, const struct spine_option *option)
{
    return config->aux_k == 0 && (strcmp(option->name, "model.aux_weight") == 0 ||
                                  strcmp(option->name, "model.silent_rows") == 0);
}

/* Is the option printed? USED leaves out what the objective doesn't use, or takes without effect. */
static bool is_printed(const struct spine_config *config, const struct spine_option *option,
                       enum print print)
{
    if (print == WITHOUT_FOLLOWERS)
        return !follows(config, option);
    return print != USED ||
           (!is_off(config, option) &&
            spine_objective_uses((enum spine_objective)config->objective, option->name));
}

static void print_options(const struct spine_config *config, FILE *file, enum print print)
{
    const char *section = "";
    for (size_t i = 0; i < NUM_OPTIONS; i++) {
        const size_t length = strcspn(options[i].name, ".");
        if (!is_printed(config, &options[i], print))
            continue;
        if (strncmp(section, options[i].name, length + 1) != 0)
            fprintf(file, "%s[%.*s]\n", i == 0 ? "" : "\n", (int)length, options[i].name);
        section = options[i].name;
        if (print == EXPLAINED) {
            fprintf(file, "; %s", options[i].meaning);
            print_users(&options[i], file);
            spine_option_print_bounds(&options[i], file);
            fprintf(file, "; default: %s", default_text(&options[i]));
            print_recipes(&options[i], file);
        }
        fprintf(file, "%s = ", options[i].name + length + 1);
        spine_option_print(&options[i], config, file);
        fputc('\n', file);
    }
}

static char *make_text(const struct spine_config *config, enum print print, struct spine_error *err)
{
    struct spine_textstream stream;

    if (spine_textstream_open(&stream, "the configuration's text", err))
        return NULL;
    print_options(config, stream.file, print);

    return spine_textstream_close(&stream, err);
}

char *spine_config_text(const struct spine_config *config, struct spine_error *err)
{
    return make_text(config, ALL, err);
}

char *spine_config_base_text(const struct spine_config *config, struct spine_error *err)
{
    return make_text(config, WITHOUT_FOLLOWERS, err);
}

char *spine_config_used_text(const struct spine_config *config, struct spine_error *err)
{
    return make_text(config, USED, err);
}

void spine_config_describe(const struct spine_config *config, FILE *file)
{
    print_options(config, file, EXPLAINED);
}
