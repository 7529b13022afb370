/* identity.c -- the options that fix what a run computes. */
#include "spine/config/identity.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/textstream.h"

char *spine_identity_text(const struct spine_config *config, struct spine_error *err)
{
    const struct spine_option *option;
    struct spine_textstream stream;

    if (spine_textstream_open(&stream, "the options that fix a run", err))
        return NULL;
    for (size_t i = 0; (option = spine_config_option(i)) != NULL; i++)
        if (option->role == SPINE_OPTION_FIXED) {
            fprintf(stream.file, "%s = ", option->name);
            spine_option_print(option, config, stream.file);
            fputc('\n', stream.file);
        }

    return spine_textstream_close(&stream, err);
}

/* The value of the line "name = value" whose name is the 'length' bytes at 'name'; its length goes
 * to *size. NULL if there is no such line. */
static const char *find_line(const char *text, const char *name, size_t length, size_t *size)
{
    for (; *text != '\0'; text += strcspn(text, "\n"), text += *text == '\n')
        if (strncmp(text, name, length) == 0 && strncmp(text + length, " = ", 3) == 0) {
            *size = strcspn(text + length + 3, "\n");
            return text + length + 3;
        }
    return NULL;
}

/* Does the line at 'line', whose name has 'length' bytes, have the option's default? */
static bool has_default(const char *line, size_t length, const char *defaults)
{
    size_t size = 0;
    const char *value = defaults == NULL ? NULL : find_line(defaults, line, length, &size);

    return value != NULL && size == strcspn(line + length + 3, "\n") &&
           strncmp(value, line + length + 3, size) == 0;
}

/* Count the bytes at the beginning of a text that are in 'bytes', or that aren't. */
static size_t span(const char *text, const char *end, const char *bytes, bool among)
{
    size_t count = 0;

    while (text + count < end && (strchr(bytes, text[count]) != NULL) == among)
        count++;
    return count;
}

/* Are two values of an option the same? For prefixes, only the numbers count, not the
 * separators. */
static bool is_same(const char *name, size_t length, const char *old, size_t old_size,
                    const char *value, size_t size)
{
    static const char list[] = "model.prefixes", between[] = ", \t";

    if (length != strlen(list) || strncmp(name, list, length) != 0)
        return old_size == size && strncmp(old, value, size) == 0;

    const char *const old_end = old + old_size, *const end = value + size;
    for (;;) {
        old += span(old, old_end, between, true);
        value += span(value, end, between, true);
        const size_t word = span(value, end, between, false);
        if (span(old, old_end, between, false) != word || strncmp(old, value, word) != 0)
            return false;
        if (word == 0)
            return true;
        old += word;
        value += word;
    }
}

int spine_identity_differ(const char *was, const char *is, char *text, size_t size)
{
    struct spine_config initial;
    struct spine_error ignored; /* without memory for the defaults, there are none */
    int differences = 0;
    size_t used = 0;

    text[0] = '\0';
    spine_config_init_recorded(&initial);
    char *defaults = spine_identity_text(&initial, &ignored);
    for (; *is != '\0'; is += strcspn(is, "\n"), is += *is == '\n') {
        const size_t length = strcspn(is, " "), new_size = strcspn(is + length + 3, "\n");
        size_t old_size = strlen("unknown");
        const char *value = find_line(was, is, length, &old_size);
        const char *old = value == NULL ? "unknown" : value;
        if (value == NULL ? has_default(is, length, defaults)
                          : is_same(is, length, old, old_size, is + length + 3, new_size))
            continue;
        const int written = snprintf(text + used, size - used, "%s%.*s was %.*s, is %.*s",
                                     differences > 0 ? "; " : "", (int)length, is, (int)old_size,
                                     old, (int)new_size, is + length + 3);
        differences++;
        if (written < 0 || (size_t)written >= size - used)
            break; /* the first ones fit */
        used += (size_t)written;
    }
    free(defaults);
    return differences;
}
