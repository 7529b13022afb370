/* foreign.c -- files of other programs: signatures and pickles. */
#include "spine/text/foreign.h"

#include <ctype.h>
#include <string.h>

int spine_foreign_refuse(const char *name, const char *what, const char *advice,
                         struct spine_error *err)
{
    return spine_refuse(err, "%s: is %s, which is not read; %s", name, what, advice);
}

/* --- Signatures --------------------------------------------------------------------------- */

static const char unpack[] = "unpack it first, and give the file with the vectors";
static const char unpack_once[] = "unpack it once, and give the result";
static const char export_text[] = SPINE_FOREIGN_EXPORT;
static const char save_matrix[] = SPINE_FOREIGN_SAVE;
static const char unpack_zlib[] =
    "decompress it first: python3 -c 'import sys, zlib; "
    "sys.stdout.buffer.write(zlib.decompress(open(\"FILE\", \"rb\").read()))' > UNPACKED";
static const char write_rdata[] =
    "write it as text in R: write.table(get(load(\"FILE\")), \"vectors.txt\", quote = FALSE, "
    "col.names = FALSE), with the words as row names";
static const char write_rds[] =
    "write it as text in R: write.table(readRDS(\"FILE\"), \"vectors.txt\", quote = FALSE, "
    "col.names = FALSE), with the words as row names";
static const char from_checkpoint[] = "write the variable in Python: numpy.save('vectors.npy', "
                                      "tf.train.load_checkpoint('PREFIX').get_tensor('NAME')), and "
                                      "give the words with --words or --words-from";
static const char fetch[] = "download the file itself, perhaps after logging in";

/* A file with 'magic' at 'offset' is 'what'. Where 'magic' is up to five bytes, which may also be
 * in a text, the file must have control bytes. */
struct foreign {
    size_t offset, bytes;
    const char *magic, *what, *advice;
};

#define AT(offset, magic) offset, sizeof(magic) - 1, (magic)

