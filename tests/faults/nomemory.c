/* nomemory.c -- make the N-th allocation of a program fail: a library for LD_PRELOAD.
 *
 *     NOMEMORY_N        which one, from 1; 0 or unset: none
 *     NOMEMORY_CALLERS  whose allocations count: parts of the names of the objects that call, with
 *                       commas between them ("spine,libhdf5"); unset: all
 *     NOMEMORY_EXE      only in programs whose path contains this
 *     NOMEMORY_PERSIST  set: all later ones fail too
 *     NOMEMORY_LOG      a file that says, at the end, "hit CALL BYTES" and "total COUNT"
 *
 * Counts are over all threads. glibc only. */
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);

enum { MOST_CALLERS = 8 };

static long wanted;
static bool is_on, persists;
static char callers[MOST_CALLERS][64];
static int num_callers;
static const char *log_path;
static atomic_long count;
static atomic_int was_hit;
static char hit_text[128];
/* dladdr() and the log allocate: not counted. */
static __thread bool inside;

__attribute__((constructor)) static void begin(void)
{
    const char *number = getenv("NOMEMORY_N"), *exe = getenv("NOMEMORY_EXE");
    const char *names = getenv("NOMEMORY_CALLERS");
    char path[4096] = "";
    const ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);

    path[length < 0 ? 0 : length] = '\0';
    if (exe != NULL && strstr(path, exe) == NULL)
        return;
    while (names != NULL && *names != '\0' && num_callers < MOST_CALLERS) {
        const size_t len = strcspn(names, ",");
        snprintf(callers[num_callers++], sizeof callers[0], "%.*s", (int)len, names);
        names += len + (names[len] == ',');
    }
    persists = getenv("NOMEMORY_PERSIST") != NULL;
    log_path = getenv("NOMEMORY_LOG");
    wanted = number == NULL ? 0 : atol(number);
    is_on = true;
}

__attribute__((destructor)) static void finish(void)
{
    inside = true;
    FILE *log = is_on && log_path != NULL ? fopen(log_path, "a") : NULL;
    if (log == NULL)
        return;

    if (atomic_load(&was_hit))
        fprintf(log, "hit %s\n", hit_text);
    fprintf(log, "total %ld\n", atomic_load(&count));
    fclose(log);
}

static bool counts(const void *address)
{
    Dl_info info;

    if (num_callers == 0)
        return true;
    if (dladdr(address, &info) == 0 || info.dli_fname == NULL)
        return false;
    const char *slash = strrchr(info.dli_fname, '/');
    const char *name = slash == NULL ? info.dli_fname : slash + 1;
    for (int i = 0; i < num_callers; i++)
        if (strstr(name, callers[i]) != NULL)
            return true;
    return false;
}

/* Is this the allocation that fails? */
static bool fails(const void *address, const char *call, size_t bytes)
{
    if (!is_on || inside)
        return false;

    inside = true;
    bool is_it = false;
    if (counts(address)) {
        const long number = atomic_fetch_add(&count, 1) + 1;
        is_it = wanted > 0 && (number == wanted || (persists && number > wanted));
        if (is_it && !atomic_exchange(&was_hit, 1))
            snprintf(hit_text, sizeof hit_text, "%s %zu", call, bytes);
    }
    inside = false;
    if (is_it)
        errno = ENOMEM;
    return is_it;
}

#define CALLER __builtin_extract_return_addr(__builtin_return_address(0))

void *malloc(size_t bytes)
{
    return fails(CALLER, "malloc", bytes) ? NULL : __libc_malloc(bytes);
}

void *calloc(size_t number, size_t size)
{
    return fails(CALLER, "calloc", number * size) ? NULL : __libc_calloc(number, size);
}

void *realloc(void *memory, size_t bytes)
{
    return fails(CALLER, "realloc", bytes) ? NULL : __libc_realloc(memory, bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
    return fails(CALLER, "aligned_alloc", bytes) ? NULL : __libc_memalign(alignment, bytes);
}

int posix_memalign(void **memory, size_t alignment, size_t bytes)
{
    if (fails(CALLER, "posix_memalign", bytes))
        return ENOMEM;

    void *got = __libc_memalign(alignment, bytes);
    if (got == NULL)
        return ENOMEM;
    *memory = got;
    return 0;
}

static char *copy(const char *text, size_t length)
{
    char *made = __libc_malloc(length + 1);

    if (made != NULL) {
        memcpy(made, text, length);
        made[length] = '\0';
    }
    return made;
}

char *strdup(const char *text)
{
    return fails(CALLER, "strdup", strlen(text) + 1) ? NULL : copy(text, strlen(text));
}

char *strndup(const char *text, size_t most)
{
    const size_t length = strnlen(text, most);

    return fails(CALLER, "strndup", length + 1) ? NULL : copy(text, length);
}

/* What glibc allocates for itself on our behalf is called from inside glibc: count it here. */
FILE *fopen(const char *path, const char *mode)
{
    typedef FILE *(*function)(const char *, const char *);
    if (fails(CALLER, "fopen", 0))
        return NULL;

    const function real = (function)dlsym(RTLD_NEXT, "fopen");
    return real(path, mode);
}

FILE *fdopen(int descriptor, const char *mode)
{
    typedef FILE *(*function)(int, const char *);
    if (fails(CALLER, "fdopen", 0))
        return NULL;

    const function real = (function)dlsym(RTLD_NEXT, "fdopen");
    return real(descriptor, mode);
}

FILE *open_memstream(char **text, size_t *bytes)
{
    typedef FILE *(*function)(char **, size_t *);
    if (fails(CALLER, "open_memstream", 0))
        return NULL;

    const function real = (function)dlsym(RTLD_NEXT, "open_memstream");
    return real(text, bytes);
}
