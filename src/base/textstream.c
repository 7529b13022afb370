/* textstream.c -- text that is printed into memory. */
#include "spine/base/textstream.h"

#include <stdbool.h>
#include <stdlib.h>

#include "spine/base/memory.h"

int spine_textstream_open(struct spine_textstream *stream, const char *what,
                          struct spine_error *err)
{
    *stream = (struct spine_textstream){.what = what};
    stream->file = open_memstream(&stream->text, &stream->length);
    return stream->file == NULL ? spine_memory_fail(what, err) : 0;
}

char *spine_textstream_close(struct spine_textstream *stream, struct spine_error *err)
{
    const bool is_cut = ferror(stream->file) != 0;

    if (fclose(stream->file) == 0 && !is_cut)
        return stream->text;

    free(stream->text);
    spine_memory_fail(stream->what, err);
    return NULL;
}
