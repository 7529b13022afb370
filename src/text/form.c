/* form.c -- the form in which a file holds an embedding. */
#include "spine/text/form.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spine/base/memory.h"
#include "spine/base/path.h"
#include "spine/text/archive.h"
#include "spine/text/fasttext.h"
#include "spine/text/npy.h"
#include "spine/text/safetensors.h"
#include "spine/text/stream.h"
#include "spine/text/word2vec.h"

/* --- Names -------------------------------------------------------------------------------- */

static const char *const names[] = {
    [SPINE_FORM_AUTO] = "auto",         [SPINE_FORM_TEXT] = "text",
    [SPINE_FORM_WORD2VEC] = "word2vec", [SPINE_FORM_FASTTEXT] = "fasttext",
    [SPINE_FORM_NPY] = "npy",           [SPINE_FORM_SAFETENSORS] = "safetensors",
    [SPINE_FORM_HDF5] = "hdf5",
};

const char *spine_form_name(enum spine_form form)
{
    return names[form];
}

int spine_form_parse(const char *name, enum spine_form *form, struct spine_error *err)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0) {
            *form = (enum spine_form)i;
            return 0;
        }
    return spine_refuse(err,
                        "--from: expected auto, text, word2vec, fasttext, npy, safetensors or "
                        "hdf5, got '%s'",
                        name);
}

/* --- What is refused ---------------------------------------------------------------------- */

static const char unpack[] = "unpack it first, and give the file with the vectors";
static const char unpack_once[] = "unpack it once, and give what comes out";
static const char export_text[] =
    "export it as text: a line for each word, the word and its numbers, separated by spaces";

static const char save_matrix[] = "write its matrix in Python: numpy.save('vectors.npy', MATRIX), "
                                  "and give the words with --words";

/* A file with 'magic' at 'offset' is 'what'. Where 'magic' is up to four bytes, which may also begin a
 * word, the file must have control bytes. */
struct foreign {
    size_t offset, bytes;
    const char *magic, *what, *advice;
};

static const char unpack_zlib[] =
    "decompress it first: python3 -c 'import sys, zlib; "
    "sys.stdout.buffer.write(zlib.decompress(open(\"FILE\", \"rb\").read()))' > UNPACKED";

#define BY_PANDAS(reader)                                                                          \
    "write it as text: python3 -c 'import pandas; pandas." reader                                  \
    "(\"FILE\").to_csv(\"vectors.txt\", sep=\" \", header=False, index=False)', the word's "       \
    "column being the first"

