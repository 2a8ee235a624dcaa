/* Clocks, growing buffers and loopback sockets for the stub and the load generator.
 * Knows nothing of HTTP beyond where a head ends and what a header says.
 * Every allocation that fails ends the program: a benchmark has nothing to save. */
#ifndef BENCH_NET_H
#define BENCH_NET_H

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000ull
#define READ_BYTES 65536
#define EVENTS_PER_WAIT 256

static volatile sig_atomic_t stopping;

static void on_stop(int signal_number) { (void)signal_number; stopping = 1; }

static void die(const char *what) {
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

static inline uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

/* SIGTERM and SIGINT end the loop (no SA_RESTART: epoll_wait must return); the open-file limit
 * goes to its maximum, because 5,000 held streams need as many sockets. */
static inline void prepare_process(void) {
    struct sigaction stop = {.sa_handler = on_stop};
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGINT, &stop, NULL);
    signal(SIGPIPE, SIG_IGN);
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

struct buf { char *at; size_t len, cap; };

static inline void buf_add(struct buf *b, const char *bytes, size_t n) {
    if (b->len + n > b->cap) {
        b->cap = (b->len + n) * 2;
        b->at = realloc(b->at, b->cap);
        if (!b->at) die("memory");
    }
    memcpy(b->at + b->len, bytes, n);
    b->len += n;
}

static inline void buf_drop(struct buf *b, size_t n) {
    b->len -= n;
    if (b->len) memmove(b->at, b->at + n, b->len);
}

static inline void buf_free(struct buf *b) {
    free(b->at);
    *b = (struct buf){0};
}

static inline struct sockaddr_in loopback(int port) {
    return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* Without this, small writes wait for the peer's delayed acknowledgement. */
static inline void send_at_once(int fd) {
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static inline void watch(int epoll, int op, int fd, uint32_t events, void *who) {
    struct epoll_event e = {.events = events, .data.ptr = who};
    if (epoll_ctl(epoll, op, fd, &e) < 0) die("epoll_ctl");
}

/* Wakes the loop at an absolute monotonic time, to the microsecond; 0 disarms. */
static inline void wake_at(int timer, uint64_t due_ns) {
    struct itimerspec t = {.it_value = {.tv_sec = (time_t)(due_ns / NS_PER_S),
                                        .tv_nsec = (long)(due_ns % NS_PER_S)}};
    if (timerfd_settime(timer, TFD_TIMER_ABSTIME, &t, NULL) < 0) die("timerfd");
}

/* Length of the head with its blank line, or 0 while it is not whole. */
static inline size_t head_length(const char *p, size_t n) {
    const char *end = memmem(p, n, "\r\n\r\n", 4);
    return end ? (size_t)(end - p) + 4 : 0;
}

/* Value of a header inside a whole head (name in any case), or NULL; it ends at the next CR. */
static inline const char *header_value(const char *head, size_t n, const char *name) {
    size_t name_len = strlen(name);
    const char *p = head, *end = head + n;
    while ((p = memchr(p, '\n', (size_t)(end - p))) && ++p + name_len + 1 < end) {
        if (p[name_len] != ':' || strncasecmp(p, name, name_len)) continue;
        p += name_len + 1;
        while (*p == ' ' || *p == '\t') p++;
        return p;
    }
    return NULL;
}

#endif
