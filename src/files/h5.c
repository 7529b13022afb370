/* h5.c -- what the modules that call HDF5 share. */
#include "spine/files/h5.h"

#include <assert.h>
#include <errno.h>
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"

/* h5.h assumes this. */
_Static_assert(sizeof(hid_t) == sizeof(int64_t), "HDF5 is older than 1.10");
_Static_assert(H5S_MAX_RANK <= SPINE_H5_DIMENSIONS, "HDF5 has more dimensions than h5.h");

/* --- Errors ------------------------------------------------------------------------------- */

static herr_t keep_innermost(unsigned depth, const H5E_error2_t *entry, void *context)
{
    /* HDF5 describes a failed system call with many numbers; the C library's message is enough. */
    static const char number[] = "errno = ", quoted[] = "error message = '";
    struct spine_h5_cause *cause = context;
    (void)depth;

    if (entry->min_num == H5E_NOSPACE || entry->maj_num == H5E_RESOURCE)
        cause->code = ENOMEM;
    if (entry->desc == NULL || entry->desc[0] == '\0')
        return 0;

    const char *code = strstr(entry->desc, number), *system = strstr(entry->desc, quoted);
    if (code != NULL)
        cause->code = atoi(code + strlen(number));
    if (code == NULL && strstr(entry->desc, "stat info") != NULL) { /* the only call without it */
        cause->code = errno != 0 ? errno : EIO;
        snprintf(cause->text, sizeof cause->text, "%s", strerror(cause->code));
        return 0;
    }
    if (strstr(entry->desc, "unable to lock") != NULL)
        cause->is_lock = true;
    if (strstr(entry->desc, "h5clear") != NULL)
        cause->is_mark = true;

    const char *begin = system == NULL ? entry->desc : system + strlen(quoted);
    const size_t length = strcspn(begin, system == NULL ? "\n" : "'\n");
    snprintf(cause->text, sizeof cause->text, "%.*s", (int)length, begin);
    return 0;
}

struct spine_h5_cause spine_h5_find_cause(void)
{
    struct spine_h5_cause cause = {.text = "unknown HDF5 error"};

    H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, keep_innermost, &cause);
    return cause;
}

int spine_h5_fail(const char *path, const char *what, struct spine_error *err)
{
    const struct spine_h5_cause cause = spine_h5_find_cause();
    return spine_fail(err, "%s: %s: %s", path, what, cause.text);
}

int spine_h5_fail_object(const struct spine_store *store, const char *doing, const char *name,
                         struct spine_error *err)
{
    char what[256];
    const struct spine_h5_cause cause = spine_h5_find_cause();

    if (strcmp(doing, "read") == 0 && cause.code == 0) /* no system call failed: it is the file */
        return spine_refuse(err, "%s: can't read '%s': %s; is the file damaged?", store->path, name,
                            cause.text);
    snprintf(what, sizeof what, "can't %s '%s'", doing, name);
    return spine_h5_fail(store->path, what, err);
}

int spine_h5_fail_answer(const char *path, struct spine_error *err)
{
    const struct spine_h5_cause cause = spine_h5_find_cause();

    if (cause.code == 0)
        return 0;
    return spine_fail(err, "%s: can't read it: %s", path, strerror(cause.code));
}

void spine_h5_note_failure(struct spine_store *store)
{
    struct spine_error failure;

    if (!store->has_failed && spine_h5_fail_answer(store->path, &failure)) {
        store->has_failed = true;
        store->failure = failure;
    }
}

bool spine_h5_is_yes(struct spine_store *store, int answer)
{
    if (answer < 0)
        spine_h5_note_failure(store);
    return answer > 0;
}

int spine_h5_check(const struct spine_store *store, struct spine_error *err)
{
    if (!store->has_failed)
        return 0;
    *err = store->failure;
    return -1;
}

int spine_h5_agree(const struct spine_store *store, int rc, struct spine_error *err)
{
    return store->comm == NULL ? rc : spine_comm_agree(store->comm, rc, err);
}

