/* option.c -- one option: how its value is read, checked and printed. */
#include "spine/config/option.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/number.h"

static const char *const switch_names[] = {"no", "yes", NULL};

/* The option's value in the struct at 'values'. */
static const char *get_text(const void *values, const struct spine_option *option)
{
    return (const char *)values + option->field;
}

static int64_t get_count(const void *values, const struct spine_option *option)
{
    int64_t count;

    memcpy(&count, (const char *)values + option->field, sizeof count);
    return count;
}

static double get_real(const void *values, const struct spine_option *option)
{
    double real;

    memcpy(&real, (const char *)values + option->field, sizeof real);
    return real;
}

/* The number of 'word' (of 'length') among words, or -1. */
static int find_word(const char *const *words, const char *word, size_t length)
{
    for (int i = 0; words[i] != NULL; i++)
        if (strlen(words[i]) == length && strncmp(words[i], word, length) == 0)
            return i;
    return -1;
}

/* "dense|sparse", for a message. */
struct word_list {
    char text[128];
};

static struct word_list join_words(const char *const *words)
{
    struct word_list list = {""};
    size_t used = 0;
    for (size_t i = 0; words[i] != NULL && used < sizeof list.text; i++)
        used += (size_t)snprintf(list.text + used, sizeof list.text - used, "%s%s",
                                 i == 0 ? "" : "|", words[i]);
    return list;
}

static int refuse_bounds(const struct spine_option *option, const char *value,
                         struct spine_error *err)
{
    return spine_refuse(err, "%s: %s is out of bounds, expected %.15g to %.15g", option->name,
                        value, option->least, option->most);
}

static int set_real(double *field, const struct spine_option *option, const char *value,
                    struct spine_error *err)
{
    if (option->words != NULL && strcmp(value, option->words[0]) == 0) {
        *field = 0;
        return 0;
    }
    char *end;
    const double number = strtod(value, &end);
    if (end == value || *end != '\0' || !isfinite(number))
        return spine_refuse(err, "%s: '%s' is not a number%s%s", option->name, value,
                            option->words != NULL ? " or " : "",
                            option->words != NULL ? option->words[0] : "");
    if (number < option->least || number > option->most)
        return refuse_bounds(option, value, err);
    *field = number;
    return 0;
}

static int set_count(int64_t *field, const struct spine_option *option, const char *value,
                     struct spine_error *err)
{
    int64_t number;

    if (!spine_number_is_whole(value))
        return spine_refuse(err, "%s: '%s' is not a whole number", option->name, value);
    if (spine_number_whole(value, INT64_MIN, INT64_MAX, &number) ||
        (double)number < option->least || (double)number > option->most)
        return refuse_bounds(option, value, err);

    *field = number;
    return 0;
}

static int set_switch(int64_t *field, const struct spine_option *option, const char *value,
                      struct spine_error *err)
{
    const int word = find_word(switch_names, value, strlen(value));
    if (word < 0)
        return spine_refuse(err, "%s: '%s' is neither yes nor no", option->name, value);
    *field = word;
    return 0;
}

static int set_choice(int64_t *field, const struct spine_option *option, const char *value,
                      struct spine_error *err)
{
    const int word = find_word(option->words, value, strlen(value));
    if (word < 0)
        return spine_refuse(err, "%s: '%s' is none of %s", option->name, value,
                            join_words(option->words).text);
    *field = word;
    return 0;
}

static int set_set(int64_t *field, const struct spine_option *option, const char *value,
                   struct spine_error *err)
{
    int64_t set = 0;
    for (const char *at = value + strspn(value, " ,"); *at != '\0'; at += strspn(at, " ,")) {
        const size_t length = strcspn(at, " ,");
        const int word = find_word(option->words, at, length);
        if (word < 0)
            return spine_refuse(err, "%s: '%.*s' is none of %s", option->name, (int)length, at,
                                join_words(option->words).text);
        set |= (int64_t)1 << word;
        at += length;
    }
    if (set == 0)
        return spine_refuse(err, "%s: is empty, expected some of %s", option->name,
                            join_words(option->words).text);
    *field = set;
    return 0;
}

/* Would inih read 'value' back unchanged? It strips blanks at the ends, and a ';' after a blank
 * begins a comment. */
static int fits_line(const char *value)
{
    static const char blanks[] = " \t\v\f\r";
    const size_t length = strlen(value);
    if (strchr(value, '\n') != NULL || value[0] == ';' || strspn(value, blanks) > 0 ||
        (length > 0 && strchr(blanks, value[length - 1]) != NULL))
        return 0;
    for (const char *at = value; (at = strchr(at, ';')) != NULL; at++)
        if (strchr(blanks, at[-1]) != NULL)
            return 0;
    return 1;
}

