/* config.c -- the options of a run. The table below is the authority on all of them. */
#include "spine/config/config.h"

#include <assert.h>
#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/number.h"
#include "spine/base/spelling.h"

const char *const spine_format_names[] = {"h5ad", "txt", "vec",    "bin", "npz",
                                          "mtx",  "npy", "sparse", "tsv", NULL};
static const char *const objective_names[] = {[SPINE_OBJECTIVE_SPINE] = "spine",
                                              [SPINE_OBJECTIVE_TOPK] = "topk",
                                              [SPINE_OBJECTIVE_BATCHTOPK] = "batchtopk",
                                              [SPINE_OBJECTIVE_KSPARSE] = "ksparse",
                                              [SPINE_OBJECTIVE_RELU] = "relu",
                                              [SPINE_OBJECTIVE_NNSE] = "nnse",
                                              NULL};
static const char *const cap_names[] = {[SPINE_CAP_ONE] = "1", [SPINE_CAP_NONE] = "none", NULL};
static const char *const residency_names[] = {
    [SPINE_RESIDENCY_MEMORY] = "memory", [SPINE_RESIDENCY_STREAM] = "stream", NULL};
static const char *const dtype_names[] = {
    [SPINE_DTYPE_FLOAT32] = "float32", [SPINE_DTYPE_BFLOAT16] = "bfloat16", NULL};
static const char *const atoms_names[] = {
    [SPINE_ATOMS_RANDOM] = "random", [SPINE_ATOMS_WORDS] = "words", NULL};
static const char *const keep[] = {"keep", NULL}, *const none[] = {"none", NULL};

#define FIELD(name) offsetof(struct spine_config, name)
#define ANY 0, 0
#define TEXT SPINE_OPTION_TEXT
#define COUNT SPINE_OPTION_COUNT
#define REAL SPINE_OPTION_REAL
#define SWITCH SPINE_OPTION_SWITCH
#define CHOICE SPINE_OPTION_CHOICE
#define SET SPINE_OPTION_SET