static const struct foreign foreigns[] = {
    {257, 5, "ustar", "a tar archive", unpack},
    {0, 6, "7z\xBC\xAF\x27\x1C", "a 7-Zip archive", unpack},
    {0, 4, "Rar!", "a RAR archive", unpack},
    {0, 4, "\x04\x22\x4D\x18", "compressed by lz4", "decompress it first: lz4 -d"},
    {0, 4, "LZIP", "compressed by lzip", "decompress it first: lzip -d"},
    {0, 2, "\x1F\x9D", "compressed by compress (.Z)", "decompress it first: uncompress"},
    /* A container inside a container; stream.c has unpacked the outer one. */
    {0, 3, "\x1F\x8B\x08", "compressed twice", unpack_once},
    {0, 4, "\x28\xB5\x2F\xFD", "compressed twice", unpack_once},
    {0, 6,
     "\xFD"
     "7zXZ\0",
     "compressed twice", unpack_once},
    {0, 10, "BZh91AY&SY", "compressed twice", unpack_once},
    {0, 4, "PK\3\4", "a zip archive in another container", unpack_once},
    {0, 4, "\xFF\xFE\0\0", "UTF-32", "convert it to UTF-8 first: iconv -f UTF-32 -t UTF-8"},
    {0, 3, "\x5D\0\0", "compressed by LZMA (.lzma)", "decompress it first: xz -d"},
    {0, 4, "PAR1", "Parquet", BY_PANDAS("read_parquet")},
    {0, 6, "ARROW1", "Arrow (Feather)", BY_PANDAS("read_feather")},
    {0, 4, "FEA1", "Feather", export_text},
    {0, 3, "ORC", "ORC", export_text},
    {0, 4, "Obj\x01", "Avro", export_text},
    {0, 10, "MATLAB 5.0", "a MATLAB file (.mat)", /* 7.3 is HDF5 */
     "write its matrix as .npy: python3 -c 'import numpy, scipy.io; numpy.save(\"vectors.npy\", "
     "scipy.io.loadmat(\"FILE\")[\"NAME\"])', and give the words with --words"},
    {0, 7, "RDX3\nX\n", "R data (.RData)", export_text},
    {0, 7, "RDX2\nX\n", "R data (.RData)", export_text},
    {0, 7, "RDA3\nA\n", "R data (.RData)", export_text},
    {0, 4, "X\n\0\0", "R data (.rds)",
     "write it as text in R: write.table(readRDS(\"FILE\"), \"vectors.txt\", quote = FALSE, "
     "col.names = FALSE), the words being the row names"},
    /* In text: A, 3, the writer's version of six digits, and R 3.5.0, which can read it. */
    {10, 8, "\n197888\n", "R data (.rds)", export_text},
    {0, 15, "SQLite format 3", "an SQLite database, such as a .magnitude",
     "write it as text with pymagnitude, or get the vectors that it was made of"},
    {0, 4, "GGUF", "a GGUF model", "save the embedding's matrix as .npy or .safetensors"},
    {0, 4, "lmgg", "a GGML model", "save the embedding's matrix as .npy or .safetensors"},
    {4, 4, "TFL3", "a TensorFlow Lite model", save_matrix},
    {0, 3, "IxF", "a FAISS index",
     "write its vectors: numpy.save('vectors.npy', "
     "faiss.read_index(FILE).reconstruct_n()), and give the words with --words"},
    {0, 14, "%%MatrixMarket", "a Matrix Market file",
     "write it as .npy: python3 -c 'import numpy, scipy.io, scipy.sparse; "
     "numpy.save(\"vectors.npy\", "
     "scipy.sparse.csr_matrix(scipy.io.mmread(\"FILE\")).toarray())', and give the words with "
     "--words"},
    {0, 4, "CDF\1", "a NetCDF file", save_matrix},
    {0, 4, "CDF\2", "a NetCDF file", save_matrix},
    {0, 4, "\0\0\x0D\2", "an IDX file", save_matrix},
    {0, 4, "\xFF\xFF\xFF\xFF", "an Arrow stream", export_text},
    {8, 4, "DUCK", "a DuckDB database", export_text},
    {0, 11, "<stata_dta>", "a Stata file (.dta)", BY_PANDAS("read_stata")},
    {0, 4, "$FL2", "an SPSS file (.sav)", BY_PANDAS("read_spss")},
    {0, 8, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "an Office document", export_text},
    {0, 5, "root\0", "a ROOT file", save_matrix},
    {0, 7, "!<arch>", "an archive (ar, .deb)", unpack},
    {0, 4, "\xED\xAB\xEE\xDB", "an RPM package", unpack},
    {0, 10, "\xFF\6\0\0sNaPpY", "compressed by Snappy", "decompress it first"},
    {0, 4, "\x89LZO", "compressed by lzop", "decompress it first: lzop -d"},
    {0, 2, "\x78\x01", "compressed by zlib", unpack_zlib},
    {0, 2, "\x78\x9C", "compressed by zlib", unpack_zlib},
    {0, 2, "\x78\xDA", "compressed by zlib", unpack_zlib},
    {0, 5, "%PDF-", "a PDF document", export_text},
    {0, 4, "\x89PNG", "a picture (PNG)", export_text},
    {0, 4,
     "\x7F"
     "ELF",
     "a program", "give the file with the vectors"},
    {0, 27, "version https://git-lfs.git", "only Git LFS's pointer to a file",
     "fetch the file itself: git lfs pull"},
};

static bool holds(const char *start, size_t bytes, size_t offset, const char *what, size_t length)
{
    return bytes >= offset + length && memcmp(start + offset, what, length) == 0;
}

static int refuse(const char *name, const char *what, const char *advice, struct spine_error *err)
{
    return spine_refuse(err, "%s: is %s, which is not read; %s", name, what, advice);
}

