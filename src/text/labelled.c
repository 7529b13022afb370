/* labelled.c -- labelled texts in fastText's form. */
#include "spine/text/labelled.h"

#include <stdlib.h>
#include <string.h>

#include "spine/base/field.h"
#include "spine/base/memory.h"
#include "spine/text/lines.h"

static const char mark[] = "__label__";
enum { MARK_LENGTH = sizeof mark - 1 };

static int reserve(struct spine_labelled *texts, struct spine_error *err)
{
    if (spine_memory_reserve(&texts->first, &texts->first_capacity, texts->count + 2,
                             sizeof *texts->first, "labelled texts", err) ||
        spine_memory_reserve(&texts->label, &texts->label_capacity, texts->count + 1,
                             sizeof *texts->label, "labelled texts", err))
        return -1;
    texts->first[0] = 0;
    return 0;
}

/* Append a token, which has to be UTF-8 without NUL. */
static int add_token(struct spine_words *words, struct spine_field token, struct spine_error *err)
{
    const size_t length = (size_t)(token.end - token.begin);
    if (spine_words_add(words, token.begin, length, err))
        return -1;
    const char *at = spine_words_get(words, words->count - 1), *end = at + length;
    for (size_t step; at < end; at += step) {
        step = spine_words_character(at);
        if (step == 0) {
            char quoted[SPINE_LINES_QUOTE];
            spine_lines_quote(quoted, token.begin, length);
            return spine_refuse(err, "%s is not UTF-8 text", quoted);
        }
    }
    return 0;
}

/* Find the number of the last label; remove it from the list if it isn't new. */
static int number_label(struct spine_words *labels, uint32_t *number, struct spine_error *err)
{
    const size_t last = labels->count - 1;
    const char *label = spine_words_get(labels, last);
    for (*number = 0; strcmp(spine_words_get(labels, *number), label) != 0;)
        ++*number;
    if (*number < last)
        spine_words_truncate(labels, last);
    if (labels->count > SPINE_LABELS_MOST)
        return spine_refuse(err, "more than %d different labels", SPINE_LABELS_MOST);
    return 0;
}

static int add_text(struct spine_labelled *texts, struct spine_line *line, struct spine_error *err)
{
    const size_t num_before = texts->tokens.count;
    int num_labels = 0;
    if (reserve(texts, err))
        return -1;

    spine_lines_pass_mark(line);
    const char *end = line->text + line->length;
    for (const char *at = spine_field_skip_separators(line->text, end); at < end;) {
        struct spine_field token = {at, spine_field_skip(at, end)};
        at = spine_field_skip_separators(token.end, end);
        if (token.end - token.begin < MARK_LENGTH || memcmp(token.begin, mark, MARK_LENGTH) != 0) {
            if (add_token(&texts->tokens, token, err))
                return -1;
            continue;
        }
        token.begin += MARK_LENGTH;
        if (spine_field_is_empty(token))
            return spine_refuse(err, "nothing follows %s", mark);
        if (++num_labels > 1)
            return spine_refuse(err, "more than one label");
        if (add_token(&texts->labels, token, err) ||
            number_label(&texts->labels, &texts->label[texts->count], err))
            return -1;
    }
    if (num_labels == 0)
        return spine_refuse(err, "no label: a token that begins with %s was expected", mark);
    if (texts->tokens.count == num_before)
        return spine_refuse(err, "a label without a text");
    texts->first[++texts->count] = texts->tokens.count;
    return 0;
}

int spine_labelled_add(struct spine_labelled *texts, const char *path, struct spine_error *err)
{
    struct spine_lines *lines;
    struct spine_line line;
    const size_t num_before = texts->count;
    int rc;
    if (spine_lines_open(&lines, path, err))
        return -1;
    while ((rc = spine_lines_next(lines, &line, err)) == 1)
        if (add_text(texts, &line, err)) {
            rc = spine_lines_locate(path, line.number, err);
            break;
        }
    spine_lines_close(lines);
    if (rc == 0 && texts->count == num_before)
        return spine_refuse(err, "%s: no labelled texts", path);
    return rc;
}

void spine_labelled_dispose(struct spine_labelled *texts)
{
    static const struct spine_labelled none;
    free(texts->first);
    free(texts->label);
    spine_words_dispose(&texts->tokens);
    spine_words_dispose(&texts->labels);
    *texts = none;
}
