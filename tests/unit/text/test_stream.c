/* test_stream.c -- the bytes of a file, unpacked, and what form they are of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <bzlib.h>
#include <lzma.h>
#include <zip.h>
#include <zstd.h>

#include "spine/text/form.h"
#include "spine/text/stream.h"
#include "support/bytes.h"
#include "support/directory.h"
#include "support/expect.h"

static const char line[] = "plum 0.5 1.5\n";
static struct bytes plain;

/* 2,000 lines. */
static int make_plain(void **state)
{
    (void)state;
    plain.count = 0;
    for (int i = 0; i < 2000; i++)
        add_text(&plain, line);
    return 0;
}

static void pack_xz(struct bytes *packed)
{
    size_t used = packed->count;
    assert_int_equal(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, NULL, plain.at, plain.count,
                                             packed->at, &used, sizeof packed->at),
                     LZMA_OK);
    packed->count = used;
}

static void pack_bzip2(struct bytes *packed)
{
    unsigned used = (unsigned)(sizeof packed->at - packed->count);
    assert_int_equal(BZ2_bzBuffToBuffCompress((char *)packed->at + packed->count, &used,
                                              (char *)plain.at, (unsigned)plain.count, 1, 0, 0),
                     BZ_OK);
    packed->count += used;
}

/* Read all of "f" in pieces of 'piece' bytes: the plain text, 'times' over. */
static void expect_plain(const char *path, enum spine_packing packing, int times, size_t piece)
{
    struct spine_stream *stream = NULL;
    char buffer[5000];
    size_t got = 0, at = 0;
    TRY(spine_stream_open(&stream, path, &err));
    assert_int_equal(spine_stream_packing(stream), packing);
    do {
        TRY(spine_stream_read(stream, buffer, piece, &got, &err));
        for (size_t i = 0; i < got; i++)
            assert_int_equal(buffer[i], plain.at[(at + i) % plain.count]);
        at += got;
    } while (got > 0);
    assert_int_equal(at, plain.count * (size_t)times);
    spine_stream_close(stream);
}

static void packed_files_of_two_members_are_unpacked(void **state)
{
    void (*const pack[])(struct bytes *) = {pack_xz, pack_bzip2};
    static const enum spine_packing packings[] = {SPINE_PACKING_XZ, SPINE_PACKING_BZIP2};
    static const char zeros[512]; /* may follow, as padding */
    const struct path path = join_path(&directory, "f");
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct bytes packed = {0};
        pack[i](&packed);
        pack[i](&packed);
        add_bytes(&packed, zeros, sizeof zeros);
        put_bytes(&path, &packed);
        expect_plain(path.text, packings[i], 2, 1);
        expect_plain(path.text, packings[i], 2, 5000);
    }
}

/* As pzstd writes: a frame to skip, the size of the next one, that frame. */
static void zstd_begins_with_a_frame_to_skip(void **state)
{
    static const char skipped[] = "\x50\x2A\x4D\x18\4\0\0\0abcd";
    const struct path path = join_path(&directory, "f");
    struct bytes packed = {0};
    (void)state;
    add_bytes(&packed, skipped, sizeof skipped - 1);
    const size_t used = ZSTD_compress(packed.at + packed.count, sizeof packed.at - packed.count,
                                      plain.at, plain.count, 1);
    assert_false(ZSTD_isError(used));
    packed.count += used;
    put_bytes(&path, &packed);
    expect_plain(path.text, SPINE_PACKING_ZSTD, 1, 5000);
}

static int read_to_end(const char *path)
{
    struct spine_stream *stream = NULL;
    char buffer[5000];
    size_t got = 1;
    int rc = spine_stream_open(&stream, path, &err);
    while (rc == 0 && got > 0)
        rc = spine_stream_read(stream, buffer, sizeof buffer, &got, &err);
    spine_stream_close(rc == 0 || stream != NULL ? stream : NULL);
    return rc;
}

