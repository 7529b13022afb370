/* labelled.c -- labelled texts: what is accepted, written again, reads back as the same; what isn't
 * is refused with a sentence. */
#include <string.h>

#include "fuzz.h"
#include "spine/text/labelled.h"

static struct fuzz_file file;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    fuzz_file_init(&file);
    return 0;
}

/* As the file should have been, in a block that the caller frees. */
static char *write_again(const struct spine_labelled *texts, size_t *length)
{
    static const size_t overhead = sizeof "__label__ \r";
    size_t size = texts->tokens.bytes + 1;
    for (size_t i = 0; i < texts->count; i++)
        size += overhead + strlen(spine_words_get(&texts->labels, texts->label[i]));
    char *text = malloc(size), *end = text;
    CHECK(text != NULL);
    for (size_t i = 0; i < texts->count; i++) {
        end += sprintf(end, "__label__%s", spine_words_get(&texts->labels, texts->label[i]));
        for (size_t k = texts->first[i]; k < texts->first[i + 1]; k++)
            end += sprintf(end, " %s", spine_words_get(&texts->tokens, k));
        end += sprintf(end, "\r\n"); /* a token may end with a carriage return of its own */
    }
    *length = (size_t)(end - text);
    CHECK(*length < size);
    return text;
}

static void check_same(const struct spine_labelled *a, const struct spine_labelled *b)
{
    CHECK(a->count == b->count && a->tokens.count == b->tokens.count);
    CHECK(a->labels.count == b->labels.count && a->first[a->count] == a->tokens.count);
    for (size_t i = 0; i < a->count; i++) {
        CHECK(a->first[i] < a->first[i + 1] && a->first[i] == b->first[i]);
        CHECK(a->label[i] < a->labels.count && a->label[i] == b->label[i]);
    }
    for (size_t k = 0; k < a->tokens.count; k++)
        CHECK(strcmp(spine_words_get(&a->tokens, k), spine_words_get(&b->tokens, k)) == 0);
    for (size_t k = 0; k < a->labels.count; k++)
        CHECK(strcmp(spine_words_get(&a->labels, k), spine_words_get(&b->labels, k)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct spine_labelled texts = {0}, again = {0};
    struct spine_error err = {.text = ""};
    fuzz_file_put(&file, bytes, size);
    if (spine_labelled_add(&texts, file.path, &err) == 0) {
        size_t length;
        char *text = write_again(&texts, &length);
        fuzz_file_put(&file, text, length);
        free(text);
        CHECK(spine_labelled_add(&again, file.path, &err) == 0);
        check_same(&texts, &again);
    } else {
        CHECK(err.text[0] != '\0');
    }
    spine_labelled_dispose(&texts);
    spine_labelled_dispose(&again);
    return 0;
}
