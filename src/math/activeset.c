/* activeset.c -- the active set of a non-negative lasso. */
#include "spine/math/activeset.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/clones.h"
#include "spine/base/memory.h"

/* The largest set that is solved exactly, which has more atoms than most rows have numbers; floats
 * between the rows of its G, so that they don't share places in a cache. */
enum { MOST_EXACT = 512, PADDING = 8 };

/* Rows of the factor that are computed together, at most as many as the padding has floats. */
enum { NEW = 4 };
typedef double quad __attribute__((vector_size(NEW * sizeof(double)), may_alias));
typedef double unaligned __attribute__((vector_size(NEW * sizeof(double)), aligned(8), may_alias));

/* An atom is independent of others if at least this share of its square is; less is rounding, and
 * within the tolerance of a solution (lasso.h). With 1e-5, nearly equal atoms took many steps and
 * ended outside it. */
static const double DEPENDENT = 2e-6;

int spine_activeset_init(struct spine_activeset *set, size_t units, struct spine_error *err)
{
    static const char what[] = "the scratch of a lasso";
    const size_t most = units < MOST_EXACT ? units : MOST_EXACT;

    *set = (struct spine_activeset){.units = units, .most = most};
    set->atom = spine_memory_get(units, sizeof *set->atom, what, err);
    set->value = spine_memory_get(units, sizeof *set->value, what, err);
    set->correlation = spine_memory_get(units, sizeof *set->correlation, what, err);
    set->is_in = spine_memory_zeroed(units, sizeof *set->is_in, what, err);
    set->gram = spine_memory_zeroed(most, (most + PADDING) * sizeof *set->gram, what, err);
    set->row = spine_memory_get(units, sizeof *set->row, what, err);
    set->factor = spine_memory_get(most * (most + 1) / 2, sizeof *set->factor, what, err);
    set->step = spine_memory_get(most, sizeof *set->step, what, err);
    set->solved = spine_memory_aligned(most * NEW, sizeof *set->solved, what, err);
    set->index = spine_memory_get(units, sizeof *set->index, what, err);
    if (set->atom == NULL || set->value == NULL || set->correlation == NULL || set->is_in == NULL ||
        set->gram == NULL || set->row == NULL || set->factor == NULL || set->step == NULL ||
        set->solved == NULL || set->index == NULL) {
        spine_activeset_dispose(set);
        return -1;
    }
    return 0;
}

void spine_activeset_dispose(struct spine_activeset *set)
{
    free(set->atom);
    free(set->value);
    free(set->correlation);
    free(set->is_in);
    free(set->gram);
    free(set->row);
    free(set->factor);
    free(set->step);
    free(set->solved);
    free(set->index);
    *set = (struct spine_activeset){0};
}

static size_t pitch(const struct spine_activeset *set)
{
    return set->most + PADDING;
}

void spine_activeset_clear(struct spine_activeset *set)
{
    for (size_t s = 0; s < set->count; s++)
        set->is_in[set->atom[s]] = 0;
    set->count = 0;
    set->factored = 0;
}

void spine_activeset_add(struct spine_activeset *set, const float *gram, uint32_t atom,
                         double value, double correlation)
{
    const size_t s = set->count++, width = pitch(set);
    const float *from = gram + atom * set->units;
    set->atom[s] = atom;
    set->value[s] = value;
    set->correlation[s] = correlation;
    set->is_in[atom] = 1;

    if (set->count > set->most)
        return;
    float *to = set->gram + s * width;
    for (size_t t = 0; t <= s; t++) {
        to[t] = from[set->atom[t]];
        set->gram[t * width + s] = to[t];
    }
}

/* Row s of G, for the atoms of the set. */
static const float *gram_row(const struct spine_activeset *set, const float *gram, size_t s)
{
    if (set->count <= set->most)
        return set->gram + s * pitch(set);
    const float *from = gram + set->atom[s] * set->units;
    for (size_t t = 0; t < set->count; t++)
        set->row[t] = from[set->atom[t]];
    return set->row;
}

bool spine_activeset_is_solved(const struct spine_activeset *set, double lambda, double slack)
{
    for (size_t s = 0; s < set->count; s++) {
        const double over = set->correlation[s] - lambda;
        if (over > slack || (set->value[s] > 0 && over < -slack))
            return false;
    }
    return true;
}

