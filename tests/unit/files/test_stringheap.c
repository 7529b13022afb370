/* test_stringheap.c -- words that all ranks write are read back, by HDF5, and the file doesn't
 * depend on the number of ranks; run on several numbers of ranks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/outfile.h"
#include "spine/base/textfile.h"
#include "spine/files/store.h"
#include "spine/files/stringheap.h"
#include "spine/files/strings.h"
#include "support/expect.h"
#include "support/ranks.h"

enum { MOST_BYTES = 20000 };

/* Word i: short, or one in 'every' is long; 0: none. */
static size_t word_length(size_t i, size_t every)
{
    if (every > 0 && i % every == every - 1)
        return i % 2 == 0 ? MOST_BYTES : 4096;
    return 1 + i % 19 + (i % 50 == 0 ? 4000 : 0);
}

static void make_word(char *word, size_t i, size_t every)
{
    const size_t length = word_length(i, every);

    for (size_t k = 0; k < length; k++)
        word[k] = (char)('a' + (i + k * k) % 26);
}

/* Words [first, end) of all. */
static struct spine_words make_words(size_t first, size_t end, size_t every)
{
    struct spine_words words = {0};
    char word[MOST_BYTES];

    for (size_t i = first; i < end; i++) {
        make_word(word, i, every);
        TRY(spine_words_add(&words, word, word_length(i, every), &err));
    }
    return words;
}

/* Where the words of a rank begin: the second has none, and the others uneven numbers. */
static size_t first_word(size_t count, int rank, int size)
{
    if (rank == 0 || rank == size)
        return rank == 0 ? 0 : count;
    return rank <= 2 ? count * 2 / 5 : count * 2 / 5 + count / 7;
}

static void write_words(struct spine_comm *comm, const char *path, size_t count, size_t every)
{
    struct spine_words words = make_words(first_word(count, comm->rank, comm->size),
                                          first_word(count, comm->rank + 1, comm->size), every);
    struct spine_stringheap heap;
    int64_t places[2] = {0, 0};

    TRY(spine_stringheap_plan(&heap, comm, &words, &err));
    if (comm->rank == 0) {
        struct spine_store *store = NULL;
        TRY(spine_store_create(&store, path, "spine-test", &err));
        TRY(spine_strings_make_at(store, "/words", count, &places[0], &err));
        TRY(spine_store_reserve(store, heap.bytes, &places[1], &err));
        TRY(spine_store_close(store, &err));
    }
    spine_comm_broadcast(comm, places, sizeof places);
    TRY(spine_stringheap_write(&heap, path, &words, places[0], places[1], &err));
    spine_comm_barrier(comm);
    if (comm->rank == 0)
        TRY(spine_outfile_publish(path, &err));
    spine_comm_barrier(comm);
    spine_words_dispose(&words);
}

static void check_words(const char *path, size_t count, size_t every)
{
    struct spine_store *store = NULL;
    struct spine_words expected = make_words(0, count, every), words = {0};
    size_t found = 0;

    TRY(spine_store_open(&store, path, "spine-test", &err));
    TRY(spine_strings_count(store, "/words", &found, &err));
    assert_int_equal(found, count);
    TRY(spine_strings_read(store, "/words", 0, count, &words, &err));
    assert_int_equal(words.count, count);
    assert_int_equal(words.bytes, expected.bytes);
    assert_memory_equal(words.text, expected.text, words.bytes);

    spine_words_dispose(&words);
    spine_words_dispose(&expected);
    TRY(spine_store_close(store, &err));
}

static void check_same_bytes(const char *path, const char *other)
{
    char *bytes[2];
    size_t sizes[2];

    TRY(spine_textfile_read(path, "a store", 1 << 26, &bytes[0], &sizes[0], &err));
    TRY(spine_textfile_read(other, "a store", 1 << 26, &bytes[1], &sizes[1], &err));
    assert_int_equal(sizes[0], sizes[1]);
    assert_memory_equal(bytes[0], bytes[1], sizes[0]);
    free(bytes[0]);
    free(bytes[1]);
}

static void test_words_of_all_ranks_are_read_back_and_make_the_same_file(void **state)
{
    (void)state;
    static const struct {
        size_t count, every;
    } cases[] = {{1, 1}, {3, 0}, {257, 9}, {700, 0}, {30, 1}};
    const struct path all = join_path(&directory, "all.h5"), one = join_path(&directory, "one.h5");
    struct spine_comm alone;

    spine_comm_split(&world, world.rank == 0, &alone);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_words(&world, all.text, cases[i].count, cases[i].every);
        if (world.rank == 0) {
            check_words(all.text, cases[i].count, cases[i].every);
            write_words(&alone, one.text, cases[i].count, cases[i].every);
            check_same_bytes(all.text, one.text);
        }
        spine_comm_barrier(&world);
    }
    spine_comm_dispose(&alone);
}

int run_stringheap(const struct spine_comm *comm)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_of_all_ranks_are_read_back_and_make_the_same_file),
    };
    world = *comm;
    return cmocka_run_group_tests(tests, make_shared_directory, remove_shared_directory);
}
