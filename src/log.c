/* log.c -- what the program says while it works. */
#include "spine/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static struct {
    const char *program;
    int rank, size;
    enum spine_log_level level;
    int progress_shown; /* the terminal's last line is an unfinished progress line */
} speaker = {.program = "spine", .size = 1, .level = SPINE_LOG_INFO};

void spine_log_init(const char *program, int rank, int size, enum spine_log_level level)
{
    speaker.program = program;
    speaker.rank = rank;
    speaker.size = size;
    speaker.level = level;
}

static void clear_progress(void)
{
    if (speaker.progress_shown)
        fputs("\r\033[K", stderr);
    speaker.progress_shown = 0;
}

/* One write per line, so that lines of several ranks don't mix. */
static void print_line(const char *prefix, const char *format, va_list args)
{
    char text[2048];
    vsnprintf(text, sizeof text, format, args);
    clear_progress();
    fprintf(stderr, "%s%s\n", prefix, text);
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

int spine_log_is_live(void)
{
    return speaker.rank == 0 && speaker.level >= SPINE_LOG_INFO && isatty(STDERR_FILENO);
}

void spine_log_progress(const char *format, ...)
{
    if (!spine_log_is_live())
        return;
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    clear_progress();
    fputs(text, stderr);
    fflush(stderr);
    speaker.progress_shown = 1;
}
