/* foreign_text.c -- files of other programs: JSON, ARFF and UTF-16. */
#include <cJSON.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "spine/text/foreign.h"

static size_t skip_blanks(const struct spine_start *start, size_t at)
{
    while (at < start->bytes && isspace((unsigned char)start->at[at]))
        at++;
    return at;
}

/* [[0.1, ... : a matrix without words, whose first number ends at a comma. What follows its first
 * row is JSON, too, unless the row is a word: "[[1,2]] 0.1 0.2". */
static bool is_json_matrix(const struct spine_start *start, size_t at, size_t brackets)
{
    const size_t first = at;

    while (at < start->bytes && strchr("+-.0123456789eE", start->at[at]) != NULL &&
           start->at[at] != '\0')
        at++;
    if (brackets < 2 || at == first)
        return false;
    at = skip_blanks(start, at);
    if (at == start->bytes || start->at[at] != ',')
        return false;

    while (at < start->bytes && start->at[at] != ']')
        at++;
    while (at < start->bytes && (start->at[at] == ']' || isspace((unsigned char)start->at[at])))
        at++;
    return at == start->bytes || start->at[at] == ',' || start->at[at] == '[';
}

static char byte_at(const struct spine_start *start, size_t at)
{
    return at < start->bytes ? start->at[at] : '\0';
}

/* The offset of the quote that ends the name that begins at 'at', or of a line feed, which no name
 * has. */
static size_t find_end(const struct spine_start *start, size_t at)
{
    at++;
    while (at < start->bytes && start->at[at] != '"' && start->at[at] != '\n')
        at += start->at[at] == '\\' ? 2 : 1;
    return at;
}

/* The offset of what follows the name that begins at 'at' and its colon, if it has one. */
static size_t find_value(const struct spine_start *start, size_t at, bool *has_colon)
{
    at = skip_blanks(start, find_end(start, at) + 1);
    *has_colon = byte_at(start, at) == ':';
    return *has_colon ? skip_blanks(start, at + 1) : at;
}

/* Does a name begin at 'at', before a colon or a comma? */
static bool is_name_at(const struct spine_start *start, size_t at)
{
    const size_t end = byte_at(start, at) == '"' ? find_end(start, at) : at;
    const char next = byte_at(start, skip_blanks(start, end + 1));

    return end > at && byte_at(start, end) == '"' && (next == ':' || next == ',');
}

static bool is_number_at(const struct spine_start *start, size_t at)
{
    const char first = byte_at(start, at);
    return isdigit((unsigned char)first) || first == '-' || first == '.';
}

/* Is there a whole number at 'at', and behind it another name with one? */
static bool are_whole_numbers(const struct spine_start *start, size_t at)
{
    const size_t first = at;
    bool has_colon;

    while (isdigit((unsigned char)byte_at(start, at)))
        at++;
    const size_t comma = skip_blanks(start, at), next = skip_blanks(start, comma + 1);
    if (at == first || byte_at(start, comma) != ',' || byte_at(start, next) != '"')
        return false;

    at = find_value(start, next, &has_colon);
    return has_colon && isdigit((unsigned char)byte_at(start, at));
}

/* A word a line: tokens may have line breaks and tabs. */
#define PRINT_BY_NUMBER                                                                            \
    "print(*(w.translate({9: \"\\\\t\", 10: \"\\\\n\", 13: \"\\\\r\"}) for w in sorted(v, "        \
    "key=v.get)), "                                                                                \
    "sep=\"\\n\")"

#define WORDS_BY(code)                                                                             \
    "if its words belong to a matrix, write them a line each: python3 -c 'import json; " code      \
    "' > words.txt, and give --words=words.txt"

/* What to do with JSON whose first name begins at 'at': vectors by word, a tokenizer's words and
 * their numbers, or a list of words. */