/* clang-format off */
static const struct spine_option options[] = {
    {"data.input", TEXT, FIELD(input), ANY, "", NULL, "the vectors: vectors.h5, or any file that spine-convert reads, which is converted first"},
    {"data.words", TEXT, FIELD(words), ANY, "", NULL, "the words of an input that is a matrix without words; see spine-convert --words"},
    {"data.cache", TEXT, FIELD(cache), ANY, "", NULL, "file that the input is converted to; empty: input.h5 in output.directory"},
    {"data.clip", REAL, FIELD(clip), 1, 1e6, "none", none, "shorten rows longer than this multiple of the median length to that limit; none leaves them"},
    {"data.center", SWITCH, FIELD(center), 0, 1, "yes", NULL, "subtract the mean row from the input"},
    {"data.whiten", TEXT, FIELD(whiten), ANY, "no", NULL, "no; column gives each coordinate unit variance; remove:K removes the K first principal components"},
    {"data.rms", REAL, FIELD(rms), 1e-6, 1e6, "0.4", keep, "scale the input so that its entries have this root mean square; keep leaves it"},
    {"data.holdout", REAL, FIELD(holdout), 0, 0.9, "0", NULL, "share of the rows, chosen by their words, that training doesn't see; they are measured too, and get codes"},
    {"data.limit", COUNT, FIELD(limit), 0, 1e12, "0", NULL, "train on the first rows only; 0 is all"},
    {"data.residency", CHOICE, FIELD(residency), ANY, "memory", residency_names, "keep the rows in memory, or read them from vectors.h5 while training, in an order that is shuffled within windows"},
    {"data.window", REAL, FIELD(window), 1e-3, 1e6, "64", NULL, "of residency = stream: MiB of rows, of all ranks together, that are in memory and shuffled at a time"},
    {"data.dtype", CHOICE, FIELD(dtype), ANY, "float32", dtype_names, "in what rows are kept in memory; bfloat16 takes half of it and rounds them"},
    {"model.hidden", COUNT, FIELD(hidden), 1, 1048576, "1000", NULL, "length of a code: the number of units"},
    {"model.objective", CHOICE, FIELD(objective), ANY, "spine", objective_names, "the SPINE autoencoder, the k largest units of a row, as many in the mean of a batch, of tied matrices, the rectifier with an l1 loss, or sparse non-negative codes over a learned dictionary"},
    {"model.start", CHOICE, FIELD(start), ANY, "random", atoms_names, "units begin with random numbers, or as the vectors of words: W2, and W1 the same"},
    {"model.l0", REAL, FIELD(l0), 0.1, 1e6, "22", NULL, "of nnse: wanted mean number of values a word"},
    {"model.k", COUNT, FIELD(k), 1, 1048576, "22", NULL, "of topk, batchtopk and ksparse: active units of a row"},
    {"model.first_k", COUNT, FIELD(first_k), 1, 1048576, "100", NULL, "of ksparse: k of the first epoch, if it is above model.k, to which it falls in the first half of the epochs"},
    {"model.alpha", REAL, FIELD(alpha), 1, 1000, "1", NULL, "of ksparse: codes have alpha k active units of a row"},
    {"model.prefixes", TEXT, FIELD(prefixes), ANY, "", NULL, "of topk and batchtopk: numbers of first units that are to reconstruct rows by themselves, too, such as 125, 250, 500"},
    {"model.unit_norm", SWITCH, FIELD(unit_norm), 0, 1, "no", NULL, "of topk, batchtopk and relu: keep the rows of W2 at length 1"},
    {"model.cap", CHOICE, FIELD(cap), ANY, "1", cap_names, "the most that a unit's value can be; spine without a cap needs loss.psl_weight = 0"},
    {"loss.sparsity", REAL, FIELD(sparsity), 0, 1, "0.85", NULL, "wanted mean of 1 - h; units above 1 - sparsity cost ASL"},
    {"loss.asl_weight", REAL, FIELD(asl_weight), 0, 1e6, "1", NULL, "weight of the average sparsity loss"},
    {"loss.psl_weight", REAL, FIELD(psl_weight), 0, 1e6, "1", NULL, "weight of the partial sparsity loss"},
    {"loss.l1_weight", REAL, FIELD(l1_weight), 0, 1e6, "0.5", NULL, "of relu: weight of the sum of a row's values beside its squared error"},
    {"train.epochs", COUNT, FIELD(epochs), 0, 1e9, "60", NULL, "passes over the input; 0, of nnse only: atoms stay as they begin"},
    {"train.stop_after", COUNT, FIELD(stop_after), 0, 1e9, "0", NULL, "stop after this epoch, with the results so far; a higher value resumes, and the learning rate is that of train.epochs; 0: don't"},
    {"train.batch_size", COUNT, FIELD(batch_size), 1, 1e9, "64", NULL, "rows of a step, of all ranks together"},
    {"train.noise", REAL, FIELD(noise), 0, 1e6, "0.4", NULL, "standard deviation of the noise added to the (scaled) input"},
    {"train.optimizer", CHOICE, FIELD(optimizer), ANY, "adam", spine_optimizer_names, "how the gradient is used"},
    {"train.learning_rate", REAL, FIELD(learning_rate), 1e-12, 1e6, "0.001", NULL, "highest learning rate, for batches of train.rate_batch rows"},
    {"train.rate_batch", COUNT, FIELD(rate_batch), 0, 1e9, "64", NULL, "batch size that learning_rate is for; with another the rate follows the ratio (sgd, momentum) or its root (adam); 0: it never does"},
    {"train.momentum", REAL, FIELD(momentum), 0, 0.999999, "0.9", NULL, "of momentum; beta1 of adam"},
    {"train.beta2", REAL, FIELD(beta2), 0, 0.999999, "0.99", NULL, "of adam"},
    {"train.schedule", CHOICE, FIELD(schedule), ANY, "linear", spine_schedule_names, "learning rate after the warm-up: stays, falls in the last decay share, falls along a cosine"},
    {"train.warmup", REAL, FIELD(warmup), 0, 1, "0.05", NULL, "share of all steps in which the rate rises"},
    {"train.decay", REAL, FIELD(decay), 0, 1, "0.3", NULL, "of schedule linear: share of all steps in which the rate falls to 0"},
    {"train.seed", COUNT, FIELD(seed), 0, 9e15, "1", NULL, "of initial weights, order and noise"},
    {"train.refit", SWITCH, FIELD(refit), 0, 1, "no", NULL, "after the last epoch, solve for W2 and b2 by ridge least squares on the clean codes, which stay as they are"},
    {"train.evaluate_every", COUNT, FIELD(evaluate_every), 0, 1e9, "10", NULL, "epochs between measurements on clean input; 0: only at the end"},
    {"train.revive_after", COUNT, FIELD(revive_after), 0, 1e9, "0", NULL, "epochs after which a unit that no word makes active begins anew, from the worst-explained word; 0: never"},
    {"train.checkpoint_every", COUNT, FIELD(checkpoint_every), 0, 1e9, "0", NULL, "epochs between checkpoints; 0: they come by time only"},
    {"train.checkpoint_minutes", REAL, FIELD(checkpoint_minutes), 0, 1e6, "10", NULL, "minutes between checkpoints; 0: they come by epochs only"},
    {"train.checkpoint_keep", COUNT, FIELD(checkpoint_keep), 1, 1000, "2", NULL, "how many checkpoints stay, the newest ones"},
    {"train.resume", TEXT, FIELD(resume), ANY, "auto", NULL, "auto: resume the run that the directory holds; never: start anew; or the checkpoint to resume from"},
    {"train.start_from", TEXT, FIELD(start_from), ANY, "", NULL, "the directory of a run whose parameters and scaling this training starts from"},
    {"train.time_limit", REAL, FIELD(time_limit), 0, 1e7, "0", NULL, "minutes after which to save and leave with status 75; 0: none, but for a Slurm job's own end"},
    {"train.grace_seconds", REAL, FIELD(grace_seconds), 0, 1e5, "5", NULL, "seconds that a checkpoint may take after SIGTERM, and before a time limit"},
    {"train.check_room", SWITCH, FIELD(check_room), 0, 1, "yes", NULL, "begin only where memory and disk have room for what the run is expected to take"},
    {"train.kernel", CHOICE, FIELD(kernel), ANY, "auto", spine_kernel_names, "compute with all units, with the active ones only, or with what the share of active ones makes faster"},
    {"parallel.grid", TEXT, FIELD(grid), ANY, "auto", NULL, "how the ranks are arranged: auto, the fastest by a short measurement, or RxC for R groups that share out the rows of a batch, each of C ranks of one host that share out the units"},
    {"parallel.reproducible", SWITCH, FIELD(reproducible), 0, 1, "yes", NULL, "sum in an order that doesn't depend on ranks and grid, so that any number of ranks computes the same bits; no allows more row groups"},
    {"parallel.wire", CHOICE, FIELD(wire), ANY, "float32", dtype_names, "in what the gradient travels between hosts; bfloat16 halves the bytes and rounds, and needs reproducible = no"},
    {"output.directory", TEXT, FIELD(directory), ANY, "run", NULL, "where the run's files go"},
    {"output.merge", SWITCH, FIELD(merge), 0, 1, "yes", NULL, "merge the ranks' shards at the end; if not, spine-merge does it"},
    {"output.formats", SET, FIELD(formats), ANY, "h5ad", spine_format_names, "what to merge into, separated by commas: AnnData, text, word2vec text and binary, SciPy, Matrix Market, NumPy, sparse text, Embedding Projector"},
    {"output.noisy_codes", SWITCH, FIELD(noisy_codes), 0, 1, "no", NULL, "compute the codes from noisy input, as the published program does"},
    {"output.tensorboard", SWITCH, FIELD(tensorboard), 0, 1, "no", NULL, "write the metrics as TensorBoard's event file too"},
    {"output.overwrite", SWITCH, FIELD(overwrite), 0, 1, "no", NULL, "replace the directory's run if it is finished or can't be resumed"},
};
/* clang-format on */

