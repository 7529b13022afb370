/* h5_bytes.c -- sound files with bytes changed at random, read in a child process each:
 *
 *     fuzz_h5_bytes TRIALS [SEED [FORMAT]]
 *
 * Here the metadata are hit too, which HDF5 1.10 doesn't survive always. What crashes in it is
 * counted and tolerated (README.md has the figures); what crashes in our code, or hangs, or isn't
 * accounted for, fails. */
#define _GNU_SOURCE /* dladdr() */
#include <dlfcn.h>
#include <execinfo.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hdf5.h"

/* What became of a child: its exit status. */
enum outcome {
    ACCEPTED,
    REFUSED,
    CRASHED_IN_HDF5,
    HEAP_DAMAGED,
    HUNG_IN_HDF5,
    CRASHED,
    HUNG,
    OUTCOMES
};

static const char *const names[OUTCOMES] = {
    "accepted", "refused", "crashed in HDF5", "heap damaged", "hung in HDF5", "CRASHED", "HUNG"};

enum { SECONDS = 5, FRAMES = 64 }; /* of the processor: others may be at work */

static int is_allocator(const char *function)
{
    return function != NULL &&
           (strstr(function, "alloc") != NULL || strstr(function, "free") != NULL);
}

/* Whose function is the innermost that is HDF5's or ours? The C library's, such as memcpy(), are
 * whose who calls them. But where its allocator crashes, somebody has damaged the heap before: the
 * harnesses with AddressSanitizer would have found us at it. */
static enum outcome blame(int number)
{
    void *frames[FRAMES];
    Dl_info ours, facts;
    int in_allocator = 0;
    dladdr((void *)(uintptr_t)&fuzz_formats, &ours);
    const int count = backtrace(frames, FRAMES);
    for (int i = 0; i < count; i++) {
        if (dladdr(frames[i], &facts) == 0 || facts.dli_fname == NULL)
            continue;
        if (strstr(facts.dli_fname, "libhdf5") != NULL)
            return number == SIGPROF ? HUNG_IN_HDF5 : CRASHED_IN_HDF5;
        in_allocator = in_allocator || is_allocator(facts.dli_sname);
        /* This handler is ours too, and comes before the frame of the signal. */
        if (i > 1 && facts.dli_fbase == ours.dli_fbase)
            break;
    }
    if (in_allocator)
        return HEAP_DAMAGED;
    return number == SIGPROF ? HUNG : CRASHED;
}

static void end_by_signal(int number)
{
    _exit((int)blame(number));
}

static void catch_signals(void)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGPROF};
    static char stack[1 << 16]; /* HDF5 may have used up the other */
    const stack_t other = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {.sa_handler = end_by_signal, .sa_flags = SA_ONSTACK};
    sigaltstack(&other, NULL);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &action, NULL);
}

static enum outcome read_in_child(const struct fuzz_format *format, const char *path)
{
    fflush(stdout);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        const struct rlimit memory = {(rlim_t)1 << 30, (rlim_t)1 << 30};
        setrlimit(RLIMIT_AS, &memory);
        catch_signals();
        setitimer(ITIMER_PROF, &(struct itimerval){.it_value.tv_sec = SECONDS}, NULL);
        if (freopen("/dev/null", "w", stderr) == NULL)
            _exit(CRASHED);
        _exit(format->read(path) == 0 ? ACCEPTED : REFUSED);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) && WEXITSTATUS(status) < OUTCOMES ? (enum outcome)WEXITSTATUS(status)
                                                               : CRASHED;
}

/* Is something not zero within the 16 bytes around? Most of a file is zeros. */
static int is_used(const uint8_t *bytes, size_t size, size_t at)
{
    const size_t begin = at / 16 * 16;
    for (size_t i = begin; i < begin + 16 && i < size; i++)
        if (bytes[i] != 0)
            return 1;
    return 0;
}

/* Change 1 to 8 bytes where the file is used. A trial is repeated by its seed. */
static void change_bytes(uint8_t *bytes, size_t size)
{
    static const uint8_t values[] = {0, 1, 0x7f, 0x80, 0xff};
    const int count = 1 << random() % 4;
    for (int i = 0; i < count; i++) {
        size_t at;
        do
            at = (size_t)random() % size;
        while (!is_used(bytes, size, at));
        const long how = random() % 3;
        if (how == 0)
            bytes[at] ^= (uint8_t)(1 << random() % 8);
        else
            bytes[at] = how == 1 ? values[random() % 5] : (uint8_t)random();
    }
}

static enum outcome run_trial(const struct fuzz_file *file, const struct fuzz_format *format,
                              unsigned seed)
{
    uint8_t *bytes = malloc(format->size);
    CHECK(bytes != NULL);
    memcpy(bytes, format->bytes, format->size);
    srandom(seed);
    change_bytes(bytes, format->size);
    fuzz_file_put(file, bytes, format->size);
    free(bytes);
    return read_in_child(format, file->path);
}

int main(int argc, char **argv)
{
    const long trials = argc > 1 ? strtol(argv[1], NULL, 10) : 1000;
    const unsigned seed = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 1;
    struct fuzz_format *formats = fuzz_formats();
    struct fuzz_file file;
    void *frame[1];
    int failures = 0;
    fuzz_file_init(&file);
    backtrace(frame, 1); /* loads what it needs while there is memory */
    for (int f = 0; f < FUZZ_FORMATS; f++) {
        if (argc > 3 && strcmp(argv[3], formats[f].name) != 0)
            continue;
        long counts[OUTCOMES] = {0};
        for (long trial = 0; trial < trials; trial++) {
            const unsigned number = seed + (unsigned)trial;
            const enum outcome outcome = run_trial(&file, &formats[f], number);
            counts[outcome]++;
            if (outcome < CRASHED)
                continue;
            printf("%s, seed %u: %s\n", formats[f].name, number, names[outcome]);
            failures++;
        }
        printf("%-10s", formats[f].name);
        for (int i = 0; i < OUTCOMES; i++)
            printf("  %ld %s", counts[i], names[i]);
        putchar('\n');
    }
    return failures > 0;
}
