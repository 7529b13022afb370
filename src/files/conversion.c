/* conversion.c -- the report of a conversion. */
#include "spine/files/conversion.h"

#include <stdbool.h>

#include "spine/base/log.h"
#include "spine/base/printable.h"

enum { LINES_SHOWN = 5 };

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

/* " (line 7)", " (rows 7, 9, 12, ...)" */
static void print_lines(FILE *out, const char *place, const struct spine_leftout_list *lines)
{
    fprintf(out, " (%s%s", place, plural(lines->count));
    for (size_t i = 0; i < lines->count && i < LINES_SHOWN; i++)
        fprintf(out, "%s %llu", i > 0 ? "," : "", (unsigned long long)lines->at[i]);
    fprintf(out, "%s)\n", lines->count > LINES_SHOWN ? ", ..." : "");
}

static void print_left_out(FILE *out, const struct spine_conversion *done, const char *why,
                           const struct spine_leftout_list *lines)
{
    if (lines->count == 0)
        return;
    spine_printable_print(out, done->request->path);
    fprintf(out, ": left out %zu row%s %s", lines->count, plural(lines->count), why);
    print_lines(out, spine_source_place(done->source), lines);
}

/* Print what was skipped because it is part of another program's table. */
static void print_layout(FILE *out, const struct spine_conversion *done)
{
    const struct spine_layout *layout = done->layout;
    const char *path = done->request->path;

    if (layout->has_mark)
        spine_printable_line(out, "%s: the byte order mark at the start is removed", path);
    if (layout->has_names)
        spine_printable_line(out, "%s: the first line names the columns: skipped", path);
    if (layout->has_row_numbers)
        spine_printable_line(out, "%s: removed the row numbers before the words", path);
    if (layout->has_quotes)
        spine_printable_line(out, "%s: the quotes around %s are removed", path,
                             layout->has_bare_words ? "words with blanks" : "the words");
    if (done->num_surplus > 0)
        spine_printable_line(out, "%s: %lld word%s in a number, such as 'Unit 7'", path,
                             (long long)done->num_surplus,
                             done->num_surplus == 1 ? " ends" : "s end");
    if (done->has_unknown)
        spine_printable_line(out, "%s: one vector more than the header announces: GloVe's <unk>",
                             path);
}

static void print_words(FILE *out, const struct spine_conversion *done)
{
    const char *path = done->request->path;
    const size_t num_invalid = (size_t)done->num_invalid;

    if (spine_source_words(done->source) == SPINE_WORDS_NUMBERED)
        spine_printable_line(
            out, "%s: has no words, so the rows are numbered from 0; --words gives them", path);
    else if (spine_source_words(done->source) == SPINE_WORDS_LISTED && done->request->words == NULL)
        spine_printable_line(out, "%s: words from the array beside the matrix", path);
    if (num_invalid > 0)
        spine_printable_line(out, "%s: %zu word%s not valid UTF-8: kept byte for byte", path,
                             num_invalid, num_invalid == 1 ? " is" : "s are");
}

void spine_conversion_print(const struct spine_conversion *done, FILE *out)
{
    static const char *const reasons[SPINE_LEFTOUT_REASONS] = {
        [SPINE_ROW_NOT_FINITE] = "with NaN or Inf",
        [SPINE_ROW_NO_WORD] = "without a word",
        [SPINE_ROW_WRONG_COUNT] = "with a wrong count of numbers",
        [SPINE_ROW_DUPLICATE] = "with duplicate words",
    };
    const char *path = done->request->path;
    const size_t num_blank = (size_t)done->num_blank, dim = done->dim;

    spine_printable_line(out, "%s: %lld vector%s of %zu number%s, RMS %.6g", done->output,
                         (long long)done->num_rows, plural((size_t)done->num_rows), dim,
                         plural(dim), done->rms);
    print_layout(out, done);
    if (num_blank > 0)
        spine_printable_line(out, "%s: %zu blank line%s skipped", path, num_blank,
                             plural(num_blank));
    for (int i = 0; i < SPINE_LEFTOUT_REASONS; i++)
        print_left_out(out, done, reasons[i], &done->leftout->lines[i]);
    print_words(out, done);
    if (done->is_cut)
        spine_printable_line(
            out,
            "%s: the last line has no newline: kept, but if the file was cut off, its last "
            "number may be too",
            path);
    fflush(out);
}

void spine_conversion_warn(const char *path, size_t dim, const struct spine_layout *layout)
{
    if (dim == 1)
        spine_log_warning("%s: every row has one number only; are these words and their counts?",
                          path);
    if (layout->may_be_longer)
        spine_log_warning("%s: the first number of every row is whole; if it is part of the word, "
                          "add a first line with rows and dimension",
                          path);
    if (layout->has_remains)
        spine_log_warning(
            "%s: every word ends in what is nearly a number, such as 0.5-0.25 or 1,000.5, "
            "which is kept; are the numbers separated by spaces?",
            path);
    if (layout->has_colons)
        spine_log_warning("%s: every word ends in ':', which is kept; sed 's/: / /' removes it",
                          path);
}

void spine_conversion_log_seconds(const double marks[4], double bytes, int num_ranks)
{
    static const char *const steps[] = {"reading and parsing", "duplicates", "writing"};
    const double total = marks[3] - marks[0];

    for (int i = 0; i < 3; i++) {
        const double seconds = marks[i + 1] - marks[i];
        spine_log(SPINE_LOG_VERBOSE, "%-20s %8.3f s %5.1f %%", steps[i], seconds,
                  100 * seconds / total);
    }
    spine_log(SPINE_LOG_VERBOSE, "%-20s %8.3f s, %.0f MB/s of vectors, %d rank%s", "all", total,
              bytes / 1e6 / total, num_ranks, num_ranks == 1 ? "" : "s");
}