/* --- Objects ------------------------------------------------------------------------------ */

hid_t spine_h5_string_type(void)
{
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    return type;
}

hid_t spine_h5_link_creation(void)
{
    const hid_t properties = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(properties, 1);
    return properties;
}

int spine_h5_make(struct spine_store *store, const char *name, hid_t type, hid_t space,
                  hid_t creation, struct spine_error *err)
{
    const hid_t links = spine_h5_link_creation();
    H5Pset_obj_track_times(creation, 0); /* so that equal runs write equal bytes */
    const hid_t dataset =
        space < 0 ? H5I_INVALID_HID
                  : H5Dcreate2(store->file, name, type, space, links, creation, H5P_DEFAULT);
    const int rc = dataset < 0 ? spine_h5_fail_object(store, "make the dataset", name, err) : 0;

    if (dataset >= 0)
        H5Dclose(dataset);
    if (space >= 0)
        H5Sclose(space);
    H5Pclose(creation);
    H5Pclose(links);
    return rc;
}

int spine_h5_make_at(struct spine_store *store, const char *name, hid_t type, hid_t space,
                     int64_t *offset, struct spine_error *err)
{
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    if (H5Tis_variable_str(type) <= 0) /* of those HDF5 wants to have references filled */
        H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER);
    H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY);
    if (spine_h5_make(store, name, type, space, creation, err))
        return -1;

    const hid_t dataset = H5Dopen2(store->file, name, H5P_DEFAULT);
    const haddr_t address = dataset < 0 ? HADDR_UNDEF : H5Dget_offset(dataset);
    const int rc = address == HADDR_UNDEF ? spine_h5_fail_object(store, "find", name, err) : 0;
    if (dataset >= 0)
        H5Dclose(dataset);
    *offset = (int64_t)address;
    return rc;
}

hid_t spine_h5_transfer_list(hid_t type, size_t count)
{
    enum { LARGEST = 16, LEAST = 4096, USUAL = 1 << 20 }; /* of an element, but for strings */
    const size_t size = H5Tget_size(type), each = size > LARGEST ? size : LARGEST;
    const hid_t list = H5Pcreate(H5P_DATASET_XFER);

    if (count < USUAL / each)
        H5Pset_buffer(list, count * each < LEAST ? LEAST : count * each, NULL, NULL);
    return list;
}

/* Seven parameters: those of H5Dread(), with plain numbers for its selections. */
int spine_h5_transfer(hid_t dataset, enum spine_h5_direction direction, hid_t type, size_t first,
                      size_t count, size_t stride, void *data)
{
    const hid_t file = H5Dget_space(dataset);
    hsize_t extent[2] = {0, 1};
    const int dimensions = H5Sget_simple_extent_ndims(file);
    if (dimensions < 1 || dimensions > 2 || H5Sget_simple_extent_dims(file, extent, NULL) < 0) {
        H5Sclose(file);
        return -1;
    }

    assert(dimensions == 1 || stride >= extent[1]);
    const hsize_t start[2] = {first, 0}, size[2] = {count, extent[1]};
    const hsize_t zero[2] = {0, 0}, memory_extent[2] = {count, stride};
    const hid_t memory = H5Screate_simple(dimensions, memory_extent, NULL);
    H5Sselect_hyperslab(file, H5S_SELECT_SET, start, NULL, size, NULL);
    H5Sselect_hyperslab(memory, H5S_SELECT_SET, zero, NULL, size, NULL);

    const hid_t list = spine_h5_transfer_list(type, count * extent[1]);
    const herr_t rc = direction == SPINE_H5_READ
                          ? H5Dread(dataset, type, memory, file, list, data)
                          : H5Dwrite(dataset, type, memory, file, list, data);
    const hid_t reason = H5Eget_current_stack(); /* why it failed, if it did */
    H5Pclose(list);
    H5Sclose(memory);
    H5Sclose(file);
    H5Eset_current_stack(reason);
    if (rc < 0)
        return -1;

    return 0;
}

