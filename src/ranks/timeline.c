/* timeline.c -- what each rank did when, for Chrome's trace viewer. */
#include "spine/ranks/timeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"
#include "spine/base/outfile.h"
#include "spine/base/textstream.h"

int spine_timeline_init(struct spine_timeline *timeline, size_t most, struct spine_error *err)
{
    *timeline = (struct spine_timeline){.most = most};
    timeline->events = spine_memory_get(most, sizeof *timeline->events, "the timeline", err);
    if (timeline->events == NULL)
        return -1;

    return 0;
}

void spine_timeline_dispose(struct spine_timeline *timeline)
{
    free(timeline->events);
    *timeline = (struct spine_timeline){0};
}

void spine_timeline_add(struct spine_timeline *timeline, const char *name, double begin, double end)
{
    if (timeline == NULL || timeline->count == timeline->most)
        return;
    timeline->events[timeline->count++] = (struct spine_timeline_event){name, begin, end};
}

/* This rank's events as JSON objects, each after a comma; the caller frees. */
static char *print_events(const struct spine_timeline *timeline, int rank, size_t *length,
                          struct spine_error *err)
{
    struct spine_textstream stream;

    if (spine_textstream_open(&stream, "the timeline", err))
        return NULL;

    fprintf(
        stream.file,
        ",\n{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":%d,\"args\":{\"name\":\"rank %d\"}}",
        rank, rank);
    for (size_t i = 0; i < timeline->count; i++) {
        const struct spine_timeline_event *event = &timeline->events[i];
        fprintf(stream.file,
                ",\n{\"ph\":\"X\",\"name\":\"%s\",\"pid\":%d,\"tid\":0,\"ts\":%.3f,\"dur\":%.3f}",
                event->name, rank, 1e6 * event->begin, 1e6 * (event->end - event->begin));
    }

    char *text = spine_textstream_close(&stream, err);
    *length = stream.length;
    return text;
}

static int write_text(const char *path, const char *text, size_t length, struct spine_error *err)
{
    FILE *file = spine_outfile_create_text(path, err);
    if (file == NULL)
        return -1;
    /* The first object has no comma before it. */
    fputc('[', file);
    fwrite(text + 1, 1, length - 1, file);
    fputs("\n]\n", file);
    return spine_outfile_finish_text(file, path, err);
}

int spine_timeline_write(const struct spine_timeline *timeline, struct spine_comm *comm,
                         const char *path, struct spine_error *err)
{
    size_t length = 0, all_length = 0;
    char *all = NULL, *text = print_events(timeline, comm->rank, &length, err);
    int rc = 0;

    if (text == NULL)
        rc = -1;
    rc = spine_comm_agree(comm, rc, err);
    if (rc == 0)
        rc = spine_comm_gather(comm, text, length, &all, &all_length, err);
    if (rc == 0)
        rc = spine_comm_agree(comm, comm->rank == 0 ? write_text(path, all, all_length, err) : 0,
                              err);
    free(all);
    free(text);
    return rc;
}
