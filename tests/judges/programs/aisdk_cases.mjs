// The cases that all models of the AI SDK share, whatever protocol is below.
//
// Knows the functions of `ai` that its versions 6 and 7 have in common. Refuses to know which
// provider speaks: `made` has its models, settings under which it thinks or does not, and what it
// says of a model that is not there.

import assert from 'node:assert/strict';
import { ANSWERS, CITIES, CITY, NAMES, QUESTION, fails, holds } from './verdict.mjs';

export function cases(ai, made) {
  const { generateText, streamText, stepCountIs, isStepCount, tool, jsonSchema, Output } = ai;
  const common = { model: made.model, maxRetries: 0 };
  const stopWhen = (isStepCount ?? stepCountIs)(4);
  const called = [];
  const tools = Object.fromEntries(
    NAMES.map(name => [
      name,
      tool({
        description: name,
        inputSchema: jsonSchema(CITY),
        execute: async input => {
          called.push([name, input]);
          return ANSWERS[name];
        },
      }),
    ]),
  );

  function loopIsRight(text, steps) {
    holds(text);
    assert.equal(steps.length, 2);
    assert.equal(steps[0].finishReason, 'tool-calls');
    assert.deepEqual(called.map(([name]) => name).sort(), NAMES);
    for (const [, input] of called.splice(0)) {
      assert.ok(CITIES.includes(input.city));
    }
  }

  return {
    async text() {
      const result = await generateText({ ...common, prompt: 'Say hello.', ...made.off });
      assert.ok(result.text);
      assert.equal(result.finishReason, 'stop');
      assert.ok(result.usage.inputTokens > 0);
      assert.ok(result.usage.outputTokens > 0);
      made.text?.(result);
    },
    async stream() {
      let text = '';
      const result = streamText({ ...common, prompt: 'Say hello.', ...made.off });
      for await (const piece of result.textStream) {
        text += piece;
      }
      assert.ok(text);
      assert.equal(await result.text, text);
      assert.equal(await result.finishReason, 'stop');
      assert.ok((await result.usage).outputTokens > 0);
      await made.stream?.(result);
    },
    async tools() {
      const result = await generateText({ ...common, prompt: QUESTION, tools, stopWhen, ...made.on });
      loopIsRight(result.text, result.steps);
    },
    async streamed_tools() {
      const result = streamText({ ...common, prompt: QUESTION, tools, stopWhen, ...made.on });
      const seen = {};
      for await (const part of result.fullStream) {
        assert.notEqual(part.type, 'error', JSON.stringify(part.error ?? null));
        seen[part.type] = (seen[part.type] ?? 0) + 1;
      }
      assert.equal(seen['tool-call'], 2);
      assert.equal(seen['tool-input-start'], 2);
      assert.ok(seen['tool-input-delta'] >= 2);
      loopIsRight(await result.text, await result.steps);
    },
    async thinking() {
      const thought = await generateText({ ...common, prompt: 'Why is the sky blue?', ...made.on });
      assert.ok(thought.reasoningText);
      const plain = await generateText({ ...common, prompt: 'Why is the sky blue?', ...made.off });
      assert.ok(!plain.reasoningText);
      const result = streamText({ ...common, prompt: 'Why is the sky blue?', ...made.on });
      assert.ok(await result.reasoningText);
      assert.ok(await result.text);
    },
    async structured() {
      const output = Output.object({ schema: jsonSchema(CITY) });
      const result = await generateText({ ...common, prompt: 'A city.', output, ...made.off });
      assert.deepEqual(Object.keys(result.output), ['city']);
      const streamed = streamText({ ...common, prompt: 'A city.', output, ...made.off });
      assert.deepEqual(Object.keys(await streamed.output), ['city']);
    },
    async error() {
      await fails(
        () => generateText({ model: made.unknown, maxRetries: 0, prompt: 'Hi' }),
        error => {
          assert.equal(error.statusCode, 404, error.stack);
          made.error?.(error);
        },
      );
      const errors = [];
      const onError = ({ error }) => errors.push(error);
      const stream = streamText({ model: made.unknown, maxRetries: 0, prompt: 'Hi', onError });
      await stream.consumeStream();
      assert.equal(errors[0].statusCode, 404);
    },
    ...made.more,
  };
}

/** The packages of one generation. */
export async function generation(version) {
  const six = version === '6';
  const [ai, compatible, anthropic, gateway] = await Promise.all([
    import(six ? 'ai-6' : 'ai'),
    import(six ? 'openai-compatible-of-ai-6' : '@ai-sdk/openai-compatible'),
    import(six ? 'anthropic-of-ai-6' : '@ai-sdk/anthropic'),
    import(six ? 'gateway-of-ai-6' : '@ai-sdk/gateway'),
  ]);
  globalThis.AI_SDK_LOG_WARNINGS = false;
  return { ai, compatible, anthropic, gateway };
}