/* Make the vector 'count' elements longer; *length is its old length. */
static int lengthen(hid_t dataset, size_t count, hsize_t *length)
{
    const hid_t space = H5Dget_space(dataset);
    const int known = space >= 0 && H5Sget_simple_extent_dims(space, length, NULL) == 1;
    if (space >= 0)
        H5Sclose(space);
    const hsize_t longer = *length + count;
    return known && H5Dset_extent(dataset, &longer) >= 0 ? 0 : -1;
}

int spine_h5_append(struct spine_store *store, const char *name, hid_t type, size_t count,
                    const void *data, struct spine_error *err)
{
    if (count == 0)
        return 0;
    hsize_t length = 0;
    const hid_t dataset = H5Dopen2(store->file, name, H5P_DEFAULT);
    const int failed =
        dataset < 0 || lengthen(dataset, count, &length) ||
        spine_h5_transfer(dataset, SPINE_H5_WRITE, type, length, count, 1, (void *)data);
    int rc = failed ? spine_h5_fail_object(store, "append to", name, err) : 0;
    if (dataset >= 0 && H5Dclose(dataset) < 0 && rc == 0)
        rc = spine_h5_fail_object(store, "append to", name, err);
    return rc;
}

/* Is the file large enough for a dataset of this extent? Memory is allocated by the extent, which a
 * few bytes of a damaged file may set to anything. Filters such as gzip make data at most 1032
 * times smaller. Data that were never written occupy no space and count as missing. */
static bool is_held(struct spine_store *store, hid_t dataset, hid_t type,
                    const struct spine_h5_facts *facts)
{
    const hsize_t stored = H5Dget_storage_size(dataset);
    if (stored == 0) /* nothing, or it couldn't be read */
        spine_h5_note_failure(store);
    const hid_t creation = H5Dget_create_plist(dataset);
    const hsize_t ratio = H5Pget_nfilters(creation) > 0 ? 1032 : 1;
    const size_t size = H5Tget_size(type); /* 0 if the type is damaged */
    hsize_t file = 0;
    H5Pclose(creation);
    if (size == 0 || H5Fget_filesize(store->file, &file) < 0 || stored > file) {
        if (file == 0)
            spine_h5_note_failure(store);
        return false;
    }
    hsize_t most = stored * ratio / size; /* elements */
    bool fits = true;
    for (int i = 0; i < facts->dimensions; i++) {
        if (facts->extent[i] == 0)
            return true;
        most /= facts->extent[i];
        fits = fits && most > 0;
    }
    return fits;
}

/* Refuse data in other files: a file could name any file of this machine as its data. */
static int refuse_elsewhere(const struct spine_store *store, const char *name,
                            struct spine_error *err)
{
    return spine_refuse(err, "%s: '%s' is in another file: not followed", store->path, name);
}

/* Are the dataset's values in other files? */
static bool is_elsewhere(hid_t dataset)
{
    const hid_t creation = H5Dget_create_plist(dataset);
    const bool is = H5Pget_external_count(creation) > 0 || H5Pget_layout(creation) == H5D_VIRTUAL;

    H5Pclose(creation);
    return is;
}

static bool is_link_elsewhere(struct spine_store *store, const char *name)
{
    H5L_info_t link = {.type = H5L_TYPE_ERROR};

    if (H5Lget_info(store->file, name, &link, H5P_DEFAULT) < 0)
        spine_h5_note_failure(store);
    return link.type == H5L_TYPE_EXTERNAL;
}

/* Refuse a dataset packed by a filter that this HDF5 lacks. */
static int check_filters(const struct spine_store *store, const char *name, hid_t dataset,
                         struct spine_error *err)
{
    const hid_t creation = H5Dget_create_plist(dataset);
    const int count = creation < 0 ? 0 : H5Pget_nfilters(creation);
    int rc = 0;

