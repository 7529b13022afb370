/* fuzz.h -- what the harnesses share. Each defines the two functions by which libFuzzer calls it,
 * and driver.c where there is no libFuzzer. */
#ifndef SPINE_FUZZ_H
#define SPINE_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* What must hold whatever the input is. */
#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: doesn't hold: %s\n", __FILE__, __LINE__, #condition);          \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* A scratch file, for functions that take a path. */
enum { FUZZ_PATH = 256 };
struct fuzz_file {
    int file;
    char path[FUZZ_PATH];
};

void fuzz_file_init(struct fuzz_file *file);

/* Replace its contents. */
void fuzz_file_put(const struct fuzz_file *file, const void *bytes, size_t size);

#endif
