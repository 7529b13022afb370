/* foreign_binary.c -- files of other programs: matrices and indices without a signature, known by
 * how their parts fit together. */
#include <ctype.h>
#include <string.h>

#include "spine/base/crc.h"
#include "spine/text/binary.h"
#include "spine/text/foreign.h"

enum {
    MOST_DIM = 1 << 16,
    LEAST_NUMBERS = 8, /* that show that they are numbers */
};

/* --- Numbers ------------------------------------------------------------------------------ */

static bool are_plausible(const char *at, size_t count, size_t width)
{
    return spine_binary_count_implausible(at, count, width) == 0;
}

static size_t count_zeros(const char *at, size_t count, size_t width)
{
    static const char zero[sizeof(double)];
    size_t num_zeros = 0;

    for (size_t i = 0; i < count; i++)
        num_zeros += memcmp(at + i * width, zero, width) == 0;
    return num_zeros;
}

/* Is it numbers of 'width' bytes from the first byte on, few of them zero? Text looks like such
 * numbers if every fourth byte is a digit or a point, but has hardly any control bytes: of numbers'
 * bytes about every tenth is one. */
static bool are_bare_numbers(const struct spine_start *start, size_t width)
{
    enum { MOST = 256, BYTES_A_CONTROL = 32 };
    const size_t there = start->bytes / width, count = there < MOST ? there : MOST;
    const struct spine_start numbers = {.at = start->at, .bytes = count * width};

    return count >= LEAST_NUMBERS &&
           BYTES_A_CONTROL * spine_start_count_controls(&numbers) >= numbers.bytes &&
           are_plausible(start->at, count, width) &&
           2 * count_zeros(start->at, count, width) < count;
}

/* Floats may look like doubles, but hardly the other way round: they are looked for first. */
static bool are_floats(const struct spine_start *start)
{
    return are_bare_numbers(start, 4);
}

static bool are_doubles(const struct spine_start *start)
{
    return are_bare_numbers(start, 8);
}

/* --- Rows with their size ----------------------------------------------------------------- */

/* .fvecs and its like: does every row of D numbers of 'width' bytes follow the number D? */
static bool are_sized_rows(const struct spine_start *start, size_t width)
{
    const size_t dim = spine_start_u32(start, 0), row = 4 + width * dim;

    if (dim == 0 || dim > MOST_DIM ||
        (start->file_bytes != UINT64_MAX && start->file_bytes % row != 0))
        return false;
    for (size_t at = row; at + 4 <= start->bytes; at += row)
        if (spine_start_u32(start, at) != dim)
            return false;
    return start->bytes >= row + 4 || start->file_bytes == row;
}

static bool is_fvecs(const struct spine_start *start)
{
    const size_t dim = spine_start_u32(start, 0), there = start->bytes / 4;

    return are_sized_rows(start, 4) &&
           are_plausible(start->at + 4, dim < there ? dim : there - 1, 4);
}

static bool is_ivecs(const struct spine_start *start)
{
    return are_sized_rows(start, 4);
}

static bool is_bvecs(const struct spine_start *start)
{
    return are_sized_rows(start, 1);
}

/* .fbin: rows, D, and as many floats as the file has. */
static bool is_fbin(const struct spine_start *start)
{
    const uint64_t rows = spine_start_u32(start, 0), dim = spine_start_u32(start, 4);

    return rows > 0 && dim > 0 && dim <= MOST_DIM && start->file_bytes == 8 + 4 * rows * dim &&
           start->bytes >= 12 && are_plausible(start->at + 8, (start->bytes - 8) / 4, 4);
}

/* MATLAB 4: type (thousands: byte order; tens: width; ones: kind), rows, columns, imaginary part,
 * length of the name, the name. */
static bool is_matlab(const struct spine_start *start)
{
    enum { HEADER = 20, MOST_NAME = 64 };
    const uint32_t type = spine_start_u32(start, 0), length = spine_start_u32(start, 16);

    if (start->bytes <= HEADER || type % 10 > 2 || type / 10 > 5 ||
        spine_start_u32(start, 4) == 0 || spine_start_u32(start, 8) == 0 ||
        spine_start_u32(start, 12) > 1 || length < 2 || length > MOST_NAME ||
        start->bytes < HEADER + length || start->at[HEADER + length - 1] != '\0')
        return false;
    for (size_t i = 0; i + 1 < length; i++)
        if (!isalnum((unsigned char)start->at[HEADER + i]) && start->at[HEADER + i] != '_')
            return false;
    return true;
}