static void packed_files_that_are_damaged_are_refused(void **state)
{
    void (*const pack[])(struct bytes *) = {pack_xz, pack_bzip2};
    static const char *const names[] = {"xz", "bzip2"};
    const struct path path = join_path(&directory, "f");
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct bytes packed = {0};
        pack[i](&packed);
        packed.count -= 8;
        put_bytes(&path, &packed);
        EXPECT_REFUSED(read_to_end(path.text), "%s: the compressed data end too early", path.text);
        packed.at[packed.count / 2] ^= 0x55;
        put_bytes(&path, &packed);
        EXPECT_REFUSED(read_to_end(path.text), "%s: the compressed data are damaged (%s)",
                       path.text, names[i]);
    }
}

static void make_zip(const char *path, const char *const *members, int count)
{
    zip_t *zip = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, NULL);
    assert_non_null(zip);
    for (int i = 0; i < count; i++) {
        if (members[i][strlen(members[i]) - 1] == '/')
            assert_true(zip_dir_add(zip, members[i], 0) >= 0);
        else
            assert_true(zip_file_add(zip, members[i],
                                     zip_source_buffer(zip, plain.at, plain.count, 0), 0) >= 0);
    }
    assert_int_equal(zip_close(zip), 0);
}

static void members_of_zip_archives_are_read_by_name(void **state)
{
    static const char *const members[] = {"glove/", "glove/a.txt", "__MACOSX/glove/._a.txt",
                                          "b: c.txt"};
    const struct path path = join_path(&directory, "f.zip"), other = join_path(&directory, "g");
    char inner[2 * PATH_SIZE];
    (void)state;
    make_zip(path.text, members, 3);
    expect_plain(path.text, SPINE_PACKING_ZIP, 1, 999);
    make_zip(path.text, members, 4);
    EXPECT_REFUSED(read_to_end(path.text),
                   "%.200s: a zip archive of 2 files; name one of them as %.200s:FILE: "
                   "glove/a.txt, b: c.txt",
                   path.text, path.text);
    snprintf(inner, sizeof inner, "%s:b: c.txt", path.text);
    expect_plain(inner, SPINE_PACKING_ZIP, 1, 999);
    snprintf(inner, sizeof inner, "%s:none", path.text);
    EXPECT_REFUSED(read_to_end(inner), "%.400s: has no file 'none'; it has: glove/a.txt, b: c.txt",
                   path.text);
    put_bytes(&other, &plain);
    snprintf(inner, sizeof inner, "%s:none", other.text);
    EXPECT_REFUSED(read_to_end(inner),
                   "%.400s: is not a zip archive, so 'none' can't be a file in it", other.text);
}

static void names_with_colons_are_names_first(void **state)
{
    const struct path path = join_path(&directory, "a:b");
    (void)state;
    put_bytes(&path, &plain);
    expect_plain(path.text, SPINE_PACKING_NONE, 1, 4096);
}

struct known {
    const char *bytes;
    size_t count;
    const char *said; /* a part of the refusal; NULL: it is 'form' */
    enum spine_form form;
};

