/* sparse.c -- sparse matrices in .npz, .mtx and .sparse: read, or refused with a sentence. The
 * input's first byte chooses the form, or that it is found. The list of words has three. */
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "spine/files/sparsefile.h"

static struct fuzz_file file;
static char list[FUZZ_PATH + 8];

static void remove_list(void)
{
    unlink(list);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    fuzz_file_init(&file);
    snprintf(list, sizeof list, "%s.words", file.path);
    FILE *words = fopen(list, "w");
    CHECK(words != NULL && fputs("plum\nfig\nzinc\n", words) >= 0 && fclose(words) == 0);
    atexit(remove_list);
    return 0;
}

static void check_read(const struct spine_sparsefile *sparse)
{
    const struct spine_csr *values = &sparse->values;

    CHECK(values->rows == sparse->words.count && values->indptr[0] == 0);
    CHECK(values->indptr[values->rows] == (int64_t)values->count);
    for (size_t i = 0; i < values->rows; i++) {
        CHECK(values->indptr[i] <= values->indptr[i + 1]);
        for (int64_t at = values->indptr[i]; at < values->indptr[i + 1]; at++) {
            CHECK(values->indices[at] >= 0 && (size_t)values->indices[at] < sparse->columns);
            CHECK(at == values->indptr[i] || values->indices[at] > values->indices[at - 1]);
            CHECK(isfinite(values->data[at]) && values->data[at] != 0);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    enum spine_sparsefile_form form;
    struct spine_sparsefile sparse;
    struct spine_error err = {.text = ""};
    if (size < 1)
        return 0;

    fuzz_file_put(&file, bytes + 1, size - 1);
    int rc = spine_sparsefile_find(file.path, &form, &err);
    if (rc == 0 && form == SPINE_SPARSEFILE_NONE)
        form = (enum spine_sparsefile_form)(bytes[0] & 3);
    if (rc == 0 && form != SPINE_SPARSEFILE_NONE) {
        rc = spine_sparsefile_read(&sparse, file.path, form, list, &err);
        if (rc == 0)
            check_read(&sparse);
        spine_sparsefile_dispose(&sparse);
    }
    CHECK(rc == 0 || err.text[0] != '\0');
    return 0;
}
