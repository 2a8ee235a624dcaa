// OpenAI's own library for Node, on the Responses API.

import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { ANSWERS, CITIES, CITY, KEY, MODEL, NAMES, QUESTION, UNKNOWN, URL_, fails, holds, judge } from './verdict.mjs';

const client = new OpenAI({ baseURL: `${URL_}/v1`, apiKey: KEY, maxRetries: 0 });
const tools = NAMES.map(name => ({
  type: 'function',
  name,
  description: name,
  parameters: CITY,
  strict: true,
}));
const ON = { effort: 'high', summary: 'auto' };
const OFF = { effort: 'none' };
const ask = (input, members = {}) => client.responses.create({ model: MODEL, input, store: false, ...members });

async function loop(create) {
  const input = [{ role: 'user', content: QUESTION }];
  const members = {
    model: MODEL,
    tools,
    store: false,
    reasoning: ON,
    include: ['reasoning.encrypted_content'],
  };
  const first = await create({ ...members, input });
  const calls = first.output.filter(item => item.type === 'function_call');
  assert.deepEqual(calls.map(call => call.name).sort(), NAMES);
  input.push(...first.output);
  for (const call of calls) {
    assert.ok(CITIES.includes(JSON.parse(call.arguments).city));
    input.push({ type: 'function_call_output', call_id: call.call_id, output: ANSWERS[call.name] });
  }
  holds((await create({ ...members, input })).output_text);
}

await judge({
  async text() {
    const answer = await ask('Say hello.', { reasoning: OFF });
    assert.ok(answer.output_text);
    assert.equal(answer.status, 'completed');
  },
  async stream() {
    const stream = client.responses.stream({ model: MODEL, input: 'Say hello.', reasoning: OFF });
    let text = '';
    stream.on('response.output_text.delta', event => (text += event.delta));
    assert.equal((await stream.finalResponse()).output_text, text);
    assert.ok(text);
  },
  tools: () => loop(body => client.responses.create(body)),
  streamed_tools: () => loop(body => client.responses.stream(body).finalResponse()),
  async thinking() {
    const answer = await ask('Why is the sky blue?', { reasoning: ON });
    assert.deepEqual(answer.output.map(item => item.type), ['reasoning', 'message']);
    const plain = await ask('Why is the sky blue?', { reasoning: OFF });
    assert.deepEqual(plain.output.map(item => item.type), ['message']);
  },
  async structured() {
    const format = { type: 'json_schema', name: 'place', schema: CITY, strict: true };
    const answer = await ask('A city.', { text: { format }, reasoning: OFF });
    assert.deepEqual(Object.keys(JSON.parse(answer.output_text)), ['city']);
  },
  error: () =>
    fails(
      () => ask('Hi', { model: UNKNOWN }),
      error => assert.ok(error instanceof OpenAI.NotFoundError),
    ),
});
