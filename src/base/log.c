/* log.c -- progress, information and warnings on stderr. */
#include "spine/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "spine/base/interrupt.h"
#include "spine/base/printable.h"

static struct {
    const char *program;
    int rank, size;
    enum spine_log_level level;
    int terminal;        /* descriptor of the terminal at which stderr ends; -1: unknown */
    bool progress_shown; /* the terminal's last line is an unfinished progress line */
} speaker = {.program = "spine", .size = 1, .level = SPINE_LOG_INFO, .terminal = -1};

void spine_log_init(const char *program, int rank, int size, enum spine_log_level level)
{
    speaker.program = program;
    speaker.rank = rank;
    speaker.size = size;
    speaker.level = level;
}

/* If a standard descriptor is closed, the next file opened would get its number, and messages would
 * be written into that file. */
__attribute__((constructor)) static void open_standard_descriptors(void)
{
    for (int i = 0; i < 3; i++)
        if (fcntl(i, F_GETFD) < 0 && open("/dev/null", i == 0 ? O_RDONLY : O_WRONLY) < 0)
            abort();
}

static void clear_progress(void)
{
    if (speaker.progress_shown)
        fputs("\r\033[K", stderr);
    speaker.progress_shown = false;
}

/* Wait until a line can be written without blocking. Don't wait after a signal to stop soon: mpirun
 * may have got it, too, and stopped reading; a rank that waits for it couldn't save. */
static bool has_room(void)
{
    struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};

    while (!spine_interrupt_was_hurried()) {
        const int ready = poll(&out, 1, 100);
        if (ready > 0 || (ready < 0 && errno != EINTR))
            return true;
    }
    return poll(&out, 1, 0) > 0;
}

/* Use one write per line, so that lines of several ranks don't mix. */
SPINE_PRINTF(2, 0)
static void print_line(const char *prefix, const char *format, va_list args)
{
    char raw[4096], text[2048];
    if (!has_room())
        return;

    vsnprintf(raw, sizeof raw, format, args);
    spine_printable_copy(text, sizeof text, raw);
    clear_progress();
    fprintf(stderr, "%s%s\n", prefix, text);
}

void spine_log_failure(const char *program, const char *text)
{
    if (!has_room())
        return;
    clear_progress();
    fprintf(stderr, "%s: %s\n", program, text);
}

void spine_log_set_terminal(int descriptor)
{
    speaker.terminal = descriptor;
}

void spine_log(enum spine_log_level level, const char *format, ...)
{
    if (speaker.rank != 0 || level > speaker.level)
        return;
    va_list args;
    va_start(args, format);
    print_line("", format, args);
    va_end(args);
}

void spine_log_warning(const char *format, ...)
{
    char prefix[96];
    if (speaker.size > 1)
        snprintf(prefix, sizeof prefix, "%s: [rank %d] warning: ", speaker.program, speaker.rank);
    else
        snprintf(prefix, sizeof prefix, "%s: warning: ", speaker.program);
    va_list args;
    va_start(args, format);
    print_line(prefix, format, args);
    va_end(args);
}

/* The width of the terminal at which stderr ends; 0 if there is none. */
static size_t terminal_width(void)
{
    const int descriptor = isatty(STDERR_FILENO) ? STDERR_FILENO : speaker.terminal;
    struct winsize size = {.ws_col = 0};

    if (descriptor < 0)
        return 0;

    return ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

bool spine_log_is_live(void)
{
    return speaker.rank == 0 && speaker.level >= SPINE_LOG_INFO && terminal_width() > 0;
}

void spine_log_progress(const char *format, ...)
{
    if (!spine_log_is_live() || !has_room())
        return;
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);

    const size_t width = terminal_width();
    if (width < sizeof text)
        text[width > 0 ? width - 1 : 0] = '\0'; /* a line that wraps couldn't be cleared */
    clear_progress();
    fputs(text, stderr);
    fflush(stderr);
    speaker.progress_shown = true;
}
