/* Reads one HTTP/1.1 answer piece by piece and counts what a caller would see in it.
 *
 * Knows status lines, content-length, chunked coding and lines of server-sent events. In a stream
 * it counts data lines, and among them those that carry content: `mark` (by default `"content":"`)
 * followed by anything but a closing quote. Refuses to know when the request was sent. */
#ifndef BENCH_ANSWER_H
#define BENCH_ANSWER_H

#include "net.h"

#define ANSWER_LIMIT_BYTES (4u << 20)
#define HEAD_LIMIT_BYTES 65536

enum part { HEAD, FIXED, UNTIL_EOF, CHUNK_SIZE, CHUNK_DATA, CHUNK_END, TRAILER, WHOLE, BROKEN };

struct answer {
    enum part part;
    struct buf head; /* of the answer, then of each chunk */
    struct buf body; /* all of a whole answer; of a stream, the line in progress */
    size_t left;
    int status;
    bool is_stream, closes, saw_last, saw_error;
    unsigned frames, chunks;
};

static const char *content_mark = "\"content\":\"", *last_mark = "[DONE]";

static void answer_reset(struct answer *a) {
    struct buf head = a->head, body = a->body;
    head.len = body.len = 0;
    *a = (struct answer){.head = head, .body = body};
}

static bool holds(const char *p, size_t n, const char *what) {
    return memmem(p, n, what, strlen(what)) != NULL;
}

static void read_line(struct answer *a, const char *line, size_t n) {
    if (n < 5 || memcmp(line, "data:", 5)) return;
    a->frames++;
    size_t len = strlen(content_mark);
    const char *p = memmem(line, n, content_mark, len);
    if (p && p + len < line + n && p[len] != '"') a->chunks++;
    else if (holds(line, n, "\"error\":{")) a->saw_error = true;
    if (holds(line, n, last_mark)) a->saw_last = true;
}

static void read_body(struct answer *a, const char *p, size_t n) {
    if (a->body.len + n > ANSWER_LIMIT_BYTES) { a->part = BROKEN; return; }
    if (!a->is_stream) { buf_add(&a->body, p, n); return; }
    for (const char *end; n && (end = memchr(p, '\n', n));) {
        size_t len = (size_t)(end - p);
        if (a->body.len) {
            buf_add(&a->body, p, len);
            read_line(a, a->body.at, a->body.len);
            a->body.len = 0;
        } else read_line(a, p, len);
        p += len + 1;
        n -= len + 1;
    }
    if (n) buf_add(&a->body, p, n);
}

static void read_head(struct answer *a) {
    const char *head = a->head.at, *value;
    size_t n = a->head.len;
    if (n < 12 || memcmp(head, "HTTP/1.", 7)) { a->part = BROKEN; return; }
    a->status = atoi(head + 9);
    a->closes = (value = header_value(head, n, "connection")) && !strncasecmp(value, "close", 5);
    a->is_stream = (value = header_value(head, n, "content-type")) && !strncasecmp(value, "text/event-stream", 17);
    if ((value = header_value(head, n, "content-length"))) {
        a->left = strtoul(value, NULL, 10);
        a->part = a->left ? FIXED : WHOLE;
    } else if ((value = header_value(head, n, "transfer-encoding")) && !strncasecmp(value, "chunked", 7)) {
        a->part = CHUNK_SIZE;
    } else a->part = UNTIL_EOF;
    a->head.len = 0;
}

/* Adds bytes up to and with the next newline to `head`; true when the line is whole. */
static bool take_line(struct answer *a, const char **p, const char *end) {
    const char *newline = memchr(*p, '\n', (size_t)(end - *p));
    const char *stop = newline ? newline + 1 : end;
    if (a->head.len + (size_t)(stop - *p) > HEAD_LIMIT_BYTES) { a->part = BROKEN; return false; }
    buf_add(&a->head, *p, (size_t)(stop - *p));
    *p = stop;
    return newline != NULL;
}

static void end_line(struct answer *a) {
    size_t n = a->head.len;
    bool blank = n <= 2;
    switch (a->part) {
    case HEAD:
        if (blank) read_head(a);
        else if (n >= 4 && !memcmp(a->head.at + n - 4, "\r\n\r\n", 4)) read_head(a);
        return; /* the head's lines stay together */
    case CHUNK_SIZE:
        a->left = strtoul(a->head.at, NULL, 16);
        a->part = a->left ? CHUNK_DATA : TRAILER;
        break;
    case CHUNK_END: a->part = CHUNK_SIZE; break;
    default: if (blank) a->part = WHOLE;
    }
    a->head.len = 0;
}

/* Takes what was read from the socket. Bytes behind the answer's end break it: nothing was asked. */
static void answer_feed(struct answer *a, const char *p, size_t n) {
    const char *end = p + n;
    while (p < end && a->part != BROKEN) {
        if (a->part == WHOLE) { a->part = BROKEN; return; }
        if (a->part == UNTIL_EOF) { read_body(a, p, (size_t)(end - p)); return; }
        if (a->part != FIXED && a->part != CHUNK_DATA) {
            if (take_line(a, &p, end)) end_line(a);
            continue;
        }
        size_t take = (size_t)(end - p) < a->left ? (size_t)(end - p) : a->left;
        read_body(a, p, take);
        p += take;
        a->left -= take;
        if (!a->left && a->part != BROKEN) a->part = a->part == FIXED ? WHOLE : CHUNK_END;
    }
}

static void answer_eof(struct answer *a) { a->part = a->part == UNTIL_EOF ? WHOLE : BROKEN; }

/* Did the caller get what was asked for? A whole answer must look like a JSON object with choices
 * or content, a stream must end with its last mark. */
static bool answer_is_good(const struct answer *a, bool asked_stream) {
    if (a->part != WHOLE || a->status != 200 || a->is_stream != asked_stream || a->saw_error) return false;
    if (asked_stream) return a->saw_last && a->chunks;
    const char *p = a->body.at;
    size_t n = a->body.len;
    while (n && (p[n - 1] == '\n' || p[n - 1] == ' ')) n--;
    return n > 2 && p[0] == '{' && p[n - 1] == '}' && holds(p, n, "\"content\"");
}

#endif
