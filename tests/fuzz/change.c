/* change.c -- changes to a sound HDF5 file, a few bytes each: which object, what happens to it, and
 * what that needs to know. Where bytes are missing they are 0. */
#include <hdf5.h>
#include <limits.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "hdf5.h"

enum { MOST_OBJECTS = 128, NAME = 64, PAGE = 4096, MOST_WRITTEN = 1 << 14 };

/* A group or dataset, or an attribute of one. */
struct object {
    char path[NAME], attribute[NAME]; /* the latter is empty if there is none */
};

struct fuzz_objects {
    size_t count;
    struct object at[MOST_OBJECTS];
};

/* --- What is there ------------------------------------------------------------------------ */

struct visit {
    struct fuzz_objects *objects;
    const char *path;
};

static void add_object(struct fuzz_objects *objects, const char *path, const char *attribute)
{
    CHECK(objects->count < MOST_OBJECTS);
    struct object *object = &objects->at[objects->count++];
    snprintf(object->path, NAME, "%s", path);
    snprintf(object->attribute, NAME, "%s", attribute);
}

static herr_t visit_attribute(hid_t place, const char *name, const H5A_info_t *info, void *data)
{
    const struct visit *visit = data;
    (void)place, (void)info;
    add_object(visit->objects, visit->path, name);
    return 0;
}

static herr_t visit_object(hid_t file, const char *name, const H5O_info_t *info, void *data)
{
    struct visit visit = {data, name};
    (void)info;
    add_object(visit.objects, name, "");
    H5Aiterate_by_name(file, name, H5_INDEX_NAME, H5_ITER_INC, NULL, visit_attribute, &visit,
                       H5P_DEFAULT);
    return 0;
}

static struct fuzz_objects *list_objects(hid_t file)
{
    struct fuzz_objects *objects = calloc(1, sizeof *objects);
    CHECK(objects != NULL);
    H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_INC, visit_object, objects, H5O_INFO_BASIC);
    CHECK(objects->count > 1);
    return objects;
}

/* --- What to make of it ------------------------------------------------------------------- */

struct source {
    const uint8_t *at, *end;
};

static size_t take(struct source *source)
{
    return source->at < source->end ? *source->at++ : 0;
}

static size_t choose(struct source *source, size_t count)
{
    return take(source) % count;
}

static hid_t sized_string(size_t size)
{
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, size);
    return type;
}

static hid_t compound(void)
{
    const hid_t type = H5Tcreate(H5T_COMPOUND, 8);
    H5Tinsert(type, "a", 0, H5T_STD_I32LE);
    H5Tinsert(type, "b", 4, H5T_IEEE_F32LE);
    return type;
}

static hid_t enumeration(void)
{
    const hid_t type = H5Tenum_create(H5T_STD_I8LE);
    H5Tenum_insert(type, "NO", &(int8_t){0});
    H5Tenum_insert(type, "YES", &(int8_t){1});
    return type;
}

