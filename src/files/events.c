/* events.c -- the epochs of a run as TensorBoard's event file. */
#include "spine/files/events.h"

#include <assert.h>
#include <cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "spine/base/clock.h"
#include "spine/base/crc.h"
#include "spine/base/json.h"

enum {
    HEADER = 12,
    MOST_BYTES = 1 << 16,         /* of a record's data: an epoch needs a few hundred */
    LONGEST_LINE = MOST_BYTES / 4 /* of metrics: data have up to 3 times the length of text */
};

/* --- Protobuf ----------------------------------------------------------------------------- */

struct message {
    size_t count;
    unsigned char bytes[MOST_BYTES];
};

/* How a field is encoded. */
enum wire { VARINT = 0, EIGHT_BYTES = 1, DELIMITED = 2, FOUR_BYTES = 5 };

/* The fields' numbers in event.proto and summary.proto. */
enum { EVENT_TIME = 1, EVENT_STEP = 2, EVENT_VERSION = 3, EVENT_SUMMARY = 5 };
enum { SUMMARY_VALUE = 1, VALUE_TAG = 1, VALUE_SIMPLE = 2 };

static void put_byte(struct message *message, unsigned byte)
{
    assert(message->count < MOST_BYTES);
    message->bytes[message->count++] = (unsigned char)byte;
}

static void put_fixed(struct message *message, uint64_t number, int bytes)
{
    for (int i = 0; i < bytes; i++)
        put_byte(message, number >> (8 * i) & 0xff);
}

static void put_varint(struct message *message, uint64_t number)
{
    for (; number >= 0x80; number >>= 7)
        put_byte(message, 0x80 | (number & 0x7f));
    put_byte(message, (unsigned)number);
}

static void put_key(struct message *message, int field, enum wire wire)
{
    put_varint(message, (uint64_t)field << 3 | wire);
}

static void put_double(struct message *message, int field, double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    put_key(message, field, EIGHT_BYTES);
    put_fixed(message, bits, 8);
}

static void put_float(struct message *message, int field, float number)
{
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    put_key(message, field, FOUR_BYTES);
    put_fixed(message, bits, 4);
}

static void put_bytes(struct message *message, int field, const void *bytes, size_t count)
{
    put_key(message, field, DELIMITED);
    put_varint(message, count);
    for (size_t i = 0; i < count; i++)
        put_byte(message, ((const unsigned char *)bytes)[i]);
}

/* Read a varint at *at; 0 if the message ends before. */
static uint64_t take_varint(const struct message *message, size_t *at)
{
    uint64_t number = 0;
    for (int shift = 0; *at < message->count && shift < 64; shift += 7) {
        const unsigned byte = message->bytes[(*at)++];
        number |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return number;
    }
    return 0;
}

/* The step of an event, 0 if it has none. */
static int64_t step_of(const struct message *event)
{
    for (size_t at = 0; at < event->count;) {
        const uint64_t key = take_varint(event, &at);
        const enum wire wire = (enum wire)(key & 7);
        const uint64_t number = wire == VARINT || wire == DELIMITED ? take_varint(event, &at) : 0;
        const uint64_t skipped = wire == DELIMITED     ? number
                                 : wire == EIGHT_BYTES ? 8
                                 : wire == FOUR_BYTES  ? 4
                                                       : 0;
        if (key == (EVENT_STEP << 3 | VARINT))
            return (int64_t)number;
        if (skipped > event->count - at)
            break;
        at += skipped;
    }
    return 0;
}

/* --- Records ------------------------------------------------------------------------------ */

static uint64_t take_fixed(const unsigned char *bytes, int count)
{
    uint64_t number = 0;
    for (int i = 0; i < count; i++)
        number |= (uint64_t)bytes[i] << (8 * i);
    return number;
}

/* Read the next record's data; false at the end, or where a record isn't whole. */
static bool read_record(FILE *file, struct message *message)
{
    unsigned char header[HEADER], end[4];
    if (fread(header, 1, HEADER, file) != HEADER ||
        take_fixed(header + 8, 4) != spine_crc_masked(header, 8))
        return false;
    const uint64_t length = take_fixed(header, 8);
    if (length > MOST_BYTES || fread(message->bytes, 1, length, file) != length ||
        fread(end, 1, sizeof end, file) != sizeof end)
        return false;
    message->count = length;
    return take_fixed(end, 4) == spine_crc_masked(message->bytes, message->count);
}

static int fail_file(const char *path, struct spine_error *err)
{
    if (errno == ESPIPE)
        return spine_refuse(err, "%s: is not a regular file", path);
    return spine_fail(err, "%s: %s", path, strerror(errno));
}

static int write_record(const struct spine_events *events, const struct message *message,
                        struct spine_error *err)
{
    unsigned char header[HEADER], end[4];
    for (int i = 0; i < 8; i++)
        header[i] = (unsigned char)((uint64_t)message->count >> (8 * i));
    const uint32_t of_length = spine_crc_masked(header, 8);
    const uint32_t of_data = spine_crc_masked(message->bytes, message->count);
    for (int i = 0; i < 4; i++) {
        header[8 + i] = (unsigned char)(of_length >> (8 * i));
        end[i] = (unsigned char)(of_data >> (8 * i));
    }
    const bool is_written =
        fwrite(header, 1, HEADER, events->file) == HEADER &&
        fwrite(message->bytes, 1, message->count, events->file) == message->count &&
        fwrite(end, 1, sizeof end, events->file) == sizeof end;
    return is_written ? 0 : fail_file(events->path, err);
}

