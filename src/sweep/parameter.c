/* parameter.c -- a parameter of a sweep: an option with a list or a range of values. */
#include "spine/sweep/parameter.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/field.h"
#include "spine/config/config.h"

enum { MOST_DIGITS = 6 };

const char *spine_parameter_kind_name(enum spine_parameter_kind kind)
{
    static const char *const names[] = {"list", "uniform", "log", "int", "int log"};
    return names[kind];
}

/* Fail with a message if the option doesn't accept this value. */
static int check_value(const char *name, const char *value, struct spine_error *err)
{
    struct spine_config scratch;
    struct spine_config_given given = {{false}};
    spine_config_init(&scratch);
    return spine_config_set(&scratch, &given, name, value, err);
}

static int read_list(struct spine_parameter *parameter, const char *text, struct spine_error *err)
{
    char copy[SPINE_INIFILE_WORD], *rest = copy;

    strcpy(copy, text);

    for (char *item; (item = strsep(&rest, ",")) != NULL;) {
        item = spine_field_trim_text(item);
        if (*item == '\0')
            return spine_refuse(err, "%s: has an empty value", parameter->name);
        for (size_t i = 0; i < parameter->values.count; i++)
            if (strcmp(spine_words_get(&parameter->values, i), item) == 0)
                return spine_refuse(err, "%s: %.100s is listed twice", parameter->name, item);
        if (check_value(parameter->name, item, err) ||
            spine_words_add(&parameter->values, item, strlen(item), err))
            return -1;
    }

    return 0;
}

/* What follows 'word' and blanks; NULL if the text doesn't begin with them. */
static const char *skip_word(const char *text, const char *word)
{
    const size_t length = strlen(word);
    if (strncmp(text, word, length) != 0 || strchr(" \t", text[length]) == NULL)
        return NULL;
    return text + length + strspn(text + length, " \t");
}

/* The kind of a value, and what follows the words that name it. */
static enum spine_parameter_kind find_kind(const char *text, const char **rest)
{
    if ((*rest = skip_word(text, "uniform")) != NULL)
        return SPINE_PARAMETER_UNIFORM;
    if ((*rest = skip_word(text, "log")) != NULL)
        return SPINE_PARAMETER_LOG;
    const char *behind = skip_word(text, "int");
    if (behind == NULL) {
        *rest = text;
        return SPINE_PARAMETER_LIST;
    }

    *rest = skip_word(behind, "log");
    if (*rest != NULL)
        return SPINE_PARAMETER_INT_LOG;
    *rest = behind;

    return SPINE_PARAMETER_INT;
}

static bool is_whole(const struct spine_parameter *parameter)
{
    return parameter->kind == SPINE_PARAMETER_INT || parameter->kind == SPINE_PARAMETER_INT_LOG;
}

static bool is_log(const struct spine_parameter *parameter)
{
    return parameter->kind == SPINE_PARAMETER_LOG || parameter->kind == SPINE_PARAMETER_INT_LOG;
}

/* Refuse a range that isn't of the option's kind of numbers. */
static int check_kind(const struct spine_parameter *parameter, struct spine_error *err)
{
    const enum spine_option_type type = spine_config_find(parameter->name)->type;
    if (type == (is_whole(parameter) ? SPINE_OPTION_COUNT : SPINE_OPTION_REAL))
        return 0;
    return spine_refuse(err, "%s: expected %s", parameter->name,
                        type == SPINE_OPTION_COUNT  ? "whole numbers: 'int a .. b'"
                        : type == SPINE_OPTION_REAL ? "'uniform a .. b' or 'log a .. b'"
                                                    : "a list, not a range");
}

