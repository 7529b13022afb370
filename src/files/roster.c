/* roster.c -- the words of all ranks, collected on rank 0. */
#include "spine/files/roster.h"

#include <stdlib.h>
#include <string.h>

#include "spine/base/lookup.h"
#include "spine/base/memory.h"

static int gather_numbers(struct spine_comm *comm, const uint64_t *mine, size_t count,
                          struct spine_roster_list *all, struct spine_error *err)
{
    char *block = NULL;
    size_t bytes = 0;
    if (spine_comm_gather(comm, mine, count * sizeof *mine, &block, &bytes, err))
        return -1;
    *all = (struct spine_roster_list){(uint64_t *)(void *)block, bytes / sizeof *mine};
    return 0;
}

/* Make a list of words from a block of words that are each ended by NUL, and own the block. */
static int adopt_words(struct spine_words *words, char *text, size_t bytes, size_t count,
                       struct spine_error *err)
{
    *words = (struct spine_words){.text = text, .bytes = bytes, .text_capacity = bytes};
    words->start = spine_memory_get(count + 1, sizeof *words->start, "the words", err);
    if (words->start == NULL)
        return -1;
    words->start_capacity = count + 1;
    for (size_t at = 0; at < bytes; at += strlen(text + at) + 1)
        words->start[words->count++] = at;
    return 0;
}

/* The words of all ranks. */
static int gather_words(struct spine_roster *roster, struct spine_comm *comm,
                        struct spine_words *mine, size_t num_rows, struct spine_error *err)
{
    char *text = NULL;
    size_t bytes = 0;

    if (comm->size == 1) {
        roster->words = *mine;
        *mine = (struct spine_words){0};
        return 0;
    }
    if (spine_comm_gather(comm, mine->text, mine->bytes, &text, &bytes, err))
        return -1;
    spine_words_dispose(mine);
    const int rc = comm->rank == 0 ? adopt_words(&roster->words, text, bytes, num_rows, err) : 0;
    return spine_comm_agree(comm, rc, err);
}

static int sort_left_out(struct spine_roster *roster, const char *block, size_t count,
                         struct spine_error *err)
{
    struct spine_left_out row;

    for (int i = 0; i < SPINE_ROSTER_REASONS; i++) {
        roster->left_out[i].at =
            spine_memory_get(count + 1, sizeof(uint64_t), "the rows left out", err);
        if (roster->left_out[i].at == NULL)
            return -1;
    }
    for (size_t i = 0; i < count; i++) {
        memcpy(&row, block + i * sizeof row, sizeof row);
        struct spine_roster_list *lines = &roster->left_out[row.reason];
        lines->at[lines->count++] = row.line;
    }
    return 0;
}

static int gather_left_out(struct spine_roster *roster, struct spine_comm *comm,
                           const struct spine_vectors *vectors, struct spine_error *err)
{
    char *block = NULL;
    size_t bytes = 0;

    if (spine_comm_gather(comm, vectors->left_out,
                          vectors->num_left_out * sizeof *vectors->left_out, &block, &bytes, err))
        return -1;
    const int rc =
        comm->rank == 0 ? sort_left_out(roster, block, bytes / sizeof *vectors->left_out, err) : 0;
    free(block);
    return spine_comm_agree(comm, rc, err);
}

int spine_roster_gather(struct spine_roster *roster, struct spine_comm *comm,
                        struct spine_vectors *vectors, size_t num_rows, struct spine_error *err)
{
    if (gather_words(roster, comm, &vectors->words, num_rows, err) ||
        gather_numbers(comm, vectors->lines, vectors->rows, &roster->lines, err) ||
        gather_left_out(roster, comm, vectors, err))
        return -1;
    return 0;
}

int spine_roster_find_duplicates(struct spine_roster *roster, size_t most, struct spine_error *err)
{
    struct spine_roster_list *rows = &roster->duplicates, *lines = &roster->duplicate_lines;

    if (spine_lookup_find_duplicates(&roster->words, most, &rows->at, &rows->count, err))
        return -1;
    lines->at = spine_memory_get(rows->count + 1, sizeof *lines->at, "the duplicate words", err);
    if (lines->at == NULL)
        return -1;

    for (size_t i = 0; i < rows->count; i++)
        lines->at[lines->count++] = roster->lines.at[rows->at[i]];
    return 0;
}

size_t spine_roster_first(const struct spine_roster *roster, size_t row)
{
    const char *word = spine_words_get(&roster->words, row);
    size_t first = 0;

    while (strcmp(spine_words_get(&roster->words, first), word) != 0)
        first++;
    return first;
}

/* Broadcast which rows are duplicates. */
static int share_duplicates(struct spine_roster *roster, struct spine_comm *comm,
                            struct spine_error *err)
{
    struct spine_roster_list *rows = &roster->duplicates;
    int rc = 0;

    spine_comm_broadcast(comm, &rows->count, sizeof rows->count);
    if (comm->rank != 0) {
        rows->at = spine_memory_get(rows->count + 1, sizeof *rows->at, "the duplicate words", err);
        if (rows->at == NULL)
            rc = -1;
    }
    if (spine_comm_agree(comm, rc, err))
        return -1;
    spine_comm_broadcast(comm, rows->at, rows->count * sizeof *rows->at);
    return 0;
}

static size_t count_below(const struct spine_roster_list *rows, size_t limit)
{
    size_t count = 0;

    while (count < rows->count && rows->at[count] < limit)
        count++;
    return count;
}

int spine_roster_drop_duplicates(struct spine_roster *roster, struct spine_comm *comm,
                                 struct spine_vectors *vectors, size_t *first_row,
                                 struct spine_error *err)
{
    struct spine_roster_list *rows = &roster->duplicates;

    if (share_duplicates(roster, comm, err))
        return -1;
    if (comm->rank == 0)
        spine_words_drop(&roster->words, rows->at, rows->count);

    const size_t before = count_below(rows, *first_row);
    const size_t end = count_below(rows, *first_row + vectors->rows);
    for (size_t i = before; i < end; i++)
        rows->at[i] -= *first_row;
    if (end > before)
        spine_vectors_drop(vectors, rows->at + before, end - before);
    *first_row -= before;
    return 0;
}

void spine_roster_dispose(struct spine_roster *roster)
{
    spine_words_dispose(&roster->words);
    free(roster->lines.at);
    for (int i = 0; i < SPINE_ROSTER_REASONS; i++)
        free(roster->left_out[i].at);
    free(roster->duplicates.at);
    free(roster->duplicate_lines.at);
    *roster = (struct spine_roster){.lines = {NULL, 0}};
}