/* --- Events ------------------------------------------------------------------------------- */

static void begin_event(struct message *event)
{
    event->count = 0;
    put_double(event, EVENT_TIME, spine_clock_date());
}

static int write_version(const struct spine_events *events, struct spine_error *err)
{
    static const char version[] = "brain.Event:2";
    struct message event;
    begin_event(&event);
    put_bytes(&event, EVENT_VERSION, version, strlen(version));
    return write_record(events, &event, err);
}

/* Write the fields of an epoch except its number. */
static int write_epoch(const struct spine_events *events, const cJSON *epoch, int64_t step,
                       struct spine_error *err)
{
    struct message event, summary = {0}, value;
    for (const cJSON *field = epoch->child; field != NULL; field = field->next) {
        if (!cJSON_IsNumber(field) || strcmp(field->string, "epoch") == 0)
            continue;
        value.count = 0;
        put_bytes(&value, VALUE_TAG, field->string, strlen(field->string));
        put_float(&value, VALUE_SIMPLE, (float)field->valuedouble);
        put_bytes(&summary, SUMMARY_VALUE, value.bytes, value.count);
    }
    begin_event(&event);
    put_key(&event, EVENT_STEP, VARINT);
    put_varint(&event, (uint64_t)step);
    put_bytes(&event, EVENT_SUMMARY, summary.bytes, summary.count);
    return write_record(events, &event, err);
}

/* Find where the events up to 'epochs' end, and set events->last to the last of them. Returns 0 if
 * the file doesn't begin like ours. */
static off_t find_end(struct spine_events *events, int64_t epochs)
{
    struct message event;
    off_t end = 0;
    while (read_record(events->file, &event)) {
        const int64_t step = step_of(&event);
        if (step > epochs || (step <= events->last && end > 0))
            break;
        events->last = step;
        end = ftello(events->file);
    }
    return end;
}

/* Open one of our files, but not through a symbolic link, and without waiting for a pipe, which
 * somebody may have planted. */
static FILE *open_file(const char *path, int flags, const char *mode, struct spine_error *err)
{
    const int descriptor = open(path, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
    if (descriptor < 0 && errno == ELOOP) {
        spine_refuse(err, "%s: is a symbolic link", path);
        return NULL;
    }
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, mode);
    if (file == NULL) {
        fail_file(path, err);
        if (descriptor >= 0)
            close(descriptor);
    }
    return file;
}

int spine_events_open(struct spine_events *events, const char *path, const char *metrics_path,
                      int64_t epochs, struct spine_error *err)
{
    *events = (struct spine_events){.path = path, .metrics_path = metrics_path};
    events->file = open_file(path, O_RDWR | O_CREAT, "r+", err);
    events->metrics = events->file == NULL ? NULL : open_file(metrics_path, O_RDONLY, "r", err);

    int rc = 0;
    if (events->metrics == NULL)
        rc = -1;
    if (rc == 0) {
        const off_t end = find_end(events, epochs);
        if (fseeko(events->file, end, SEEK_SET) != 0 || ftruncate(fileno(events->file), end) != 0)
            rc = fail_file(path, err);
        else if (end == 0)
            rc = write_version(events, err);
    }
    if (rc == 0)
        rc = spine_events_update(events, err);
    struct spine_error ignored;
    if (rc != 0)
        spine_events_close(events, &ignored);
    return rc;
}

/* Write the event of a line of the metrics, if it isn't there yet. */
static int add_line(struct spine_events *events, const char *line, struct spine_error *err)
{
    if (strlen(line) > LONGEST_LINE)
        return spine_refuse(err, "%s: has a line that isn't of an epoch", events->metrics_path);
    cJSON *epoch = NULL;
    if (spine_json_parse(line, "a line of the metrics", &epoch, err))
        return -1;
    const cJSON *number = cJSON_GetObjectItemCaseSensitive(epoch, "epoch");
    const int64_t step = cJSON_IsNumber(number) ? number->valueint : 0;
    int rc = 0;
    if (step > events->last) {
        rc = write_epoch(events, epoch, step, err);
        events->last = step;
    }
    cJSON_Delete(epoch);
    return rc;
}

int spine_events_update(struct spine_events *events, struct spine_error *err)
{
    if (events->file == NULL)
        return 0;
    char *line = NULL;
    size_t size = 0;
    int rc = 0;
    clearerr(events->metrics); /* of the earlier end of file */
    while (rc == 0 && getline(&line, &size, events->metrics) > 0)
        rc = add_line(events, line, err);
    free(line);
    if (rc == 0 && ferror(events->metrics))
        rc = fail_file(events->metrics_path, err);
    if (rc == 0 && fflush(events->file) != 0)
        rc = fail_file(events->path, err);
    return rc;
}

int spine_events_close(struct spine_events *events, struct spine_error *err)
{
    int rc = 0;
    if (events->metrics != NULL)
        fclose(events->metrics);
    if (events->file != NULL && fclose(events->file) != 0)
        rc = fail_file(events->path, err);
    events->file = events->metrics = NULL;
    return rc;
}
