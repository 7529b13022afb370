/* inifile.c -- the INI file with a configuration. */
#include "spine/config/inifile.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/log.h"
#include "spine/base/memory.h"
#include "spine/base/textfile.h"

static const char sweep_section[] = "sweep";

void spine_inifile_lines_dispose(struct spine_inifile_lines *lines)
{
    free(lines->line);
    *lines = (struct spine_inifile_lines){0};
}

int spine_inifile_locate(const char *path, int line, struct spine_error *err)
{
    const struct spine_error inner = *err;

    if (err->status == SPINE_EXIT_FAILED)
        return -1; /* the machine's failure: no line is to blame */

    return line == 0 ? spine_refuse(err, "command line: %.900s", inner.text)
                     : spine_refuse(err, "%.900s:%d: %.900s", path, line, inner.text);
}

/* --- Parsing ------------------------------------------------------------------------------ */

struct parse {
    struct spine_config *config;
    struct spine_inifile_lines *sweep;
    const char *text; /* the rest of the file */
    const char *path;
    int line;               /* the number of inih's current line */
    int continues;          /* it begins with a blank, which inih treats as a continuation */
    const char *long_value; /* in the text, if the line is too long for inih; else NULL */
    struct spine_config_given given;
    int rc;
    struct spine_error *err;
};

static int refuse_line(struct parse *parse, const char *what)
{
    if (parse->rc == 0)
        parse->rc = spine_refuse(parse->err, "%s:%d: %s", parse->path, parse->line, what);
    return 0;
}

/* Find what is wrong with a line of a section that inih would skip silently; NULL if nothing is. */
static const char *find_fault(const char *line)
{
    const char *start = line + strspn(line, " \t"), *end = strchr(start, ']');
    if (start[0] != '[')
        return NULL;
    if (end == NULL)
        return "the [section] has no end";
    end += 1 + strspn(end + 1, " \t\v\f\r\n");
    return *end == '\0' || *end == ';' ? NULL
                                       : "text after the [section]; put it on a line of its own";
}

/* Shorten a line that is too long for inih to 'line', of 'size' bytes: a comment to nothing, others
 * to "name ="; take_pair() finds the value in the text. */
static int shorten_line(struct parse *parse, char *line, size_t size)
{
    const char *text = parse->text, first = text[strspn(text, " \t")];
    const size_t name = strcspn(text, "=:\n");
    if (first == ';' || first == '#') {
        strcpy(line, "\n");
        return 0;
    }
    if (first == '[' || text[name] == '\n' || text[name] == '\0' || name + sizeof "=\n" > size) {
        refuse_line(parse, "the line is longer than 198 bytes and not of the form name = value");
        return -1;
    }
    snprintf(line, size, "%.*s=\n", (int)name, text);
    parse->long_value = text + name + 1;
    return 0;
}

/* inih's "fgets": returns the next line and counts lines. */
static char *next_line(char *line, int size, void *stream)
{
    struct parse *parse = stream;
    if (*parse->text == '\0' || parse->rc != 0)
        return NULL;
    const size_t length = strcspn(parse->text, "\n");
    parse->line++;
    parse->long_value = NULL;
    parse->continues = parse->text[0] == ' ' || parse->text[0] == '\t';
    if (length + sizeof "\n" <= (size_t)size)
        snprintf(line, (size_t)size, "%.*s\n", (int)length, parse->text);
    else if (shorten_line(parse, line, (size_t)size))
        return NULL;
    parse->text += length + (parse->text[length] == '\n');
    const char *fault = find_fault(line);
    if (fault != NULL)
        refuse_line(parse, fault);
    return fault == NULL ? line : NULL;
}

/* Copy the value at the end of a line as inih would read it: without blanks around it, and without
 * a comment, which begins with a ';' after a blank. NULL when out of memory; the caller frees
 * it. */
static char *copy_value(const char *text, struct spine_error *err)
{
    static const char blanks[] = " \t\v\f\r";
    size_t length = strcspn(text, "\n");
    for (size_t i = 1; i < length; i++)
        if (text[i] == ';' && strchr(blanks, text[i - 1]) != NULL)
            length = i;
    while (length > 0 && strchr(blanks, text[length - 1]) != NULL)
        length--;
    const size_t start = strspn(text, blanks);
    return spine_memory_copy_part(text + start, start < length ? length - start : 0, "a long line",
                                  err);
}

