// The AI SDK on the Messages API; its version is the first argument.

import { cases, generation } from './aisdk_cases.mjs';
import { KEY, MODEL, UNKNOWN, URL_, judge } from './verdict.mjs';

const { ai, anthropic } = await generation(process.argv[2]);
const provider = anthropic.createAnthropic({ baseURL: `${URL_}/v1`, apiKey: KEY });
const settings = thinking => ({ maxOutputTokens: 4096, providerOptions: { anthropic: { thinking } } });

await judge(
  cases(ai, {
    model: provider(MODEL),
    unknown: provider(UNKNOWN),
    on: settings({ type: 'enabled', budgetTokens: 1024 }),
    off: settings({ type: 'disabled' }),
  }),
);