static bool has_controls(const char *start, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        if (iscntrl((unsigned char)start[i]) && !isspace((unsigned char)start[i]))
            return true;
    return false;
}

/* Protocol buffers begin with the number of a field and its value; in ONNX and TensorFlow's models the
 * first is a small version, followed by a text. */
static bool is_protocol_buffer(const char *start, size_t bytes)
{
    return bytes > 16 && start[0] == 8 && start[1] > 0 && start[1] < 32 && start[2] == 0x12;
}

static int refuse_foreign(const char *name, const char *start, size_t bytes,
                          struct spine_error *err)
{
    for (size_t i = 0; i < sizeof foreigns / sizeof *foreigns; i++) {
        const struct foreign *foreign = &foreigns[i];
        if (holds(start, bytes, foreign->offset, foreign->magic, foreign->bytes) &&
            (foreign->bytes > 4 || has_controls(start, bytes)))
            return refuse(name, foreign->what, foreign->advice, err);
    }
    if (is_protocol_buffer(start, bytes))
        return refuse(name, "a protocol buffer, such as a model of ONNX or TensorFlow", save_matrix,
                      err);
    return 0;
}

static bool mentions(const char *start, size_t bytes, const char *what)
{
    const size_t length = strlen(what);

    for (size_t i = 0; i + length <= bytes; i++)
        if (memcmp(start + i, what, length) == 0)
            return true;
    return false;
}

/* Protocol 2 and above begin with 0x80 and its number, older ones with text. */
static bool is_pickle(const char *start, size_t bytes)
{
    return (bytes >= 3 && start[0] == '\x80' && start[1] >= 2 && start[1] <= 5) ||
           holds(start, bytes, 0, "(dp", 3) || holds(start, bytes, 0, "(lp", 3) ||
           holds(start, bytes, 0, "}q", 2) || holds(start, bytes, 0, "]q\0", 3) ||
           holds(start, bytes, 0, "ccopy_reg\n", 10) || holds(start, bytes, 0, "cnumpy", 6);
}

/* A pickle is a program: it is never run. */
static int refuse_pickle(const char *name, const char *start, size_t bytes, struct spine_error *err)
{
    static const char torch[] = "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";

    if (!is_pickle(start, bytes))
        return 0;
    if (mentions(start, bytes, "gensim") || mentions(start, bytes, "KeyedVectors"))
        return spine_refuse(
            err,
            "%s: is a pickle of gensim's, which is never run; write it in word2vec's binary "
            "format in Python:\n"
            "from gensim.models import KeyedVectors\n"
            "KeyedVectors.load('%.200s').save_word2vec_format('vectors.bin', binary=True)\n"
            "(for a model, Word2Vec.load(FILE).wv.save_word2vec_format...; or give the .npy beside "
            "it, and the words with --words)",
            name, name);
    if (holds(start, bytes, 2, torch, sizeof torch - 1))
        return refuse(name, "a PyTorch file (.pt), a pickle that is never run",
                      "write the tensor in Python: numpy.save('vectors.npy', TENSOR.numpy()), or "
                      "as .safetensors",
                      err);
    return spine_refuse(err,
                        "%s: is a Python pickle, which is never run; write its matrix in Python: "
                        "numpy.save('vectors.npy', MATRIX), a word a line to words.txt, and give "
                        "--words=words.txt",
                        name);
}

static size_t skip_blanks(const char *start, size_t bytes, size_t at)
{
    while (at < bytes && isspace((unsigned char)start[at]))
        at++;
    return at;
}

/* [[0.1, ... : a matrix without words, whose first number ends at a comma. */
static bool is_json_matrix(const char *start, size_t bytes, size_t at, size_t brackets)
{
    const size_t first = at;

    while (at < bytes && strchr("+-.0123456789eE", start[at]) != NULL && start[at] != '\0')
        at++;
    if (brackets < 2 || at == first)
        return false;
    at = skip_blanks(start, bytes, at);
    return at < bytes && start[at] == ',';
}

static char byte_at(const char *start, size_t bytes, size_t at)
{
    return at < bytes ? start[at] : '\0';
}

