// What the AI SDK asks its gateway for beside answers; arguments as those of gateway.mjs.

import assert from 'node:assert/strict';
import { generation } from './aisdk_cases.mjs';
import { KEY, MODEL, URL_, judge } from './verdict.mjs';

const [version, base] = process.argv.slice(2);
const { ai, gateway } = await generation(version);
const provider = gateway.createGateway({ baseURL: URL_ + base, apiKey: KEY });

await judge({
  async config() {
    const { models } = await provider.getAvailableModels();
    assert.ok(models.length > 0);
    assert.ok(models.every(model => model.specification.modelId === model.id));
  },
  async credits() {
    const credits = await provider.getCredits();
    assert.equal(typeof credits.balance, 'string');
    assert.equal(typeof credits.totalUsed, 'string');
  },
  async generation() {
    const result = await ai.generateText({ model: provider(MODEL), maxRetries: 0, prompt: 'Hi' });
    const { generationId } = result.providerMetadata.gateway;
    const info = await provider.getGenerationInfo({ id: generationId });
    assert.equal(info.id, generationId);
    assert.equal(info.model, MODEL);
    assert.equal(info.completionTokens, result.usage.outputTokens);
  },
});
