/* attribute.c -- attributes of the objects of an HDF5 file. */
#include "spine/files/attribute.h"

#include <hdf5.h>
#include <stdlib.h>

#include "spine/base/memory.h"
#include "spine/files/h5.h"

/* Create an attribute and write its value, if there is one; closes 'space'. Eight parameters: what
 * HDF5 needs to know about an attribute. */
static int set_attribute(struct spine_store *store, const char *object, const char *name,
                         hid_t disk, hid_t memory, hid_t space, const void *value,
                         struct spine_error *err)
{
    const hid_t attribute = H5Acreate_by_name(store->file, object, name, disk, space, H5P_DEFAULT,
                                              H5P_DEFAULT, H5P_DEFAULT);
    int rc = 0;
    if (attribute < 0 || (value != NULL && H5Awrite(attribute, memory, value) < 0))
        rc = spine_h5_fail_object(store, "write the attribute", name, err);
    if (attribute >= 0)
        H5Aclose(attribute);
    H5Sclose(space);
    return rc;
}

static int set_strings(struct spine_store *store, const char *object, const char *name, hid_t space,
                       const char *const *texts, struct spine_error *err)
{
    const hid_t type = spine_h5_string_type();
    const int rc = set_attribute(store, object, name, type, type, space, texts, err);
    H5Tclose(type);
    return rc;
}

int spine_attribute_set_text(struct spine_store *store, const char *object, const char *name,
                             const char *text, struct spine_error *err)
{
    return set_strings(store, object, name, H5Screate(H5S_SCALAR), &text, err);
}

int spine_attribute_set_texts(struct spine_store *store, const char *object, const char *name,
                              const char *const *texts, size_t count, struct spine_error *err)
{
    return set_strings(store, object, name, H5Screate_simple(1, &(hsize_t){count}, NULL),
                       count > 0 ? texts : NULL, err);
}

int spine_attribute_set_integers(struct spine_store *store, const char *object, const char *name,
                                 const int64_t *values, size_t count, struct spine_error *err)
{
    return set_attribute(store, object, name, H5T_STD_I64LE, H5T_NATIVE_INT64,
                         count == 1 ? H5Screate(H5S_SCALAR)
                                    : H5Screate_simple(1, &(hsize_t){count}, NULL),
                         values, err);
}

int spine_attribute_set_real(struct spine_store *store, const char *object, const char *name,
                             double value, struct spine_error *err)
{
    return set_attribute(store, object, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE,
                         H5Screate(H5S_SCALAR), &value, err);
}

/* Read an attribute with one value, which must be of the class of 'type': an integer, a
 * floating-point number or a string of variable length; messages call it 'kind'. Seven parameters,
 * as in set_attribute(). */
static int get_attribute(struct spine_store *store, const char *object, const char *name,
                         hid_t type, const char *kind, void *value, struct spine_error *err)
{
    hid_t attribute = H5I_INVALID_HID;
    if (spine_attribute_has(store, object, name)) {
        attribute = H5Aopen_by_name(store->file, object, name, H5P_DEFAULT, H5P_DEFAULT);
        if (attribute < 0)
            spine_h5_note_failure(store);
    }
    if (spine_h5_check(store, err)) {
        if (attribute >= 0)
            H5Aclose(attribute);
        return -1;
    }
    if (attribute < 0)
        return spine_refuse(err, "%s: '%s' has no attribute '%s'", store->path, object, name);

    const hid_t found = H5Aget_type(attribute), space = H5Aget_space(attribute);
    const int fits = H5Tget_class(found) == H5Tget_class(type) &&
                     H5Tis_variable_str(found) == H5Tis_variable_str(type);
    int rc = 0;
    if (H5Sget_simple_extent_npoints(space) != 1)
        rc = spine_refuse(err, "%s: the attribute '%s' is not a single value", store->path, name);
    else if (!fits)
        rc = spine_refuse(err, "%s: the attribute '%s' is not %s", store->path, name, kind);
    else if (H5Aread(attribute, type, value) < 0) {
        spine_h5_note_failure(store);
        rc = spine_h5_check(store, err);
        if (rc == 0)
            rc = spine_refuse(err, "%s: the attribute '%s' is not %s", store->path, name, kind);
    }

    H5Sclose(space);
    H5Tclose(found);
    H5Aclose(attribute);
    return rc;
}

bool spine_attribute_has(struct spine_store *store, const char *object, const char *name)
{
    return spine_h5_is_yes(store, H5Aexists_by_name(store->file, object, name, H5P_DEFAULT));
}

int spine_attribute_get_text(struct spine_store *store, const char *object, const char *name,
                             char **text, struct spine_error *err)
{
    char *value = NULL;
    const hid_t type = spine_h5_string_type();
    int rc = get_attribute(store, object, name, type, "text", &value, err);
    H5Tclose(type);

    *text = NULL;
    if (rc == 0 && value == NULL)
        rc = spine_refuse(err, "%s: the attribute '%s' is not text", store->path, name);
    else if (rc == 0 && (*text = spine_memory_copy(value, "an attribute", err)) == NULL)
        rc = -1;
    H5free_memory(value);
    return rc;
}

int spine_attribute_get_integer(struct spine_store *store, const char *object, const char *name,
                                int64_t *value, struct spine_error *err)
{
    return get_attribute(store, object, name, H5T_NATIVE_INT64, "an integer", value, err);
}

int spine_attribute_get_real(struct spine_store *store, const char *object, const char *name,
                             double *value, struct spine_error *err)
{
    return get_attribute(store, object, name, H5T_NATIVE_DOUBLE, "a floating-point number", value,
                         err);
}
