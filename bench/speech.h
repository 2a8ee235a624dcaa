/* What a paced stream says in each of three dialects: chat completions, messages and responses.
 *
 * Knows the events of a plain answer of text, from the opening to the terminal event, each as one
 * HTTP chunk, as providers send it; the words are the same in every dialect. Refuses to know
 * sockets and when a word is due.
 * Grammar: https://platform.openai.com/docs/api-reference/chat-streaming,
 * https://docs.anthropic.com/en/api/messages-streaming and
 * https://platform.openai.com/docs/api-reference/responses-streaming. */
#ifndef BENCH_SPEECH_H
#define BENCH_SPEECH_H

#include "net.h"

#include <stdarg.h>

enum dialect { CHAT, MESSAGES, RESPONSES };

struct speech {
    enum dialect dialect;
    int words; /* said so far */
    bool tells_usage; /* chat's alone: the others always do */
};

#define PROMPT_TOKENS 24
#define CHAT_FRAME                                                                     \
    "data: {\"id\":\"chatcmpl-stub00000001\",\"object\":\"chat.completion.chunk\","     \
    "\"created\":1790000000,\"model\":\"stub\",\"choices\":"
#define IN_TEXT "\"item_id\":\"msg_stub00000001\",\"output_index\":0,\"content_index\":0"

static const char *const words[] = {" gateway", " stands", " between", " caller", " engines", " with",
                                    " exact", " counts", " and", " clear", " answers,"};

static const char *word_at(int i) { return words[(unsigned)i % (sizeof words / sizeof *words)]; }

static struct buf frame; /* of the event that is being written; one thread writes one at a time */

