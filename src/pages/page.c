/* page.c -- self-contained HTML pages. */
#include "spine/pages/page.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>
#include <xxhash.h>

#include "spine/base/outfile.h"
#include "spine/base/words.h"

enum { NONCE = 33 }; /* bytes: 32 hexadecimal digits and NUL */

/* A page being written. The nonce marks our own scripts and styles. It is a hash of the JSON, which
 * can't contain its own hash, so that the same input gives the same bytes. */
struct writer {
    FILE *file;
    const struct spine_page *page;
    const char *json;
    char nonce[NONCE];
};

const char *spine_page_asset(const char *name)
{
    for (const struct spine_asset *asset = spine_assets; asset->name != NULL; asset++)
        if (strcmp(asset->name, name) == 0)
            return asset->text;
    return NULL;
}

static void write_asset(FILE *file, const char *name)
{
    const char *text = spine_page_asset(name);
    assert(text != NULL);
    fputs(text, file);
}

static void write_assets(FILE *file, const char *common, const char *const *names)
{
    write_asset(file, common);
    for (; names != NULL && *names != NULL; names++)
        write_asset(file, *names);
}

static void write_json(FILE *file, const char *json)
{
    for (size_t length; *json != '\0'; json += length) {
        length = spine_words_character(json);
        if (length == 0) {
            fputs("\\ufffd", file);
            length = 1;
        } else if (*json == '<' || *json == '>' || *json == '&') {
            fprintf(file, "\\u%04x", (unsigned)*json);
        } else if (strncmp(json, "\xe2\x80\xa8", 3) == 0 || strncmp(json, "\xe2\x80\xa9", 3) == 0) {
            fputs(json[2] == '\xa8' ? "\\u2028" : "\\u2029", file);
        } else {
            fwrite(json, 1, length, file);
        }
    }
}

static void write_text(FILE *file, const char *text)
{
    for (size_t length; *text != '\0'; text += length) {
        length = spine_words_character(text);
        if (length == 0) {
            fputs("&#xfffd;", file);
            length = 1;
        } else if (strchr("<>&\"'", *text) != NULL) {
            fprintf(file, "&#%d;", *text);
        } else {
            fwrite(text, 1, length, file);
        }
    }
}

/* Write the replacement of {{name}} in page.html. */
static void write_part(const struct writer *writer, const char *name, size_t length)
{
    const struct spine_page *page = writer->page;
    FILE *file = writer->file;

    if (strncmp(name, "title", length) == 0)
        write_text(file, page->title);
    else if (strncmp(name, "nonce", length) == 0)
        fputs(writer->nonce, file);
    else if (strncmp(name, "styles", length) == 0)
        write_assets(file, "page.css", page->styles);
    else if (strncmp(name, "body", length) == 0)
        write_asset(file, page->body);
    else if (strncmp(name, "data", length) == 0)
        write_json(file, writer->json);
    else if (strncmp(name, "scripts", length) == 0)
        write_assets(file, "page.js", page->scripts);
    else
        assert(!"a part of page.html that page.c doesn't know");
}

static void write_page(const struct writer *writer)
{
    const char *at = spine_page_asset("page.html");
    for (const char *part; (part = strstr(at, "{{")) != NULL;) {
        const char *name = part + 2, *end = strstr(name, "}}");
        assert(end != NULL);
        fwrite(at, 1, (size_t)(part - at), writer->file);
        write_part(writer, name, (size_t)(end - name));
        at = end + 2;
    }
    fputs(at, writer->file);
}

int spine_page_write(const char *path, const struct spine_page *page, const char *json,
                     struct spine_error *err)
{
    struct writer writer = {.page = page, .json = json};
    const XXH128_hash_t hash = XXH3_128bits(json, strlen(json));
    snprintf(writer.nonce, NONCE, "%016" PRIx64 "%016" PRIx64, (uint64_t)hash.high64,
             (uint64_t)hash.low64);
    writer.file = spine_outfile_create_text(path, err);
    if (writer.file == NULL)
        return -1;
    write_page(&writer);
    return spine_outfile_finish_text(writer.file, path, err);
}