/* Fill the copy of G again, from an atom on. */
static void refill(struct spine_activeset *set, const float *gram, size_t first)
{
    const size_t width = pitch(set);

    for (size_t s = first; s < set->count; s++) {
        const float *from = gram + set->atom[s] * set->units;
        float *to = set->gram + s * width;
        for (size_t t = 0; t <= s; t++) {
            to[t] = from[set->atom[t]];
            set->gram[t * width + s] = to[t];
        }
    }
    if (set->factored > first)
        set->factored = first;
}

/* Minimise over each value in turn. */
SPINE_CLONES
static void descend(struct spine_activeset *set, const float *gram, double lambda)
{
    const size_t count = set->count;
    double *restrict c = set->correlation;

    for (size_t s = 0; s < count; s++) {
        const float *restrict row = gram_row(set, gram, s);
        const double square = (double)row[s];
        if (!(square > 0))
            continue;
        const double best = set->value[s] + (c[s] - lambda) / square;
        const double now = best > 0 ? best : 0, difference = now - set->value[s];
        if (difference == 0)
            continue;
#pragma omp simd
        for (size_t t = 0; t < count; t++)
            c[t] -= difference * (double)row[t];
        set->value[s] = now;
    }
}

/* to_t = from at index[t]; index ascends. */
static void pick(size_t count, const uint32_t *index, const float *from, float *to)
{
    for (size_t t = 0; t < count; t++)
        to[t] = from[index[t]];
}

void spine_activeset_drop(struct spine_activeset *set)
{
    const size_t width = pitch(set), count = set->count;
    size_t first = 0, kept = 0;

    while (first < count && set->value[first] > 0)
        first++;
    if (first == count)
        return;
    if (set->factored > first)
        set->factored = first;

    for (size_t s = first; s < count; s++)
        if (set->value[s] > 0)
            set->index[kept++] = (uint32_t)s;
        else
            set->is_in[set->atom[s]] = 0;
    if (count <= set->most)
        for (size_t s = 0; s < first + kept; s++) {
            const size_t from = s < first ? s : set->index[s - first];
            const float *row = set->gram + from * width;
            float *to = set->gram + s * width;
            if (from != s)
                memmove(to, row, first * sizeof *to);
            pick(kept, set->index, row, to + first);
        }
    for (size_t t = 0; t < kept; t++) {
        const size_t from = set->index[t];
        set->atom[first + t] = set->atom[from];
        set->value[first + t] = set->value[from];
        set->correlation[first + t] = set->correlation[from];
    }
    set->count = first + kept;
}

/* Row i of L begins here. */
static inline size_t row_begin(size_t i)
{
    return i * (i + 1) / 2;
}

/* Of NEW rows of L from row 'first' on, the columns before 'first', into set->solved: the right
 * sides of one triangular system, solved for side by side, NEW columns at a time. 'first' is a
 * multiple of NEW. */
static inline void extend(const struct spine_activeset *set, size_t first)
{
    quad *solved = (quad *)set->solved;

    for (size_t k = 0; k < first; k++) {
        const float *from = set->gram + k * pitch(set) + first; /* stale beyond the rows */
        solved[k] = (quad){(double)from[0], (double)from[1], (double)from[2], (double)from[3]};
    }
    for (size_t k = 0; k < first; k += NEW) {
        const double *a = set->factor + row_begin(k) + k, *b = a + k + 1, *c = b + k + 2;
        const double *d = c + k + 3;
        const quad e = solved[k] * a[0];
        const quad f = (solved[k + 1] - b[0] * e) * b[1];
        const quad g = (solved[k + 2] - c[0] * e - c[1] * f) * c[2];
        const quad h = (solved[k + 3] - d[0] * e - d[1] * f - d[2] * g) * d[3];
        solved[k] = e;
        solved[k + 1] = f;
        solved[k + 2] = g;
        solved[k + 3] = h;
        for (size_t m = k + NEW; m < first; m++) {
            const double *row = set->factor + row_begin(m) + k;
            solved[m] -= (row[0] * e + row[1] * f) + (row[2] * g + row[3] * h);
        }
    }
}

/* Compute NEW rows of L from row 'first' on, or fewer where the set ends, up to the first row that
 * depends on those before it. Returns the number of rows that are complete. */
