/* printable.c -- text with any bytes, made safe to print. */
#include "spine/base/printable.h"

#include <assert.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>

/* The bytes of the control character at the beginning of the text; 0 if it isn't one. In UTF-8,
 * U+0080 to U+009F are control characters, too. */
static size_t control(const unsigned char *text)
{
    if (text[0] < 0x20 || text[0] == 0x7F)
        return 1;
    return text[0] == 0xC2 && text[1] >= 0x80 && text[1] <= 0x9F ? 2 : 0;
}

bool spine_printable_is(const char *text)
{
    while (*text != '\0' && control((const unsigned char *)text) == 0)
        text++;
    return *text == '\0';
}

size_t spine_printable_next(const char **text, char piece[16])
{
    const unsigned char *from = (const unsigned char *)*text;
    const size_t bytes = control(from);

    piece[0] = *(*text)++;
    piece[1] = '\0';
    if (bytes == 0)
        return 1;
    *text += bytes - 1;
    if (bytes == 1)
        return (size_t)snprintf(piece, 16, "\\x%02X", (unsigned)from[0]);
    return (size_t)snprintf(piece, 16, "\\x%02X\\x%02X", (unsigned)from[0], (unsigned)from[1]);
}

static size_t measure(const char *text)
{
    char piece[16];
    size_t length = 0;

    while (*text != '\0')
        length += spine_printable_next(&text, piece);
    return length;
}

static bool is_inside_character(const char *text)
{
    return ((unsigned char)*text & 0xC0) == 0x80;
}

int spine_printable_trimmed(const char *text, int most)
{
    int length = (int)strnlen(text, (size_t)most);

    while (length > 0 && text[length - 1] == ' ')
        length--;
    return length;
}

size_t spine_printable_width(const char *text)
{
    char piece[16];
    size_t width = 0;

    while (*text != '\0') {
        const size_t bytes = spine_printable_next(&text, piece);
        width += is_inside_character(piece) ? 0 : bytes;
    }
    return width;
}

void spine_printable_copy(char *out, size_t capacity, const char *text)
{
    static const char gap[] = " ... ";
    const char *rest = text + strlen(text);
    const size_t room = capacity - sizeof gap, half = room / 2;
    char piece[16];
    size_t used = 0;
    assert(capacity >= 64);

    if (measure(text) >= capacity) {
        for (size_t last = 0; rest > text; rest--) {
            const char *one = rest - 1;
            last += spine_printable_next(&one, piece);
            if (last > half)
                break;
        }
        while (is_inside_character(rest))
            rest++;
    } else {
        rest = NULL;
    }

    for (const char *next = text; *text != '\0'; text = next) {
        const size_t length = spine_printable_next(&next, piece);
        if (rest != NULL && used + length > half) {
            while (used > 0 && is_inside_character(text))
                text--, used--;
            memcpy(out + used, gap, sizeof gap - 1);
            used += sizeof gap - 1;
            next = rest;
            rest = NULL;
            continue;
        }
        if (used + length >= capacity)
            break;
        memcpy(out + used, piece, length);
        used += length;
    }
    out[used] = '\0';
}

void spine_printable_print(FILE *file, const char *text)
{
    char piece[16];

    while (*text != '\0') {
        spine_printable_next(&text, piece);
        fputs(piece, file);
    }
}

void spine_printable_line(FILE *file, const char *format, ...)
{
    char text[2 * PATH_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    spine_printable_print(file, text);
    putc('\n', file);
}