enum { NUM_OPTIONS = sizeof options / sizeof *options };

/* --- Names -------------------------------------------------------------------------------- */

static const struct spine_option *find_option(const char *name)
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

enum spine_config_kind spine_config_kind(const char *name)
{
    const struct spine_option *option = find_option(name);
    return option == NULL          ? SPINE_CONFIG_UNKNOWN
           : option->type == COUNT ? SPINE_CONFIG_WHOLE
           : option->type == REAL  ? SPINE_CONFIG_REAL
                                   : SPINE_CONFIG_OTHER;
}

int spine_config_set(struct spine_config *config, uint64_t *given, const char *name,
                     const char *value, struct spine_error *err)
{
    const struct spine_option *option = find_option(name);
    if (option == NULL)
        return refuse_name(name, err);
    const uint64_t bit = (uint64_t)1 << (option - options);
    if (*given & bit)
        return spine_refuse(err, "%s is set twice", name);
    *given |= bit;
    return spine_option_set(option, config, value, err);
}

/* Put "where: " before a refusal. */
static int locate(const char *where, struct spine_error *err)
{
    const struct spine_error inner = *err;
    return spine_refuse(err, "%s: %.900s", where, inner.text);
}

void spine_config_init(struct spine_config *config)
{
    static_assert(NUM_OPTIONS <= 64, "the set of options given has 64 bits");
    *config = (struct spine_config){0};
    for (size_t i = 0; i < NUM_OPTIONS; i++) {
        struct spine_error err;
        if (spine_option_set(&options[i], config, options[i].initial, &err))
            assert(!"a default that its own option refuses");
    }
}

