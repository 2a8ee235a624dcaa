/* The load: many callers of one HTTP path on loopback, one thread, epoll, keep-alive.
 *
 *   closed   C connections, each asks again as soon as it was answered, for T seconds
 *   rate     R requests a second whatever happens (open loop), for T seconds
 *   streams  S streams side by side, each opened again at its end, for T seconds
 *   hold     S streams, opened 64 at a time; a line on stdout says when all gave their first chunk
 *
 *   load --mode M --port P --path /v1/chat/completions --body FILE [--header 'name: value']...
 *        [--tokens FILE: one key per line, taken in turn] [--connections C] [--streams S]
 *        [--seconds T] [--rate R] [--spread-ms W: streams start evenly over W ms]
 *        [--mark TEXT] [--last TEXT] [--answer stream: of requests at a rate; else they are whole]
 *
 * One JSON object on stdout; the first answer that was wrong goes to stderr. Answers that say "not
 * now" (429, 503) are errors too, and their latency is told apart. */
#include "answer.h"

#include "series.h"

#define GRACE_S 30 /* what was asked before the end is waited for so long, then counts as an error */
#define OPENING_AT_ONCE 64
#define REQUEST_PARTS 3
#define UNSENT_GAP_NS 1000000 /* while no connection is free there is nothing to start: look seldom */

struct conn {
    int fd;
    bool open, busy, used, opening, waits_writable;
    size_t sent;
    const char *token;
    uint64_t begun_ns, starts_at_ns;
    struct answer answer;
};

enum mode { CLOSED, RATE, STREAMS, HOLD };
static const char *const mode_names[] = {"closed", "rate", "streams", "hold"};

static struct {
    enum mode mode;
    int port, connections, spread_ms;
    double seconds, rate;
    bool streams;
    const char *path, *body_file, *tokens_file;
} ask = {.path = "/v1/chat/completions", .connections = 64, .seconds = 5, .rate = 100, .spread_ms = 1000};

static struct series latency, first, late, refused;
static struct { unsigned long good, errors, unsent, reconnects, frames, chunks; } count;
static struct buf head, tail, tokens;
static size_t token_next;
static int epoll_fd, timer_fd, busy_now, opening_now;
static uint64_t begun_ns, ends_ns, last_answer_ns;
static struct conn *conns;
static size_t conn_count, started, *idle, idle_len;

static void complain(const struct conn *c, const char *what) {
    count.errors++;
    static bool said;
    if (said) return;
    said = true;
    const struct answer *a = &c->answer;
    fprintf(stderr, "first error: %s, status %d, part %d, chunks %u, last line: %.*s\n", what, a->status,
            (int)a->part, a->chunks, (int)(a->body.len < 400 ? a->body.len : 400), a->body.at ? a->body.at : "");
}

static void let_go(struct conn *c) {
    if (c->open) close(c->fd);
    c->open = c->used = false;
}

