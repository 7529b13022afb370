/* events.h -- the epochs of a run as an event file, which TensorBoard shows.
 *
 * The file follows metrics.jsonl: each line becomes an event, with the epoch as its step and a
 * scalar for each other field, tagged with the field's name. So nothing is missing or repeated,
 * however the run was interrupted, and output.tensorboard may be set at any time.
 *
 * A file is a sequence of records: the length of the data (8 bytes, little-endian), its checksum
 * (4), the data, its checksum (4). Checksums are CRC-32C, masked. The data are TensorFlow's Event
 * messages (event.proto) in protobuf's encoding; the first has the version, "brain.Event:2". All
 * functions are local. */
#ifndef SPINE_FILES_EVENTS_H
#define SPINE_FILES_EVENTS_H

#include <stdint.h>
#include <stdio.h>

#include "spine/base/error.h"

struct spine_events {
    FILE *file;       /* owned; NULL: there is none, and all functions do nothing */
    FILE *metrics;    /* owned; read up to the line of epoch 'last' */
    const char *path; /* borrowed, as is the next one */
    const char *metrics_path;
    int64_t last;
};

/* Open the file to continue it after epoch 'epochs', as spine_metrics_open() did: later or damaged
 * events are cut off, and missing ones are added. The paths must outlive the struct. */
int spine_events_open(struct spine_events *events, const char *path, const char *metrics_path,
                      int64_t epochs, struct spine_error *err);

/* Add the lines written to metrics.jsonl since the last call. */
int spine_events_update(struct spine_events *events, struct spine_error *err);

/* Close the file, whether it succeeds or not. */
int spine_events_close(struct spine_events *events, struct spine_error *err);

#endif