static void put(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void put(const char *format, ...) {
    char text[2048];
    va_list values;
    va_start(values, format);
    int n = vsnprintf(text, sizeof text, format, values);
    va_end(values);
    buf_add(&frame, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
}

/* Ends the event: one HTTP chunk of it behind what `out` already holds. */
static void end_event(struct buf *out) {
    char size[24];
    buf_add(&frame, "\n\n", 2);
    buf_add(out, size, (size_t)sprintf(size, "%zx\r\n", frame.len));
    buf_add(out, frame.at, frame.len);
    buf_add(out, "\r\n", 2);
    frame.len = 0;
}

static void put_words(int n) {
    for (int i = 0; i < n; i++) buf_add(&frame, word_at(i), strlen(word_at(i)));
}

/* ---- chat completions ---- */

static void chat_delta(struct buf *out, const char *delta, const char *finish) {
    put(CHAT_FRAME "[{\"index\":0,\"delta\":%s,\"finish_reason\":%s}]}", delta, finish);
    end_event(out);
}

static void chat_word(struct buf *out, const char *word) {
    char delta[64];
    sprintf(delta, "{\"content\":\"%s\"}", word);
    chat_delta(out, delta, "null");
}

static void chat_ending(struct buf *out, const struct speech *s) {
    chat_delta(out, "{}", "\"stop\"");
    if (s->tells_usage) {
        put(CHAT_FRAME "[],\"usage\":{\"prompt_tokens\":%d,\"completion_tokens\":%d,\"total_tokens\":%d}}",
            PROMPT_TOKENS, s->words, s->words + PROMPT_TOKENS);
        end_event(out);
    }
    put("data: [DONE]");
    end_event(out);
}

/* ---- messages ---- */

static void messages_event(struct buf *out, const char *type, const char *members) {
    put("event: %s\ndata: {\"type\":\"%s\"%s}", type, type, members);
    end_event(out);
}

static void messages_opening(struct buf *out) {
    messages_event(out, "message_start",
                   ",\"message\":{\"id\":\"msg_stub00000001\",\"type\":\"message\",\"role\":\"assistant\","
                   "\"model\":\"stub\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,"
                   "\"usage\":{\"input_tokens\":24,\"cache_creation_input_tokens\":0,"
                   "\"cache_read_input_tokens\":0,\"output_tokens\":1}}");
    messages_event(out, "content_block_start", ",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}");
    messages_event(out, "ping", "");
}

static void messages_word(struct buf *out, const char *word) {
    char members[96];
    sprintf(members, ",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"%s\"}", word);
    messages_event(out, "content_block_delta", members);
}

static void messages_ending(struct buf *out, const struct speech *s) {
    char members[160];
    sprintf(members, ",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},"
            "\"usage\":{\"output_tokens\":%d}", s->words);
    messages_event(out, "content_block_stop", ",\"index\":0");
    messages_event(out, "message_delta", members);
    messages_event(out, "message_stop", "");
}

/* ---- responses ---- */

/* Begins an event; its other members are put before it is ended. */
static void begin_numbered(const char *type, int number) {
    put("event: %s\ndata: {\"type\":\"%s\",\"sequence_number\":%d,", type, type, number);
}

static void put_part(int n) {
    put("{\"type\":\"output_text\",\"annotations\":[],\"logprobs\":[],\"text\":\"");
    put_words(n);
    put("\"}");
}

static void put_item(const char *status, int n) {
    put("{\"id\":\"msg_stub00000001\",\"type\":\"message\",\"status\":\"%s\",\"role\":\"assistant\",\"content\":[",
        status);
    if (n) put_part(n);
    put("]}");
}

static void put_response(const char *status, int n) {
    put("\"response\":{\"id\":\"resp_stub00000001\",\"object\":\"response\",\"created_at\":1790000000,"
        "\"status\":\"%s\",\"error\":null,\"incomplete_details\":null,\"model\":\"stub\",\"output\":[", status);
    if (n) put_item(status, n);
    put("],\"usage\":");
    if (n) put("{\"input_tokens\":%d,\"input_tokens_details\":{\"cached_tokens\":0},\"output_tokens\":%d,"
               "\"output_tokens_details\":{\"reasoning_tokens\":0},\"total_tokens\":%d}",
               PROMPT_TOKENS, n, n + PROMPT_TOKENS);
    else put("null");
    put("}}");
}

static void responses_opening(struct buf *out) {
    begin_numbered("response.created", 0);
    put_response("in_progress", 0);
    end_event(out);
    begin_numbered("response.in_progress", 1);
    put_response("in_progress", 0);
    end_event(out);
    begin_numbered("response.output_item.added", 2);
    put("\"output_index\":0,\"item\":");
    put_item("in_progress", 0);
    put("}");
    end_event(out);
    begin_numbered("response.content_part.added", 3);
    put(IN_TEXT ",\"part\":");
    put_part(0);
    put("}");
    end_event(out);
}

static void responses_word(struct buf *out, const char *word, int i) {
    begin_numbered("response.output_text.delta", 4 + i);
    put(IN_TEXT ",\"delta\":\"%s\",\"logprobs\":[]}", word);
    end_event(out);
}

static void responses_ending(struct buf *out, const struct speech *s) {
    int n = s->words, number = 4 + n;
    begin_numbered("response.output_text.done", number++);
    put(IN_TEXT ",\"text\":\"");
    put_words(n);
    put("\",\"logprobs\":[]}");
    end_event(out);
    begin_numbered("response.content_part.done", number++);
    put(IN_TEXT ",\"part\":");
    put_part(n);
    put("}");
    end_event(out);
    begin_numbered("response.output_item.done", number++);
    put("\"output_index\":0,\"item\":");
    put_item("completed", n);
    put("}");
    end_event(out);
    begin_numbered("response.completed", number);
    put_response("completed", n);
    end_event(out);
}

/* ---- all of them ---- */

/* All that comes before the first word. */
static void speak_opening(struct buf *out, const struct speech *s) {
    if (s->dialect == CHAT) chat_delta(out, "{\"role\":\"assistant\",\"content\":\"\"}", "null");
    else if (s->dialect == MESSAGES) messages_opening(out);
    else responses_opening(out);
}

static void speak_word(struct buf *out, struct speech *s) {
    const char *word = word_at(s->words);
    if (s->dialect == CHAT) chat_word(out, word);
    else if (s->dialect == MESSAGES) messages_word(out, word);
    else responses_word(out, word, s->words);
    s->words++;
}

/* All that comes behind the last word, the HTTP answer's end included. */
static void speak_ending(struct buf *out, const struct speech *s) {
    if (s->dialect == CHAT) chat_ending(out, s);
    else if (s->dialect == MESSAGES) messages_ending(out, s);
    else responses_ending(out, s);
    buf_add(out, "0\r\n\r\n", 5);
}

#endif