static void forms_are_told_by_their_first_bytes(void **state)
{
#define BYTES(text) text, sizeof text - 1
    static const struct known files[] = {
        {BYTES("plum 0.5 0.25\n"), NULL, SPINE_FORM_TEXT},
        {BYTES("{ 0.5 0.25\n"), NULL, SPINE_FORM_TEXT},
        {BYTES("\" 0.5 0.25\n"), NULL, SPINE_FORM_TEXT},
        {BYTES("1 2\na 0.5 0.25\n"), NULL, SPINE_FORM_TEXT},
        {BYTES("1 2\na \0\0\0\x3F\0\0\x80\x3E"), NULL, SPINE_FORM_WORD2VEC},
        {BYTES("\x93NUMPY\1\0"), NULL, SPINE_FORM_NPY},
        {BYTES("\x89HDF\r\n\x1a\n"), NULL, SPINE_FORM_HDF5},
        {BYTES("\xba\x16\x4f\x2f\x0c\0\0\0"), NULL, SPINE_FORM_FASTTEXT},
        {BYTES("\2\0\0\0\0\0\0\0{}"), NULL, SPINE_FORM_SAFETENSORS},
        {BYTES("PAR1\x15\4"), "is Parquet, which is not read; write it as text", 0},
        {BYTES("\x80\4\x95\0\0\0\0\0\0\0\0\x8c\x1bgensim.models.keyedvectors"),
         "KeyedVectors.load(", 0},
        {BYTES("\x80\5\x95\0\0\0\0"), "is a Python pickle, which is never run", 0},
        {BYTES("\x80\2\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"), "is a PyTorch file", 0},
        {BYTES("MATLAB 5.0 MAT-file, "), "is a MATLAB file", 0},
        {BYTES("SQLite format 3\0"), ".magnitude", 0},
        {BYTES("MATLAB 0.5 0.25\n"), NULL, SPINE_FORM_TEXT},
        {BYTES("X\n\0\0\0\3"), "is R data", 0},
        {BYTES("A\n3\n262657\n197888\n5\nUTF-8\n"), "is R data", 0},
        {BYTES("A\n3\nB\n"), NULL, SPINE_FORM_TEXT},
        {BYTES("7z\xBC\xAF\x27\x1C"), "is a 7-Zip archive", 0},
        {BYTES("{\"plum\": [0.5, 0.25]}"), "is JSON", 0},
        {BYTES("[\n {\"word\" : \"plum\"}]"), "is JSON", 0},
        {BYTES("{\"a\": {\"id\": 1}}"), "is JSON, which is not read; export it as text", 0},
        {BYTES("{\"columns\": [\"a\"]}"), "is JSON, which is not read; export it as text", 0},
        {BYTES("{\"a\": 0, \"b\" : 1}"), "v = json.load(open(\"FILE\")); print(*(w.", 0},
        {BYTES("{\"!\": 0, \"\\\"\": 1, \"#\": 2}"), "for w in sorted(v, key=v.get)), sep", 0},
        {BYTES("{\"id\": 1, \"vector\": [0.5]}"), "is JSON, which is not read; export it as text",
         0},
        {BYTES("{\"id\": 1, \""), "is JSON, which is not read; export it as text", 0},
        {BYTES("{\"added_tokens\": []}"),
         "for a in t[\"added_tokens\"]); print(*(w.translate({9: \"\\\\t\", 10: \"\\\\n\", 13: ",
         0},
        {BYTES("[\"a\",\n \"b\"]"), "print(*json.load(open(\"FILE\")), sep", 0},
        {BYTES("{\n \"a\" : [0.5]}"), "is JSON, which is not read; write it as text", 0},
        {BYTES("[[0.5, 1],\n [1, 2]]"), "is JSON, which is not read; write it as .npy", 0},
        {BYTES("[[ 0.5 0.25\n]] 1 2\n"), NULL, SPINE_FORM_TEXT},
        {BYTES("[[1,2]] 0.5 0.25\n"), NULL, SPINE_FORM_TEXT},
        {BYTES("[[1, 2],\n [3, 4]]\n"), "is JSON", 0},
        {BYTES("[[1, 2]]\n[[3, 4]]\n"), "is JSON", 0},
        {BYTES("{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n"), "is JSON Lines, which is not read; export", 0},
        {BYTES("{\"n\":1,\"w\":\"a\",\"v\":[0.5]}\n{\"n\":2,"),
         "[print(r[\"w\"], *r[\"v\"]) for r in map(json.loads, open(\"FILE\"))]", 0},
        {BYTES("[{\"w\": \"a\", \"v\": [0.5, 1]}, {\"w"),
         "[print(r[\"w\"], *r[\"v\"]) for r in json.load(open(\"FILE\"))]", 0},
        {BYTES("[{\"by\": \"a\", \"Word\": \"b\", \"v\": [0.5, 1]}, {\"w"),
         "[print(r[\"Word\"], *r[\"v\"]) for r in json.load(open(\"FILE\"))]", 0},
        {BYTES("[{\"by\": \"a\", \"w\": \"b\", \"v\": [0.5, 1]}]"),
         "is JSON, which is not read; export", 0},
        {BYTES("{\"object\": \"embedding\", \"v\": [0.5]}\n{\"object\":"),
         "is JSON Lines, which is not read; export", 0},
        {BYTES("[{\"w'\": \"a\", \"v\": [0.5, 1]}]"), "is JSON, which is not read; export", 0},
        {BYTES("\n\x0E\n\5<unk>\x15\0\0\0\0\x18\2"), "is a model of SentencePiece", 0},
        {BYTES("\n\na 0.5 0.25\n"), NULL, SPINE_FORM_TEXT},
        {BYTES("x^\x4B\1"), "is compressed with zlib", 0},
        {BYTES("{\"metadata\": {}, \"weight_map\": {\"e\": \"m-1.safetensors\"}}"),
         "give NAME.index.json:TENSOR", 0},
        {BYTES("%%MatrixMarket matrix array real general\n"), "is a Matrix Market file", 0},
        {BYTES("% c\n@relation x\n@attribute w string\n"), "is ARFF", 0},
        {BYTES("% @relation 0.5\n"), NULL, SPINE_FORM_TEXT},
        {BYTES("\x08\x07\x12\x07pytorch\x1a\x04"
               "1.13"),
         "a model of ONNX or TensorFlow", 0},
        {BYTES("a\0 \0"
               "1\0 \0"
               "2\0\n\0b\0 \0"),
         "iconv -f UTF-16LE", 0},
        {BYTES("\0a\0 \0"
               "1\0 \0"
               "2\0\n\0b\0 "),
         "iconv -f UTF-16BE", 0},
        {BYTES("IxFI\x2C\1\0\0"), "is a FAISS index", 0},
        {BYTES("IxF 0.5\nORC 0.25\n"), NULL, SPINE_FORM_TEXT},
        {BYTES("ORC 0.5\nIxF 0.25\n"), NULL, SPINE_FORM_TEXT},
        {BYTES("ORC\x08\3"), "is ORC", 0},
        {BYTES("x\x9C\x4B\1"), "is compressed with zlib", 0},
        {BYTES("x\xDA 0.5\n"), NULL, SPINE_FORM_TEXT},
        {BYTES("version https://git-lfs.github.com/spec/v1\n"), "git lfs pull", 0},
        {BYTES("\x82\xA4"
               "data\x92\xCA>\x80\0\0\xCA>\x80\0\0\xA1n\002"),
         "is MessagePack", 0},
        {BYTES("\x82\xA4"
               "data\x92\xCA>\x80\0\0\xCA>\x80\0\0\xA1n"),
         NULL, SPINE_FORM_TEXT},
        {BYTES("\xA2"
               "ddata\x82\xFA>\x80\0\0\xFA>\x80\0\0an\002"),
         "is CBOR", 0},
        {BYTES("\x14\0\0\0\2word\0\5\0\0\0plum\0\000"), "is BSON", 0},
        {BYTES("\2\0\0\0\0\0\x80>\0\0\0\x3F\2\0\0\0\0\0\x80>\0\0\0\x3F"), "is an .fvecs file", 0},
        {BYTES("\2\0\0\0\1\0\0\0\2\0\0\0\2\0\0\0\3\0\0\0\4\0\0\000"), "is an .ivecs file", 0},
        {BYTES("\4\0\0\0abcd\4\0\0\0efgh"), "is a .bvecs file", 0},
        {BYTES("\2\0\0\0\3\0\0\0\0\0\x80>\0\0\0\x3F\0\0@\x3F\0\0\x80\x3F\0\0\0@\0\0@@"),
         "is an .fbin file", 0},
        {BYTES("\0\0\0\0\1\0\0\0\1\0\0\0\0\0\0\0\2\0\0\0v\0\0\0\0\0\0\0\xD0\x3F"),
         "is a MATLAB file", 0},
        {BYTES("\0\0\0\0\0\0\0\0\n\0\0\0\0\0\0\0\n\0\0\0\0\0\0\0\x9C\0\0\0\0\0\0\0\x94\0\0\0\0"
               "\0\0\0\x84\0\0\0\0\0\0\000"),
         "is an index of hnswlib", 0},
        {BYTES("\1\0\0\0\0\0\0\0\0\0\0\0\0\0\x80>\0\0\0\x3F\0\0@"
               "\x3F\0\0\x80\x3F\1\0\0\0\0\0\0\0\0\0\0\0\0\0\x80>\0\0\0\x3F\0\0@"
               "\x3F\0\0\x80\x3F\1\0\0\0\0\0\0\0\0\0\0\0\0\0\x80>\0\0\0\x3F\0\0@"
               "\x3F\0\0\x80\x3F\1\0\0\0\0\0\0\0\0\0\0\0\0\0\x80>\0\0\0\x3F\0\0@"
               "\x3F\0\0\x80\x3F\1\0\0\0\0\0\0\0\0\0\0\0\0\0\x80>\0\0\0\x3F\0\0@\x3F\0\0\x80\x3F"),
         "is an index of Annoy", 0},
        {BYTES("\2\0\0\0\0\0\0\0x'\x0B"
               "4ab"),
         "is a TFRecord file", 0},
        {BYTES("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xDE\xC0\xEF\xBE\1\0\0\000"), "is an LMDB database",
         0},
        {BYTES("((Vplum\np1\nVpear\np2\ntp3\n"), "is a Python pickle", 0},
        {BYTES("(dp0\nS'a'\n"), "is a Python pickle", 0},
        {BYTES("(lp 0.5\n}q 0.25\n"), NULL, SPINE_FORM_TEXT},
        {BYTES("}q 0.5\n(dp 0.25\n"), NULL, SPINE_FORM_TEXT},
        {BYTES("MATLAB 5.0 0.25\n"), NULL, SPINE_FORM_TEXT},
        {BYTES("\xFF\xFE"
               "a\0 \0001\0\n\000"),
         "iconv -f UTF-16 -t UTF-8", 0},
        {BYTES("/annex/objects/SHA256E-s1--aa.bin\n"), "git annex get", 0},
        {BYTES("outs:\n- md5: a3"), "dvc pull", 0},
        {BYTES("404: Not Found"), "is a server's error message", 0},
        {BYTES("404: 0.5 0.25\n"), NULL, SPINE_FORM_TEXT},
        {BYTES("{\""
               "cells\": [], \"nbformat\": 4}"),
         "is a Jupyter notebook", 0},
        {BYTES("RDA2\n"
               "A\n"),
         "get(load(", 0},
        {BYTES("%PDF-1.4 0.5 0.25\n"), NULL, SPINE_FORM_TEXT},
        {BYTES("%PDF-1.4\n\1"), "is a PDF document", 0},
        {BYTES("(\np1\np2\n"), NULL, SPINE_FORM_TEXT},
        {BYTES("{\"\n:\n\",\n\":\n"), NULL, SPINE_FORM_TEXT},
        {BYTES("[\" 0.5 0.25\n\": 0.5 0.25\n\", 0.5 0.25\n"), NULL, SPINE_FORM_TEXT},
        /* Text whose every fourth byte is a digit or a point. */
        {BYTES("\xD0\xBF 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1\n"), NULL, SPINE_FORM_TEXT},
        {BYTES("a 0.0 0.0 0.0 0.0 0.0 0.0 0.0 0.0\n\xC2\xBF 0.5\n"), NULL, SPINE_FORM_TEXT},
        {BYTES("\xD0\xBF 0.12345 0.54321 0.12345 0.54321\n"), NULL, SPINE_FORM_TEXT},
    };
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const struct known *known = &files[i];
        const struct spine_start start = {"f", known->bytes, known->count, known->count};
        enum spine_form form = SPINE_FORM_AUTO;
        err.text[0] = '\0';
        const int rc = spine_form_find(&start, &form, &err);
        assert_int_equal(rc != 0, known->said != NULL);
        if (known->said == NULL)
            assert_int_equal(form, known->form);
        else
            assert_non_null(strstr(err.text, known->said));
    }
}