static hid_t utf8_string(void)
{
    const hid_t type = sized_string(H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    return type;
}

static hid_t tiny_float(void)
{
    const hid_t type = H5Tcopy(H5T_IEEE_F32LE);
    H5Tset_fields(type, 15, 10, 5, 0, 10);
    H5Tset_precision(type, 16);
    H5Tset_size(type, 2);
    H5Tset_ebias(type, 15);
    return type;
}

/* The caller closes it. */
static hid_t choose_type(struct source *source)
{
    const hsize_t three = 3;
    switch (choose(source, 22)) {
    case 0:
        return H5Tcopy(H5T_IEEE_F32LE);
    case 1:
        return H5Tcopy(H5T_IEEE_F64BE);
    case 2:
        return tiny_float();
    case 3:
        return H5Tcopy(H5T_NATIVE_LDOUBLE);
    case 4:
        return H5Tcopy(H5T_STD_I8LE);
    case 5:
        return H5Tcopy(H5T_STD_U16BE);
    case 6:
        return H5Tcopy(H5T_STD_I32LE);
    case 7:
        return H5Tcopy(H5T_STD_I64LE);
    case 8:
        return H5Tcopy(H5T_STD_U64BE);
    case 9:
        return utf8_string();
    case 10:
        return sized_string(H5T_VARIABLE);
    case 11:
        return sized_string(1);
    case 12:
        return sized_string(40);
    case 13:
        return compound();
    case 14:
        return enumeration();
    case 15:
        return H5Tarray_create2(H5T_IEEE_F32LE, 1, &three);
    case 16:
        return H5Tvlen_create(H5T_IEEE_F32LE);
    case 17:
        return H5Tcreate(H5T_OPAQUE, 8);
    case 18:
        return H5Tcopy(H5T_STD_REF_OBJ);
    case 19:
        return H5Tcopy(H5T_STD_B32LE);
    case 20:
        return H5Tcopy(H5T_UNIX_D32LE);
    default:
        return H5Tcopy(H5T_IEEE_F32BE);
    }
}

static hsize_t choose_extent(struct source *source)
{
    static const hsize_t extents[] = {23,
                                      5,
                                      9,
                                      24,
                                      22,
                                      1,
                                      0,
                                      2,
                                      3,
                                      10,
                                      64,
                                      1000,
                                      65536,
                                      1 << 20,
                                      INT32_MAX,
                                      UINT32_MAX,
                                      (hsize_t)1 << 40,
                                      (hsize_t)1 << 61,
                                      INT64_MAX};
    return extents[choose(source, sizeof extents / sizeof *extents)];
}

static hid_t choose_space(struct source *source)
{
    hsize_t extent[4];
    const size_t rank = choose(source, 6);
    if (rank == 4)
        return H5Screate(H5S_SCALAR);
    if (rank == 5)
        return H5Screate(H5S_NULL);
    for (size_t i = 0; i <= rank; i++)
        extent[i] = choose_extent(source);
    return H5Screate_simple((int)rank + 1, extent, NULL);
}

/* A number to write, as 8 bytes of one type or the other. */
static void choose_value(struct source *source, hid_t *type, void *value)
{
    static const int64_t integers[] = {
        0,  1,   -1,        2,         3,          5,         9,         23,
        24, 100, INT32_MAX, INT32_MIN, UINT32_MAX, INT64_MAX, INT64_MIN, INT64_MAX - 1};
    static const double reals[] = {(double)NAN, (double)INFINITY, 1e300, -1e39, -1, 0, 1e-300, 0.5};
    const size_t number = take(source);
    if (number & 1) {
        *type = H5T_NATIVE_DOUBLE;
        memcpy(value, &reals[number / 2 % 8], sizeof(double));
    } else {
        *type = H5T_NATIVE_INT64;
        memcpy(value, &integers[number / 2 % 16], sizeof(int64_t));
    }
}

/* How many elements there are: more than HDF5's own count can say. */
static double count_elements(hid_t space)
{
    hsize_t extent[H5S_MAX_RANK];
    const int rank = H5Sget_simple_extent_dims(space, extent, NULL);
    double count = H5Sget_simple_extent_type(space) == H5S_NULL ? 0 : 1;
    for (int i = 0; i < rank; i++)
        count *= (double)extent[i];
    return count;
}

/* How many bytes of memory all elements take; 0 if that is too much to write. */
static size_t bytes_to_write(hid_t space, hid_t type)
{
    const double count = count_elements(space);
    const size_t size = H5Tget_size(type);
    return count <= MOST_WRITTEN && size <= 64 ? (size_t)count * size : 0;
}

/* The elements: of text each the same, of others bytes from the source over and over. */
static void *make_elements(struct source *source, hid_t type, size_t bytes)
{
    static char word[] = "spine-vectors", *words[MOST_WRITTEN];
    const H5T_class_t class = H5Tget_class(type);
    uint8_t pattern[8], *elements;
    if (H5Tis_variable_str(type) > 0) {
        for (size_t i = 0; i < MOST_WRITTEN; i++)
            words[i] = i % 7 == 6 ? NULL : word + i % 3;
        return memcpy(malloc(bytes), words, bytes);
    }
    elements = calloc(bytes, 1);
    for (size_t i = 0; i < sizeof pattern; i++)
        pattern[i] = (uint8_t)take(source);
    /* Bytes of what points somewhere are HDF5's business. */
    for (size_t i = 0; i < bytes && class != H5T_VLEN && class != H5T_REFERENCE; i++)
        elements[i] = pattern[i % sizeof pattern];
    return elements;
}

static void replace_by_dataset(hid_t file, const char *path, struct source *source)
{
    static const hsize_t chunk[4] = {7, 3, 2, 2};
    const hid_t type = choose_type(source), space = choose_space(source);
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    const size_t storage = choose(source, 8), bytes = bytes_to_write(space, type);
    const int rank = H5Sget_simple_extent_ndims(space);
    /* HDF5 takes half a kilobyte for each chunk that is written. */
    if (storage & 1 && rank > 0 && count_elements(space) <= 1 << 14)
        H5Pset_chunk(creation, rank, chunk);
    if (storage & 2)
        H5Pset_deflate(creation, 1);
    H5Ldelete(file, path, H5P_DEFAULT);
    const hid_t dataset = H5Dcreate2(file, path, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    if (dataset >= 0 && bytes > 0 && !(storage & 4)) {
        void *elements = make_elements(source, type, bytes);
        H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, elements);
        free(elements);
    }
    H5Dclose(dataset);
    H5Pclose(creation);
    H5Sclose(space);
    H5Tclose(type);
}

static void replace_attribute(hid_t file, const struct object *object, struct source *source)
{
    const hid_t type = choose_type(source), space = choose_space(source);
    const size_t bytes = bytes_to_write(space, type);
    H5Adelete_by_name(file, object->path, object->attribute, H5P_DEFAULT);
    /* Larger ones than 64 KiB can't be stored, and HDF5 takes long to notice. */
    const hid_t attribute = bytes == 0 || bytes > 60000
                                ? H5I_INVALID_HID
                                : H5Acreate_by_name(file, object->path, object->attribute, type,
                                                    space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute >= 0) {
        void *elements = make_elements(source, type, bytes);
        H5Awrite(attribute, type, elements);
        free(elements);
    }
    H5Aclose(attribute);
    H5Sclose(space);
    H5Tclose(type);
}

static void set_attribute(hid_t file, const struct object *object, struct source *source)
{
    hid_t type;
    uint8_t value[8];
    choose_value(source, &type, value);
    const hid_t attribute =
        H5Aopen_by_name(file, object->path, object->attribute, H5P_DEFAULT, H5P_DEFAULT);
    const hid_t space = H5Aget_space(attribute);
    if (H5Sget_simple_extent_npoints(space) == 1)
        H5Awrite(attribute, type, value);
    H5Sclose(space);
    H5Aclose(attribute);
}

/* Write one element of a dataset. */
static void set_element(hid_t file, const char *path, struct source *source)
{
    /* The first element may make room for all: that must not be more than a file can have, or than
     * it takes long to read. */
    const double most = 1 << 20;
    hid_t type;
    uint8_t value[8];
    hsize_t extent[H5S_MAX_RANK] = {0}, at[H5S_MAX_RANK] = {0};
    const hid_t dataset = H5Dopen2(file, path, H5P_DEFAULT), space = H5Dget_space(dataset);
    const int rank = H5Sget_simple_extent_dims(space, extent, NULL);
    for (int i = 0; i < rank; i++)
        at[i] = extent[i] == 0 ? 0 : take(source) % extent[i];
    choose_value(source, &type, value);
    if (rank > 0 && count_elements(space) <= most &&
        H5Sselect_elements(space, H5S_SELECT_SET, 1, at) >= 0) {
        const hid_t one = H5Screate(H5S_SCALAR);
        H5Dwrite(dataset, type, one, space, H5P_DEFAULT, value);
        H5Sclose(one);
    }
    H5Sclose(space);
    H5Dclose(dataset);
}

static void resize(hid_t file, const char *path, struct source *source)
{
    /* HDF5 looks at every chunk that shrinking could leave outside, also at billions. */
    enum { MOST_PRUNED = 1 << 20 };
    const hid_t dataset = H5Dopen2(file, path, H5P_DEFAULT), space = H5Dget_space(dataset);
    const hsize_t extent[2] = {choose_extent(source), 1};
    hsize_t now[H5S_MAX_RANK] = {0};
    H5Sget_simple_extent_dims(space, now, NULL);
    H5Sclose(space);
    if (now[0] < extent[0] || now[0] - extent[0] <= MOST_PRUNED)
        H5Dset_extent(dataset, extent);
    H5Dclose(dataset);
}

static void change_attribute(hid_t file, const struct object *object, struct source *source)
{
    switch (choose(source, 3)) {
    case 0:
        set_attribute(file, object, source);
        break;
    case 1:
        replace_attribute(file, object, source);
        break;
    default:
        H5Adelete_by_name(file, object->path, object->attribute, H5P_DEFAULT);
    }
}

static void change_object(hid_t file, const struct fuzz_objects *objects, const char *path,
                          struct source *source)
{
    const size_t what = choose(source, 8);
    if (what == 0)
        set_element(file, path, source);
    else if (what == 1)
        replace_by_dataset(file, path, source);
    else if (what == 2)
        resize(file, path, source);
    if (what <= 2)
        return;
    H5Ldelete(file, path, H5P_DEFAULT);
    if (what == 3)
        H5Gclose(H5Gcreate2(file, path, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    else if (what == 4) /* another object, perhaps itself */
        H5Lcreate_hard(file, objects->at[choose(source, objects->count)].path, file, path,
                       H5P_DEFAULT, H5P_DEFAULT);
    else if (what == 5)
        H5Lcreate_soft(path, file, path, H5P_DEFAULT, H5P_DEFAULT);
    else if (what == 6)
        H5Lcreate_external("/dev/zero", "/vectors", file, path, H5P_DEFAULT, H5P_DEFAULT);
}

/* Write the file without its zeros: there are many of them. */
static void put_sparsely(const struct fuzz_file *file, const uint8_t *bytes, size_t size)
{
    static const uint8_t zeros[PAGE];
    CHECK(ftruncate(file->file, 0) == 0 && ftruncate(file->file, (off_t)size) == 0);
    for (size_t at = 0; at < size; at += PAGE) {
        const size_t length = size - at < PAGE ? size - at : PAGE;
        if (memcmp(bytes + at, zeros, length) != 0)
            CHECK(pwrite(file->file, bytes + at, length, (off_t)at) == (ssize_t)length);
    }
}

void fuzz_change(const struct fuzz_file *file, const struct fuzz_format *format,
                 const uint8_t *bytes, size_t size)
{
    enum { MOST_CHANGES = 8 };
    struct source source = {bytes, bytes + size};
    struct fuzz_format *own = &fuzz_formats()[format - fuzz_formats()];
    put_sparsely(file, format->bytes, format->size);
    if (size == 0)
        return;
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    /* Keep HDF5's large structs of each open file: with AddressSanitizer they are slow to make. */
    H5set_free_list_limits(-1, -1, -1, -1, -1, -1);
    const hid_t opened = H5Fopen(file->path, H5F_ACC_RDWR, H5P_DEFAULT);
    CHECK(opened >= 0);
    if (own->objects == NULL)
        own->objects = list_objects(opened);
    for (int i = 0; i < MOST_CHANGES && source.at < source.end; i++) {
        const struct object *object = &own->objects->at[choose(&source, own->objects->count)];
        if (object->attribute[0] != '\0')
            change_attribute(opened, object, &source);
        else
            change_object(opened, own->objects, object->path, &source);
    }
    CHECK(H5Fclose(opened) >= 0);
}
