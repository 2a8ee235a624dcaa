// The AI SDK's gateway protocol; the version of `ai` is the first argument, the base path the second.

import assert from 'node:assert/strict';
import { cases, generation } from './aisdk_cases.mjs';
import { KEY, MODEL, UNKNOWN, URL_, fails, judge } from './verdict.mjs';

const [version, base] = process.argv.slice(2);
const { ai, gateway } = await generation(version);
const made = key => gateway.createGateway({ baseURL: URL_ + base, apiKey: key });
const provider = made(KEY);
const thinking = type => ({ providerOptions: { zai: { thinking: { type } } } });

await judge(
  cases(ai, {
    model: provider(MODEL),
    unknown: provider(UNKNOWN),
    on: thinking('enabled'),
    off: thinking('disabled'),
    text(result) {
      const { generationId, cost } = result.providerMetadata.gateway;
      assert.match(generationId, /^gen_/);
      assert.equal(typeof cost, 'string');
    },
    async stream(result) {
      const response = await result.response;
      assert.match(response.id, /^gen_/);
      assert.equal(response.modelId, MODEL);
      assert.ok(response.timestamp instanceof Date);
    },
    error(error) {
      assert.equal(error.name, 'GatewayModelNotFoundError');
      assert.match(error.generationId, /^gen_/);
    },
    more: {
      async key() {
        const model = made('glim_wrong')(MODEL);
        await fails(
          () => ai.generateText({ model, maxRetries: 0, prompt: 'Hi' }),
          error => assert.equal(error.name, 'GatewayAuthenticationError'),
        );
      },
      async cut() {
        // A fault after the first words: an error part, and no happy end.
        const parts = [];
        const model = provider(`${MODEL}:cut-4`);
        const onError = () => {};
        const result = ai.streamText({ model, maxRetries: 0, prompt: 'Hi', onError, ...thinking('disabled') });
        for await (const part of result.fullStream) {
          parts.push(part);
        }
        const [failed] = parts.filter(part => part.type === 'error');
        assert.ok(failed, JSON.stringify(parts));
        assert.equal(failed.error.type, 'internal_server_error');
        const end = parts.findLast(part => part.type === 'finish');
        assert.notEqual(end?.finishReason, 'stop');
      },
      async length() {
        const result = await ai.generateText({
          model: provider(MODEL),
          maxRetries: 0,
          maxOutputTokens: 3,
          prompt: 'Why is the sky blue?',
          ...thinking('disabled'),
        });
        assert.equal(result.finishReason, 'length');
      },
    },
  }),
);
