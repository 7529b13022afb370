/* figures.c -- the numbers that an evaluation finds, as a list. */
#include "spine/eval/figures.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"

int spine_figures_add(struct spine_figures *figures, const char *group, const char *name,
                      struct spine_estimate estimate, int64_t count, int64_t missing, int decimals,
                      struct spine_error *err)
{
    if (spine_figures_find(figures, group, name) != NULL)
        return spine_refuse(err, "%s, '%s' is measured twice: is it named twice?", group, name);
    if (spine_memory_reserve(&figures->list, &figures->capacity, figures->count + 1,
                             sizeof *figures->list, "figures", err))
        return -1;
    struct spine_figure *figure = &figures->list[figures->count++];
    *figure = (struct spine_figure){
        .estimate = estimate, .count = count, .missing = missing, .decimals = decimals};
    snprintf(figure->group, sizeof figure->group, "%s", group);
    snprintf(figure->name, sizeof figure->name, "%s", name);
    return 0;
}

int spine_figures_add_plain(struct spine_figures *figures, const char *group, const char *name,
                            double value, int decimals, struct spine_error *err)
{
    const struct spine_estimate estimate = {value, NAN, NAN};
    return spine_figures_add(figures, group, name, estimate, -1, -1, decimals, err);
}

const struct spine_figure *spine_figures_find(const struct spine_figures *figures,
                                              const char *group, const char *name)
{
    for (size_t i = 0; i < figures->count; i++)
        if (strcmp(figures->list[i].group, group) == 0 && strcmp(figures->list[i].name, name) == 0)
            return &figures->list[i];
    return NULL;
}

void spine_figures_dispose(struct spine_figures *figures)
{
    free(figures->list);
    *figures = (struct spine_figures){0};
}