int spine_config_override(struct spine_config *config, char *const *words, int count,
                          struct spine_error *err)
{
    uint64_t given = 0;
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

static bool is_initial(const struct spine_config *config, const struct spine_option *option)
{
    struct spine_config initial;

    spine_config_init(&initial);
    return spine_option_equal(option, config, &initial);
}

/* Refuse an option that the user changed although the chosen method doesn't use it. */
static int check_unused(const struct spine_config *config, const char *name, const char *reason,
                        struct spine_error *err)
{
    if (is_initial(config, find_option(name)))
        return 0;
    return spine_refuse(err, "%s: isn't used with %s; leave it out", name, reason);
}

/* The active units of a row that is encoded. */
static int64_t encode_k(const struct spine_config *config)
{
    const double alpha = config->objective == SPINE_OBJECTIVE_KSPARSE ? config->alpha : 1;
    return (int64_t)(alpha * (double)config->k);
}

#define OF(objective) (1 << SPINE_OBJECTIVE_##objective)

/* Options that shape rows of W2: no other may set the rows. */
static int check_rows(const struct spine_config *config, struct spine_error *err)
{
    struct spine_prefixes prefixes;

    if (spine_config_parse_prefixes(config, &prefixes, err))
        return -1;
    if (prefixes.count > 0 && config->refit)
        return spine_refuse(err,
                            "train.refit: isn't used with model.prefixes, since it solves for all "
                            "units together; leave it out");
    if (config->unit_norm && config->refit)
        return spine_refuse(err,
                            "train.refit: isn't used with model.unit_norm, since it gives rows of "
                            "W2 any length; leave it out");
    if (config->unit_norm && config->revive_after > 0)
        return spine_refuse(err,
                            "train.revive_after: isn't used with model.unit_norm, since it gives "
                            "rows of W2 any length; leave it out");
    return 0;
}

/* What the objective doesn't use. */
static int check_objective(const struct spine_config *config, struct spine_error *err)
{
    enum { NETS = OF(SPINE) | OF(TOPK) | OF(BATCHTOPK) | OF(KSPARSE) | OF(RELU) };
    static const struct {
        const char *name;
        int objectives; /* that use it */
    } uses[] = {
        {"model.l0", OF(NNSE)},
        {"model.k", OF(TOPK) | OF(BATCHTOPK) | OF(KSPARSE)},
        {"model.first_k", OF(KSPARSE)},
        {"model.alpha", OF(KSPARSE)},
        {"model.prefixes", OF(TOPK) | OF(BATCHTOPK)},
        {"model.unit_norm", OF(TOPK) | OF(BATCHTOPK) | OF(RELU)},
        {"model.cap", NETS},
        {"loss.sparsity", OF(SPINE)},
        {"loss.asl_weight", OF(SPINE)},
        {"loss.psl_weight", OF(SPINE)},
        {"loss.l1_weight", OF(RELU)},
        {"train.noise", NETS},
        {"train.learning_rate", NETS},
        {"train.momentum", NETS},
        {"train.beta2", NETS},
        {"train.warmup", NETS},
        {"train.decay", NETS},
        {"train.kernel", OF(SPINE) | OF(RELU) | OF(NNSE)},
        {"train.refit", NETS},
        {"train.revive_after", NETS & ~OF(KSPARSE)},
        {"output.noisy_codes", NETS},
    };
    char reason[64];

    snprintf(reason, sizeof reason, "model.objective = %s", objective_names[config->objective]);
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++)
        if (!(uses[i].objectives >> config->objective & 1) &&
            check_unused(config, uses[i].name, reason, err))
            return -1;
    if (config->objective == SPINE_OBJECTIVE_NNSE)
        return 0;

