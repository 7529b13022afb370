/* number.c -- decimal numbers to float, exactly and fast.
 *
 * Nearly all numbers look like -0.12345; scan_short() reads these without a branch that depends on
 * their digits. In general, a number is mantissa * 10^exponent with integers for both. Three ways
 * to the nearest float are tried in this order:
 *
 *  1. Mantissa and power are exact floats: one operation rounds once, which is correct.
 *  2. In double. The result is off by less than MARGIN units of its last place, so it rounds to the
 *     correct float unless a midpoint of two floats is that close.
 *  3. strtof(), on the digits without the point, which would depend on the locale. */
#include "spine/base/number.h"

#include <assert.h>
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    MANTISSA_DIGITS = 19, /* always fit uint64_t */
    FLOAT_POWER = 10,     /* 10^10 = 2^10 * 5^10, and 5^10 < 2^24 */
    DOUBLE_POWER = 22,    /* likewise 5^22 < 2^53 */
    MARGIN = 4,           /* rounding the mantissa, cutting it, and the operation: under 2 */
    /* A midpoint of two floats has at most 113 significant digits, so of later digits it only
     * matters whether one isn't 0. */
    DECIDING_DIGITS = 128,
    EXPONENT_LIMIT = 99999, /* beyond it, all floats of up to DECIDING_DIGITS digits are 0 or Inf */
};

struct decimal {
    const char *begin, *end; /* the digits, with a point at most among them */
    size_t digits;
    uint64_t mantissa; /* the digits as an integer, if there are at most MANTISSA_DIGITS */
    int64_t exponent;
};

static bool is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

static const char *scan_digits(const char *at, const char *end, uint64_t *mantissa)
{
    uint64_t sum = *mantissa;
    for (; at < end && is_digit(*at); at++)
        sum = sum * 10 + (uint64_t)(*at - '0');
    *mantissa = sum;
    return at;
}

/* Scan the digits and the point; there may be no digits. */
static const char *scan_mantissa(const char *at, const char *end, struct decimal *decimal)
{
    *decimal = (struct decimal){.begin = at};
    at = scan_digits(at, end, &decimal->mantissa);
    decimal->digits = (size_t)(at - decimal->begin);
    if (at < end && *at == '.') {
        const char *fraction = ++at;
        at = scan_digits(at, end, &decimal->mantissa);
        decimal->digits += (size_t)(at - fraction);
        decimal->exponent = -(int64_t)(at - fraction);
    }
    decimal->end = at;
    return at;
}

/* Scan what follows the e. Returns NULL if it isn't an exponent. */
static const char *scan_exponent(const char *at, const char *end, struct decimal *decimal)
{
    const int64_t enough = INT64_MAX / 100; /* no line has enough digits to offset it */
    const bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    const char *first = at;
    int64_t exponent = 0;
    for (; at < end && is_digit(*at); at++)
        if (exponent < enough)
            exponent = exponent * 10 + (*at - '0');
    decimal->exponent += negative ? -exponent : exponent;
    return at == first ? NULL : at;
}

static bool begins_with(const char *at, const char *end, const char *word)
{
    const size_t length = strlen(word);
    return (size_t)(end - at) >= length && strncasecmp(at, word, length) == 0;
}

static const char *scan_special(const char *at, const char *end, float *value)
{
    static const struct {
        const char *word;
        float value;
    } specials[] = {
        {"infinity", INFINITY},
        {"inf", INFINITY},
        {"nan", NAN},
    };
    for (size_t i = 0; i < sizeof specials / sizeof *specials; i++)
        if (begins_with(at, end, specials[i].word)) {
            *value = specials[i].value;
            return at + strlen(specials[i].word);
        }
    return NULL;
}

