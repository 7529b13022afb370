/* outputs.c -- several files with the same rows, which appear together or not at all. */
#include "spine/files/outputs.h"

#include <stdlib.h>

#include "spine/base/memory.h"

/* Does an output before this one write the same list of words? */
static bool has_words_already(const char *const *paths, size_t output)
{
    for (size_t i = 0; i < output; i++)
        if (spine_output_shares_words(paths[i], paths[output]))
            return true;
    return false;
}

/* Seven parameters: the files, and what spine_output_open() takes. */
int spine_outputs_open(struct spine_outputs *outputs, const char *const *paths, size_t count,
                       const struct spine_output_shape *shape,
                       const struct spine_output_options *options,
                       const struct spine_output_source *source, struct spine_error *err)
{
    struct spine_output_options own = *options;

    *outputs = (struct spine_outputs){0};
    outputs->all = spine_memory_zeroed(count, sizeof *outputs->all, "the outputs", err);
    outputs->reports = spine_memory_zeroed(count, sizeof *outputs->reports, "the outputs", err);
    if (outputs->all == NULL || outputs->reports == NULL)
        return -1;

    for (size_t i = 0; i < count; i++) {
        own.is_unlisted = has_words_already(paths, i);
        if (spine_output_open(&outputs->all[i], paths[i], shape, &own, source, err))
            return -1;
        outputs->count++;
    }
    return 0;
}

int spine_outputs_write(struct spine_outputs *outputs, const struct spine_output_rows *rows,
                        struct spine_error *err)
{
    for (size_t i = 0; i < outputs->count; i++)
        if (spine_output_write(outputs->all[i], rows, err))
            return -1;
    return 0;
}

int spine_outputs_close(struct spine_outputs *outputs, int rc, struct spine_error *err)
{
    if (rc == 0)
        rc = spine_output_close(outputs->all, outputs->count, outputs->reports, err);
    else
        for (size_t i = 0; i < outputs->count; i++)
            spine_output_discard(outputs->all[i]);

    free(outputs->all);
    outputs->all = NULL;
    return rc;
}

void spine_outputs_dispose(struct spine_outputs *outputs)
{
    free(outputs->all);
    free(outputs->reports);
    *outputs = (struct spine_outputs){0};
}