SPINE_CLONES
static size_t complete(struct spine_activeset *set, size_t first)
{
    const size_t left = set->count - first, rows = left < NEW ? left : NEW;
    const quad *solved = (const quad *)set->solved;
    quad squares[NEW] = {{0}}; /* of G, less the products of the rows so far */

    extend(set, first);
    for (size_t k = 0; k < first; k++)
        for (size_t i = 0; i < NEW; i++)
            squares[i] += solved[k][i] * solved[k];

    for (size_t i = 0; i < rows; i++) {
        const float *from = set->gram + (first + i) * pitch(set);
        double *row = set->factor + row_begin(first + i);
        double rest = (double)from[first + i] - squares[i][i];
        for (size_t k = 0; k < first; k++)
            row[k] = set->solved[k * NEW + i];
        for (size_t k = 0; k < i; k++) {
            const double *other = set->factor + row_begin(first + k) + first;
            double sum = (double)from[first + k] - squares[i][k];
            for (size_t m = 0; m < k; m++)
                sum -= row[first + m] * other[m];
            row[first + k] = sum * other[k];
            rest -= row[first + k] * row[first + k];
        }
        if (!(rest > DEPENDENT * (double)from[first + i]))
            return i;
        row[first + i] = 1 / sqrt(rest); /* inverse of the diagonal: it is only divided by */
    }
    return rows;
}

/* Cholesky, continued from the rows that are there, up to the first row that depends on those
 * before it. Returns the number of rows: 'count' if all are independent. Rows are computed in the
 * same groups wherever it continues, so that the bits depend on the atoms and their order alone. */
static size_t factorise(struct spine_activeset *set)
{
    while (set->factored < set->count) {
        const size_t first = set->factored - set->factored % NEW, rows = complete(set, first);
        set->factored = first + rows;
        if (rows < NEW)
            break;
    }
    return set->factored;
}

/* Solve L y = vector for the first n rows, a few rows at a time. */
static inline void substitute_forward(size_t n, const double *factor, double *vector)
{
    for (size_t i = 0; i < n; i += NEW) {
        const size_t rows = n - i < NEW ? n - i : NEW;
        const double *row[NEW];
        quad sums[NEW] = {{0}};
        for (size_t r = 0; r < NEW; r++)
            row[r] = factor + row_begin(r < rows ? i + r : i);
        for (size_t k = 0; k < i; k += NEW)
            for (size_t r = 0; r < NEW; r++)
                sums[r] += *(const unaligned *)(row[r] + k) * *(const unaligned *)(vector + k);
        for (size_t r = 0; r < rows; r++) {
            double sum = vector[i + r] - ((sums[r][0] + sums[r][1]) + (sums[r][2] + sums[r][3]));
            for (size_t k = 0; k < r; k++)
                sum -= row[r][i + k] * vector[i + k];
            vector[i + r] = sum * row[r][i + r];
        }
    }
}

/* Solve L' x = vector for the first n rows. */
static inline void substitute_backward(size_t n, const double *factor, double *vector)
{
    for (size_t end = n; end > 0;) {
        const size_t i = (end - 1) - (end - 1) % NEW, rows = end - i;
        const double *row[NEW];
        double values[NEW] = {0};
        for (size_t r = 0; r < NEW; r++)
            row[r] = factor + row_begin(r < rows ? i + r : i);
        for (size_t r = rows; r-- > 0;) {
            double sum = vector[i + r];
            for (size_t k = r + 1; k < rows; k++)
                sum -= row[k][i + r] * values[k];
            vector[i + r] = values[r] = sum * row[r][i + r];
        }
        for (size_t k = 0; k < i; k += NEW)
            *(unaligned *)(vector + k) -= (values[0] * *(const unaligned *)(row[0] + k) +
                                           values[1] * *(const unaligned *)(row[1] + k)) +
                                          (values[2] * *(const unaligned *)(row[2] + k) +
                                           values[3] * *(const unaligned *)(row[3] + k));
        end = i;
    }
}

/* Solve L L' x = vector for the first n rows. */
SPINE_CLONES
static void substitute(size_t n, const double *factor, double *vector)
{
    substitute_forward(n, factor, vector);
    substitute_backward(n, factor, vector);
}

/* Find the direction of an exact step, in set->step: to where all correlations are lambda; or, if
 * an atom depends on others, exchanging it for them, which changes only the sum of the values.
 * Returns the step's length if no value becomes 0. */
static double find_direction(struct spine_activeset *set, double lambda)
{
    const size_t n = set->count, independent = factorise(set);
    double *step = set->step;

    if (independent == n) {
        for (size_t s = 0; s < n; s++)
            step[s] = set->correlation[s] - lambda;
        substitute(n, set->factor, step);
        return 1;
    }

    const float *row = set->gram + independent * pitch(set);
    double gain = lambda - set->correlation[independent];
    memset(step, 0, n * sizeof *step);
    for (size_t s = 0; s < independent; s++)
        step[s] = (double)row[s];
    substitute(independent, set->factor, step);
    for (size_t s = 0; s < independent; s++)
        gain -= step[s] * (lambda - set->correlation[s]);
    for (size_t s = 0; s < independent; s++)
        step[s] *= gain > 0 ? 1 : -1;
    step[independent] = gain > 0 ? -1 : 1;
    return HUGE_VAL;
}

