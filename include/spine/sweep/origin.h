/* origin.h -- the objective of a sweep that doesn't set it, from an earlier run. */
#ifndef SPINE_SWEEP_ORIGIN_H
#define SPINE_SWEEP_ORIGIN_H

#include "spine/config/config.h"
#include "spine/config/inifile.h"
#include "spine/ranks/comm.h"

/* Take the objective of the sweep in the sweep's directory, or else of the run that
 * train.start_from names, or of all those that it names as a parameter, unless model.objective is
 * set or a parameter, or options are set or parameters that it doesn't use. So a sweep that an
 * earlier version began without it is resumed. 'lines' are those of [sweep]. Logs what it takes.
 * Collective; the arguments must be equal on all ranks, and stay equal. */
void spine_origin_follow(struct spine_config *base, const struct spine_inifile_lines *lines,
                         struct spine_comm *comm);

#endif