/* The offset of what follows the name that begins at 'at' and its colon, if it has one. */
static size_t find_value(const char *start, size_t bytes, size_t at, bool *has_colon)
{
    at++;
    while (at < bytes && start[at] != '"')
        at += start[at] == '\\' ? 2 : 1;
    at = skip_blanks(start, bytes, at + 1);
    *has_colon = byte_at(start, bytes, at) == ':';
    return *has_colon ? skip_blanks(start, bytes, at + 1) : at;
}

/* Is there a whole number at 'at', and behind it another name with one? */
static bool are_whole_numbers(const char *start, size_t bytes, size_t at)
{
    const size_t first = at;
    bool has_colon;

    while (isdigit((unsigned char)byte_at(start, bytes, at)))
        at++;
    const size_t comma = skip_blanks(start, bytes, at), next = skip_blanks(start, bytes, comma + 1);
    if (at == first || byte_at(start, bytes, comma) != ',' || byte_at(start, bytes, next) != '"')
        return false;

    at = find_value(start, bytes, next, &has_colon);
    return has_colon && isdigit((unsigned char)byte_at(start, bytes, at));
}

#define WORDS_BY(code)                                                                             \
    "if its words belong to a matrix, write them a line each: python3 -c 'import json; " code      \
    "' > words.txt, and give --words=words.txt"

/* What to do with JSON whose first name begins at 'at': vectors by word, a tokenizer's words and their
 * numbers, or a list of words. */
static const char *advise_on_json(const char *start, size_t bytes, size_t at, size_t brackets)
{
    bool has_colon = false;
    const size_t after = find_value(start, bytes, at, &has_colon);
    const char value = byte_at(start, bytes, after);

    if (mentions(start, bytes, "\"added_tokens\""))
        return WORDS_BY("v = json.load(open(\"FILE\"))[\"model\"][\"vocab\"]; "
                        "print(*(sorted(v, key=v.get) if type(v) is dict else [w for w, _ in v]), "
                        "sep=\"\\n\")");
    if (brackets != 1)
        return export_text;
    if (has_colon && value == '[')
        return "write it as text: python3 -c 'import json; [print(w, *v) for w, v in "
               "json.load(open(\"FILE\")).items()]' > vectors.txt";
    if (has_colon && are_whole_numbers(start, bytes, after))
        return WORDS_BY("v = json.load(open(\"FILE\")); print(*sorted(v, key=v.get), sep=\"\\n\")");
    if (!has_colon && value == ',')
        return WORDS_BY("print(*json.load(open(\"FILE\")), sep=\"\\n\")");
    return export_text;
}

/* {"plum": [0.1, ...  or  [{"word": ..., [["plum", ..., [[0.1, ... */
static int refuse_json(const char *name, const char *start, size_t bytes, struct spine_error *err)
{
    size_t at = 0, brackets = 0;

    while (at < bytes &&
           (isspace((unsigned char)start[at]) || start[at] == '{' || start[at] == '['))
        brackets += !isspace((unsigned char)start[at++]);
    if (brackets == 0 || at == bytes)
        return 0;
    if (is_json_matrix(start, bytes, at, brackets))
        return refuse(
            name, "JSON",
            "write it as .npy: python3 -c 'import json, numpy; numpy.save(\"vectors.npy\", "
            "numpy.array(json.load(open(\"FILE\")), \"f4\"))', and give the words with "
            "--words",
            err);

    if (start[at] != '"' || !(mentions(start, bytes, "\":") || mentions(start, bytes, "\" :") ||
                              mentions(start, bytes, "\",")))
        return 0;
    if (mentions(start, bytes, "}\n{") || mentions(start, bytes, "]\n["))
        return refuse(name, "JSON Lines", export_text, err);
    if (mentions(start, bytes, "\"weight_map\""))
        return refuse(name, "the index of a model in several safetensors files",
                      "give the file that it names for the embedding, and --tensor NAME", err);
    return refuse(name, "JSON", advise_on_json(start, bytes, at, brackets), err);
}

