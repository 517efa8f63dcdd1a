import type { TimelineView } from '@bg/engine';
import { expect, test } from 'vitest';
import { checkView } from '../../../../tools/simulator/validate/view.ts';
import { mentionFormatter } from '../cards/people-formatter.ts';
import { hostileTexts, poisoned } from '../testing/hostile.ts';
import { failedTimeline } from '../testing/timeline.ts';
import { timelineModal } from './timeline-modal.ts';

const formatter = mentionFormatter([]);
const drawn = (view: TimelineView) => {
  const modal = timelineModal(view, formatter);
  expect(checkView(modal, 'modal')).toMatchObject({ ok: true });
  return { modal, text: JSON.stringify(modal) };
};

test('it shows steps, waits, decisions, numbers, proofs, refusals and log lines', () => {
  const { text } = drawn(failedTimeline);
  for (const shown of [
    'shop: v2.0 → v2.1',
    'side-crashed',
    'prices in cents',
    'people 31 s',
    'watch 10 % for 60 s · 1 min 18 s · begun 2 times',
    'pause · 30 s so far',
    'break-glass by *bob*',
    '10 % for 1 min 18 s',
    'new: 1\u202f200 requests, 3 errors (0.25 %), p50 4 ms, p99 14 ms',
    'is *not* proved',
    '19 of 20 probes',
    'four-eyes',
    '`cannot open /etc/shop.conf`',
    'a step was begun again',
    'All of it is here. On the server: `bg show d_c3797810`',
  ])
    expect(text).toContain(shown);
});

test('one that has not ended, and one without any of it, are valid too', () => {
  const nothing = { steps: [], waits: [], approvals: [], shares: [], routings: [], refusals: [], remarks: [] };
  const { text } = drawn({ ...failedTimeline, ...nothing, outcome: undefined, endedAt: undefined, from: undefined });
  expect(text).toContain('It has not ended.');
});

test.each(Object.entries(hostileTexts))('hostile text stays text: %s', (_, hostile) => {
  const { text } = drawn(poisoned(failedTimeline, hostile));
  expect(text).not.toMatch(/<!(?!date)|<script|<https|<@/);
});

test.each(['x', '<>&', '🧨', '\\"'])('what is too long for Slack is shortened, and it says so: %j', (letter) => {
  const many = <T>(items: readonly T[]): readonly T[] => Array.from({ length: 500 }, () => items).flat();
  const { steps, waits, approvals, shares, refusals, remarks } = failedTimeline;
  const long = poisoned(
    {
      ...failedTimeline,
      steps: many(steps),
      waits: many(waits),
      approvals: many(approvals),
      shares: many(shares),
      refusals: many(refusals),
      remarks: many(remarks),
    },
    letter.repeat(4_000),
  );
  const { modal, text } = drawn(long);
  expect(modal.blocks.length).toBeLessThanOrEqual(100);
  expect(text.length).toBeLessThan(250_000);
  expect(text).toContain('This is shortened; the command shows all of it. On the server: `bg show d_c3797810`');
});