    for (int i = 0; rc == 0 && i < count; i++) {
        char filter[64] = "";
        unsigned flags = 0, settings = 0;
        size_t num_settings = 0;
        const H5Z_filter_t id = H5Pget_filter2(creation, (unsigned)i, &flags, &num_settings, NULL,
                                               sizeof filter, filter, &settings);
        if (id >= 0 && H5Zfilter_avail(id) <= 0)
            rc = spine_refuse(err,
                              "%s: '%s' is packed by the HDF5 filter %d (%.60s), which is not "
                              "installed here; write it with compression='gzip' or none",
                              store->path, name, (int)id, filter[0] == '\0' ? "?" : filter);
    }
    if (creation >= 0)
        H5Pclose(creation);
    return rc;
}

int spine_h5_look_up(struct spine_store *store, const char *name, struct spine_h5_facts *facts,
                     struct spine_error *err)
{
    const bool is_there = spine_h5_is_yes(store, H5Lexists(store->file, name, H5P_DEFAULT));
    if (spine_h5_check(store, err))
        return -1;
    if (!is_there)
        return spine_refuse(err, "%s: has no dataset '%s'", store->path, name);
    if (is_link_elsewhere(store, name))
        return refuse_elsewhere(store, name, err);

    const hid_t dataset = H5Dopen2(store->file, name, H5P_DEFAULT);
    if (dataset < 0) {
        spine_h5_note_failure(store);
        if (spine_h5_check(store, err))
            return -1;
        return spine_refuse(err, "%s: '%s' is not a dataset", store->path, name);
    }
    if (is_elsewhere(dataset)) {
        H5Dclose(dataset);
        return refuse_elsewhere(store, name, err);
    }

    if (check_filters(store, name, dataset, err)) {
        H5Dclose(dataset);
        return -1;
    }

    const hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
    const H5T_class_t class = H5Tget_class(type);
    hsize_t extent[H5S_MAX_RANK];

    facts->is_float = class == H5T_FLOAT;
    facts->is_integer = class == H5T_INTEGER;
    facts->is_text = class == H5T_STRING;
    facts->length = H5Tis_variable_str(type) > 0 ? 0 : H5Tget_size(type);
    facts->dimensions = H5Sget_simple_extent_dims(space, extent, NULL);
    for (int i = 0; i < facts->dimensions; i++)
        facts->extent[i] = extent[i];
    facts->is_held = is_held(store, dataset, type, facts);
    H5Sclose(space);
    H5Tclose(type);
    H5Dclose(dataset);
    return spine_h5_check(store, err);
}

int spine_h5_refuse_missing(const struct spine_store *store, const char *name,
                            struct spine_error *err)
{
    return spine_refuse(err, "%s: '%s' claims more data than the file holds", store->path, name);
}

int spine_h5_make_growing(struct spine_store *store, const char *name, hid_t type, size_t chunk,
                          struct spine_error *err)
{
    const hsize_t none = 0, unlimited = H5S_UNLIMITED, elements = chunk;
    const hid_t space = H5Screate_simple(1, &none, &unlimited);
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(creation, 1, &elements);
    return spine_h5_make(store, name, type, space, creation, err);
}

int spine_h5_put_scalar(struct spine_store *store, const char *name, hid_t disk, hid_t memory,
                        const void *value, struct spine_error *err)
{
    if (spine_h5_make(store, name, disk, H5Screate(H5S_SCALAR), H5Pcreate(H5P_DATASET_CREATE), err))
        return -1;

    const hid_t list = spine_h5_transfer_list(memory, 1);
    const hid_t dataset = H5Dopen2(store->file, name, H5P_DEFAULT);
    int rc = 0;
    if (dataset < 0 || H5Dwrite(dataset, memory, H5S_ALL, H5S_ALL, list, value) < 0)
        rc = spine_h5_fail_object(store, "write", name, err);
    H5Pclose(list);
    if (dataset >= 0 && H5Dclose(dataset) < 0 && rc == 0)
        rc = spine_h5_fail_object(store, "finish", name, err);
    return rc;
}
