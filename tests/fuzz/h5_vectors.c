/* h5_vectors.c -- input of a training as strangers may make it, read as a training on one rank
 * does: with MPI. */
#include <math.h>

#include "hdf5.h"
#include "spine/files/store.h"
#include "spine/train/scalingfit.h"

static struct fuzz_file file;
static struct spine_comm world;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    /* No daemon beside it; but then all such processes share a directory in the temporary one. */
    const char *parent = getenv("TMPDIR");
    setenv("OMPI_MCA_ess_singleton_isolated", "1", 1);
    if (parent != NULL)
        setenv("OMPI_MCA_orte_tmpdir_base", parent, 1);
    spine_store_init();
    spine_comm_init(&world, argc, argv);
    fuzz_file_init(&file);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const struct spine_sharing sharing = {
        .seed = 1, .batch_size = 2, .groups = 1, .columns = 1};
    struct spine_input input;
    struct spine_dataset data;
    struct spine_error err = {.text = ""};
    fuzz_change(&file, &fuzz_formats()[FUZZ_VECTORS], bytes, size);
    int rc = spine_input_open(&input, &world, file.path, 0, &err);
    if (rc == 0) {
        rc = spine_dataset_init(&data, &world, &input, &sharing, &err);
        spine_input_close(&input);
    }
    if (rc != 0) {
        CHECK(size > 0 && err.text[0] != '\0');
        return 0;
    }
    CHECK(data.part.num_rows >= 2 && data.words.count == data.part.num_rows);
    for (size_t i = 0; i < data.part.num_rows * data.stride; i++)
        CHECK(isfinite(data.rows[i]));
    const struct spine_scaling_options options = {.center = true, .rms = 0.4};
    if (spine_scalingfit(&data, &world, &options, &err) == 0)
        CHECK(data.variance > 0);
    spine_dataset_dispose(&data);
    return 0;
}