static int refuse_arff(const char *name, const char *start, size_t bytes, struct spine_error *err)
{
    if ((*start != '@' && *start != '%') ||
        !((mentions(start, bytes, "@RELATION") && mentions(start, bytes, "@ATTRIBUTE")) ||
          (mentions(start, bytes, "@relation") && mentions(start, bytes, "@attribute"))))
        return 0;
    return refuse(
        name, "ARFF",
        "write its rows as text: sed '1,/^@data/Id; s/,/ /g' FILE > vectors.txt, the word "
        "being the first column",
        err);
}

static bool is_text(char byte)
{
    return isprint((unsigned char)byte) || isspace((unsigned char)byte);
}

/* UTF-16 without a mark: one byte of two is zero, the other one a character of ASCII. */
static int refuse_utf16(const char *name, const char *start, size_t bytes, struct spine_error *err)
{
    enum { MOST = 512, LEAST = 8 };
    const size_t count = (bytes < MOST ? bytes : MOST) / 2;
    size_t num_little = 0, num_big = 0;

    for (size_t i = 0; i < count; i++) {
        const char first = start[2 * i], second = start[2 * i + 1];
        num_little += second == '\0' && is_text(first);
        num_big += first == '\0' && is_text(second);
    }
    if (count < LEAST || holds(start, bytes, 0, "\xFF\xFE", 2) ||
        holds(start, bytes, 0, "\xFE\xFF", 2) ||
        (10 * num_little < 9 * count && 10 * num_big < 9 * count))
        return 0;
    return refuse(name, "UTF-16",
                  num_little > num_big ? "convert it to UTF-8 first: iconv -f UTF-16LE -t UTF-8"
                                       : "convert it to UTF-8 first: iconv -f UTF-16BE -t UTF-8",
                  err);
}

/* Are these numbers of 'width' bytes from the first byte on, with magnitudes as in vectors, and few
 * of them zero? */
static bool are_bare_numbers(const unsigned char *start, size_t bytes, size_t width)
{
    enum { MOST = 256, LEAST = 8 };
    const size_t count = bytes / width < MOST ? bytes / width : MOST;
    size_t num_zeros = 0;

    for (size_t i = 0; i < count; i++) {
        const unsigned char *at = start + i * width;
        const uint64_t bits = width == 8 ? spine_binary_u64(at) : spine_binary_u32(at);
        const unsigned exponent =
            width == 8 ? (unsigned)(bits >> 52) & 0x7FF : (unsigned)(bits >> 23) & 0xFF;
        const unsigned bias = width == 8 ? 1023 : 127;
        const bool is_zero = bits << 1 << (width == 4 ? 32 : 0) == 0;
        num_zeros += is_zero;
        if (!is_zero && (exponent + 50 < bias || exponent > bias + 50))
            return false;
    }
    return count >= LEAST && 2 * num_zeros < count;
}

static int refuse_bare_numbers(const char *name, const void *start, size_t bytes,
                               struct spine_error *err)
{
    if (memchr(start, '\0', bytes) == NULL && memchr(start, '\xBF', bytes) == NULL)
        return 0;
    /* Floats may look like doubles, but hardly the other way round. */
    if (are_bare_numbers(start, bytes, 4))
        return refuse(name, "numbers of 4 bytes without words or sizes",
                      "write them as .npy: numpy.save('vectors.npy', numpy.fromfile(FILE, "
                      "'float32').reshape(-1, D)), and give the words with --words",
                      err);
    if (are_bare_numbers(start, bytes, 8))
        return refuse(
            name, "numbers of 8 bytes without words or sizes, as GloVe writes them by -binary 1",
            "have GloVe write text (-binary 0)", err);
    return 0;
}

/* --- What is read ------------------------------------------------------------------------- */

static const char hdf5[8] = {'\x89', 'H', 'D', 'F', '\r', '\n', '\x1a', '\n'};

/* HDF5 may begin after a user block of 512 bytes, 1,024, 2,048 ... */
static bool has_user_block(const char *start, size_t bytes)
{
    for (size_t offset = 512; offset < bytes; offset *= 2)
        if (holds(start, bytes, offset, hdf5, sizeof hdf5))
            return true;
    return false;
}

