import type { TargetView } from '@bg/engine';
import { describe, expect, it } from 'vitest';
import { canaryView } from '../testing/view.ts';
import { commandOf } from './actions.ts';
import { bytesText, durationText, timeText } from './amounts.ts';
import { deploymentLines } from './deployment.ts';
import { createPaint } from './paint.ts';
import { ageText, shareOf, targetLines } from './status.ts';
import { tableLines } from './table.ts';

const light = { now: 30_000, paint: createPaint(false) };

describe('what people read', () => {
  it('shows a deployment with its steps, both sides and the commands that are legal now', () => {
    const text = deploymentLines(canaryView, light).join('\n');
    expect(text).toContain('shop  v2.0 → v2.1  deploy d-1, asked by alice');
    expect(text).toContain('✓ start v2.1');
    expect(text).toContain('▶ watch 10 % for 60 s');
    expect(text).toContain('· approval at 10 %');
    expect(text).toContain('██░░░░░░░░░░░░░░░░░░  10 % on v2.1, 90 % on v2.0');
    expect(text).toMatch(/stable v2\.0 +1000 +0\.0 % +4 ms +9 ms +14 ms +2/);
    expect(text).toMatch(/new v2\.1 +100 +1\.0 %/);
    expect(text).toContain('Inconclusive: no data yet (100 of 200)');
    expect(text).toMatch(/bg promote d-1 +go on to the next step/);
    expect(text).toMatch(/bg abort d-1 +send all users back to v2\.0/);
  });

  it('shows a side that answered nothing without a number, and the trend of both sides', () => {
    const { observation } = canaryView;
    const quiet = observation && {
      ...observation,
      canary: { ...observation.canary, requests: 0, errors: 0, p99Ms: 0 },
    };
    const points = [1, 2].map((second) => ({
      ...{ from: second * 1_000, to: second * 1_000 + 1_000, percent: 10 },
      stable: { requests: 10, errors: 0, p50Ms: 4, p99Ms: 9 },
      canary: { requests: 0, errors: 0, p50Ms: undefined, p99Ms: undefined },
    }));
    const trend = { version: 'v2.1', from: 'v2.0', points, decision: undefined };
    const text = deploymentLines({ ...canaryView, observation: quiet }, light, trend).join('\n');
    expect(text).toMatch(/new v2\.1 +0 +– +– +– +– +2/);
    expect(text).toContain('p99, up to 9 ms\n  v2.0  ██████');
    expect(text).not.toMatch(/\b0 ms/);
  });

  it('says who is asked, until when, and what happens then', () => {
    const approval = {
      id: 'a-1',
      status: 'pending',
      planHash: 'p',
      needed: 2,
      given: ['bob'],
      askedAt: 0,
      deadlineAt: 40_000,
      onTimeout: 'abort',
      decidedBy: undefined,
      decidedAt: undefined,
      reason: undefined,
      approvers: ['bob', 'carol'],
      fourEyes: true,
      writers: [],
    } as const;
    const text = deploymentLines({ ...canaryView, approval }, light).join('\n');
    expect(text).toContain(
      `waits for approval: 1 of 2 given, by bob, carol; after ${timeText(40_000, 30_000)} it is aborted`,
    );
    const short = { ...approval, missing: '1 more, of dba' };
    expect(deploymentLines({ ...canaryView, approval: short }, light).join('\n')).toContain(
      'waits for approval: 1 of 2 given, missing: 1 more, of dba, by bob, carol;',
    );
  });

  it('shows a degraded side as a separate grade, with what it lacks', () => {
    const slot = { role: 'idle', health: 'unknown', version: undefined, restarts: 0, port: 8001 };
    const green = { ...slot, slot: 'green', role: 'standby', health: 'degraded', version: 'v1' };
    const blue = {
      ...slot,
      slot: 'blue',
      role: 'active',
      health: 'degraded',
      version: 'v2',
      healthProblem: 'cache: down',
    };
    const target = {
      name: 'shop',
      service: 'shop',
      target: 'production',
      entrypoints: [],
      slots: [blue, green],
      routing: { generation: 1, active: 'blue' },
      nodes: [],
      rollback: { readiness: 'instant', version: 'v1', sentence: 'green is warm' },
      actions: [],
    } as unknown as TargetView;
    const during = targetLines({ ...target, live: canaryView }, light).join('\n');
    expect(during).toContain('v2.1 (10 %): 100 requests, 1.0 % errors, p99 14 ms; v2.0: 1000 requests, 0.0 % errors');
    expect(during).toContain('Inconclusive: no data yet (100 of 200)');
    const each = [1, 2, 3].map((instance) => ({ instance, pid: instance, running: true, healthy: instance < 3 }));
    const several = { ...target, slots: [{ ...blue, pid: 1, instances: each }, green] } as unknown as TargetView;
    expect(targetLines(several, light)[1]).toContain('2 of 3 instances');
    const lines = targetLines(target, light);
    expect(lines[1]).toMatch(/blue +active +v2 +degraded: cache: down +100 %/);
    expect(lines[2]).toMatch(/green +standby +v1 +degraded +0 %/);
    const colored = targetLines(target, { now: 30_000, paint: createPaint(true) }).join('');
    expect(colored).toContain('\u001b[33mdegraded: cache: down');
  });

  it('shows the last run of the continuous smoke tests with its age, in colour where it failed', () => {
    const smoke = { condition: 'failing', passed: 1, of: 2, ms: 12, at: 18_000, problem: 'smoke test "x": got 500' };
    const blue = { slot: 'blue', role: 'active', health: 'healthy', version: 'v2', restarts: 0, port: 8001, smoke };
    const green = { ...blue, slot: 'green', role: 'standby', smoke: { ...smoke, passed: 2, problem: undefined } };
    const target = {
      name: 'shop',
      entrypoints: [],
      slots: [blue, green],
      routing: { generation: 1, active: 'blue' },
      nodes: [],
      rollback: { readiness: 'instant', version: 'v1', sentence: 'green is warm' },
      actions: [],
    } as unknown as TargetView;
    const lines = targetLines(target, light);
    expect(lines[1]).toContain('smoke 1/2 12 s ago: smoke test "x": got 500');
    expect(lines[2]).toMatch(/smoke 2\/2 12 s ago +0 %/);
    const colored = targetLines(target, { now: 30_000, paint: createPaint(true) }).join('');
    expect(colored).toContain('\u001b[31msmoke 1/2');
  });

  it('colours a terminal and adds nothing but colours', () => {
    const colored = deploymentLines(canaryView, { now: 30_000, paint: createPaint(true) });
    expect(colored.join('')).toContain('\u001b[32m✓');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the colours are what is looked for
    expect(colored.map((line) => line.replace(/\u001b\[\d+m/g, ''))).toEqual(deploymentLines(canaryView, light));
  });

  it('aligns columns by what is seen, and leaves out a column without values', () => {
    const { green } = createPaint(true);
    expect(
      tableLines([
        ['a', '', green('b'), 'x'],
        ['long', '', 'bb', 'y'],
      ]),
    ).toEqual([`a     ${green('b')}   x`, 'long  bb  y']);
  });

  it.each([
    [450, '450 ms'],
    [12_000, '12 s'],
    [200_000, '3 min 20 s'],
    [7_500_000, '2 h 5 min'],
    [273_600_000, '3 d 4 h'],
    [3_600_000, '1 h'],
  ])('writes %i ms as %s', (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });

  it('writes sizes with one unit', () => {
    expect([bytesText(1024 ** 2 * 4.5), bytesText(1024 ** 2 * 45), bytesText(1024 ** 3 * 2)]).toEqual([
      '4.5 MB',
      '45 MB',
      '2.0 GB',
    ]);
  });

  it('splits the users as the routing does', () => {
    const routing = {
      generation: 3,
      active: 'blue',
      canary: { slot: 'green', percent: 10 },
      preview: undefined,
    } as const;
    expect([shareOf({ slot: 'blue' }, { routing }), shareOf({ slot: 'green' }, { routing })]).toEqual([90, 10]);
  });

  it('shows the age of figures that are older than half a minute', () => {
    expect(ageText({ role: 'active', seenAt: 1_000 }, 30_000)).toBe('');
    expect(ageText({ role: 'active', seenAt: 1_000 }, 91_000)).toBe(' (seen 1 min 30 s ago)');
    expect(ageText({ role: 'idle', seenAt: 1_000 }, 91_000)).toBe('');
    expect(ageText({ role: 'standby' }, 91_000)).toBe('');
  });

  it('names a command for actions of the target and of the deployment', () => {
    expect(commandOf('promote-full', canaryView)).toBe('bg promote d-1 --full');
    expect(commandOf('restore-failed', canaryView)).toBe('bg restore shop/production');
  });
});
