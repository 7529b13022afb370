/* number.c -- the number parser gives what strtof() gives, and looks at nothing beyond the end. */
#include <ctype.h>
#include <math.h>
#include <string.h>

#include "fuzz.h"
#include "spine/base/number.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    return 0;
}

/* strtof() knows more: blanks in front, hexadecimal numbers, "nan(...)"; and it takes the "1" of
 * "1e" for a number. */
static int is_refused_rightly(const char *text)
{
    char *end;
    strtof(text, &end);
    return end == text || isspace((unsigned char)text[0]) || *end == 'e' || *end == 'E';
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const char *begin = (const char *)bytes;
    float value = 42, filling = 42;
    const char *after = spine_number_scan(begin, begin + size, &value);
    const int fills = spine_number_parse(begin, begin + size, &filling) == 0;
    CHECK(fills == (after != NULL && after == begin + size));
    const size_t length = after == NULL ? size : (size_t)(after - begin);
    char *text = malloc(length + 1), *end;
    CHECK(text != NULL);
    memcpy(text, bytes, length);
    text[length] = '\0';
    if (after == NULL) {
        CHECK(value == 42 && is_refused_rightly(text));
    } else {
        const float expected = strtof(text, &end);
        CHECK(end == text + length);
        CHECK(isnan(expected) ? isnan(value) : memcmp(&expected, &value, sizeof value) == 0);
        CHECK(!fills || memcmp(&filling, &value, sizeof value) == 0);
    }
    free(text);
    return 0;
}