/* Guess the form of a file that begins with no known signature. */
static int guess(const char *name, const void *start, size_t bytes, uint64_t file_bytes,
                 enum spine_form *form, struct spine_error *err)
{
    if (has_user_block(start, bytes))
        *form = SPINE_FORM_HDF5;
    else if (spine_safetensors_is(start, bytes, file_bytes))
        *form = SPINE_FORM_SAFETENSORS;
    else if (spine_word2vec_is(start, bytes))
        *form = SPINE_FORM_WORD2VEC;
    else if (bytes > 0 &&
             (refuse_json(name, start, bytes, err) || refuse_arff(name, start, bytes, err) ||
              refuse_utf16(name, start, bytes, err) ||
              refuse_bare_numbers(name, start, bytes, err)))
        return -1;
    return 0;
}

int spine_form_find(const char *name, const void *start, size_t bytes, uint64_t file_bytes,
                    enum spine_form *form, struct spine_error *err)
{
    *form = SPINE_FORM_TEXT;
    if (holds(start, bytes, 0, hdf5, sizeof hdf5))
        *form = SPINE_FORM_HDF5;
    else if (spine_npy_is(start, bytes))
        *form = SPINE_FORM_NPY;
    else if (spine_fasttext_is(start, bytes))
        *form = SPINE_FORM_FASTTEXT;
    else if (refuse_foreign(name, start, bytes, err) || refuse_pickle(name, start, bytes, err))
        return -1;
    else
        return guess(name, start, bytes, file_bytes, form, err);
    return 0;
}

/* Zip archives of other programs, recognised by the names of their members. */
struct members {
    bool is_torch, is_office;
};

static bool note_member(const char *name, void *data)
{
    struct members *members = data;

    members->is_torch = members->is_torch || spine_path_ends_in(name, "/data.pkl");
    members->is_office = members->is_office || strcmp(name, "[Content_Types].xml") == 0 ||
                         strcmp(name, "content.xml") == 0;
    return true;
}

static int check_archive(const char *path, struct spine_error *err)
{
    struct members members = {0};
    char *file = NULL;
    const char *inner = NULL;
    bool is_zip = false;

    if (spine_stream_split(path, &file, &inner, err))
        return -1;
    int rc = inner == NULL ? spine_archive_is(file, &is_zip, err) : 0;
    if (rc == 0 && is_zip)
        rc = spine_archive_list(file, note_member, &members, err);
    if (rc == 0 && members.is_torch)
        rc = refuse(path, "a PyTorch file (.pt), a pickle that is never run",
                    "write the tensor in Python: numpy.save('vectors.npy', TENSOR.numpy()), or as "
                    ".safetensors",
                    err);
    else if (rc == 0 && members.is_office)
        rc = refuse(path, "an Office document", export_text, err);
    free(file);
    return rc;
}

/* Read until 'start' has 'size' bytes or the file ends. */
static int read_start(struct spine_stream *stream, char *start, size_t size, size_t *bytes,
                      struct spine_error *err)
{
    size_t got = 1;

    *bytes = 0;
    while (*bytes < size && got > 0) {
        if (spine_stream_read(stream, start + *bytes, size - *bytes, &got, err))
            return -1;
        *bytes += got;
    }
    return 0;
}

int spine_form_detect(const char *path, enum spine_form *form, struct spine_error *err)
{
    struct spine_stream *stream = NULL;
    size_t bytes = 0;
    char *start = NULL;
    int rc = -1;

    if (strstr(path, "://") != NULL && access(path, F_OK) != 0)
        return refuse(path, "a URL", "download the file first, and give its path", err);
    if (check_archive(path, err) || spine_stream_open(&stream, path, err))
        return -1;
    start = spine_memory_get(SPINE_FORM_BYTES, 1, "the beginning of the file", err);
    if (start == NULL || read_start(stream, start, SPINE_FORM_BYTES, &bytes, err))
        goto done;

    const bool is_plain = spine_stream_packing(stream) == SPINE_PACKING_NONE;
    rc = spine_form_find(path, start, bytes,
                         is_plain && spine_stream_is_file(stream) ? spine_stream_bytes(stream)
                                                                  : UINT64_MAX,
                         form, err);
done:
    free(start);
    spine_stream_close(stream);
    return rc;
}
