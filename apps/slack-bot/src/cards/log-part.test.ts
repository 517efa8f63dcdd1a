import { expect, test } from 'vitest';
import { checkBlocks } from '../../../../tools/simulator/validate/blocks.ts';
import { everyView, people, view } from '../testing/views.ts';
import { deploymentCard } from './deployment-card.ts';
import { logPart } from './log-part.ts';
import { mentionFormatter } from './people-formatter.ts';

const textOf = (lines: readonly string[]): string => JSON.stringify(logPart('v2.1', lines));

test('the last lines are quoted, bounded in number and length', () => {
  const lines = Array.from({ length: 30 }, (_, index) => `line ${index} ${'x'.repeat(500)}`);
  const part = logPart('v2.1', lines);
  expect(checkBlocks([part], 'message')).toMatchObject({ ok: true });
  expect(textOf(lines)).toContain('line 29');
  expect(textOf(lines)).not.toContain('line 19');
  expect(textOf(lines).length).toBeLessThan(2_000);
  expect(logPart('v2.1', [])).toBeUndefined();
});

test('queries are left out, and nothing in a line ends the quote or calls a person', () => {
  const text = textOf(['GET /basket?token=abc&card=4111 500', 'a ``` <!channel> <@U0BOB>', 'why? because']);
  expect(text).toContain('GET /basket?… 500');
  expect(text).not.toMatch(/abc|4111|<!channel>|<@U0BOB>/);
  expect(text.match(/```/g)).toHaveLength(2);
  expect(text).toContain('why? because');
});

test('a failed card shows them, and one that is live does not', () => {
  const words = (name: string) => {
    const shown = view(everyView[name]);
    return JSON.stringify(deploymentCard(shown, mentionFormatter(people), { log: ['cannot open shop.conf'] }).blocks);
  };
  for (const name of ['failed', 'rolled back', 'aborted', 'halted'])
    expect(words(name), name).toContain('cannot open shop.conf');
  for (const name of ['canary', 'promoted']) expect(words(name), name).not.toContain('cannot open shop.conf');
});