/* c -= G step, of a length. */
SPINE_CLONES
static void move_correlations(struct spine_activeset *set, double length)
{
    double *restrict c = set->correlation;
    const size_t count = set->count;
    for (size_t s = 0; s < count; s++) {
        const float *restrict row = set->gram + s * pitch(set);
        const double difference = length * set->step[s];
#pragma omp simd
        for (size_t t = 0; t < count; t++)
            c[t] -= difference * (double)row[t];
    }
}

/* Go in an exact direction until a value is 0. */
static void step_exactly(struct spine_activeset *set, double lambda)
{
    const size_t n = set->count;
    double length = find_direction(set, lambda);
    size_t first = n; /* to reach 0 */

    for (size_t s = 0; s < n; s++)
        if (set->step[s] < 0 && set->value[s] <= -length * set->step[s]) {
            length = -set->value[s] / set->step[s];
            first = s;
        }
    if (length == HUGE_VAL)
        return;

    for (size_t s = 0; s < n; s++) {
        const double now = set->value[s] + length * set->step[s];
        set->value[s] = s == first || now < 0 ? 0 : now;
    }
    move_correlations(set, length);
}

/* Remove the atoms whose value is 0. Returns whether an exact step is possible. */
static bool prepare_step(struct spine_activeset *set, const float *gram)
{
    const bool had_gram = set->count <= set->most;

    spine_activeset_drop(set);
    if (set->count == 0 || set->count > set->most)
        return false;
    if (!had_gram)
        refill(set, gram, 0);
    return true;
}

void spine_activeset_improve(struct spine_activeset *set, const float *gram, double lambda)
{
    descend(set, gram, lambda);
    if (prepare_step(set, gram))
        step_exactly(set, lambda);
}

/* Not by an exchange, whose direction would be that of rounding. */
void spine_activeset_finish(struct spine_activeset *set, const float *gram, double lambda)
{
    if (prepare_step(set, gram) && factorise(set) == set->count)
        step_exactly(set, lambda);
}

void spine_activeset_correlate(struct spine_activeset *set, const float *products)
{
    for (size_t s = 0; s < set->count; s++)
        set->correlation[s] = (double)products[set->atom[s]];
    memcpy(set->step, set->value, set->count * sizeof *set->step);
    move_correlations(set, 1);
}

/* --- The solution on a set ---------------------------------------------------------------- */

/* Put the atoms in ascending order. Returns the first position that changes. */
static size_t sort(struct spine_activeset *set)
{
    size_t first = set->count;

    for (size_t s = 1; s < set->count; s++) {
        const uint32_t atom = set->atom[s];
        const double value = set->value[s];
        size_t t = s;
        for (; t > 0 && set->atom[t - 1] > atom; t--) {
            set->atom[t] = set->atom[t - 1];
            set->value[t] = set->value[t - 1];
        }
        set->atom[t] = atom;
        set->value[t] = value;
        if (t < s && t < first)
            first = t;
    }
    return first;
}

void spine_activeset_sort(struct spine_activeset *set)
{
    sort(set);
}

bool spine_activeset_order(struct spine_activeset *set, const float *gram)
{
    if (!prepare_step(set, gram))
        return set->count == 0;
    refill(set, gram, sort(set));
    return factorise(set) == set->count;
}

void spine_activeset_substitute(const struct spine_activeset *set, double *vector)
{
    substitute(set->count, set->factor, vector);
}

/* The squares of NEW columns of the inverse of L, from column 'first' on. */
SPINE_CLONES
static double invert_columns(struct spine_activeset *set, size_t first)
{
    quad *solved = (quad *)set->solved, squares = {0};

    for (size_t k = first; k < set->count; k++) {
        const double *row = set->factor + row_begin(k);
        quad sum = {k == first, k == first + 1, k == first + 2, k == first + 3};
        for (size_t m = first; m < k; m++)
            sum -= row[m] * solved[m];
        solved[k] = sum * row[k];
        squares += solved[k] * solved[k];
    }
    return squares[0] + squares[1] + (squares[2] + squares[3]);
}

double spine_activeset_invert(struct spine_activeset *set)
{
    double squares = 0;

    for (size_t first = 0; first < set->count; first += NEW)
        squares += invert_columns(set, first);
    return squares;
}