static const struct foreign foreigns[] = {
    {AT(257, "ustar"), "a tar archive", unpack},
    {AT(0, "7z\xBC\xAF\x27\x1C"), "a 7-Zip archive", unpack},
    {AT(0, "Rar!"), "a RAR archive", unpack},
    {AT(0, "\x04\x22\x4D\x18"), "compressed with lz4", "decompress it first: lz4 -d"},
    {AT(0, "LZIP"), "compressed with lzip", "decompress it first: lzip -d"},
    {AT(0, "\x1F\x9D"), "compressed with compress (.Z)", "decompress it first: uncompress"},
    /* A container inside a container; stream.c has unpacked the outer one. */
    {AT(0, "\x1F\x8B\x08"), "compressed twice", unpack_once},
    {AT(0, "\x28\xB5\x2F\xFD"), "compressed twice", unpack_once},
    {AT(0, "\xFD"
           "7zXZ\0"),
     "compressed twice", unpack_once},
    {AT(0, "BZh91AY&SY"), "compressed twice", unpack_once},
    {AT(0, "PK\3\4"), "a zip archive in another container", unpack_once},
    {AT(0, "\x5D\0\0"), "compressed with LZMA (.lzma)", "decompress it first: xz -d"},
    {AT(0, "PAR1"), "Parquet", SPINE_FOREIGN_PANDAS("read_parquet")},
    {AT(0, "ARROW1"), "Arrow (Feather)", SPINE_FOREIGN_PANDAS("read_feather")},
    {AT(0, "FEA1"), "Feather", export_text},
    {AT(0, "ORC"), "ORC", export_text},
    {AT(0, "Obj\x01"), "Avro", export_text},
    {AT(0, "MATLAB 5.0 MAT-file"), "a MATLAB file (.mat)", SPINE_FOREIGN_MATLAB}, /* 7.3 is HDF5 */
    {AT(0, "RDX3\nX\n"), "R data (.RData)", write_rdata},
    {AT(0, "RDX2\nX\n"), "R data (.RData)", write_rdata},
    {AT(0, "RDA3\nA\n"), "R data (.RData)", write_rdata},
    {AT(0, "RDA2\nA\n"), "R data (.RData)", write_rdata},
    {AT(0, "X\n\0\0"), "R data (.rds)", write_rds},
    /* In text: A, 3, the writer's version of six digits, and R 3.5.0, which can read it. */
    {AT(10, "\n197888\n"), "R data (.rds)", write_rds},
    {AT(0, "SQLite format 3"), "an SQLite database, such as a .magnitude file",
     "write it as text with pymagnitude, or get the vectors that it was made from"},
    {AT(16, "\xDE\xC0\xEF\xBE\1\0\0\0"), "an LMDB database",
     "read it with Python's lmdb, and write it as text: a line for each word, the word and its "
     "numbers, separated by spaces"},
    {AT(0, "GGUF"), "a GGUF model", "save the embedding's matrix as .npy or .safetensors"},
    {AT(0, "lmgg"), "a GGML model", "save the embedding's matrix as .npy or .safetensors"},
    {AT(0, "model_checkpoint_path: "), "the list of a TensorFlow model's checkpoints",
     from_checkpoint},
    {AT(3, "\x08\1\x1A\2\x08\1"), "a TensorFlow checkpoint's index", from_checkpoint},
    {AT(4, "TFL3"), "a TensorFlow Lite model", save_matrix},
    {AT(0, "IxF"), "a FAISS index",
     "write its vectors: numpy.save('vectors.npy', "
     "faiss.read_index(FILE).reconstruct_n()), and give the words with --words or --words-from"},
    {AT(0, "CDF\1"), "a NetCDF file", save_matrix},
    {AT(0, "CDF\2"), "a NetCDF file", save_matrix},
    {AT(0, "\0\0\x0D\2"), "an IDX file", save_matrix},
    {AT(0, "\xFF\xFF\xFF\xFF"), "an Arrow stream", export_text},
    {AT(8, "DUCK"), "a DuckDB database", export_text},
    {AT(0, "<stata_dta>"), "a Stata file (.dta)", SPINE_FOREIGN_PANDAS("read_stata")},
    {AT(0, "r\2\1\0"), "a Stata file (.dta)", SPINE_FOREIGN_PANDAS("read_stata")},
    {AT(0, "s\2\1\0"), "a Stata file (.dta)", SPINE_FOREIGN_PANDAS("read_stata")},
    {AT(12, "\xC2\xEA\x81\x60\xB3\x14\x11\xCF\xBD\x92\x08\0\x09\xC7\x31\x8C"),
     "a SAS file (.sas7bdat)", SPINE_FOREIGN_PANDAS("read_sas")},
    {AT(0, "$FL2"), "an SPSS file (.sav)", SPINE_FOREIGN_PANDAS("read_spss")},
    {AT(0, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), "an Office document (.xls)",
     SPINE_FOREIGN_PANDAS("read_excel")},
    {AT(0, "root\0"), "a ROOT file", save_matrix},
    {AT(0, "!<arch>\n"), "an archive (ar, .deb)", unpack},
    {AT(0, "\xED\xAB\xEE\xDB"), "an RPM package", unpack},
    {AT(0, "\xFF\6\0\0sNaPpY"), "compressed with Snappy", "decompress it first: snzip -d"},
    {AT(0, "\x89LZO"), "compressed with lzop", "decompress it first: lzop -d"},
    {AT(0, "\x78\x01"), "compressed with zlib", unpack_zlib},
    {AT(0, "\x78\x5E"), "compressed with zlib", unpack_zlib},
    {AT(0, "\x78\x9C"), "compressed with zlib", unpack_zlib},
    {AT(0, "\x78\xDA"), "compressed with zlib", unpack_zlib},
    {AT(0, "%PDF-"), "a PDF document", export_text},
    {AT(0, "\x89PNG"), "a picture (PNG)", export_text},
    {AT(0, "\x7F"
           "ELF"),
     "a program", "give the file with the vectors"},
    {AT(0, "version https://git-lfs.git"), "only Git LFS's pointer to a file",
     "fetch the file itself: git lfs pull"},
    {AT(0, "/annex/objects/"), "only git-annex's pointer to a file",
     "fetch the file itself: git annex get"},
    {AT(0, "outs:\n- md5: "), "only DVC's pointer to a file", "fetch the file itself: dvc pull"},
    {AT(0, "404: Not Found"), "a server's error message", fetch},
    {AT(0, "Entry not found"), "a server's error message", fetch},
    {AT(0, "Invalid username or password."), "a server's error message", fetch},
};

/* Protocol buffers begin with the number of a field and its value; in ONNX and TensorFlow's models
 * the first is a small version, followed by a text. */
static bool is_protocol_buffer(const struct spine_start *start)
{
    return start->bytes > 16 && start->at[0] == 8 && start->at[1] > 0 && start->at[1] < 32 &&
           start->at[2] == 0x12;
}

/* SentencePiece's models are, too: they begin with a piece, which begins with its text, followed by
 * its score. */
static bool is_sentencepiece(const struct spine_start *start)
{
    enum { TEXT = 4 }; /* offset of the text: tag and length of the piece, and of the text */

    if (start->bytes < TEXT || start->at[0] != '\n' || start->at[2] != '\n')
        return false;
    const size_t length = (unsigned char)start->at[3], piece = (unsigned char)start->at[1];
    const size_t score = TEXT + length;
    return length > 0 && piece >= length + 7 && piece < 128 && score < start->bytes &&
           start->at[score] == 0x15;
}