static void dial(struct conn *c) {
    struct sockaddr_in to = loopback(ask.port);
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (c->fd < 0) die("socket");
    send_at_once(c->fd);
    if (connect(c->fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS) die("connect");
    watch(epoll_fd, EPOLL_CTL_ADD, c->fd, EPOLLIN | EPOLLOUT, c);
    c->open = c->waits_writable = true;
    c->used = false;
}

/* Sends what is left of the request; the socket says when it takes more. */
static void push(struct conn *c) {
    struct iovec parts[REQUEST_PARTS] = {{head.at, head.len}, {(char *)c->token, 0}, {tail.at, tail.len}};
    if (c->token) parts[1].iov_len = strcspn(c->token, "\n");
    size_t skip = c->sent, total = 0;
    int from = 0;
    for (int i = 0; i < REQUEST_PARTS; i++) total += parts[i].iov_len;
    while (from < REQUEST_PARTS - 1 && skip >= parts[from].iov_len) skip -= parts[from++].iov_len;
    parts[from].iov_base = (char *)parts[from].iov_base + skip;
    parts[from].iov_len -= skip;
    ssize_t n = writev(c->fd, parts + from, REQUEST_PARTS - from);
    if (n > 0) c->sent += (size_t)n;
    bool more = c->sent < total;
    if (more == c->waits_writable) return;
    c->waits_writable = more;
    watch(epoll_fd, EPOLL_CTL_MOD, c->fd, more ? EPOLLIN | EPOLLOUT : EPOLLIN, c);
}

static void begin(struct conn *c) {
    c->busy = true;
    busy_now++;
    c->sent = 0;
    if (tokens.len) {
        c->token = tokens.at + token_next;
        token_next += strcspn(c->token, "\n") + 1;
        if (token_next >= tokens.len - 1) token_next = 0;
    }
    answer_reset(&c->answer);
    c->begun_ns = now_ns();
    if (c->open) push(c); /* else the open socket's first writable event does */
    else dial(c);
    if (ask.mode == HOLD) { c->opening = true; opening_now++; }
}

static void finish(struct conn *c) {
    struct answer *a = &c->answer;
    last_answer_ns = now_ns();
    if (!answer_is_good(a, ask.streams || ask.mode >= STREAMS)) {
        if (a->part == WHOLE && (a->status == 429 || a->status == 503)) note(&refused, last_answer_ns - c->begun_ns);
        complain(c, "not the answer that was asked for");
    } else {
        count.good++;
        note(&latency, last_answer_ns - c->begun_ns);
    }
    if (c->opening) { c->opening = false; opening_now--; }
    count.frames += a->frames;
    count.chunks += a->chunks;
    c->busy = false;
    busy_now--;
    if (a->closes || a->part != WHOLE) let_go(c);
    else c->used = true;
    if (ask.mode == RATE) idle[idle_len++] = (size_t)(c - conns);
    else if (ask.mode != HOLD && last_answer_ns < ends_ns) begin(c);
}

static void on_eof(struct conn *c) {
    if (!c->busy) { let_go(c); return; }
    if (c->used && c->answer.part == HEAD && !c->answer.head.len) {
        count.reconnects++; /* a kept connection that the server had closed: ask again on a new one */
        let_go(c);
        c->sent = 0;
        dial(c);
        return;
    }
    answer_eof(&c->answer);
    c->answer.closes = true;
    finish(c);
}

static void on_event(struct conn *c, uint32_t events) {
    static char bytes[READ_BYTES];
    if (events & EPOLLOUT && c->busy) push(c);
    if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR))) return;
    ssize_t got = read(c->fd, bytes, sizeof bytes);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) { on_eof(c); return; }
    struct answer *a = &c->answer;
    unsigned before = a->chunks;
    answer_feed(a, bytes, (size_t)got);
    if (!before && a->chunks) {
        note(&first, now_ns() - c->begun_ns);
        if (c->opening) { c->opening = false; opening_now--; }
    }
    if (c->busy && a->part >= WHOLE) finish(c);
}

/* Starts what is due and says when to come back (0: nothing more to start). */
static uint64_t start_due(uint64_t now) {
    if (now >= ends_ns) return 0;
    if (ask.mode == RATE) {
        uint64_t due = begun_ns + (uint64_t)((double)started * 1e9 / ask.rate);
        for (; due <= now && due < ends_ns; due = begun_ns + (uint64_t)((double)++started * 1e9 / ask.rate)) {
            if (!idle_len) { count.unsent++; continue; } /* every connection waits for an answer */
            note(&late, now - due);
            begin(&conns[idle[--idle_len]]);
        }
        if (!idle_len && due < now + UNSENT_GAP_NS) due = now + UNSENT_GAP_NS;
        return due < ends_ns ? due : 0;
    }
    if (ask.mode == HOLD) {
        while (started < conn_count && opening_now < OPENING_AT_ONCE) begin(&conns[started++]);
        return 0;
    }
    while (started < conn_count && conns[started].starts_at_ns <= now) begin(&conns[started++]);
    return started < conn_count ? conns[started].starts_at_ns : 0;
}

static void run(void) {
    struct epoll_event events[EVENTS_PER_WAIT];
    bool told = false;
    uint64_t now, armed = 0, next = begun_ns, last_ns = ends_ns + (ask.mode == HOLD ? 0 : GRACE_S * NS_PER_S);
    while (!stopping && (now = now_ns()) < last_ns && (now < ends_ns || busy_now)) {
        if (next && next <= now) next = start_due(now);
        if (ask.mode == HOLD && !told) {
            start_due(now);
            if (first.len + count.errors >= conn_count) {
                told = true;
                printf("{\"held\":%zu}\n", first.len);
                fflush(stdout);
            }
        }
        uint64_t wake = next ? next : now < ends_ns ? ends_ns : last_ns;
        if (wake != armed) wake_at(timer_fd, armed = wake);
        int n = epoll_wait(epoll_fd, events, EVENTS_PER_WAIT, -1);
        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr) on_event(events[i].data.ptr, events[i].events);
        }
    }
    for (size_t i = 0; i < conn_count; i++) {
        if (conns[i].busy && ask.mode != HOLD) complain(&conns[i], "no end");
        count.chunks += conns[i].busy ? conns[i].answer.chunks : 0;
    }
}