/* "a .. b" */
static int read_range(struct spine_parameter *parameter, const char *text, struct spine_error *err)
{
    char copy[SPINE_INIFILE_WORD];
    strcpy(copy, text);
    char *dots = strstr(copy, "..");
    if (dots == NULL)
        return spine_refuse(err, "%s: '%.100s' is not a range 'a .. b'", parameter->name, text);
    *dots = '\0';

    const char *least = spine_field_trim_text(copy), *most = spine_field_trim_text(dots + 2);
    if (check_value(parameter->name, least, err) || check_value(parameter->name, most, err) ||
        check_kind(parameter, err))
        return -1;

    parameter->least = strtod(least, NULL);
    parameter->most = strtod(most, NULL);
    if (!(parameter->least < parameter->most))
        return spine_refuse(err, "%s: the range %s .. %s is empty", parameter->name, least, most);
    if (is_log(parameter) && parameter->least <= 0)
        return spine_refuse(err, "%s: the range begins at %s, which has no logarithm",
                            parameter->name, least);
    return 0;
}

/* Why an option can't be a parameter; NULL if it can. */
static const char *find_obstacle(const struct spine_option *option)
{
    if (option->role == SPINE_OPTION_OWN)
        return "the sweep sets it itself";
    if (option->role == SPINE_OPTION_IDLE)
        return "it doesn't change what is computed";
    if (strcmp(option->name, "data.words") == 0)
        return "an input is converted once, with its words, before trials begin";
    return NULL;
}

int spine_parameter_read(struct spine_parameter *parameter, const char *name, const char *text,
                         struct spine_error *err)
{
    const char *rest = NULL;
    *parameter = (struct spine_parameter){.kind = find_kind(text, &rest)};
    const struct spine_option *option = spine_config_find(name);
    if (option == NULL)
        return check_value(name, "", err); /* its message suggests the nearest name */
    const char *obstacle = find_obstacle(option);
    if (obstacle != NULL)
        return spine_refuse(err, "%s: can't be a parameter: %s", name, obstacle);

    snprintf(parameter->name, sizeof parameter->name, "%s", name);
    if (parameter->kind == SPINE_PARAMETER_LIST)
        return read_list(parameter, rest, err);
    return read_range(parameter, rest, err);
}

void spine_parameter_dispose(struct spine_parameter *parameter)
{
    spine_words_dispose(&parameter->values);
    *parameter = (struct spine_parameter){0};
}

/* A number of a range, for u in [0, 1). */
static double draw_number(const struct spine_parameter *parameter, double u)
{
    const double least = parameter->least, most = parameter->most;
    double number = 0;

    switch (parameter->kind) {
    case SPINE_PARAMETER_LIST:
        break;
    case SPINE_PARAMETER_UNIFORM:
        number = least + u * (most - least);
        break;
    case SPINE_PARAMETER_LOG:
        number = least * pow(most / least, u);
        break;
    case SPINE_PARAMETER_INT:
        number = least + floor(u * (most - least + 1));
        break;
    case SPINE_PARAMETER_INT_LOG: /* a whole number is as likely as the reals truncated to it */
        number = floor(least * pow((most + 1) / least, u));
        break;
    }

    return number < least ? least : number > most ? most : number;
}

void spine_parameter_draw(const struct spine_parameter *parameter, double u, char *text)
{
    if (parameter->kind == SPINE_PARAMETER_LIST) {
        const size_t index = (size_t)(u * (double)parameter->values.count);
        snprintf(text, SPINE_PARAMETER_VALUE, "%s", spine_words_get(&parameter->values, index));
        return;
    }

    const double number = draw_number(parameter, u);
    if (is_whole(parameter)) {
        snprintf(text, SPINE_PARAMETER_VALUE, "%.0f", number);
        return;
    }

    snprintf(text, SPINE_PARAMETER_VALUE, "%.*g", MOST_DIGITS, number);
    const double rounded = strtod(text, NULL);
    if (rounded < parameter->least || rounded > parameter->most)
        snprintf(text, SPINE_PARAMETER_VALUE, "%.17g", number); /* a bound with many digits */
}

void spine_parameter_print(const struct spine_parameter *parameter, FILE *file)
{
    fprintf(file, "%s = ", parameter->name);
    if (parameter->kind == SPINE_PARAMETER_LIST)
        for (size_t i = 0; i < parameter->values.count; i++)
            fprintf(file, "%s%s", i == 0 ? "" : ", ", spine_words_get(&parameter->values, i));
    else
        fprintf(file, "%s %.15g .. %.15g", spine_parameter_kind_name(parameter->kind),
                parameter->least, parameter->most);
}