static int set_text(char *field, const struct spine_option *option, const char *value,
                    struct spine_error *err)
{
    if (!fits_line(value))
        return spine_refuse(
            err,
            "%s: '%.200s' can't be written to an INI file: it begins or ends with a "
            "blank, or has a line break or a ';' after a blank",
            option->name, value);
    if (strlen(value) >= SPINE_OPTION_LENGTH)
        return spine_refuse(err, "%s: is longer than %d bytes", option->name,
                            SPINE_OPTION_LENGTH - 1);
    strcpy(field, value);
    return 0;
}

int spine_option_set(const struct spine_option *option, void *values, const char *value,
                     struct spine_error *err)
{
    void *field = (char *)values + option->field;

    switch (option->type) {
    case SPINE_OPTION_TEXT:
        return set_text(field, option, value, err);
    case SPINE_OPTION_COUNT:
        return set_count(field, option, value, err);
    case SPINE_OPTION_REAL:
        return set_real(field, option, value, err);
    case SPINE_OPTION_SWITCH:
        return set_switch(field, option, value, err);
    case SPINE_OPTION_CHOICE:
        return set_choice(field, option, value, err);
    case SPINE_OPTION_SET:
        return set_set(field, option, value, err);
    }
    return -1;
}

bool spine_option_equal(const struct spine_option *option, const void *a, const void *b)
{
    switch (option->type) {
    case SPINE_OPTION_TEXT:
        return strcmp(get_text(a, option), get_text(b, option)) == 0;
    case SPINE_OPTION_REAL:
        return get_real(a, option) == get_real(b, option);
    case SPINE_OPTION_COUNT:
    case SPINE_OPTION_SWITCH:
    case SPINE_OPTION_CHOICE:
    case SPINE_OPTION_SET:
        break;
    }
    return get_count(a, option) == get_count(b, option);
}

static void print_set(FILE *file, const char *const *words, int64_t set)
{
    const char *separator = "";
    for (int i = 0; words[i] != NULL; i++)
        if (set >> i & 1) {
            fprintf(file, "%s%s", separator, words[i]);
            separator = ", ";
        }
}

/* Print a number as people write it, 10 and not 1e+01, with as many digits as it needs to be read
 * back. */
static void print_real(FILE *file, double number)
{
    char text[40];

    snprintf(text, sizeof text, "%.15g", number);
    if (strtod(text, NULL) != number)
        snprintf(text, sizeof text, "%.17g", number);
    fputs(text, file);
}

void spine_option_print(const struct spine_option *option, const void *values, FILE *file)
{
    switch (option->type) {
    case SPINE_OPTION_TEXT:
        fputs(get_text(values, option), file);
        break;

    case SPINE_OPTION_COUNT:
        fprintf(file, "%lld", (long long)get_count(values, option));
        break;

    case SPINE_OPTION_REAL:
        if (option->words != NULL && get_real(values, option) == 0)
            fputs(option->words[0], file);
        else
            print_real(file, get_real(values, option));
        break;

    case SPINE_OPTION_SWITCH:
        fputs(switch_names[get_count(values, option)], file);
        break;

    case SPINE_OPTION_CHOICE:
        fputs(option->words[get_count(values, option)], file);
        break;

    case SPINE_OPTION_SET:
        print_set(file, option->words, get_count(values, option));
        break;
    }
}

void spine_option_print_bounds(const struct spine_option *option, FILE *file)
{
    switch (option->type) {
    case SPINE_OPTION_TEXT:
        break;
    case SPINE_OPTION_COUNT:
    case SPINE_OPTION_REAL:
        fprintf(file, "; %.15g to %.15g", option->least, option->most);
        if (option->words != NULL)
            fprintf(file, ", or %s", option->words[0]);
        break;
    case SPINE_OPTION_SWITCH:
        fputs("; yes or no", file);
        break;
    case SPINE_OPTION_CHOICE:
        fprintf(file, "; one of %s", join_words(option->words).text);
        break;
    case SPINE_OPTION_SET:
        fprintf(file, "; some of %s", join_words(option->words).text);
        break;
    }
}

int spine_option_check_path(const char *path, struct spine_error *err)
{
    const char *dollar = strchr(path, '$');
    const bool has_home = path[0] == '~' && (path[1] == '\0' || strchr(path, '/') != NULL);

    if (has_home || (dollar != NULL &&
                     (isalpha((unsigned char)dollar[1]) || dollar[1] == '_' || dollar[1] == '{')))
        return spine_refuse(err, "'%.500s': ~ and $VARIABLE aren't expanded; write the whole path",
                            path);
    return 0;
}