    if (config->epochs == 0)
        return spine_refuse(err, "train.epochs: 0 is for model.objective = nnse");
    if (config->objective == SPINE_OBJECTIVE_KSPARSE && encode_k(config) > config->hidden)
        return spine_refuse(err, "model.alpha: %.15g times model.k is more than model.hidden",
                            config->alpha);
    if (config->k > config->hidden && config->objective != SPINE_OBJECTIVE_SPINE &&
        config->objective != SPINE_OBJECTIVE_RELU)
        return spine_refuse(err, "model.k: is %lld, more than model.hidden", (long long)config->k);
    if (check_rows(config, err))
        return -1;
    if (config->objective == SPINE_OBJECTIVE_SPINE && config->cap == SPINE_CAP_NONE &&
        config->psl_weight > 0)
        return spine_refuse(err, "model.cap: none needs loss.psl_weight = 0 with model.objective = "
                                 "spine, since h (1 - h) has no least value");
    return 0;
}

/* train.start_from takes the place of other beginnings. */
static int check_start(const struct spine_config *config, struct spine_error *err)
{
    if (config->start_from[0] == '\0')
        return 0;
    if (config->start != SPINE_ATOMS_RANDOM)
        return spine_refuse(err, "model.start: isn't used with train.start_from; leave it out");
    if (strcmp(config->resume, "auto") != 0 && strcmp(config->resume, "never") != 0)
        return spine_refuse(err,
                            "train.start_from: isn't used with train.resume = %.200s; a "
                            "checkpoint has its own parameters",
                            config->resume);
    return 0;
}

int spine_config_check_path(const char *path, struct spine_error *err)
{
    const char *dollar = strchr(path, '$');
    const bool has_home = path[0] == '~' && (path[1] == '\0' || path[1] == '/');

    if (has_home || (dollar != NULL &&
                     (isalpha((unsigned char)dollar[1]) || dollar[1] == '_' || dollar[1] == '{')))
        return spine_refuse(err, "'%.500s': ~ and $VARIABLE aren't expanded; write the whole path",
                            path);
    return 0;
}

static int check_paths(const struct spine_config *config, struct spine_error *err)
{
    const struct {
        const char *name, *path;
    } paths[] = {
        {"data.input", config->input},
        {"data.words", config->words},
        {"data.cache", config->cache},
        {"train.resume", config->resume},
        {"train.start_from", config->start_from},
        {"output.directory", config->directory},
    };

    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (spine_config_check_path(paths[i].path, err)) {
            const struct spine_error plain = *err;
            return spine_refuse(err, "%s: %.700s", paths[i].name, plain.text);
        }
    return 0;
}

