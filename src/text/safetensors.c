/* safetensors.c -- Hugging Face's safetensors: named tensors behind a header in JSON. */
#include "spine/text/safetensors.h"

#include <cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/json.h"
#include "spine/base/memory.h"
#include "spine/base/namelist.h"

enum {
    LENGTH_BYTES = 8,
    MOST_HEADER = 16 << 20, /* bytes; models of thousands of tensors have 1 MiB */
};

static const double most_exact = 0x1p53; /* doubles represent all whole numbers up to this one */

bool spine_safetensors_is(const void *start, size_t bytes, uint64_t file_bytes)
{
    const char *at = start;

    if (bytes < LENGTH_BYTES + 2 || file_bytes < LENGTH_BYTES)
        return false;
    const uint64_t length = spine_binary_u64(start);
    /* Eight characters of text as a number are more than any header has bytes. */
    return length >= 2 && length <= file_bytes - LENGTH_BYTES && length <= UINT32_MAX &&
           at[LENGTH_BYTES] == '{' &&
           (at[LENGTH_BYTES + 1] == '"' || at[LENGTH_BYTES + 1] == '}' ||
            at[LENGTH_BYTES + 1] == ' ' || at[LENGTH_BYTES + 1] == '\n');
}

/* Element 'index' of an array of whole numbers. */
static bool get_whole(const cJSON *array, int index, uint64_t *value)
{
    const cJSON *item = cJSON_GetArrayItem(array, index);

    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0 && item->valuedouble <= most_exact) ||
        item->valuedouble != (double)(uint64_t)item->valuedouble)
        return false;
    *value = (uint64_t)item->valuedouble;
    return true;
}

static bool find_type(const cJSON *tensor, enum spine_matrix_type *type)
{
    static const char *const names[] = {[SPINE_MATRIX_F16] = "F16",
                                        [SPINE_MATRIX_BF16] = "BF16",
                                        [SPINE_MATRIX_F32] = "F32",
                                        [SPINE_MATRIX_F64] = "F64"};
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(tensor, "dtype");

    for (size_t i = 0; cJSON_IsString(name) && i < sizeof names / sizeof *names; i++)
        if (strcmp(name->valuestring, names[i]) == 0) {
            *type = (enum spine_matrix_type)i;
            return true;
        }
    return false;
}

/* Is it a matrix of a type that we read? If so, fill *matrix except for the file. */
static bool is_matrix(const cJSON *tensor, uint64_t begin, struct spine_matrix *matrix)
{
    const cJSON *shape = cJSON_GetObjectItemCaseSensitive(tensor, "shape");
    const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(tensor, "data_offsets");
    uint64_t rows, columns, first, end;

    if (!cJSON_IsArray(shape) || cJSON_GetArraySize(shape) != 2 || !cJSON_IsArray(offsets) ||
        !find_type(tensor, &matrix->type) || !get_whole(shape, 0, &rows) ||
        !get_whole(shape, 1, &columns) || !get_whole(offsets, 0, &first) ||
        !get_whole(offsets, 1, &end) || first > end)
        return false;

    const uint64_t numbers = (end - first) / spine_matrix_width(matrix->type);
    matrix->rows = (size_t)rows;
    matrix->columns = (size_t)columns;
    matrix->offset = begin + first;
    return columns > 0 && numbers % columns == 0 && numbers / columns == rows &&
           (end - first) % spine_matrix_width(matrix->type) == 0;
}

/* Is it a matrix by its shape and type, but not by the bytes that the header says it has? */
static bool is_contradictory(const cJSON *tensor, uint64_t begin)
{
    struct spine_matrix matrix = {0};

    return cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(tensor, "shape")) == 2 &&
           find_type(tensor, &matrix.type) && !is_matrix(tensor, begin, &matrix);
}

/* The first such tensor of the header, or the one with this name; NULL if there is none. */
static const cJSON *find_contradiction(const cJSON *header, const char *name, uint64_t begin)
{
    const cJSON *tensor;

    cJSON_ArrayForEach(tensor, header)
    {
        if ((name == NULL || strcmp(tensor->string, name) == 0) && is_contradictory(tensor, begin))
            return tensor;
    }
    return NULL;
}

/* A matrix that may be chosen. */
struct choice {
    const cJSON *tensor;
    size_t number; /* in the file */
    struct spine_matrix matrix;
};

