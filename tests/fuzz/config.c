/* config.c -- a configuration that is accepted is printed, and reads back as the same. The input is
 * an INI text and words for the command line, each ended by NUL. */
#include <string.h>

#include "fuzz.h"
#include "spine/config/combination.h"
#include "spine/config/config.h"
#include "spine/config/identity.h"
#include "spine/config/inifile.h"

enum { MOST_WORDS = 16 };

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    return 0;
}

static int parse_ini(struct spine_config *config, const char *text, struct spine_error *err)
{
    struct spine_inifile_lines sweep = {0};
    const int rc = spine_inifile_parse(config, &sweep, text, "fuzz.ini", err);
    spine_inifile_lines_dispose(&sweep);
    return rc;
}

static void check_round_trip(const struct spine_config *config)
{
    struct spine_config again;
    struct spine_error err;
    char differences[512];
    char *text = spine_config_text(config, &err), *identity = spine_identity_text(config, &err);
    CHECK(text != NULL && identity != NULL);
    spine_config_init(&again);
    CHECK(parse_ini(&again, text, &err) == 0);
    char *text_again = spine_config_text(&again, &err);
    CHECK(text_again != NULL && strcmp(text, text_again) == 0);
    free(text_again);
    CHECK(spine_identity_differ(identity, identity, differences, sizeof differences) == 0);
    CHECK(spine_combination_check(config, &err) == 0 || strlen(err.text) > 0);
    free(identity);
    free(text);
}

/* A saved identity may hold anything. */
static void compare(const char *text)
{
    struct spine_config config;
    struct spine_error err;
    char differences[64];
    spine_config_init(&config);
    char *identity = spine_identity_text(&config, &err);
    CHECK(identity != NULL);
    const int count = spine_identity_differ(text, identity, differences, sizeof differences);
    CHECK((count == 0) == (differences[0] == '\0'));
    free(identity);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct spine_config config;
    struct spine_error err = {.status = SPINE_EXIT_DONE};
    char *text = malloc(size + 1), *words[MOST_WORDS];
    CHECK(text != NULL);
    memcpy(text, bytes, size);
    text[size] = '\0';
    int num_words = 0;
    for (char *at = text + strlen(text) + 1; at < text + size && num_words < MOST_WORDS;
         at += strlen(at) + 1)
        words[num_words++] = at;
    spine_config_init(&config);
    if (parse_ini(&config, text, &err) == 0 &&
        spine_config_override(&config, words, num_words, &err) == 0)
        check_round_trip(&config);
    else
        CHECK(err.status == SPINE_EXIT_REFUSED && err.text[0] != '\0');
    compare(text);
    free(text);
    return 0;
}
