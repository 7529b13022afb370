/* encode.c -- codes of vectors by a trained model, with libspine.
 *
 *     cc encode.c -o encode $(pkg-config --cflags --libs spine)
 *     ./encode RUN <vectors >codes
 *
 * Reads rows of numbers, as many as the model's input has; prints for each row the dimensions of
 * its code, from 0, with their values: 17:0.5 93:1. A model of model.objective = nnse has no
 * encoder: its codes are solved for. */
#include <stdio.h>
#include <stdlib.h>

#include "spine/config/settings.h"
#include "spine/files/run.h"
#include "spine/math/coder.h"

struct encoder {
    struct spine_coder coder;
    struct spine_lasso lasso; /* of model.objective = nnse, as is the solver */
    struct spine_lasso_coder solver;
};

static int encoder_init(struct encoder *encoder, const struct spine_run *run,
                        struct spine_error *err)
{
    const struct spine_params *params = &run->model.params;

    if (spine_coder_init(&encoder->coder, params->dim, params->hidden, err) != 0)
        return -1;
    encoder->coder.block.activation = spine_settings_activation(&run->config);
    if (run->config.objective != SPINE_OBJECTIVE_NNSE)
        return 0;

    if (spine_lasso_init(&encoder->lasso, params->W1, params->hidden, params->dim,
                         run->config.ridge, err) != 0 ||
        spine_lasso_coder_init(&encoder->solver, &encoder->lasso, err) != 0)
        return -1;
    encoder->solver.lambda = -(double)params->b1[0];
    encoder->coder.solver = &encoder->solver;
    return 0;
}

static void encoder_dispose(struct encoder *encoder)
{
    spine_lasso_coder_dispose(&encoder->solver);
    spine_lasso_dispose(&encoder->lasso);
    spine_coder_dispose(&encoder->coder);
}

int main(int argc, char **argv)
{
    struct spine_error err;
    struct spine_run run;
    struct encoder encoder = {0};
    double number;
    size_t filled = 0;

    if (argc != 2 || spine_run_require_model(&run, argv[1], &err) != 0) {
        fprintf(stderr, "%s\n", argc != 2 ? "usage: encode RUN <vectors" : err.text);
        return 2;
    }
    const struct spine_params *params = &run.model.params;
    const struct spine_block *codes = &encoder.coder.block;
    float *row = spine_kernel_alloc(params->stride, "a row", &err); /* zeroed: (dim), and padding */
    const int rc = row == NULL ? -1 : encoder_init(&encoder, &run, &err);
    if (rc != 0)
        fprintf(stderr, "%s\n", err.text);

    while (rc == 0 && scanf("%lf", &number) == 1) {
        row[filled++] = (float)number;
        if (filled < params->dim)
            continue;
        spine_scaling_apply(&run.model.scaling, 1, row);
        spine_coder_encode(&encoder.coder, params, 1, row, false);
        for (uint32_t at = 0; at < codes->row_begin[1]; at++)
            printf("%s%d:%.9g", at > 0 ? " " : "", codes->unit[at], (double)codes->value[at]);
        putchar('\n');
        filled = 0;
    }
    free(row);
    encoder_dispose(&encoder);
    spine_run_dispose(&run);
    return rc == 0 ? 0 : 1;
}
