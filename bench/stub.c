/* A provider that costs next to nothing: HTTP/1.1, one thread, epoll.
 *
 * A body with "stream": true is answered as server-sent events in chunked coding, its words at a
 * fixed pace, in the dialect of the path: messages where that ends in /messages, responses where it
 * ends in /responses, chat completions everywhere else (their usage only when the body says
 * include_usage). Every other body gets one whole chat completion of about 500 bytes. Any key.
 * The pace comes from the model's name ("any-200x50": 200 chunks at 50 a second) or the flags.
 *
 *   stub [--port P] [--chunks N] [--rate R]      prints its port, and at SIGTERM what it served */
#include "net.h"

#include "heap.h"
#include "speech.h"

#define BODY_LIMIT_BYTES (8u << 20)
#define STREAM_HEAD                                                                    \
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n"            \
    "cache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n"
#define WHOLE                                                                          \
    "{\"id\":\"chatcmpl-stub00000001\",\"object\":\"chat.completion\",\"created\":1790000000,"  \
    "\"model\":\"stub\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":"   \
    "\"A gateway stands between a caller and many engines. It checks the key, finds a route, "  \
    "counts what was used and tells the caller plainly what went wrong.\"},"           \
    "\"logprobs\":null,\"finish_reason\":\"stop\"}],"                                  \
    "\"usage\":{\"prompt_tokens\":24,\"completion_tokens\":32,\"total_tokens\":56},"   \
    "\"system_fingerprint\":\"fp_stub\"}"

struct conn {
    struct timed timed; /* first, so that the heap's entry is the connection */
    int fd;
    struct buf in, out;
    bool waits_writable, broken;
    int chunks_left; /* of the stream in progress */
    uint64_t gap_ns;
    struct speech speech;
    bool streams;
};

static int epoll_fd, timer_fd;
static int default_chunks = 200;
static double default_rate = 50;
static struct heap due; /* streams, by the time of their next chunk */
static struct { unsigned long wholes, streams, chunks, aborted; } served;
static char whole_answer[2048];
static size_t whole_len;

static void say(struct conn *c, const char *bytes, size_t n) {
    if (c->broken) return;
    if (!c->out.len) {
        ssize_t sent = write(c->fd, bytes, n);
        if (sent == (ssize_t)n) return;
        if (sent < 0 && errno != EAGAIN) { c->broken = true; return; }
        if (sent > 0) { bytes += sent; n -= (size_t)sent; }
    }
    buf_add(&c->out, bytes, n);
    if (!c->waits_writable) {
        watch(epoll_fd, EPOLL_CTL_MOD, c->fd, EPOLLIN | EPOLLOUT, c);
        c->waits_writable = true;
    }
}

static struct buf spoken; /* what goes out in one write */

static void say_spoken(struct conn *c) {
    say(c, spoken.at, spoken.len);
    spoken.len = 0;
}

/* The next word; the last one is followed by the ending, in a write of its own. */
static void say_content(struct conn *c) {
    speak_word(&spoken, &c->speech);
    say_spoken(c);
    served.chunks++;
    c->timed.due_ns += c->gap_ns;
    if (--c->chunks_left) return;
    speak_ending(&spoken, &c->speech);
    say_spoken(c);
    c->streams = false;
    served.streams++;
}

static bool asks(const char *body, size_t n, const char *member) {
    const char *end = body + n, *p = body;
    size_t len = strlen(member);
    while ((p = memmem(p, (size_t)(end - p), member, len))) {
        p += len;
        while (p < end && (*p == ' ' || *p == ':')) p++;
        if (end - p >= 4 && !memcmp(p, "true", 4)) return true;
    }
    return false;
}

/* Reads "-<chunks>x<rate>" at the end of the model's name; leaves the flags' values otherwise. */
static void read_pace(const char *body, size_t n, int *chunks, double *rate) {
    *chunks = default_chunks;
    *rate = default_rate;
    const char *end = body + n, *p = memmem(body, n, "\"model\"", 7);
    if (!p) return;
    p += 7;
    while (p < end && (*p == ' ' || *p == ':')) p++;
    char name[128];
    size_t len = 0;
    if (p++ < end) while (p < end && *p != '"' && len < sizeof name - 1) name[len++] = *p++;
    name[len] = 0;
    char *dash = strrchr(name, '-');
    int asked_chunks;
    double asked_rate;
    if (dash && sscanf(dash, "-%dx%lf", &asked_chunks, &asked_rate) == 2 && asked_chunks > 0 && asked_rate > 0) {
        *chunks = asked_chunks;
        *rate = asked_rate;
    }
}

/* The dialect of a request by the end of its path. */
static enum dialect dialect_of(const char *head, size_t n) {
    const char *path = memchr(head, ' ', n);
    const char *end = path ? memchr(path + 1, ' ', n - (size_t)(path + 1 - head)) : NULL;
    if (end && end - path > 9 && !memcmp(end - 9, "/messages", 9)) return MESSAGES;
    return end && end - path > 10 && !memcmp(end - 10, "/responses", 10) ? RESPONSES : CHAT;
}