static void read_whole(const char *path, struct buf *to) {
    char bytes[READ_BYTES];
    FILE *file = fopen(path, "rb");
    if (!file) die(path);
    for (size_t n; (n = fread(bytes, 1, sizeof bytes, file));) buf_add(to, bytes, n);
    fclose(file);
}

/* The request in two parts; the key in turn goes between them, at the end of the head. */
static void build_request(const struct buf *headers) {
    struct buf body = {0};
    char line[512];
    read_whole(ask.body_file, &body);
    int n = snprintf(line, sizeof line, "POST %s HTTP/1.1\r\nhost: 127.0.0.1:%d\r\ncontent-type: application/json\r\n"
                     "accept: */*\r\ncontent-length: %zu\r\n", ask.path, ask.port, body.len);
    buf_add(&head, line, (size_t)n);
    if (headers->len) buf_add(&head, headers->at, headers->len);
    if (ask.tokens_file) {
        static const char name[] = "authorization: Bearer ";
        read_whole(ask.tokens_file, &tokens);
        buf_add(&tokens, "", 1);
        buf_add(&head, name, sizeof name - 1);
        buf_add(&tail, "\r\n", 2);
    }
    buf_add(&tail, "\r\n", 2);
    buf_add(&tail, body.at, body.len);
}

static bool read_flag(const char *flag, const char *value, struct buf *headers) {
    if (!strcmp(flag, "--mode")) {
        for (int i = 0; i < 4; i++) if (!strcmp(value, mode_names[i])) return ask.mode = (enum mode)i, true;
        return false;
    }
    if (!strcmp(flag, "--port")) ask.port = atoi(value);
    else if (!strcmp(flag, "--path")) ask.path = value;
    else if (!strcmp(flag, "--body")) ask.body_file = value;
    else if (!strcmp(flag, "--tokens")) ask.tokens_file = value;
    else if (!strcmp(flag, "--connections") || !strcmp(flag, "--streams")) ask.connections = atoi(value);
    else if (!strcmp(flag, "--seconds")) ask.seconds = atof(value);
    else if (!strcmp(flag, "--rate")) ask.rate = atof(value);
    else if (!strcmp(flag, "--spread-ms")) ask.spread_ms = atoi(value);
    else if (!strcmp(flag, "--answer")) ask.streams = !strcmp(value, "stream");
    else if (!strcmp(flag, "--mark")) content_mark = value;
    else if (!strcmp(flag, "--last")) last_mark = value;
    else if (!strcmp(flag, "--header")) { buf_add(headers, value, strlen(value)); buf_add(headers, "\r\n", 2); }
    else return false;
    return true;
}

int main(int argc, char **argv) {
    struct buf headers = {0};
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 >= argc || !read_flag(argv[i], argv[i + 1], &headers)) {
            fprintf(stderr, "bad flag %s\n", argv[i]);
            return 2;
        }
    }
    if (!ask.port || !ask.body_file || ask.connections < 1) { fprintf(stderr, "--port and --body are needed\n"); return 2; }
    prepare_process();
    build_request(&headers);
    conn_count = (size_t)ask.connections;
    conns = calloc(conn_count, sizeof *conns);
    idle = calloc(conn_count, sizeof *idle);
    if (!conns || !idle) die("memory");
    epoll_fd = epoll_create1(0);
    timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    watch(epoll_fd, EPOLL_CTL_ADD, timer_fd, EPOLLIN | EPOLLET, NULL);
    begun_ns = now_ns();
    ends_ns = begun_ns + (uint64_t)(ask.seconds * 1e9);
    for (size_t i = 0; i < conn_count; i++) {
        uint64_t after_ms = ask.mode == STREAMS ? (uint64_t)ask.spread_ms * i / conn_count : 0;
        conns[i].starts_at_ns = begun_ns + after_ms * 1000000;
        idle[idle_len++] = conn_count - 1 - i;
    }
    run();
    uint64_t end_ns = last_answer_ns ? last_answer_ns : now_ns();
    printf("{\"mode\":\"%s\",\"seconds\":%.4f,\"requests\":%lu,\"errors\":%lu,\"reconnects\":%lu,\"frames\":%lu,\"chunks\":%lu",
           mode_names[ask.mode], (double)(end_ns - begun_ns) / 1e9, count.good, count.errors, count.reconnects,
           count.frames, count.chunks);
    tell("latency_us", &latency);
    tell("first_us", &first);
    tell("late_us", &late);
    printf(",\"unsent\":%lu,\"refused\":%zu", count.unsent, refused.len);
    tell("refused_us", &refused);
    printf("}\n");
    return 0;
}
