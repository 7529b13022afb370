/* h5_codes.c -- shards and merged codes as strangers may make them. The first byte chooses. */
#include "hdf5.h"

static struct fuzz_file file;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    fuzz_file_init(&file);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const struct fuzz_format *format =
        &fuzz_formats()[size > 0 && bytes[0] & 1 ? FUZZ_MERGED : FUZZ_SHARD];
    fuzz_change(&file, format, bytes + (size > 0), size - (size > 0));
    CHECK(format->read(file.path) == 0 || size > 1);
    return 0;
}