/* --- Indices and records ------------------------------------------------------------------ */

/* hnswlib: 0, rows that it may have, rows, bytes of a row, and where its label and vector begin. */
static bool is_hnswlib(const struct spine_start *start)
{
    const uint64_t most = spine_start_u64(start, 8), rows = spine_start_u64(start, 16);
    const uint64_t bytes = spine_start_u64(start, 24), label = spine_start_u64(start, 32),
                   vector = spine_start_u64(start, 40);

    return spine_start_u64(start, 0) == 0 && rows > 0 && rows <= most && bytes == label + 8 &&
           vector > 0 && vector < label && label < 1 << 20;
}

/* Annoy: nodes of one size, the first of which have one vector each: they begin with 1 and end with
 * numbers. */
static bool is_annoy(const struct spine_start *start)
{
    enum { LEAST = 16, VISITED = 4 };

    if (spine_start_u32(start, 0) != 1)
        return false;
    for (size_t size = LEAST; VISITED * size + 4 <= start->bytes; size += 4) {
        size_t node = 1;
        while (node <= VISITED && spine_start_u32(start, node * size) == 1)
            node++;
        if (node > VISITED && are_plausible(start->at + size - 4, 1, 4) &&
            (start->file_bytes == UINT64_MAX || start->file_bytes % size == 0))
            return true;
    }
    return false;
}

/* TFRecord: a record's length, and the checksum of the length. */
static bool is_tfrecord(const struct spine_start *start)
{
    return start->bytes > 12 && spine_start_u32(start, 8) == spine_crc_masked(start->at, 8);
}

/* --- All of them -------------------------------------------------------------------------- */

static const struct kind {
    bool (*is)(const struct spine_start *start);
    const char *what, *advice;
} kinds[] = {
    {is_tfrecord, "a TFRecord file",
     "read it in Python with tf.data.TFRecordDataset, and write its vectors by numpy.save()"},
    {is_fvecs, "an .fvecs file",
     "write it as .npy: a = numpy.fromfile(FILE, 'float32'); numpy.save('vectors.npy', "
     "a.reshape(-1, a.view('int32')[0] + 1)[:, 1:]), and give the words with --words or "
     "--words-from"},
    {is_ivecs, "an .ivecs file",
     "it holds whole numbers, such as lists of neighbours; give the file with the vectors"},
    {is_bvecs, "a .bvecs file",
     "write it as .npy: a = numpy.fromfile(FILE, 'u1'); numpy.save('vectors.npy', "
     "a.reshape(-1, a[:4].view('int32')[0] + 4)[:, 4:].astype('f4')), and give the words with "
     "--words or --words-from"},
    {is_fbin, "an .fbin file",
     "write it as .npy: a = numpy.fromfile(FILE, 'float32'); numpy.save('vectors.npy', "
     "a[2:].reshape(-1, a.view('int32')[1])), and give the words with --words or --words-from"},
    {is_matlab, "a MATLAB file (.mat)", SPINE_FOREIGN_MATLAB},
    {is_hnswlib, "an index of hnswlib",
     "write its vectors in Python: index = hnswlib.Index('l2', D); index.load_index(FILE); "
     "numpy.save('vectors.npy', index.get_items(sorted(index.get_ids_list()))), and give the words "
     "with --words"},
    {is_annoy, "an index of Annoy",
     "write its vectors in Python: index = annoy.AnnoyIndex(D, 'angular'); index.load(FILE); "
     "numpy.save('vectors.npy', [index.get_item_vector(i) for i in range(index.get_n_items())]), "
     "and give the words with --words or --words-from"},
    {are_floats, "bare numbers of 4 bytes, without words or sizes",
     "write them as .npy: numpy.save('vectors.npy', numpy.fromfile(FILE, 'float32').reshape(-1, "
     "D)), and give the words with --words or --words-from"},
    {are_doubles,
     "bare numbers of 8 bytes, without words or sizes, as GloVe writes them with -binary 1",
     "have GloVe write text (-binary 0)"},
};

int spine_foreign_check_binary(const struct spine_start *start, struct spine_error *err)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].is(start))
            return spine_foreign_refuse(start->name, kinds[i].what, kinds[i].advice, err);
    return 0;
}
