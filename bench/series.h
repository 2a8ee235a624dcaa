/* A series of durations and its percentiles, told as JSON. */
#ifndef BENCH_SERIES_H
#define BENCH_SERIES_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct series { float *us; size_t len, cap; };

static void note(struct series *s, uint64_t ns) {
    if (s->len == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 4096;
        s->us = realloc(s->us, s->cap * sizeof *s->us);
        if (!s->us) abort();
    }
    s->us[s->len++] = (float)ns / 1000;
}

static int by_size(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Sorts the series; prints a member that follows others, nothing for an empty series. */
static void tell(const char *name, struct series *s) {
    static const int percents[] = {50, 90, 99};
    if (!s->len) return;
    qsort(s->us, s->len, sizeof *s->us, by_size);
    printf(",\"%s\":{", name);
    for (int i = 0; i < 3; i++) printf("\"p%d\":%.1f,", percents[i], s->us[(s->len - 1) * (size_t)percents[i] / 100]);
    printf("\"max\":%.1f}", s->us[s->len - 1]);
}

#endif
