/* encode.c -- codes of vectors by a trained model, with libspine.
 *
 *     cc encode.c -o encode $(pkg-config --cflags --libs spine)
 *     ./encode RUN <vectors >codes
 *
 * Reads rows of numbers, as many as the model's input has; prints for each row the dimensions of its
 * code, from 0, with their values: 17:0.5 93:1. Models of model.objective = nnse have no encoder. */
#include <stdio.h>
#include <stdlib.h>

#include "spine/config/settings.h"
#include "spine/files/run.h"
#include "spine/math/coder.h"

int main(int argc, char **argv)
{
    struct spine_error err;
    struct spine_run run;
    struct spine_coder coder;
    double number;
    size_t filled = 0;

    if (argc != 2 || spine_run_require_model(&run, argv[1], &err) != 0) {
        fprintf(stderr, "%s\n", argc != 2 ? "usage: encode RUN <vectors" : err.text);
        return 2;
    }
    if (run.config.objective == SPINE_OBJECTIVE_NNSE)
        return 2;
    const struct spine_params *params = &run.model.params;
    float *row = calloc(params->stride, sizeof *row); /* (dim), and padding of zeros */
    if (row == NULL || spine_coder_init(&coder, params->dim, params->hidden, &err) != 0) {
        free(row);
        return 1;
    }
    coder.block.activation = spine_settings_activation(&run.config);

    while (scanf("%lf", &number) == 1) {
        row[filled++] = (float)number;
        if (filled < params->dim)
            continue;
        spine_scaling_apply(&run.model.scaling, 1, row);
        spine_coder_encode(&coder, params, 1, row, false);
        for (uint32_t at = 0; at < coder.block.row_begin[1]; at++)
            printf("%s%d:%.9g", at > 0 ? " " : "", coder.block.unit[at],
                   (double)coder.block.value[at]);
        putchar('\n');
        filled = 0;
    }
    free(row);
    spine_coder_dispose(&coder);
    spine_run_dispose(&run);
    return 0;
}