/* Where operations are done with excess precision, they round twice. */
#if defined(FLT_EVAL_METHOD) && FLT_EVAL_METHOD == 0
static bool convert_as_float(uint64_t mantissa, int64_t exponent, float *value)
{
    static const float powers[] = {1e0F, 1e1F, 1e2F, 1e3F, 1e4F, 1e5F,
                                   1e6F, 1e7F, 1e8F, 1e9F, 1e10F};
    if (mantissa > UINT64_C(1) << FLT_MANT_DIG || exponent < -FLOAT_POWER || exponent > FLOAT_POWER)
        return false;
    const float exact = (float)mantissa;
    *value = exponent < 0 ? exact / powers[-exponent] : exact * powers[exponent];
    return true;
}

/* 'mantissa' may be off by less than one if it has MANTISSA_DIGITS digits. */
static bool convert_as_double(uint64_t mantissa, int64_t exponent, float *value)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    /* The upper limit keeps the result a normal float; the lower one does too. */
    if (exponent < -DOUBLE_POWER || exponent > FLT_MAX_10_EXP - MANTISSA_DIGITS)
        return false;
    const double near = (double)mantissa;
    const double result = exponent < 0 ? near / powers[-exponent] : near * powers[exponent];
    const uint64_t half = UINT64_C(1) << (DBL_MANT_DIG - FLT_MANT_DIG - 1);
    uint64_t bits;
    memcpy(&bits, &result, sizeof bits);
    const uint64_t rest = bits & (2 * half - 1); /* what doesn't fit into the float */
    if (rest >= half - MARGIN && rest <= half + MARGIN)
        return false;
    *value = (float)result;
    return true;
}
#else
static bool convert_as_float(uint64_t mantissa, int64_t exponent, float *value)
{
    (void)mantissa, (void)exponent, (void)value;
    return false;
}

static bool convert_as_double(uint64_t mantissa, int64_t exponent, float *value)
{
    (void)mantissa, (void)exponent, (void)value;
    return false;
}
#endif

static int64_t clamp(int64_t exponent)
{
    if (exponent > EXPONENT_LIMIT)
        return EXPONENT_LIMIT;
    return exponent < -EXPONENT_LIMIT ? -EXPONENT_LIMIT : exponent;
}

/* Copy up to 'most' significant digits to 'text'; return their number. *dropped is the number of
 * further digits, and *rest whether one of them isn't 0. */
static size_t copy_digits(const struct decimal *decimal, size_t most, char *text, int64_t *dropped,
                          bool *rest)
{
    size_t used = 0;
    *dropped = 0;
    *rest = false;
    for (const char *at = decimal->begin; at < decimal->end; at++) {
        if (*at == '.' || (*at == '0' && used == 0))
            continue;
        if (used < most) {
            text[used++] = *at;
            continue;
        }
        ++*dropped;
        *rest = *rest || *at != '0';
    }
    return used;
}

static float convert_by_library(const struct decimal *decimal)
{
    char text[DECIDING_DIGITS + 32];
    int64_t dropped;
    bool rest;
    size_t used = copy_digits(decimal, DECIDING_DIGITS, text, &dropped, &rest);
    if (used == 0)
        text[used++] = '0';
    if (rest) {
        text[used++] = '1';
        dropped--;
    }
    snprintf(text + used, sizeof text - used, "e%lld",
             (long long)clamp(decimal->exponent + dropped));
    return strtof(text, NULL);
}

/* There are more digits than fit into the mantissa. The first significant digits are nearly always
 * enough. */
static float convert_long(const struct decimal *decimal)
{
    char text[MANTISSA_DIGITS];
    int64_t dropped;
    bool rest;
    uint64_t mantissa = 0;
    float value;
    const size_t used = copy_digits(decimal, MANTISSA_DIGITS, text, &dropped, &rest);
    scan_digits(text, text + used, &mantissa);
    if (convert_as_double(mantissa, decimal->exponent + dropped, &value))
        return value;
    return convert_by_library(decimal);
}

static float convert(const struct decimal *decimal)
{
    float value;
    if (decimal->digits > MANTISSA_DIGITS)
        return convert_long(decimal);
    if (convert_as_float(decimal->mantissa, decimal->exponent, &value) ||
        convert_as_double(decimal->mantissa, decimal->exponent, &value))
        return value;
    return convert_by_library(decimal);
}

/* --- Short numbers ------------------------------------------------------------------------ */