int spine_config_check(const struct spine_config *config, struct spine_error *err)
{
    int groups, columns;
    enum spine_whiten whiten;
    size_t remove;

    if (config->input[0] == '\0')
        return spine_refuse(err, "data.input: is not set; it names the vectors to train on");
    if (config->directory[0] == '\0')
        return spine_refuse(err, "output.directory: is empty");
    if (check_paths(config, err) || check_objective(config, err) || check_start(config, err))
        return -1;

    if (config->optimizer == SPINE_SGD &&
        check_unused(config, "train.momentum", "train.optimizer = sgd", err))
        return -1;
    if (config->optimizer != SPINE_ADAM &&
        check_unused(config, "train.beta2", "this train.optimizer, only with adam", err))
        return -1;
    if (config->schedule != SPINE_LINEAR &&
        check_unused(config, "train.decay", "this train.schedule, only with linear", err))
        return -1;
    if (config->warmup + (config->schedule == SPINE_LINEAR ? config->decay : 0) > 1)
        return spine_refuse(err, "train.warmup and train.decay: add up to more than 1");
    if (config->wire == SPINE_DTYPE_BFLOAT16 && config->reproducible)
        return spine_refuse(err, "parallel.wire: bfloat16 rounds sums over hosts, so that results "
                                 "depend on their number; set parallel.reproducible = no");

    if (config->residency == SPINE_RESIDENCY_MEMORY &&
        check_unused(config, "data.window", "data.residency = memory", err))
        return -1;
    if (config->residency == SPINE_RESIDENCY_STREAM &&
        check_unused(config, "data.dtype", "data.residency = stream", err))
        return -1;

    if (spine_config_parse_whiten(config->whiten, &whiten, &remove, err))
        return -1;
    return spine_config_parse_grid(config->grid, &groups, &columns, err);
}

int spine_config_parse_grid(const char *text, int *groups, int *columns, struct spine_error *err)
{
    int end = 0;

    *groups = *columns = 0;
    if (strcmp(text, "auto") == 0)
        return 0;
    if (sscanf(text, "%6dx%6d%n", groups, columns, &end) == 2 && text[end] == '\0' && *groups > 0 &&
        *columns > 0)
        return 0;
    return spine_refuse(
        err,
        "parallel.grid: '%.40s' is neither auto nor a grid such as 2x4, 2 groups of "
        "4 ranks",
        text);
}

void spine_config_grid(const struct spine_config *config, int *groups, int *columns)
{
    struct spine_error ignored; /* it was checked */
    spine_config_parse_grid(config->grid, groups, columns, &ignored);
}

int spine_config_parse_whiten(const char *text, enum spine_whiten *whiten, size_t *remove,
                              struct spine_error *err)
{
    static const char prefix[] = "remove:";
    const size_t length = strlen(prefix);
    int64_t count = 0;

    *whiten = SPINE_WHITEN_NO;
    *remove = 0;
    if (strcmp(text, "no") == 0)
        return 0;
    if (strcmp(text, "column") == 0) {
        *whiten = SPINE_WHITEN_COLUMN;
        return 0;
    }
    if (strncmp(text, prefix, length) != 0 ||
        spine_number_whole(text + length, 1, 10000, &count) != 0)
        return spine_refuse(err,
                            "data.whiten: '%.40s' is none of no, column, remove:K with K from "
                            "1 to 10000",
                            text);

    *whiten = SPINE_WHITEN_REMOVE;
    *remove = (size_t)count;
    return 0;
}

int spine_config_parse_prefixes(const struct spine_config *config, struct spine_prefixes *prefixes,
                                struct spine_error *err)
{
    static const char between[] = ", \t";
    char text[SPINE_CONFIG_TEXT], *rest = NULL;
    int64_t width, before = 0;

