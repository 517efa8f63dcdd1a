// What a card says of both sides while a canary runs, and after it.

import type { Observation } from '@bg/engine';
import { describe, expect, test } from 'vitest';
import { checkBlocks } from '../../../../tools/simulator/validate/blocks.ts';
import { counts, everyView, noon, observation, people, steps, trend, view } from '../testing/views.ts';
import { withoutCharts } from './chart-block.ts';
import { deploymentCard } from './deployment-card.ts';
import { mentionFormatter } from './people-formatter.ts';

const formatter = mentionFormatter(people);
const draw = (changes: Parameters<typeof view>[0], withTrend = false) =>
  deploymentCard(view(changes), formatter, withTrend ? { trend: trend() } : {});
const wordsOf = (...args: Parameters<typeof draw>): string =>
  JSON.stringify(draw(...args).blocks)
    .replaceAll('\\n', '\n')
    .replaceAll('\u202f', ' ');

const canary = { phase: 'watch', waitsFor: 'time', percent: 10, steps: steps(4) } as const;
const seen = (changes: Partial<Observation>): Observation => ({ ...observation, ...changes });

describe('during a canary', () => {
  test('both sides stand next to each other, with requests, errors, p50 and p99', () => {
    const words = wordsOf({ ...canary, observation });
    expect(words).toContain('*v2.0 (stable)*\n10 842 requests\n11 (0.10 %) errors\np50 88 ms · p99 350 ms');
    expect(words).toContain('*v2.1 (new) · 10 %*\n1 204 requests\n2 (0.17 %) errors\np50 91 ms · p99 364 ms');
  });

  test('the verdict is in words that name the versions', () => {
    const judgement = {
      verdict: 'Inconclusive',
      sentence:
        'no worse so far; about 240 more requests, 40 s, to be certain about p99; 2 of 1204 requests failed on the new side (0.17 %), 0.10 % on the stable side',
    } as const;
    const words = wordsOf({ ...canary, observation: seen({ judgement }) });
    expect(words).toContain(
      '*⚪ no worse than v2.0 so far; needs about 240 more requests, 40 s, to be certain about p99*',
    );
  });

  test('what comes next, and when', () => {
    expect(wordsOf({ ...canary, observation })).toContain('Next: approval at 10 %, in about 20 s (<!date^');
    const late = seen({ watchUntil: observation.at });
    expect(wordsOf({ ...canary, observation: late })).toContain('as soon as there is enough data to judge');
    const asked = { ...canary, steps: steps(5), waitsFor: 'people' } as const;
    expect(wordsOf({ ...asked, observation })).toContain('Next: send all users to v2.1, after a person decides');
    const paused = { by: 'person:bob', at: noon };
    expect(wordsOf({ ...canary, observation, paused })).toContain('after a person resumes it');
  });

  test.each([
    [0, 'no data yet (0 of 50)'],
    [12, 'latency: no data yet (12 of 50)'],
  ])('with %i requests there is no latency, and never 0 ms', (requests, expected) => {
    const judgement = {
      verdict: 'Inconclusive',
      sentence: `${requests} of at least 50 requests seen on the new side`,
    } as const;
    const words = wordsOf({ ...canary, observation: seen({ canary: counts(requests, 0, 0), judgement }) });
    expect(words).toContain(expected);
    expect(words).toContain(`*⚪ no data yet (${requests} of 50)*`);
    expect(words).not.toMatch(/\b0 ms/);
  });

  test('a small trend of both sides on one scale', () => {
    const words = wordsOf({ ...canary, observation }, true);
    expect(words).toContain('*Errors, up to 22.5 %*\n`▁');
    expect(words).toContain('▇▇█` v2.1');
    expect(words).toContain('*p99, up to 203 ms*');
  });
});

test.each(['unwinding', 'failed', 'rolled back', 'aborted', 'halted'])(
  'a card that is %s keeps its numbers',
  (name) => {
    const shown = view({ ...everyView[name], observation });
    const card = deploymentCard(shown, formatter, { trend: trend() });
    const words = JSON.stringify(card.blocks);
    expect(words).toContain('(0.17 %) errors');
    expect(card.blocks.filter(({ type }) => type === 'data_visualization')).toHaveLength(2);
  },
);

describe('native charts', () => {
  const drawn = deploymentCard(view({ ...canary, observation }), formatter, {
    trend: trend({ decision: { at: noon + 65_000, kind: 'reverted' } }),
  });
  const charts = drawn.blocks.flatMap((block) => (block.type === 'data_visualization' ? [block] : []));

  test('are errors and latency of both sides, as Slack takes them, with the weights and the decision', () => {
    expect(checkBlocks(drawn.blocks, 'message')).toMatchObject({ ok: true });
    expect(charts.map(({ title }) => title)).toEqual([
      'Errors, % (taken back at 1:05)',
      'Latency p99, ms (taken back at 1:05)',
    ]);
    expect(charts[0]?.chart.series.map(({ name }) => name)).toEqual(['v2.0', 'v2.1']);
    const categories = charts[0]?.chart.axis_config.categories ?? [];
    expect(categories[0]).toBe('0:10 10%');
    expect(categories.filter((label) => label.includes('%'))).toEqual(['0:10 10%', '1:10 50%']);
    expect(charts[0]?.chart.series[1]?.data.map(({ label }) => label)).toEqual(categories);
  });

  test('stand after the buttons', () => {
    const types = drawn.blocks.map(({ type }) => type);
    expect(types.indexOf('data_visualization')).toBeGreaterThan(types.indexOf('actions'));
    expect(types.at(-1)).toBe('context');
  });

  test('have an id of their own in every state of the message', () => {
    const later = deploymentCard(view({ ...canary, observation: seen({ at: noon + 50_000 }) }), formatter, {
      trend: trend(),
    });
    const ids = [...drawn.blocks, ...later.blocks].flatMap((block) =>
      block.type === 'data_visualization' ? [block.block_id] : [],
    );
    expect(new Set(ids).size).toBe(4);
  });

  test('go on at the last height where nothing is known, and are left out while there is one point only', () => {
    const none = { requests: 0, errors: 0, p50Ms: undefined, p99Ms: undefined };
    const points = trend().points.slice(0, 3);
    const quiet = points.map((point, index) => (index === 1 ? { ...point, canary: none } : point));
    const values = (all: typeof points) =>
      deploymentCard(view({ ...canary, observation }), formatter, { trend: trend({ points: all }) }).blocks.flatMap(
        (block) => (block.type === 'data_visualization' ? block.chart.series.map(({ data }) => data) : []),
      );
    expect(values(quiet)[3]?.map(({ value }) => value)).toEqual([90, 90, 100]);
    expect(values(points.slice(0, 1))).toEqual([]);
  });

  test('leave a whole card when they are taken away', () => {
    const plain = withoutCharts(drawn);
    expect(plain.blocks).toHaveLength(drawn.blocks.length - 2);
    expect(JSON.stringify(plain.blocks)).toContain('▁');
  });
});
