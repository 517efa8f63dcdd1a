import type { TimelineStep, TimelineView } from '@bg/engine';
import { describe, expect, it } from 'vitest';
import { impactOf, incidentLines } from './incident.ts';
import { codeBlock, markdown } from './markdown.ts';

const side = (requests: number, errors: number) => ({
  requests,
  errors,
  connectFailures: 0,
  p50Ms: 1,
  p95Ms: 2,
  p99Ms: 3,
});

const step = (sinceMs: number, requests: number, errors: number): TimelineStep => ({
  name: 'watch',
  position: 1,
  direction: 'forward',
  title: 'watch 10 % for 60 s',
  status: 'done',
  startedAt: sinceMs,
  endedAt: sinceMs + 1_000,
  ms: 1_000,
  measuredBy: 'monotonic',
  waitedMs: 0,
  attempts: 1,
  sentence: 'no worse',
  code: undefined,
  numbers: {
    at: sinceMs + 1_000,
    sinceMs,
    stable: side(900, 1),
    canary: side(requests, errors),
    judgement: { verdict: 'Failed', sentence: 'too many errors' },
  },
  receipt: undefined,
  log: [],
});

const timeline = (change: Partial<TimelineView> = {}): TimelineView => ({
  id: 'd_1',
  service: 'shop',
  target: 'production',
  name: 'shop',
  mode: 'deploy',
  version: 'v2',
  digest: undefined,
  commit: undefined,
  from: 'v1',
  slot: 'green',
  requestedBy: 'person:alice',
  reason: undefined,
  askedAt: 0,
  beganAt: 0,
  endedAt: 60_000,
  outcome: { kind: 'aborted', code: 'canary-failed', sentence: 'too many errors', actor: 'engine', at: 60_000 },
  duration: { totalMs: 60_000, waitedMs: 0, machineMs: 60_000 },
  steps: [],
  waits: [],
  approvals: [],
  shares: [],
  routings: [],
  refusals: [],
  entries: [],
  remarks: [],
  ...change,
});

describe('the impact', () => {
  it('counts each share once, though later steps count on', () => {
    const steps = [step(1_000, 100, 2), step(1_000, 300, 5), step(20_000, 1_000, 40)];
    const shares = [
      { percent: 10, from: 1_000, to: 20_000 },
      { percent: 50, from: 20_000, to: 30_500 },
    ];
    const impact = impactOf(timeline({ steps, shares }));
    expect(impact).toEqual({ exposedMs: 29_500, mostPercent: 50, requests: 1_300, errors: 45, stableErrors: 2 });
    const text = incidentLines(timeline({ steps, shares })).join('\n');
    expect(text).toContain('for 30 seconds, at most 50 % of them');
    expect(text).toContain('**45 of 1300**');
  });

  it('is not guessed where nothing was measured, and is none where no user came', () => {
    const shares = [{ percent: 100, from: 0, to: 1_000 }];
    expect(incidentLines(timeline({ shares })).join('\n')).toContain('Requests harmed: not measured');
    expect(incidentLines(timeline()).join('\n')).toContain('No user was sent to the new side.');
  });
});

const hostile = '`x` | [a](https://evil.example) <script> **b** \n# title \u001b[2J ![i](x) @here ~~s~~ &lt; $x$ {{y}}';

describe('foreign text', () => {
  it('stays text, on one line', () => {
    expect(markdown(hostile)).toBe(
      '\\`x\\` \\| \\[a\\]\\(https\\://evil\\.example\\) \\<script\\> \\*\\*b\\*\\*  \\# title  \\!\\[i\\]\\(x\\) \\@here \\~\\~s\\~\\~ \\&lt; \\$x\\$ \\{\\{y\\}\\}',
    );
  });

  it('is escaped wherever it comes from', () => {
    const entry = { seq: 1, at: 0, actor: `person:${hostile}`, action: hostile, code: hostile, sentence: hostile };
    const view = timeline({
      name: hostile,
      version: hostile,
      reason: hostile,
      commit: hostile,
      requestedBy: `person:${hostile}`,
      outcome: { kind: 'failed', code: 'fault', sentence: hostile, actor: 'engine', at: 0 },
      steps: [{ ...step(0, 1, 1), title: hostile, log: [] }],
      shares: [{ percent: 10, from: 0, to: 1_000 }],
      entries: [{ ...entry, about: 'deployment', log: [] }],
      remarks: [hostile],
    });
    const text = incidentLines(view).join('\n');
    expect(text).not.toMatch(/(?<!\\)<script|(?<!\\)\[a\]|^# title|(?<!\\)@here/m);
    expect(text).not.toContain('\u001b');
  });

  it('in a block of code cannot end it', () => {
    expect(codeBlock(['a ```` b', 'c'])).toEqual(['`````text', 'a ```` b', 'c', '`````']);
    expect(codeBlock(['a'])).toEqual(['```text', 'a', '```']);
  });
});