#if defined(FLT_EVAL_METHOD) && FLT_EVAL_METHOD == 0 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
enum { SHORT_ROOM = 12 }; /* a sign, a digit, the point, 8 bytes, and what follows them */

/* Eight decimal digits, as numbers, the first in the lowest byte: sum pairs, fours, all. */
static uint32_t join_digits(uint64_t digits)
{
    digits = (digits * 10 + (digits >> 8)) & UINT64_C(0x00FF00FF00FF00FF);
    digits = (digits * 100 + (digits >> 16)) & UINT64_C(0x0000FFFF0000FFFF);
    return (uint32_t)(digits * 10000 + (digits >> 32));
}

/* Read a number like -0.12345: a digit, a point, 1 to 7 digits, together less than 2^24. Returns
 * NULL for any other number, and near the end. */
static const char *scan_short(const char *begin, const char *end, float *value)
{
    static const uint32_t powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000};

    if (end - begin < SHORT_ROOM)
        return NULL;

    const uint32_t negative = *begin == '-';
    const char *at = begin + negative;
    const unsigned whole = (unsigned)(unsigned char)*at - '0';
    uint64_t digits;
    memcpy(&digits, at + 2, sizeof digits);
    digits ^= UINT64_C(0x3030303030303030);

    /* The highest bit of the first byte that isn't a digit is set; later ones may be wrong. */
    const uint64_t others =
        (digits | (digits + UINT64_C(0x7676767676767676))) & UINT64_C(0x8080808080808080);
    if (whole > 9 || at[1] != '.' || others == 0 || (others & 0x80) != 0)
        return NULL;

    const unsigned count = (unsigned)__builtin_ctzll(others) / 8;
    const uint32_t fraction = join_digits(digits << (64 - 8 * count));
    const uint32_t mantissa = whole * powers[count] + fraction;
    const char *after = at + 2 + count;
    if (mantissa > UINT32_C(1) << FLT_MANT_DIG || (*after | 0x20) == 'e')
        return NULL;

    const float magnitude = (float)(int32_t)mantissa / (float)(int32_t)powers[count];
    uint32_t bits; /* signs are random: a branch would often be mispredicted */
    memcpy(&bits, &magnitude, sizeof bits);
    bits |= negative << 31;
    memcpy(value, &bits, sizeof bits);
    return after;
}
#else
static const char *scan_short(const char *begin, const char *end, float *value)
{
    (void)begin, (void)end, (void)value;
    return NULL;
}
#endif

static const char *scan_any(const char *begin, const char *end, float *value)
{
    const char *at = begin;
    const bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;

    struct decimal decimal;
    const char *after = scan_mantissa(at, end, &decimal);
    float magnitude;

    if (decimal.digits == 0) {
        after = scan_special(at, end, &magnitude);
        if (after == NULL)
            return NULL;
    } else {
        if (after < end && (*after == 'e' || *after == 'E'))
            after = scan_exponent(after + 1, end, &decimal);
        if (after == NULL)
            return NULL;
        magnitude = convert(&decimal);
    }

    *value = negative ? -magnitude : magnitude;
    return after;
}

const char *spine_number_scan(const char *begin, const char *end, float *value)
{
    assert(begin <= end);
    const char *after = scan_short(begin, end, value);
    return after != NULL ? after : scan_any(begin, end, value);
}

int spine_number_parse(const char *begin, const char *end, float *value)
{
    float found = 0;
    if (spine_number_scan(begin, end, &found) != end)
        return -1;
    *value = found;
    return 0;
}

bool spine_number_is_whole(const char *text)
{
    const char *digits = text + (*text == '-');

    return *digits != '\0' && digits[strspn(digits, "0123456789")] == '\0';
}

int spine_number_whole(const char *text, int64_t least, int64_t most, int64_t *value)
{
    if (!spine_number_is_whole(text))
        return -1;

    errno = 0;
    const long long number = strtoll(text, NULL, 10);
    if (errno != 0 || number < least || number > most)
        return -1;

    *value = number;
    return 0;
}
