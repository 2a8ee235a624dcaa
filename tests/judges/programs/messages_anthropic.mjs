// Anthropic's own library for Node, below the base path that may be given.

import assert from 'node:assert/strict';
import Anthropic from '@anthropic-ai/sdk';
import { ANSWERS, CITIES, CITY, KEY, MODEL, NAMES, QUESTION, UNKNOWN, URL_, fails, holds, judge } from './verdict.mjs';

const client = new Anthropic({ baseURL: URL_ + (process.argv[2] ?? ''), apiKey: KEY, maxRetries: 0 });
const tools = NAMES.map(name => ({ name, description: name, input_schema: CITY }));
const ON = { type: 'enabled', budget_tokens: 1024 };
const OFF = { type: 'disabled' };
const said = message =>
  message.content
    .filter(block => block.type === 'text')
    .map(block => block.text)
    .join('');
const asked = (content, members = {}) => ({
  model: MODEL,
  max_tokens: 4096,
  thinking: OFF,
  messages: [{ role: 'user', content }],
  ...members,
});

async function loop(create) {
  const messages = [{ role: 'user', content: QUESTION }];
  const members = { model: MODEL, max_tokens: 4096, thinking: ON, tools };
  const first = await create({ ...members, messages });
  assert.equal(first.stop_reason, 'tool_use');
  const calls = first.content.filter(block => block.type === 'tool_use');
  assert.deepEqual(calls.map(call => call.name).sort(), NAMES);
  messages.push({ role: 'assistant', content: first.content });
  messages.push({
    role: 'user',
    content: calls.map(call => {
      assert.ok(CITIES.includes(call.input.city));
      return { type: 'tool_result', tool_use_id: call.id, content: ANSWERS[call.name] };
    }),
  });
  holds(said(await create({ ...members, messages })));
}

await judge({
  async text() {
    const answer = await client.messages.create(asked('Say hello.'));
    assert.ok(said(answer));
    assert.equal(answer.stop_reason, 'end_turn');
    assert.equal(answer.model, MODEL);
  },
  async stream() {
    const stream = client.messages.stream(asked('Say hello.'));
    let text = '';
    stream.on('text', piece => (text += piece));
    assert.equal(said(await stream.finalMessage()), text);
    assert.ok(text);
  },
  tools: () => loop(body => client.messages.create(body)),
  streamed_tools: () => loop(body => client.messages.stream(body).finalMessage()),
  async thinking() {
    const answer = await client.messages.create(asked('Why is the sky blue?', { thinking: ON }));
    assert.deepEqual(answer.content.map(block => block.type), ['thinking', 'text']);
    assert.ok(answer.content[0].signature);
  },
  async structured() {
    const output_config = { format: { type: 'json_schema', schema: CITY } };
    const answer = await client.messages.create(asked('A city.', { output_config }));
    assert.deepEqual(Object.keys(JSON.parse(said(answer))), ['city']);
  },
  error: () =>
    fails(
      () => client.messages.create(asked('Hi', { model: UNKNOWN })),
      error => assert.ok(error instanceof Anthropic.NotFoundError),
    ),
});