    *prefixes = (struct spine_prefixes){0};
    strcpy(text, config->prefixes);
    for (const char *word = strtok_r(text, between, &rest); word != NULL;
         word = strtok_r(NULL, between, &rest)) {
        if (spine_number_whole(word, before + 1, config->hidden, &width))
            return spine_refuse(err,
                                "model.prefixes: '%.40s' is not a whole number from %lld to "
                                "model.hidden; numbers must rise",
                                word, (long long)before + 1);
        before = width;
        if (width == config->hidden)
            continue; /* all units, without which it never is */
        if (prefixes->count == SPINE_MOST_PREFIXES)
            return spine_refuse(err, "model.prefixes: has more than %d numbers below model.hidden",
                                SPINE_MOST_PREFIXES);
        prefixes->width[prefixes->count++] = (size_t)width;
    }
    return 0;
}

struct spine_prefixes spine_config_prefixes(const struct spine_config *config)
{
    struct spine_prefixes prefixes;
    struct spine_error ignored; /* it was checked */

    spine_config_parse_prefixes(config, &prefixes, &ignored);
    return prefixes;
}

struct spine_scaling_options spine_config_scaling(const struct spine_config *config)
{
    struct spine_scaling_options wanted = {
        .clip = config->clip, .center = config->center != 0, .rms = config->rms};
    struct spine_error ignored; /* it was checked */

    spine_config_parse_whiten(config->whiten, &wanted.whiten, &wanted.remove, &ignored);
    return wanted;
}

enum spine_storage spine_config_storage(const struct spine_config *config)
{
    if (config->residency == SPINE_RESIDENCY_STREAM)
        return SPINE_IN_FILE;
    return config->dtype == SPINE_DTYPE_BFLOAT16 ? SPINE_IN_HALF_MEMORY : SPINE_IN_MEMORY;
}

int64_t spine_config_last_epoch(const struct spine_config *config)
{
    return config->stop_after > 0 && config->stop_after < config->epochs ? config->stop_after
                                                                         : config->epochs;
}

struct spine_activation spine_config_activation(const struct spine_config *config)
{
    struct spine_activation activation = {.is_uncapped = config->cap == SPINE_CAP_NONE};

    if (config->objective == SPINE_OBJECTIVE_NNSE) {
        activation.is_uncapped = true;
    } else if (config->objective != SPINE_OBJECTIVE_SPINE &&
               config->objective != SPINE_OBJECTIVE_RELU) {
        activation.selection =
            config->objective == SPINE_OBJECTIVE_BATCHTOPK ? SPINE_OF_BATCH : SPINE_OF_ROW;
        activation.k = (size_t)config->k;
        activation.encode_k = (size_t)encode_k(config);
    }
    return activation;
}

struct spine_loss_weights spine_config_weights(const struct spine_config *config)
{
    if (config->objective == SPINE_OBJECTIVE_RELU)
        return (struct spine_loss_weights){.sparsity = config->sparsity, .l1 = config->l1_weight};
    if (config->objective != SPINE_OBJECTIVE_SPINE)
        return (struct spine_loss_weights){.sparsity = config->sparsity};
    return (struct spine_loss_weights){
        .sparsity = config->sparsity, .asl = config->asl_weight, .psl = config->psl_weight};
}

/* --- Printing ----------------------------------------------------------------------------- */

enum comments { WITHOUT_COMMENTS, WITH_COMMENTS };

/* The default as --print-config says it: only the input has none and must be set. */
static const char *default_text(const struct spine_option *option)
{
    if (option->initial[0] != '\0')
        return option->initial;
    return option->field == FIELD(input) ? "none, required" : "none";
}