static const char *advise_on_json(const struct spine_start *start, size_t at, size_t brackets)
{
    bool has_colon = false;
    const size_t after = find_value(start, at, &has_colon);
    const char value = byte_at(start, after);

    if (spine_start_mentions(start, "\"added_tokens\""))
        return WORDS_BY(
            "t = json.load(open(\"FILE\")); v = t[\"model\"][\"vocab\"]; "
            "v = v if type(v) is dict else {w: i for i, (w, _) in enumerate(v)}; "
            "v.update((a[\"content\"], a[\"id\"]) for a in t[\"added_tokens\"]); " PRINT_BY_NUMBER);
    if (brackets != 1)
        return SPINE_FOREIGN_EXPORT;
    if (has_colon && value == '[' && is_number_at(start, skip_blanks(start, after + 1)))
        return "write it as text: python3 -c 'import json; [print(w, *v) for w, v in "
               "json.load(open(\"FILE\")).items()]' > vectors.txt";
    if (has_colon && are_whole_numbers(start, after))
        return WORDS_BY("v = json.load(open(\"FILE\")); " PRINT_BY_NUMBER);
    if (!has_colon && value == ',')
        return WORDS_BY("print(*json.load(open(\"FILE\")), sep=\"\\n\")");
    return SPINE_FOREIGN_EXPORT;
}

/* Is it what people call the word of a record? */
static bool is_name_of_words(const char *name)
{
    static const char *const names[] = {"word", "token", "term", "text", "key", "label", "name"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(name, names[i]) == 0)
            return true;
    return false;
}

/* Is it what programs call a text that is the same in all records? */
static bool is_name_of_kinds(const char *name)
{
    return strcmp(name, "object") == 0 || strcmp(name, "type") == 0 || strcmp(name, "model") == 0;
}

/* Can it be written between quotes in the advice? */
static bool is_short_name(const char *name)
{
    return name != NULL && strlen(name) <= 80 && strpbrk(name, "'\"\\") == NULL;
}

/* Find the names of a record's word, which is its only text or named so, and of its first list of
 * numbers. */
static bool find_fields(const cJSON *record, const char **word, const char **vector)
{
    const cJSON *field;
    size_t num_texts = 0;
    bool is_named = false;

    *word = *vector = NULL;
    cJSON_ArrayForEach(field, record)
    {
        const bool is_text =
            cJSON_IsString(field) && field->string != NULL && !is_name_of_kinds(field->string);
        num_texts += is_text;
        if (is_text && !is_named) {
            is_named = is_name_of_words(field->string);
            *word = field->string;
        }
        if (*vector == NULL && cJSON_IsArray(field) && cJSON_IsNumber(cJSON_GetArrayItem(field, 0)))
            *vector = field->string;
    }
    return (is_named || num_texts == 1) && is_short_name(*word) && is_short_name(*vector);
}

/* {"word": "plum", "vector": [0.1, ...: a record a line, or a list of them. */
static int refuse_records(const struct spine_start *start, bool are_lines, struct spine_error *err)
{
    const char *begin = memchr(start->at, '{', start->bytes), *word, *vector;
    const char *what = are_lines ? "JSON Lines" : "JSON";
    char advice[400];

    if (begin == NULL)
        return spine_foreign_refuse(start->name, what, SPINE_FOREIGN_EXPORT, err);
    cJSON *record =
        cJSON_ParseWithLengthOpts(begin, start->bytes - (size_t)(begin - start->at), NULL, false);
    if (find_fields(record, &word, &vector))
        snprintf(advice, sizeof advice,
                 "write it as text: python3 -c 'import json; [print(r[\"%s\"], *r[\"%s\"]) for "
                 "r in %s]' > vectors.txt",
                 word, vector,
                 are_lines ? "map(json.loads, open(\"FILE\"))" : "json.load(open(\"FILE\"))");
    else
        snprintf(advice, sizeof advice, "%s", SPINE_FOREIGN_EXPORT);
    cJSON_Delete(record);
    return spine_foreign_refuse(start->name, what, advice, err);
}

