/* startmodel.h -- the model from which a run starts (train.start_from). */
#ifndef SPINE_FILES_STARTMODEL_H
#define SPINE_FILES_STARTMODEL_H

#include <stdbool.h>

#include "spine/config/config.h"
#include "spine/files/modelfile.h"

/* Read the model of the run that train.start_from names: of a finished run, or from the newest
 * intact checkpoint of a paused one. Refuses a model of another shape, one whose units are of
 * another kind (an autoencoder's, or atoms), and one whose input was scaled with other options: the
 * new run keeps the model's scaling, since its weights depend on it. 'dim' is the input's.
 * Local. */
int spine_startmodel_read(struct spine_modelfile *model, const struct spine_config *config,
                          size_t dim, struct spine_error *err);

/* Write the fingerprint of that run's model, of SPINE_FINGERPRINT bytes, whether or not the model
 * fits. Local. */
int spine_startmodel_fingerprint(const char *run, char *fingerprint, struct spine_error *err);

/* Find that run's model.objective; false if it can't be read. Local. */
bool spine_startmodel_objective(const char *run, enum spine_objective *objective);

#endif