static int find_form(const struct bytes *bytes, enum spine_form *form)
{
    const struct spine_start start = {"f", (const char *)bytes->at, bytes->count, bytes->count};
    return spine_form_find(&start, form, &err);
}

/* The length of a safetensors file's header may be another program's signature. */
static void safetensors_may_begin_as_other_files(void **state)
{
    static const size_t lengths[] = {93, 104, 376, 640, 896, 1152, 1408, 2648, 40056, 55928, 65534};
    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        const unsigned char length[8] = {(unsigned char)lengths[i],
                                         (unsigned char)(lengths[i] >> 8)};
        struct bytes bytes = {0};
        enum spine_form form = SPINE_FORM_AUTO;
        add_bytes(&bytes, length, sizeof length);
        add_text(&bytes, "{\"a\":");
        bytes.count = sizeof length + lengths[i];
        TRY(find_form(&bytes, &form));
        assert_int_equal(form, SPINE_FORM_SAFETENSORS);
    }
}

static void words_may_be_signatures(void **state)
{
    struct bytes text = {0}, binary = {0};
    enum spine_form form = SPINE_FORM_AUTO;
    (void)state;
    for (int i = 0; i < 19; i++)
        add_text(&text, line);
    add_text(&text, "ab 0.5 1\nmustard 0.5 1.5\n");
    assert_memory_equal(text.at + 257, "ustar", 5);
    TRY(find_form(&text, &form));
    assert_int_equal(form, SPINE_FORM_TEXT);

    add_text(&binary, "1000 50\nDUCK ");
    for (int i = 0; i < 50; i++)
        add_float(&binary, 0.01F * (float)i);
    add_text(&binary, "a ");
    TRY(find_form(&binary, &form));
    assert_int_equal(form, SPINE_FORM_WORD2VEC);
}

