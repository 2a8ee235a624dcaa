// What a judge says: for each of its cases whether the client was content, and why not.
//
// Knows the environment that a judge is started in and the one line of JSON that it prints.
// Refuses to know any client.

import assert from 'node:assert/strict';

export const { JUDGE_URL: URL_, JUDGE_KEY: KEY, JUDGE_MODEL: MODEL } = process.env;
export const UNKNOWN = 'maker/no-such-model';

export const QUESTION = 'What is the weather in Oslo, and what is the time in Rome?';
export const CITIES = ['Oslo', 'Rome'];
// What the tools answer; the model repeats it.
export const ANSWERS = { get_weather: 'sunny, 21 degrees', get_time: 'half past nine' };
export const NAMES = Object.keys(ANSWERS).sort();
export const CITY = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
};

const REASON_CHARS_MAX = 4000;

/** Try each case and print the verdict. */
export async function judge(cases) {
  const verdict = {};
  for (const [name, one] of Object.entries(cases)) {
    try {
      await one();
      verdict[name] = '';
    } catch (error) {
      const more = error?.responseBody ?? error?.cause?.stack ?? '';
      verdict[name] = `${error?.stack ?? error}\n${more}`.slice(-REASON_CHARS_MAX);
    }
  }
  console.log(JSON.stringify(verdict));
  process.exit(0); // connections that are kept would hold it back
}

/** Both tools' answers are in the last one. */
export function holds(text) {
  for (const answer of Object.values(ANSWERS)) {
    assert.ok(text.includes(answer), text);
  }
}

/** It fails, and the error is as it should be. */
export async function fails(asking, check) {
  let failed;
  try {
    await asking();
  } catch (error) {
    failed = error;
  }
  assert.ok(failed, 'an unknown model was answered');
  check(failed);
}
