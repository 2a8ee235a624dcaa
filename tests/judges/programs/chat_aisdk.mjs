// The AI SDK on chat completions; its version is the first argument.

import assert from 'node:assert/strict';
import { cases, generation } from './aisdk_cases.mjs';
import { KEY, MODEL, UNKNOWN, URL_, judge } from './verdict.mjs';

const { ai, compatible } = await generation(process.argv[2]);
const provider = compatible.createOpenAICompatible({
  name: 'glimway',
  baseURL: `${URL_}/v1`,
  apiKey: KEY,
  includeUsage: true,
  supportsStructuredOutputs: true,
});
const thinking = type => ({ providerOptions: { glimway: { thinking: { type } } } });

await judge(
  cases(ai, {
    model: provider(MODEL),
    unknown: provider(UNKNOWN),
    on: thinking('enabled'),
    off: thinking('disabled'),
    error: error => assert.match(error.message, /no-such-model/),
  }),
);