static void bare_numbers_are_refused(void **state)
{
    struct bytes bytes = {0};
    enum spine_form form;
    (void)state;
    for (int i = 0; i < 20; i++) {
        const double value = i - 9.1;
        add_bytes(&bytes, &value, sizeof value);
    }
    assert_int_equal(find_form(&bytes, &form), -1);
    assert_non_null(strstr(err.text, "as GloVe writes them with -binary 1"));
    bytes.count = 0;
    for (int i = 0; i < 20; i++)
        add_float(&bytes, (float)i - 9.1F);
    assert_int_equal(find_form(&bytes, &form), -1);
    assert_non_null(strstr(err.text, "numbers of 4 bytes, without words"));
}

static void archives_are_refused_by_name(void **state)
{
    static const char *const torch[] = {"archive/data.pkl", "archive/data/0"};
    static const char *const excel[] = {"[Content_Types].xml", "xl/workbook.xml"};
    const struct path path = join_path(&directory, "f.pt"), tar = join_path(&directory, "f.tar.xz");
    struct bytes packed = {0};
    enum spine_form form;
    (void)state;
    make_zip(path.text, torch, 2);
    assert_int_equal(spine_form_detect(path.text, &form, &err), -1);
    assert_non_null(strstr(err.text, "is a PyTorch file (.pt)"));
    make_zip(path.text, excel, 2);
    assert_int_equal(spine_form_detect(path.text, &form, &err), -1);
    assert_non_null(
        strstr(err.text, "is an Excel file (.xlsx), which is not read; write it as text"));
    memcpy(plain.at + 256, "\0ustar", 6);
    pack_xz(&packed);
    put_bytes(&tar, &packed);
    assert_int_equal(spine_form_detect(tar.text, &form, &err), -1);
    assert_non_null(strstr(err.text, "is a tar archive"));
    make_plain(NULL);
}

static void forms_have_names(void **state)
{
    enum spine_form form;
    (void)state;
    for (int i = SPINE_FORM_AUTO; i <= SPINE_FORM_HDF5; i++) {
        TRY(spine_form_parse(spine_form_name((enum spine_form)i), &form, &err));
        assert_int_equal(form, i);
    }
    EXPECT_REFUSED(spine_form_parse("csv", &form, &err),
                   "--from: expected auto, text, word2vec, fasttext, npy, safetensors or hdf5, got "
                   "'csv'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(packed_files_of_two_members_are_unpacked),
        TEST(zstd_begins_with_a_frame_to_skip),
        TEST(packed_files_that_are_damaged_are_refused),
        TEST(members_of_zip_archives_are_read_by_name),
        TEST(names_with_colons_are_names_first),
        TEST(forms_are_told_by_their_first_bytes),
        TEST(safetensors_may_begin_as_other_files),
        TEST(words_may_be_signatures),
        TEST(bare_numbers_are_refused),
        TEST(archives_are_refused_by_name),
        TEST(forms_have_names),
    };
    return cmocka_run_group_tests(tests, make_plain, NULL);
}
