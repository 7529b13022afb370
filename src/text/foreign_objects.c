/* foreign_objects.c -- files of other programs: MessagePack, CBOR and BSON, which have no
 * signature.
 *
 * The first two begin with a list or a dictionary whose items say how long they are or how many
 * items they contain. A file is one of them if its items follow one another to its end, or to the
 * end of what is known of it. */
#include <ctype.h>
#include <string.h>

#include "spine/text/foreign.h"

enum { LEAST_ITEMS = 16 }; /* that must follow one another if the end isn't known */

/* An item: its first bytes, what follows them, and the items that it contains. */
struct item {
    uint64_t head, body, children;
    bool is_container, is_text, is_number;
};

/* Describe the item at 'at', of which 'left' > 0 bytes are known; beyond them they are taken for
 * zero. False if none begins so. */
typedef bool describe(const unsigned char *at, size_t left, struct item *item);

/* Big-endian. */
static uint64_t whole_number(const unsigned char *at, size_t left, size_t width)
{
    uint64_t value = 0;

    for (size_t i = 0; i < width; i++)
        value = value << 8 | (i < left ? at[i] : 0);
    return value;
}

static bool describe_msgpack(const unsigned char *at, size_t left, struct item *item)
{
    /* From 0xC0 to 0xDF: the bytes of the length or of the number; what is counted. */
    static const unsigned char widths[] = {0, 0, 0, 0, 1, 2, 4, 1, 2,  4, 4, 8, 1, 2, 4, 8,
                                           1, 2, 4, 8, 2, 3, 5, 9, 17, 1, 2, 4, 2, 4, 2, 4};
    static const char counted[] = "-!--bbbeeenn--nn" /* b: bytes, e: and a type, n: a long number */
                                  "--nn-----sssaamm"; /* s: text, a: items, m: pairs of them */
    const unsigned first = *at;

    *item = (struct item){.head = 1};
    if (first < 0x80 || first >= 0xE0)
        return true;
    if (first < 0xA0) {
        item->is_container = true;
        item->children = (uint64_t)(first & 0xF) << (first < 0x90);
        return true;
    }
    if (first < 0xC0) {
        item->is_text = true;
        item->body = first & 0x1F;
        return true;
    }

    const size_t width = widths[first - 0xC0];
    const uint64_t number = width <= 8 ? whole_number(at + 1, left - 1, width) : 0;
    const char what = counted[first - 0xC0];
    item->head = 1 + width;
    item->is_text = what == 's';
    item->is_number = what == 'n';
    item->is_container = what == 'a' || what == 'm';
    if (item->is_container)
        item->children = number << (what == 'm');
    else if (what == 'b' || what == 'e' || what == 's')
        item->body = number + (what == 'e');
    return what != '!';
}

static bool describe_cbor(const unsigned char *at, size_t left, struct item *item)
{
    enum { BYTES = 2, TEXT, LIST, PAIRS, TAG, OTHER };
    const unsigned kind = *at >> 5, info = *at & 31;
    const size_t width = info < 24 ? 0 : (size_t)1 << (info - 24);

    *item = (struct item){.head = 1 + width};
    if (info > 27)
        return false;
    const uint64_t number = width == 0 ? info : whole_number(at + 1, left - 1, width);
    item->is_text = kind == TEXT;
    item->is_number = (kind == OTHER && info >= 25) || (kind < BYTES && info >= 26);
    item->is_container = kind == LIST || kind == PAIRS;
    if (kind == BYTES || kind == TEXT)
        item->body = number;
    else if (kind == LIST || kind == PAIRS)
        item->children = number << (kind == PAIRS);
    else if (kind == TAG)
        item->children = 1;
    return number < UINT64_C(1) << 40 || kind == OTHER || kind < BYTES;
}

static bool is_printable(const unsigned char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (iscntrl(text[i]) && !isspace(text[i]))
            return false;
    return true;
}

/* Do items follow one another from the first byte on, a container at the top? */
static bool are_items(const struct spine_start *start, describe *describe_item)
{
    const unsigned char *bytes = (const unsigned char *)start->at;
    uint64_t pending = 0, num_items = 0, num_telling = 0;
    size_t at = 0;

    while (at < start->bytes) {
        const size_t left = start->bytes - at;
        struct item item;
        if (!describe_item(bytes + at, left, &item) || (pending == 0 && !item.is_container) ||
            item.head + item.body > start->file_bytes)
            return false;
        if (item.head > left || item.body > left - item.head)
            break;
        if (item.is_text && !is_printable(bytes + at + item.head, item.body))
            return false;
        pending += item.children - (pending > 0);
        num_telling += item.is_text || item.is_number;
        num_items++;
        at += item.head + item.body;
    }
    if (spine_start_is_whole(start) ? at < start->bytes || pending > 0 : num_items < LEAST_ITEMS)
        return false;
    return num_telling > 0 && spine_start_has_controls(start);
}

/* BSON: the document's length, the first field's type and name, and 0 at the end. */
static bool is_bson(const struct spine_start *start)
{
    enum { NAME = 5, LEAST = 8, MOST_NAME = 64 };
    static const char types[] = {1, 2, 3, 4, 5, 7, 8, 9, 16, 18};
    const uint32_t length = spine_start_u32(start, 0);
    size_t end = NAME;

    if (start->bytes < LEAST || length < LEAST || length > start->file_bytes ||
        memchr(types, start->at[4], sizeof types) == NULL)
        return false;
    while (end < start->bytes && isprint((unsigned char)start->at[end]))
        end++;
    if (end == NAME || end - NAME > MOST_NAME || end == start->bytes || start->at[end] != '\0')
        return false;
    return length > start->bytes ? !spine_start_is_whole(start) : start->at[length - 1] == '\0';
}

int spine_foreign_check_objects(const struct spine_start *start, struct spine_error *err)
{
    const char *what = NULL;

    if (spine_start_holds(start, 0, "\xD9\xD9\xF7", 3) || are_items(start, describe_cbor))
        what = "CBOR";
    else if (are_items(start, describe_msgpack))
        what = "MessagePack";
    else if (is_bson(start))
        what = "BSON";
    if (what == NULL)
        return 0;
    return spine_foreign_refuse(start->name, what,
                                "read it in Python, and write it as text: a line for each word, "
                                "the word and its numbers, separated by spaces",
                                err);
}