/* Embeddings have the most rows, so these come first. */
static int compare_rows(const void *a, const void *b)
{
    const struct choice *left = a, *right = b;

    if (left->matrix.rows != right->matrix.rows)
        return left->matrix.rows > right->matrix.rows ? -1 : 1;
    return left->number < right->number ? -1 : left->number > right->number;
}

/* Find the only matrix; if there isn't just one, list those there are. */
static int find_only(const cJSON *header, uint64_t begin, const cJSON **only,
                     struct spine_namelist *names, struct spine_error *err)
{
    const cJSON *tensor;
    size_t count = 0;
    struct choice *choices = spine_memory_zeroed((size_t)cJSON_GetArraySize(header) + 1,
                                                 sizeof *choices, "the list of tensors", err);
    if (choices == NULL)
        return -1;

    cJSON_ArrayForEach(tensor, header)
    {
        choices[count].tensor = tensor;
        choices[count].number = count;
        count += is_matrix(tensor, begin, &choices[count].matrix);
    }
    *only = count == 1 ? choices[0].tensor : NULL;
    qsort(choices, count, sizeof *choices, compare_rows);
    for (size_t i = 0; i < count; i++)
        spine_namelist_add(names, "%s (%zu x %zu)", choices[i].tensor->string,
                           choices[i].matrix.rows, choices[i].matrix.columns);
    free(choices);
    return 0;
}

static int choose(const cJSON *header, const char *name, uint64_t begin,
                  struct spine_matrix *matrix, struct spine_error *err)
{
    const char *path = matrix->binary->name;
    struct spine_namelist names = {0};
    const cJSON *only = NULL;
    if (find_only(header, begin, &only, &names, err))
        return -1;

    const cJSON *tensor = name == NULL ? only : cJSON_GetObjectItemCaseSensitive(header, name);

    if (tensor != NULL && is_matrix(tensor, begin, matrix))
        return spine_matrix_check(matrix, err);
    const cJSON *contradiction = find_contradiction(header, name, begin);
    if (contradiction != NULL && (name != NULL || names.count == 0))
        return spine_refuse(err,
                            "%s: the header contradicts itself: the shape of the tensor '%.80s' "
                            "doesn't fit its data_offsets; is the file damaged?",
                            path, contradiction->string);
    if (names.count == 0)
        return spine_refuse(err,
                            "%s: a safetensors file without a matrix (a tensor of two dimensions) "
                            "of type F16, BF16, "
                            "F32 or F64; write one in Python: save_file({'vectors': "
                            "TENSOR.float()}, 'vectors.safetensors')",
                            path);
    if (name == NULL)
        return spine_refuse(err,
                            "%s: a safetensors file of several matrices; choose one as %s:NAME: %s",
                            path, path, spine_namelist_end(&names));
    return spine_refuse(err, "%s: %s '%.80s'; there are: %s", path,
                        tensor == NULL ? "a safetensors file without the tensor"
                                       : "not a matrix of type F16, BF16, F32 or F64: the tensor",
                        name, spine_namelist_end(&names));
}

int spine_safetensors_matrix(const struct spine_binary *binary, const char *name,
                             struct spine_matrix *matrix, struct spine_error *err)
{
    unsigned char start[LENGTH_BYTES];

    *matrix = (struct spine_matrix){.binary = binary};
    if (spine_binary_read(binary, 0, LENGTH_BYTES, start, err))
        return -1;
    const uint64_t length = spine_binary_u64(start);
    if (length > MOST_HEADER || length > binary->bytes - LENGTH_BYTES)
        return spine_refuse(err,
                            "%s: a safetensors file whose header has %llu bytes; is it damaged?",
                            binary->name, (unsigned long long)length);
    char *text = spine_memory_get((size_t)length + 1, 1, "the header", err);
    if (text == NULL)
        return -1;

    int rc = spine_binary_read(binary, LENGTH_BYTES, (size_t)length, text, err);
    text[rc == 0 ? length : 0] = '\0';
    cJSON *header = NULL;
    if (rc == 0)
        rc = spine_json_parse(text, "the header", &header, err);
    if (rc == 0 && !cJSON_IsObject(header))
        rc = spine_refuse(err, "%s: a safetensors file whose header is not a JSON object",
                          binary->name);
    if (rc == 0)
        rc = choose(header, name, LENGTH_BYTES + length, matrix, err);

    cJSON_Delete(header);
    free(text);
    return rc;
}