static int refuse_signature(const struct spine_start *start, struct spine_error *err)
{
    static const char market[] = "%%MatrixMarket";

    for (size_t i = 0; i < sizeof foreigns / sizeof *foreigns; i++) {
        const struct foreign *foreign = &foreigns[i];
        if (spine_start_holds(start, foreign->offset, foreign->magic, foreign->bytes) &&
            (foreign->bytes > 5 || spine_start_has_controls(start)))
            return spine_foreign_refuse(start->name, foreign->what, foreign->advice, err);
    }
    if (spine_start_holds(start, 0, market, sizeof market - 1))
        return spine_refuse(
            err,
            "%s: is a Matrix Market file; " SPINE_FOREIGN_SPARSE
            "; else write it as .npy: python3 -c 'import numpy, scipy.io, scipy.sparse; "
            "numpy.save(\"vectors.npy\", "
            "scipy.sparse.csr_matrix(scipy.io.mmread(\"FILE\")).toarray())', and give the words "
            "with --words or --words-from",
            start->name);
    if (is_sentencepiece(start))
        return spine_foreign_refuse(
            start->name, "a model of SentencePiece, a vocabulary",
            "for --words, write its pieces: python3 -c 'import sentencepiece; s = "
            "sentencepiece.SentencePieceProcessor(model_file=\"FILE\"); [print(s.id_to_piece(i)) "
            "for i in range(s.vocab_size())]' > words.txt, or give the .vocab beside it",
            err);
    if (is_protocol_buffer(start))
        return spine_foreign_refuse(start->name,
                                    "a protocol buffer, such as a model of ONNX or TensorFlow",
                                    save_matrix, err);
    return 0;
}

/* --- Pickles ------------------------------------------------------------------------------ */

/* In protocol 0 a list or dictionary begins with its number, a tuple with the code of its first
 * part. */
static bool is_old_pickle(const struct spine_start *start)
{
    static const char *const modules[] = {"ccopy_reg\n", "cnumpy.", "ccollections\n", "cgensim.",
                                          "cpandas."};

    for (size_t i = 0; i < sizeof modules / sizeof *modules; i++)
        if (spine_start_holds(start, 0, modules[i], strlen(modules[i])))
            return spine_start_mentions(start, "\np1\n") || spine_start_mentions(start, "q\1");
    if (spine_start_holds(start, 0, "(dp", 3) || spine_start_holds(start, 0, "(lp", 3))
        return start->bytes > 4 && isdigit((unsigned char)start->at[3]) && start->at[4] == '\n';
    return spine_start_holds(start, 0, "(", 1) && start->bytes > 1 && start->at[1] != '\0' &&
           strchr("(SVIFLNc]}dlt", start->at[1]) != NULL && spine_start_mentions(start, "\np1\n") &&
           spine_start_mentions(start, "\np2\n");
}

/* Protocol 2 and above begin with 0x80 and its number, 1 with an empty list or dictionary. */
static bool is_pickle(const struct spine_start *start)
{
    if (start->bytes >= 3 && start->at[0] == '\x80' && start->at[1] >= 2 && start->at[1] <= 5)
        return true;
    return spine_start_holds(start, 0, "}q\0", 3) || spine_start_holds(start, 0, "}q\1", 3) ||
           spine_start_holds(start, 0, "]q\0", 3) || spine_start_holds(start, 0, "]q\1", 3) ||
           is_old_pickle(start);
}

/* A pickle is a program: it is never run. */
static int refuse_pickle(const struct spine_start *start, struct spine_error *err)
{
    static const char torch[] = "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";

    if (!is_pickle(start))
        return 0;
    if (spine_start_mentions(start, "gensim") || spine_start_mentions(start, "KeyedVectors"))
        return spine_refuse(
            err,
            "%s: is a pickle of gensim's, which is never run; write it in word2vec's binary "
            "format: python3 -c 'from gensim.models import KeyedVectors; "
            "KeyedVectors.load(\"FILE\").save_word2vec_format(\"vectors.bin\", binary=True)' (for "
            "a model, Word2Vec.load(\"FILE\").wv.save_word2vec_format...); or give the .npy "
            "beside it, and the words with --words or --words-from",
            start->name);
    if (spine_start_holds(start, 2, torch, sizeof torch - 1))
        return spine_foreign_refuse(start->name, "a PyTorch file (.pt)", SPINE_FOREIGN_TORCH, err);
    return spine_refuse(
        err,
        "%s: is a Python pickle, which is never run; write its matrix in Python: "
        "numpy.save('vectors.npy', MATRIX), write the words to words.txt, one a line, and give "
        "--words=words.txt",
        start->name);
}

int spine_foreign_check_signature(const struct spine_start *start, struct spine_error *err)
{
    if (refuse_signature(start, err) || refuse_pickle(start, err))
        return -1;
    return 0;
}
