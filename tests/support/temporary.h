/* temporary.h -- a directory for the files of a test, and what tests do in it. */
#ifndef SPINE_TEMPORARY_H
#define SPINE_TEMPORARY_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 512 };

/* A path in a temporary directory, or anywhere. */
struct path {
    char text[PATH_SIZE];
};

static inline struct path join_path(const struct path *directory, const char *name)
{
    struct path path;
    if (snprintf(path.text, sizeof path.text, "%s/%s", directory->text, name) >= PATH_SIZE)
        abort();
    return path;
}

/* In memory where TMPDIR doesn't say otherwise and /dev/shm can be written: else most of the time
 * would be fsync()'s. */
static inline struct path make_temporary(void)
{
    const char *wanted = getenv("TMPDIR");
    struct path above = {"/tmp"};

    if (wanted != NULL && strlen(wanted) < PATH_SIZE / 2)
        strcpy(above.text, wanted);
    else if (access("/dev/shm", W_OK | X_OK) == 0)
        strcpy(above.text, "/dev/shm");

    struct path path = join_path(&above, "spine-test-XXXXXX");
    if (mkdtemp(path.text) == NULL) {
        perror(path.text);
        abort();
    }
    return path;
}

/* Remove a file, or a directory and all in it. */
static inline void remove_all(const struct path *path)
{
    struct stat facts;
    if (lstat(path->text, &facts) != 0)
        return;
    DIR *listing = S_ISDIR(facts.st_mode) ? opendir(path->text) : NULL;
    if (listing != NULL) {
        for (struct dirent *entry; (entry = readdir(listing)) != NULL;)
            if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
                const struct path inner = join_path(path, entry->d_name);
                remove_all(&inner);
            }
        closedir(listing);
    }
    remove(path->text);
}

/* The name that PATH has while it is written. */
static inline struct path part_of(const struct path *path)
{
    struct path part;
    if (snprintf(part.text, sizeof part.text, "%.*s.part", PATH_SIZE - 6, path->text) >= PATH_SIZE)
        abort();
    return part;
}

static inline int is_there(const struct path *path)
{
    struct stat facts;
    return lstat(path->text, &facts) == 0;
}

/* Write a file; 0 if it went well. */
static inline int put_text(const struct path *path, const char *text)
{
    FILE *file = fopen(path->text, "wb");
    if (file == NULL)
        return -1;
    const int failed = fputs(text, file) == EOF;
    if (fclose(file) != 0 || failed)
        return -1;
    return 0;
}

/* All of a file, ended by NUL; the caller frees. *size may be NULL. */
static inline char *get_bytes(const struct path *path, size_t *size)
{
    FILE *file = fopen(path->text, "rb");
    struct stat facts;
    if (file == NULL || fstat(fileno(file), &facts) != 0)
        return NULL;
    char *bytes = calloc((size_t)facts.st_size + 1, 1);
    const size_t got = bytes == NULL ? 0 : fread(bytes, 1, (size_t)facts.st_size, file);
    fclose(file);
    if (size != NULL)
        *size = got;
    return bytes;
}

static inline int copy_file(const struct path *from, const struct path *to)
{
    size_t size = 0;
    char *bytes = get_bytes(from, &size);
    FILE *file = fopen(to->text, "wb");
    const int failed = bytes == NULL || file == NULL || fwrite(bytes, 1, size, file) != size;
    free(bytes);
    if ((file != NULL && fclose(file) != 0) || failed)
        return -1;
    return 0;
}

#endif