/* {"plum": [0.1, ...  or  [{"word": ..., [["plum", ..., [[0.1, ... */
static int refuse_json(const struct spine_start *start, struct spine_error *err)
{
    size_t at = 0, brackets = 0;

    while (at < start->bytes &&
           (isspace((unsigned char)start->at[at]) || start->at[at] == '{' || start->at[at] == '['))
        brackets += !isspace((unsigned char)start->at[at++]);
    if (brackets == 0 || at == start->bytes)
        return 0;
    if (is_json_matrix(start, at, brackets))
        return spine_foreign_refuse(
            start->name, "JSON",
            "write it as .npy: python3 -c 'import json, numpy; numpy.save(\"vectors.npy\", "
            "numpy.array(json.load(open(\"FILE\")), \"f4\"))', and give the words with "
            "--words or --words-from",
            err);

    if (!is_name_at(start, at))
        return 0;
    if (spine_start_mentions(start, "}\n{") || spine_start_mentions(start, "]\n["))
        return refuse_records(start, true, err);
    if (spine_start_mentions(start, "\"cells\":") && spine_start_mentions(start, "\"nbformat"))
        return spine_foreign_refuse(start->name, "a Jupyter notebook",
                                    "give the file with the vectors", err);
    if (spine_start_mentions(start, "\"weight_map\"") && spine_start_mentions(start, ".bin\"") &&
        !spine_start_mentions(start, ".safetensors\""))
        return spine_foreign_refuse(start->name,
                                    "the index of a model split into several PyTorch files",
                                    SPINE_FOREIGN_TORCH, err);
    if (spine_start_mentions(start, "\"weight_map\""))
        return spine_refuse(err,
                            "%s: is the index of a model split into several safetensors files; it "
                            "is read as an input if it is beside them, unpacked, and named "
                            "NAME.index.json: give NAME.index.json:TENSOR",
                            start->name);
    if (brackets == 2 && memchr(start->at, '{', at) != NULL)
        return refuse_records(start, false, err);
    return spine_foreign_refuse(start->name, "JSON", advise_on_json(start, at, brackets), err);
}

static int refuse_arff(const struct spine_start *start, struct spine_error *err)
{
    if (start->bytes == 0 || (start->at[0] != '@' && start->at[0] != '%') ||
        !((spine_start_mentions(start, "@RELATION") && spine_start_mentions(start, "@ATTRIBUTE")) ||
          (spine_start_mentions(start, "@relation") && spine_start_mentions(start, "@attribute"))))
        return 0;
    return spine_foreign_refuse(
        start->name, "ARFF",
        "write its rows as text: sed '1,/^@data/Id; s/,/ /g' FILE > vectors.txt; the word "
        "must be in the first column",
        err);
}

static bool is_text(char byte)
{
    return isprint((unsigned char)byte) || isspace((unsigned char)byte);
}

/* A text may begin with the bytes of a mark, but has no control bytes. */
static int refuse_marked(const struct spine_start *start, struct spine_error *err)
{
    if (!spine_start_has_controls(start))
        return 0;
    if (spine_start_holds(start, 0, "\xFF\xFE\0\0", 4))
        return spine_foreign_refuse(start->name, "UTF-32",
                                    "convert it to UTF-8 first: iconv -f UTF-32 -t UTF-8", err);
    if (spine_start_holds(start, 0, "\xFF\xFE", 2) || spine_start_holds(start, 0, "\xFE\xFF", 2))
        return spine_foreign_refuse(start->name, "UTF-16",
                                    "convert it to UTF-8 first: iconv -f UTF-16 -t UTF-8", err);
    return 0;
}

/* Without a mark: one byte of two is zero, the other one a character of ASCII. */
int spine_foreign_check_utf16(const struct spine_start *start, struct spine_error *err)
{
    enum { MOST = 512, LEAST = 8 };
    const size_t count = (start->bytes < MOST ? start->bytes : MOST) / 2;
    size_t num_little = 0, num_big = 0;
    if (refuse_marked(start, err))
        return -1;

    for (size_t i = 0; i < count; i++) {
        const char first = start->at[2 * i], second = start->at[2 * i + 1];
        num_little += second == '\0' && is_text(first);
        num_big += first == '\0' && is_text(second);
    }
    if (count < LEAST || (10 * num_little < 9 * count && 10 * num_big < 9 * count))
        return 0;
    return spine_foreign_refuse(start->name, "UTF-16",
                                num_little > num_big
                                    ? "convert it to UTF-8 first: iconv -f UTF-16LE -t UTF-8"
                                    : "convert it to UTF-8 first: iconv -f UTF-16BE -t UTF-8",
                                err);
}

int spine_foreign_check_text(const struct spine_start *start, struct spine_error *err)
{
    if (refuse_json(start, err) || refuse_arff(start, err) || spine_foreign_check_utf16(start, err))
        return -1;
    return 0;
}
