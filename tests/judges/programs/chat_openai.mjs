// OpenAI's own library for Node, on chat completions.

import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { ANSWERS, CITIES, CITY, KEY, MODEL, NAMES, QUESTION, UNKNOWN, URL_, fails, holds, judge } from './verdict.mjs';

const client = new OpenAI({ baseURL: `${URL_}/v1`, apiKey: KEY, maxRetries: 0 });
const tools = NAMES.map(name => ({
  type: 'function',
  function: { name, description: name, parameters: CITY },
}));
const OFF = { thinking: { type: 'disabled' } };
const ask = (content, members = {}) =>
  client.chat.completions.create({ model: MODEL, messages: [{ role: 'user', content }], ...members });

async function loop(create) {
  const messages = [{ role: 'user', content: QUESTION }];
  const first = await create({ model: MODEL, messages, tools });
  assert.equal(first.choices[0].finish_reason, 'tool_calls');
  const { message } = first.choices[0];
  assert.deepEqual(message.tool_calls.map(call => call.function.name).sort(), NAMES);
  messages.push(message);
  for (const call of message.tool_calls) {
    assert.ok(CITIES.includes(JSON.parse(call.function.arguments).city));
    messages.push({ role: 'tool', tool_call_id: call.id, content: ANSWERS[call.function.name] });
  }
  holds((await create({ model: MODEL, messages, tools })).choices[0].message.content);
}

await judge({
  async text() {
    const answer = await ask('Say hello.', OFF);
    assert.ok(answer.choices[0].message.content);
    assert.equal(answer.choices[0].finish_reason, 'stop');
    assert.equal(answer.model, MODEL);
    assert.ok(answer.usage.total_tokens > 0);
  },
  async stream() {
    const stream = client.chat.completions.stream({
      model: MODEL,
      messages: [{ role: 'user', content: 'Say hello.' }],
      stream_options: { include_usage: true },
      ...OFF,
    });
    let text = '';
    stream.on('content', piece => (text += piece));
    assert.equal(await stream.finalContent(), text);
    assert.ok(text);
    assert.ok((await stream.totalUsage()).completion_tokens > 0);
  },
  tools: () => loop(body => client.chat.completions.create(body)),
  streamed_tools: () => loop(body => client.chat.completions.stream(body).finalChatCompletion()),
  async thinking() {
    const { message } = (await ask('Why is the sky blue?')).choices[0];
    assert.ok(message.reasoning_content);
    assert.ok(!(await ask('Why is the sky blue?', OFF)).choices[0].message.reasoning_content);
  },
  async structured() {
    const format = { type: 'json_schema', json_schema: { name: 'place', schema: CITY, strict: true } };
    const answer = await ask('A city.', { response_format: format, ...OFF });
    assert.deepEqual(Object.keys(JSON.parse(answer.choices[0].message.content)), ['city']);
  },
  error: () =>
    fails(
      () => ask('Hi', { model: UNKNOWN }),
      error => {
        assert.ok(error instanceof OpenAI.NotFoundError);
        assert.equal(error.code, 'model_not_found');
      },
    ),
});
