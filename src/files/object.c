/* object.c -- the objects of an HDF5 file. */
#include "spine/files/object.h"

#include <hdf5.h>
#include <stdio.h>
#include <string.h>

#include "spine/files/h5.h"

int spine_object_make_group(struct spine_store *store, const char *name, struct spine_error *err)
{
    const hid_t links = spine_h5_link_creation();
    const hid_t group = H5Gcreate2(store->file, name, links, H5P_DEFAULT, H5P_DEFAULT);
    const int rc = group < 0 ? spine_h5_fail_object(store, "make the group", name, err) : 0;
    H5Pclose(links);
    if (group >= 0)
        H5Gclose(group);
    return rc;
}

int spine_object_find(struct spine_store *store, const char *name, bool *has,
                      struct spine_error *err)
{
    *has = spine_object_has(store, name);
    return spine_h5_check(store, err);
}

bool spine_object_has(struct spine_store *store, const char *name)
{
    return spine_h5_is_yes(store, H5Lexists(store->file, name, H5P_DEFAULT));
}

static void describe(const struct spine_h5_facts *facts, const char *name,
                     struct spine_object_facts *out)
{
    *out = (struct spine_object_facts){
        .name = name, .kind = SPINE_OBJECT_OTHER, .num_sizes = facts->dimensions};
    if (facts->is_float)
        out->kind = SPINE_OBJECT_REALS;
    else if (facts->is_text)
        out->kind = SPINE_OBJECT_STRINGS;
    for (int i = 0; i < 2 && i < facts->dimensions; i++)
        out->sizes[i] = (size_t)facts->extent[i];
}

struct visitor {
    struct spine_store *store;
    void (*visit)(const struct spine_object_facts *facts, void *data);
    void *data;
};

static herr_t visit_object(hid_t object, const char *name, const H5O_info_t *info, void *data)
{
    const struct visitor *visitor = data;
    struct spine_object_facts described;
    struct spine_error ignored;
    struct spine_h5_facts facts;
    char path[1024];
    (void)object;

    if (info->type != H5O_TYPE_DATASET || strlen(name) + 2 > sizeof path)
        return 0;
    snprintf(path, sizeof path, "/%s", name);
    if (spine_h5_look_up(visitor->store, path, &facts, &ignored))
        return 0;
    describe(&facts, path, &described);
    visitor->visit(&described, visitor->data);
    return 0;
}

int spine_object_visit(struct spine_store *store,
                       void (*visit)(const struct spine_object_facts *facts, void *data),
                       void *data, struct spine_error *err)
{
    struct visitor visitor = {store, visit, data};

    if (H5Ovisit2(store->file, H5_INDEX_NAME, H5_ITER_INC, visit_object, &visitor, H5O_INFO_BASIC) <
        0)
        return spine_h5_fail(store->path, "can't list its datasets", err);
    return spine_h5_check(store, err); /* an object couldn't be looked up */
}

bool spine_object_is(struct spine_store *store, const char *name, enum spine_object_kind kind,
                     struct spine_object_facts *facts)
{
    struct spine_error ignored;
    struct spine_h5_facts found;

    /* H5Lexists() fails if a group of the path is missing. */
    if (!spine_h5_is_yes(store, H5Oexists_by_name(store->file, name, H5P_DEFAULT)) ||
        spine_h5_look_up(store, name, &found, &ignored))
        return false;
    describe(&found, name, facts);
    return facts->kind == kind;
}