static const struct spine_inifile_line *find_line(const struct spine_inifile_lines *lines,
                                                  const char *name)
{
    for (size_t i = 0; i < lines->count; i++)
        if (strcmp(lines->line[i].name, name) == 0)
            return &lines->line[i];
    return NULL;
}

static int add_line(struct spine_inifile_lines *lines, int number, const char *name,
                    const char *value, struct spine_error *err)
{
    if (strlen(name) >= SPINE_INIFILE_NAME || strlen(value) >= SPINE_INIFILE_WORD)
        return spine_refuse(err, "'%.40s': is too long", name);
    if (spine_memory_reserve(&lines->line, &lines->capacity, lines->count + 1, sizeof *lines->line,
                             "the lines of [sweep]", err))
        return -1;

    struct spine_inifile_line *line = &lines->line[lines->count++];
    line->line = number;
    strcpy(line->name, name);
    strcpy(line->value, value);
    return 0;
}

static int add_sweep(struct parse *parse, const char *name, const char *value)
{
    return find_line(parse->sweep, name) != NULL
               ? spine_refuse(parse->err, "%.60s is set twice in [sweep]", name)
               : add_line(parse->sweep, parse->line, name, value, parse->err);
}

/* What to do about a value that another dialect of INI would read in another way; NULL: nothing. */
static const char *find_dialect(const char *value)
{
    const char first = value[0];

    if (strstr(value, " #") != NULL)
        return "comments begin with ';'";
    if ((first == '"' || first == '\'') && value[1] != '\0' && value[strlen(value) - 1] == first)
        return "leave out the quotes";
    return NULL;
}

/* Warn of names of files that may be meant otherwise; what is wrong with a number is refused. */
static void warn_of_dialect(const struct spine_config *config, const char *path)
{
    const char *const values[] = {config->input, config->directory};
    static const char *const names[] = {"data.input", "output.directory"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *advice = find_dialect(values[i]);
        if (advice != NULL)
            spine_log_warning("%s: %s: the name is %s; %s", path, names[i], values[i], advice);
    }
}

static int set_pair(struct parse *parse, const char *section, const char *key, const char *value)
{
    char name[128];
    snprintf(name, sizeof name, "%.60s.%.60s", section, key);
    const int rc = strcmp(section, sweep_section) == 0
                       ? add_sweep(parse, key, value)
                       : spine_config_set(parse->config, &parse->given, name, value, parse->err);
    const char *advice = rc == 0 ? NULL : find_dialect(value);
    if (advice != NULL && parse->err->status == SPINE_EXIT_REFUSED) {
        const struct spine_error inner = *parse->err;
        spine_refuse(parse->err, "%.900s; %s", inner.text, advice);
    }
    return rc == 0 ? 0 : spine_inifile_locate(parse->path, parse->line, parse->err);
}

static int take_pair(void *user, const char *section, const char *key, const char *value)
{
    struct parse *parse = user;
    if (parse->rc != 0)
        return 0;
    if (parse->continues)
        return refuse_line(parse, "the line begins with a blank, which would continue the one "
                                  "before it; begin it at the margin");
    if (section[0] == '\0')
        return refuse_line(parse, "an option before the first [section]; is it a configuration, "
                                  "with '[data]' and 'input = FILE'?");
    if (parse->long_value == NULL) {
        parse->rc = set_pair(parse, section, key, value);
        return parse->rc == 0;
    }
    char *copy = copy_value(parse->long_value, parse->err);
    parse->rc = copy == NULL ? -1 : set_pair(parse, section, key, copy);
    free(copy);
    return parse->rc == 0;
}

int spine_inifile_parse(struct spine_config *config, struct spine_inifile_lines *sweep,
                        const char *text, const char *path, struct spine_error *err)
{
    struct parse parse = {.config = config,
                          .sweep = sweep,
                          .text = text + spine_textfile_mark(text, strlen(text)),
                          .path = path,
                          .err = err};

    sweep->path = path;
    const int line = ini_parse_stream(next_line, &parse, take_pair, &parse);
    if (parse.rc != 0)
        return -1;
    if (line < 0)
        return spine_memory_fail("the lines of a configuration", err);
    if (line > 0)
        return spine_refuse(err, "%s:%d: is neither '[section]' nor 'name = value'", path, line);
    return 0;
}

/* --- Reading ------------------------------------------------------------------------------ */