static void answer(struct conn *c, enum dialect dialect, const char *body, size_t n) {
    if (!asks(body, n, "\"stream\"")) {
        served.wholes++;
        say(c, whole_answer, whole_len);
        return;
    }
    double rate;
    read_pace(body, n, &c->chunks_left, &rate);
    c->gap_ns = (uint64_t)(1e9 / rate);
    c->timed.due_ns = now_ns();
    c->speech = (struct speech){.dialect = dialect, .tells_usage = asks(body, n, "\"include_usage\"")};
    c->streams = true;
    buf_add(&spoken, STREAM_HEAD, sizeof STREAM_HEAD - 1);
    speak_opening(&spoken, &c->speech);
    say_spoken(c);
    say_content(c);
    if (c->streams) heap_add(&due, &c->timed);
}

/* Answers every whole request in the buffer; a stream in progress holds back the next one. */
static void answer_waiting(struct conn *c) {
    while (!c->streams && !c->broken) {
        size_t head = head_length(c->in.at, c->in.len);
        if (!head) return;
        const char *length = header_value(c->in.at, head, "content-length");
        size_t body = length ? strtoul(length, NULL, 10) : 0;
        if (!length || body > BODY_LIMIT_BYTES) {
            static const char no[] = "HTTP/1.1 411 Length Required\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            say(c, no, sizeof no - 1);
            c->broken = true;
            return;
        }
        if (c->in.len < head + body) return;
        answer(c, dialect_of(c->in.at, head), c->in.at + head, body);
        buf_drop(&c->in, head + body);
    }
}

static void hang_up(struct conn *c) {
    if (c->streams) served.aborted++;
    heap_remove(&due, &c->timed);
    close(c->fd);
    buf_free(&c->in);
    buf_free(&c->out);
    free(c);
}

static void on_event(struct conn *c, uint32_t events) {
    static char bytes[READ_BYTES];
    if (events & EPOLLOUT && c->out.len) {
        ssize_t sent = write(c->fd, c->out.at, c->out.len);
        if (sent > 0) buf_drop(&c->out, (size_t)sent);
        if (!c->out.len) {
            watch(epoll_fd, EPOLL_CTL_MOD, c->fd, EPOLLIN, c);
            c->waits_writable = false;
        }
    }
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
        ssize_t got = read(c->fd, bytes, sizeof bytes);
        if (got == 0 || (got < 0 && errno != EAGAIN)) c->broken = true;
        if (got > 0) {
            buf_add(&c->in, bytes, (size_t)got);
            answer_waiting(c);
        }
    }
    if (c->broken) hang_up(c);
}

static void on_timer(void) {
    uint64_t now = now_ns();
    while (due.len && due.at[0]->due_ns <= now) {
        struct conn *c = (struct conn *)due.at[0];
        say_content(c);
        if (c->streams && !c->broken) { heap_down(&due, 1, &c->timed); continue; }
        heap_remove(&due, &c->timed);
        if (!c->broken) answer_waiting(c);
        if (c->broken) hang_up(c);
    }
}

static void on_connection(int listener) {
    for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
        struct conn *c = calloc(1, sizeof *c);
        if (!c) die("memory");
        c->fd = fd;
        send_at_once(fd);
        watch(epoll_fd, EPOLL_CTL_ADD, fd, EPOLLIN, c);
    }
}

static int listen_on(int port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
    struct sockaddr_in address = loopback(port);
    socklen_t len = sizeof address;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, len) || listen(fd, 4096)) die("listen");
    getsockname(fd, (struct sockaddr *)&address, &len);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

int main(int argc, char **argv) {
    int port = 0;
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc) { fprintf(stderr, "%s: flags are --port P, --chunks N, --rate R\n", argv[i]); return 2; }
        if (!strcmp(argv[i], "--port")) port = atoi(argv[i + 1]);
        else if (!strcmp(argv[i], "--chunks")) default_chunks = atoi(argv[i + 1]);
        else if (!strcmp(argv[i], "--rate")) default_rate = atof(argv[i + 1]);
        else { fprintf(stderr, "unknown flag %s\n", argv[i]); return 2; }
    }
    if (default_chunks < 1 || default_rate <= 0) { fprintf(stderr, "chunks and rate must be positive\n"); return 2; }
    prepare_process();
    whole_len = (size_t)sprintf(whole_answer,
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %zu\r\n\r\n%s",
        sizeof WHOLE - 1, WHOLE);
    epoll_fd = epoll_create1(0);
    timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    int listener = listen_on(port);
    watch(epoll_fd, EPOLL_CTL_ADD, listener, EPOLLIN, &listener);
    watch(epoll_fd, EPOLL_CTL_ADD, timer_fd, EPOLLIN, &timer_fd);
    struct epoll_event events[EVENTS_PER_WAIT];
    for (uint64_t armed = 0; !stopping;) {
        if (due.len && due.at[0]->due_ns != armed) wake_at(timer_fd, armed = due.at[0]->due_ns);
        int n = epoll_wait(epoll_fd, events, EVENTS_PER_WAIT, -1);
        bool timer = false;
        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr == &listener) on_connection(listener);
            else if (events[i].data.ptr == &timer_fd) timer = true;
            else on_event(events[i].data.ptr, events[i].events);
        }
        if (timer) { /* last, because it may free connections that have an event above */
            uint64_t fired;
            if (read(timer_fd, &fired, sizeof fired) > 0) armed = 0;
            on_timer();
        }
    }
    printf("{\"wholes\":%lu,\"streams\":%lu,\"chunks\":%lu,\"aborted\":%lu}\n",
           served.wholes, served.streams, served.chunks, served.aborted);
    return 0;
}
