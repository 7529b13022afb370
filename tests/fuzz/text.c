/* text.c -- the text reader: what the look accepts is parsed or refused, and in three ranges the
 * same comes out as in one. The input's first three bytes choose the settings and the cuts. */
#include <string.h>

#include "fuzz.h"
#include "spine/text/layout.h"
#include "spine/text/vectors.h"

enum { SETTINGS = 3, RANGES = 3 };

static struct fuzz_file file;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    fuzz_file_init(&file);
    return 0;
}

/* The lines before those of 'part', as convert.c counts them, and its share of 'whole'. */
struct place {
    size_t row, left_out;
    uint64_t line;
};

static void check_part(const struct spine_vectors *whole, const struct spine_vectors *part,
                       struct place *place)
{
    const size_t dim = whole->dim;
    CHECK(place->row + part->rows <= whole->rows);
    CHECK(part->rows == 0 || memcmp(whole->values + place->row * dim, part->values,
                                    part->rows * dim * sizeof(float)) == 0);
    for (size_t i = 0; i < part->rows; i++) {
        CHECK(part->lines[i] + place->line == whole->lines[place->row + i]);
        CHECK(strcmp(spine_words_get(&part->words, i),
                     spine_words_get(&whole->words, place->row + i)) == 0);
    }
    CHECK(place->left_out + part->num_left_out <= whole->num_left_out);
    for (size_t i = 0; i < part->num_left_out; i++)
        CHECK(part->left_out[i].line + place->line == whole->left_out[place->left_out + i].line);
    place->row += part->rows;
    place->left_out += part->num_left_out;
    place->line += part->num_lines;
}

static void check_ranges(const struct spine_vectors *whole, int whole_rc,
                         const struct spine_error *whole_err, const struct spine_layout *layout,
                         const struct spine_vectors_rules *rules, const uint64_t *cuts)
{
    struct place place = {0, 0, 0};
    uint64_t num_blank = 0;
    int rc = 0;
    for (int i = 0; i < RANGES && rc == 0; i++) {
        struct spine_lines *input = NULL;
        struct spine_vectors part;
        struct spine_error err;
        CHECK(spine_lines_open_range(&input, file.path, cuts[i], cuts[i + 1], &err) == 0);
        rc = spine_vectors_parse(&part, input, layout, rules, &err);
        if (rc == 0) {
            check_part(whole, &part, &place);
        } else {
            CHECK(whole_rc != 0 && strcmp(err.text, whole_err->text) == 0);
            CHECK(part.bad_line + place.line == whole->bad_line);
        }
        num_blank += part.num_blank;
        spine_vectors_dispose(&part);
        spine_lines_close(input);
    }
    CHECK(rc == whole_rc);
    if (rc == 0) {
        CHECK(place.row == whole->rows && place.left_out == whole->num_left_out);
        CHECK(place.line == whole->num_lines && num_blank == whole->num_blank);
    }
}

static void read_file(const struct spine_layout *layout, const struct spine_vectors_rules *rules,
                      const uint64_t *cuts)
{
    struct spine_lines *input = NULL;
    struct spine_vectors whole;
    struct spine_error err;
    CHECK(spine_lines_open(&input, file.path, &err) == 0);
    const int rc = spine_vectors_parse(&whole, input, layout, rules, &err);
    CHECK(rc == 0 || err.text[0] != '\0');
    CHECK(whole.words.count == whole.rows);
    if (layout->packing == SPINE_PACKING_NONE && rules->limit == 0)
        check_ranges(&whole, rc, &err, layout, rules, cuts);
    spine_vectors_dispose(&whole);
    spine_lines_close(input);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const enum spine_layout_header headers[] = {SPINE_HEADER_AUTO, SPINE_HEADER_YES,
                                                       SPINE_HEADER_NO, SPINE_HEADER_AUTO};
    if (size < SETTINGS)
        return 0;
    const size_t length = size - SETTINGS;
    const struct spine_vectors_rules rules = {bytes[0] >> 2 & 1, bytes[0] >> 3 & 3};
    uint64_t cuts[RANGES + 1] = {0, length * bytes[1] / 255, length * bytes[2] / 255, length};
    if (cuts[2] < cuts[1])
        cuts[2] = cuts[1];
    struct spine_layout layout;
    struct spine_error err = {.text = ""};
    fuzz_file_put(&file, bytes + SETTINGS, length);
    if (spine_layout_detect(&layout, file.path, file.path, headers[bytes[0] & 3], &err) == 0)
        read_file(&layout, &rules, cuts);
    else
        CHECK(err.text[0] != '\0');
    return 0;
}