/* Read a whole file, ended by NUL; the caller frees *text. */
static int read_text(const char *path, char **text, size_t *length, struct spine_error *err)
{
    enum { MOST = 1 << 20 };
    static const char wanted[] =
        "a configuration, with '[data]' and 'input = FILE'"; /* not the vectors */

    if (spine_textfile_read(path, wanted, MOST, text, length, err))
        return -1;
    if (strlen(*text) != *length)
        return spine_refuse(err, "%s: holds NUL bytes; is it %s?", path, wanted);
    return 0;
}

/* Broadcast the text that rank 0 has read; the caller frees *text. */
static int share_text(struct spine_comm *comm, const char *path, char **text,
                      struct spine_error *err)
{
    const int reads = comm->rank == 0;
    size_t read = 0;
    int rc = reads ? read_text(path, text, &read, err) : 0;
    if (spine_comm_agree(comm, rc, err))
        return -1;
    uint64_t length = read;
    spine_comm_broadcast(comm, &length, sizeof length);
    if (!reads && (*text = spine_memory_zeroed(length + 1, 1, "the configuration", err)) == NULL)
        rc = -1;
    if (spine_comm_agree(comm, rc, err))
        return -1;
    spine_comm_broadcast(comm, *text, length);
    return 0;
}

/* Replace lines with the words "sweep.key=value", and remove these from the list. */
static int override_sweep(struct spine_inifile_lines *sweep, char **words, int *count,
                          struct spine_error *err)
{
    const size_t prefix = strlen(sweep_section) + 1;
    int kept = 0;

    for (int i = 0; i < *count; i++) {
        char name[SPINE_INIFILE_NAME];
        const char *equals = strchr(words[i], '=');
        if (strncmp(words[i], "sweep.", prefix) != 0 || equals == NULL) {
            words[kept++] = words[i];
            continue;
        }

        snprintf(name, sizeof name, "%.*s", (int)(equals - words[i] - (ptrdiff_t)prefix),
                 words[i] + prefix);

        const struct spine_inifile_line *before = find_line(sweep, name);
        if (before != NULL && before->line == 0)
            return spine_refuse(err, "command line: %s is set twice", name);
        const size_t place = before == NULL ? sweep->count : (size_t)(before - sweep->line);

        if (add_line(sweep, 0, name, equals + 1, err))
            return spine_inifile_locate(sweep->path, 0, err);
        if (place + 1 < sweep->count)
            sweep->line[place] = sweep->line[--sweep->count];
    }

    *count = kept;
    return 0;
}

/* Apply the words, both those for [sweep] and the others. */
static int apply_words(struct spine_config *config, struct spine_inifile_lines *sweep,
                       char *const *words, int count, struct spine_error *err)
{
    if (sweep == NULL)
        return spine_config_override(config, words, count, err);
    char **copy = spine_memory_zeroed((size_t)count + 1, sizeof *copy, "the command line", err);
    if (copy == NULL)
        return -1;
    for (int i = 0; i < count; i++)
        copy[i] = words[i];
    int rc = 0;

    if (override_sweep(sweep, copy, &count, err) || spine_config_override(config, copy, count, err))
        rc = -1;

    free(copy);
    return rc;
}

int spine_inifile_recall(struct spine_config *config, const char *text, const char *path,
                         struct spine_error *err)
{
    struct spine_inifile_lines sweep = {0}; /* a run's own configuration has none */

    spine_config_init_recorded(config);
    const int rc = spine_inifile_parse(config, &sweep, text, path, err);
    spine_inifile_lines_dispose(&sweep);
    return rc;
}

/* Seven parameters: what is filled, the ranks, and the parts of the command line. */
int spine_inifile_read(struct spine_config *config, struct spine_inifile_lines *sweep,
                       struct spine_comm *comm, const char *path, char *const *words, int count,
                       struct spine_error *err)
{
    struct spine_inifile_lines passed_over = {0}, *lines = sweep != NULL ? sweep : &passed_over;
    char *text = NULL;
    int rc = path == NULL ? 0 : share_text(comm, path, &text, err);
    if (rc == 0 && path != NULL)
        rc = spine_inifile_parse(config, lines, text, path, err);
    if (rc == 0 && path != NULL && comm->rank == 0)
        warn_of_dialect(config, path);
    if (rc == 0 && passed_over.count > 0)
        spine_log(SPINE_LOG_INFO, "%s: [sweep] is ignored; spine-sweep runs it", path);
    if (rc == 0)
        rc = apply_words(config, sweep, words, count, err);
    rc = spine_comm_agree(comm, rc, err); /* memory may have run out on one rank */
    spine_inifile_lines_dispose(&passed_over);
    free(text);
    return rc;
}