static void print_options(const struct spine_config *config, FILE *file, enum comments comments)
{
    const char *section = "";
    for (size_t i = 0; i < NUM_OPTIONS; i++) {
        const size_t length = strcspn(options[i].name, ".");
        if (strncmp(section, options[i].name, length + 1) != 0)
            fprintf(file, "%s[%.*s]\n", i == 0 ? "" : "\n", (int)length, options[i].name);
        section = options[i].name;
        if (comments == WITH_COMMENTS) {
            fprintf(file, "; %s", options[i].meaning);
            spine_option_print_bounds(&options[i], file);
            fprintf(file, "; default: %s\n", default_text(&options[i]));
        }
        fprintf(file, "%s = ", options[i].name + length + 1);
        spine_option_print(&options[i], config, file);
        fputc('\n', file);
    }
}

/* May the option change when a run is resumed? */
static int may_change(const char *name)
{
    static const char *const names[] = {
        "data.input",
        "data.words",
        "data.cache",
        "train.epochs",
        "train.stop_after",
        "train.evaluate_every",
        "train.kernel",
        "train.checkpoint_every",
        "train.checkpoint_minutes",
        "train.checkpoint_keep",
        "train.resume",
        "train.time_limit",
        "train.grace_seconds",
        "train.check_room",
        "parallel.grid",
    };

    if (strncmp(name, "output.", strlen("output.")) == 0)
        return 1;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return 1;
    return 0;
}

char *spine_config_identity(const struct spine_config *config)
{
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    if (file == NULL)
        return NULL;
    for (size_t i = 0; i < NUM_OPTIONS; i++)
        if (!may_change(options[i].name)) {
            fprintf(file, "%s = ", options[i].name);
            spine_option_print(&options[i], config, file);
            fputc('\n', file);
        }
    if (fclose(file) == 0)
        return text;
    free(text);
    return NULL;
}

/* The value of the line "name = value" whose name is the 'length' bytes at 'name'; its length goes
 * to *size. NULL if there is no such line. */
static const char *find_line(const char *text, const char *name, size_t length, size_t *size)
{
    for (; *text != '\0'; text += strcspn(text, "\n"), text += *text == '\n')
        if (strncmp(text, name, length) == 0 && strncmp(text + length, " = ", 3) == 0) {
            *size = strcspn(text + length + 3, "\n");
            return text + length + 3;
        }
    return NULL;
}

/* Does the line at 'line', whose name has 'length' bytes, have the option's default? */
static bool has_default(const char *line, size_t length, const char *defaults)
{
    size_t size = 0;
    const char *value = defaults == NULL ? NULL : find_line(defaults, line, length, &size);

    return value != NULL && size == strcspn(line + length + 3, "\n") &&
           strncmp(value, line + length + 3, size) == 0;
}

int spine_config_differ(const char *was, const char *is, char *text, size_t size)
{
    struct spine_config initial;
    int differences = 0;
    size_t used = 0;

    text[0] = '\0';
    spine_config_init(&initial);
    char *defaults = spine_config_identity(&initial);
    for (; *is != '\0'; is += strcspn(is, "\n"), is += *is == '\n') {
        const size_t length = strcspn(is, " "), new_size = strcspn(is + length + 3, "\n");
        size_t old_size = strlen("unknown");
        const char *value = find_line(was, is, length, &old_size);
        const char *old = value == NULL ? "unknown" : value;
        if (value == NULL ? has_default(is, length, defaults)
                          : old_size == new_size && strncmp(old, is + length + 3, new_size) == 0)
            continue;
        const int written = snprintf(text + used, size - used, "%s%.*s was %.*s, is %.*s",
                                     differences > 0 ? "; " : "", (int)length, is, (int)old_size,
                                     old, (int)new_size, is + length + 3);
        differences++;
        if (written < 0 || (size_t)written >= size - used)
            break; /* there was room for the first ones */
        used += (size_t)written;
    }
    free(defaults);
    return differences;
}

char *spine_config_text(const struct spine_config *config)
{
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    if (file == NULL)
        return NULL;
    print_options(config, file, WITHOUT_COMMENTS);
    if (fclose(file) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

void spine_config_describe(const struct spine_config *config, FILE *file)
{
    print_options(config, file, WITH_COMMENTS);
}
