/* A binary heap of things that are due, soonest first. Each entry knows its place, so that it can
 * leave early. Knows nothing of what is due. */
#ifndef BENCH_HEAP_H
#define BENCH_HEAP_H

#include <stdint.h>
#include <stdlib.h>

struct timed {
    uint64_t due_ns;
    size_t place; /* from 1; 0: not in a heap */
};

struct heap { struct timed **at; size_t len, cap; };

static void heap_put(struct heap *h, size_t i, struct timed *t) {
    h->at[i - 1] = t;
    t->place = i;
}

static void heap_up(struct heap *h, size_t i, struct timed *t) {
    for (; i > 1 && h->at[i / 2 - 1]->due_ns > t->due_ns; i /= 2) heap_put(h, i, h->at[i / 2 - 1]);
    heap_put(h, i, t);
}

static void heap_down(struct heap *h, size_t i, struct timed *t) {
    for (size_t child; (child = 2 * i) <= h->len; i = child) {
        if (child < h->len && h->at[child]->due_ns < h->at[child - 1]->due_ns) child++;
        if (h->at[child - 1]->due_ns >= t->due_ns) break;
        heap_put(h, i, h->at[child - 1]);
    }
    heap_put(h, i, t);
}

static void heap_add(struct heap *h, struct timed *t) {
    if (h->len == h->cap) {
        h->cap = h->cap ? h->cap * 2 : 256;
        h->at = realloc(h->at, h->cap * sizeof *h->at);
        if (!h->at) abort();
    }
    heap_up(h, ++h->len, t);
}

static void heap_remove(struct heap *h, struct timed *t) {
    size_t i = t->place;
    if (!i) return;
    struct timed *last = h->at[--h->len];
    t->place = 0;
    if (last == t) return;
    if (i > 1 && h->at[i / 2 - 1]->due_ns > last->due_ns) heap_up(h, i, last);
    else heap_down(h, i, last);
}

#endif
