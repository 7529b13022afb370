/* startmodel.h -- the run that train.start_from names, as the beginning of another. */
#ifndef SPINE_FILES_STARTMODEL_H
#define SPINE_FILES_STARTMODEL_H

#include "spine/config/config.h"
#include "spine/files/modelfile.h"

/* Read the model of the run that a configuration starts from: of a finished one, or as the newest
 * whole checkpoint of a paused one has it. Refuses one of another shape, one whose units are of
 * another kind (an autoencoder's, or atoms), and one whose input was scaled by other options: its
 * scaling is kept, since its weights are for it. 'dim' is the input's. Local. */
int spine_startmodel_read(struct spine_modelfile *model, const struct spine_config *config,
                          size_t dim, struct spine_error *err);

#endif
