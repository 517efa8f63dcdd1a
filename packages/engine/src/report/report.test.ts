// What each rule of docs/report.md makes of a log.

import { describe, expect, test } from 'vitest';
import { createLog, type Log, production } from './testing/rows.ts';
import { back, day, logWithV1, minute, reportFrom, thenV2, v1, v2 } from './testing/small-log.ts';

test('an empty log, and a period without deployments, have no rates and no times', () => {
  const nothing = {
    finished: 0,
    outcomes: [],
    deployments: 0,
    perWeek: undefined,
    leadTime: { fromCommit: undefined, fromRequest: undefined },
    changes: 0,
    failedChanges: 0,
    changeFailureRate: undefined,
    restore: undefined,
    unrestored: 0,
    moves: 0,
    reworked: 0,
    reworkRate: undefined,
    rollback: undefined,
    peopleWaiting: undefined,
    withoutPeople: undefined,
  };
  expect(reportFrom(createLog()).figures).toEqual(nothing);
  expect(reportFrom(logWithV1(), { since: 3 * minute }).figures).toEqual(nothing);
  const goals = { leadTime: day, deploymentsPerWeek: 1, changeFailureRate: 0.1 };
  const { goals: results } = reportFrom(createLog(), {}, goals);
  expect(results.map(({ isMet, actual }) => [isMet, actual])).toEqual(Array(3).fill([undefined, undefined]));
});

test('a deployment that everyone got counts once, a way back does not', () => {
  const log = logWithV1();
  thenV2(log, 10 * minute);
  log.asked(20 * minute, back);
  log.shared(20 * minute + 400, back, 100);
  log.proved(20 * minute + 900, back);
  log.finished(20 * minute + 950, back, 'promoted', 'rollback');
  const { figures } = reportFrom(log);
  expect(figures).toMatchObject({ finished: 3, deployments: 2, perWeek: 2, changes: 2, failedChanges: 1, moves: 3 });
  expect(figures).toMatchObject({ changeFailureRate: 0.5, reworked: 1, reworkRate: 1 / 3 });
  expect(figures.rollback).toEqual({ count: 1, medianMs: 900, p95Ms: 900 });
  expect(figures.restore).toEqual({ count: 1, medianMs: 400, p95Ms: 400 });
  expect(figures.outcomes).toEqual([
    { outcome: 'promoted', code: 'deploy', count: 2 },
    { outcome: 'promoted', code: 'rollback', count: 1 },
  ]);
});

test('a failure counts where users got the change, not where they were taken off it', () => {
  const log = logWithV1();
  thenV2(log, 10 * minute);
  log.asked(3 * day, back);
  log.shared(3 * day + 400, back, 100);
  expect(reportFrom(log, { until: day }).figures).toMatchObject({ changes: 2, failedChanges: 1, restore: undefined });
  expect(reportFrom(log, { since: day }).figures).toMatchObject({ changes: 0, changeFailureRate: undefined });
  expect(reportFrom(log, { since: day }).figures.restore?.count).toBe(1);
});

describe('a canary that never got all users', () => {
  const canary = (code: string, outcome: string): Log => {
    const log = logWithV1();
    log.asked(10 * minute, v2);
    log.shared(11 * minute, v2, 10);
    log.turnedBack(12 * minute, v2, code);
    log.shared(12 * minute + 80, v2, 0);
    log.finished(12 * minute + 90, v2, outcome, code);
    return log;
  };

  test('that failed is a failed change, and users were restored when they were off it', () => {
    expect(reportFrom(canary('canary-failed', 'failed')).figures).toMatchObject({
      deployments: 1,
      changes: 2,
      failedChanges: 1,
      restore: { count: 1, medianMs: 80, p95Ms: 80 },
      rollback: undefined,
    });
  });

  test.each(['given-up', 'approval-expired', 'inconclusive'])(
    'that ended as %s says nothing against the change',
    (code) => {
      expect(reportFrom(canary(code, 'aborted')).figures).toMatchObject({
        finished: 2,
        changes: 1,
        failedChanges: 0,
        restore: undefined,
      });
    },
  );
});

test('a deployment that failed before any user is no change', () => {
  const log = logWithV1();
  log.asked(10 * minute, v2);
  log.turnedBack(11 * minute, v2, 'never-healthy');
  log.finished(11 * minute, v2, 'failed', 'never-healthy');
  expect(reportFrom(log).figures).toMatchObject({ finished: 2, changes: 1, failedChanges: 0, restore: undefined });
});

test('a deployment that a person takes back during its bake failed; the rollback takes from the click to the balancer', () => {
  const log = logWithV1();
  log.asked(10 * minute, v2);
  log.shared(12 * minute, v2, 100);
  log.said(13 * minute, v2, 'rollback-asked');
  log.turnedBack(13 * minute + 30, v2, 'given-up');
  log.shared(13 * minute + 120, v2, 0);
  log.finished(14 * minute, v2, 'rolled-back', 'given-up');
  const report = reportFrom(log);
  expect(report.figures).toMatchObject({ deployments: 2, failedChanges: 1, moves: 2, reworked: 0 });
  expect(report.figures.rollback?.medianMs).toBe(120);
  expect(report.figures.restore?.medianMs).toBe(120);
  expect(report.moves.find(({ deployment }) => deployment === 'd_2')).toMatchObject({
    requestedRow: 5,
    promotedRow: 6,
    failedRow: 10,
  });
});

describe('an ill live side', () => {
  test('is restored when it is healthy again; a degraded one serves', () => {
    const log = logWithV1();
    log.health(10 * minute, production, 'blue', { is: 'unhealthy' });
    log.health(13 * minute, production, 'blue', { is: 'degraded' });
    log.health(14 * minute, production, 'blue', { is: 'unhealthy' });
    log.health(15 * minute, production, 'blue', { is: 'healthy' });
    expect(reportFrom(log).figures.restore).toEqual({ count: 2, medianMs: 2 * minute, p95Ms: 3 * minute });
  });

  test('is restored when users are on the other side, unless that is ill too', () => {
    const log = logWithV1();
    log.health(10 * minute, production, 'green', { is: 'unhealthy', role: 'standby' });
    log.health(11 * minute, production, 'blue', { is: 'unhealthy' });
    log.asked(12 * minute, v2);
    log.shared(13 * minute, v2, 100);
    expect(reportFrom(log).figures).toMatchObject({ restore: undefined, unrestored: 1, reworked: 1 });
    log.health(15 * minute, production, 'green', { is: 'healthy' });
    expect(reportFrom(log).figures).toMatchObject({ unrestored: 0, restore: { count: 1, medianMs: 4 * minute } });
  });

  test('a new release in the slot is not as ill as the one before', () => {
    const log = logWithV1();
    log.health(10 * minute, production, 'green', { is: 'unhealthy', role: 'standby' });
    log.health(11 * minute, production, 'blue', { is: 'unhealthy' });
    log.asked(12 * minute, v2);
    log.write(12 * minute, { ...production, deploymentId: 'd_2', action: 'slot-claimed', detail: { slot: 'green' } });
    log.shared(13 * minute, v2, 100);
    expect(reportFrom(log).figures).toMatchObject({ unrestored: 0, restore: { count: 1, medianMs: 2 * minute } });
  });

  test('that users are never moved from is not restored', () => {
    const log = logWithV1();
    log.health(10 * minute, production, 'blue', { is: 'unhealthy' });
    expect(reportFrom(log).figures).toMatchObject({ restore: undefined, unrestored: 1 });
    expect(reportFrom(log, { until: 9 * minute }).figures.unrestored).toBe(0);
  });

  test('an ill preview harms nobody', () => {
    const log = logWithV1();
    log.health(10 * minute, production, 'green', { is: 'unhealthy', role: 'preview' });
    expect(reportFrom(log).figures).toMatchObject({ restore: undefined, unrestored: 0 });
  });
});

test('a deployment that is taken back to a side that is ill leaves users unrestored', () => {
  const log = logWithV1();
  log.health(10 * minute, production, 'blue', { is: 'unhealthy' });
  log.asked(11 * minute, v2);
  log.shared(12 * minute, v2, 100);
  log.turnedBack(13 * minute, v2, 'side-crashed');
  log.shared(14 * minute, v2, 0);
  log.finished(14 * minute, v2, 'rolled-back', 'side-crashed');
  expect(reportFrom(log).figures).toMatchObject({ restore: { count: 1 }, unrestored: 1, failedChanges: 1 });
  log.health(20 * minute, production, 'blue', { is: 'healthy' });
  expect(reportFrom(log).figures.restore).toEqual({ count: 2, medianMs: 4.5 * minute, p95Ms: 7 * minute });
});

describe('lead time', () => {
  const commit = { id: 7, version: 'v1', committedAt: minute };
  const withBuild = (build: { id: number; version: string; committedAt?: number }): Log => {
    const log = createLog();
    log.announced(5 * minute, build);
    log.asked(8 * minute, v1);
    log.shared(11 * minute, v1, 100);
    return log;
  };

  test('is from the commit where the build says when that was', () => {
    const report = reportFrom(withBuild(commit));
    expect(report.figures.leadTime.fromCommit?.medianMs).toBe(10 * minute);
    expect(report.figures.leadTime.fromRequest).toBeUndefined();
    expect(report.moves[0]?.commitRow).toBe(1);
  });

  test.each([
    ['the build does not say it', { ...commit, committedAt: undefined as unknown as number }],
    ['the commit is later than its users', { ...commit, committedAt: day }],
    ['it is of another version', { ...commit, version: 'v9' }],
  ])('is from the request where %s', (_, build) => {
    const { leadTime } = reportFrom(withBuild(build)).figures;
    expect(leadTime).toEqual({
      fromCommit: undefined,
      fromRequest: { count: 1, medianMs: 3 * minute, p95Ms: 3 * minute },
    });
  });

  test('counts a version once: deployed again, its commit is no news', () => {
    const log = withBuild(commit);
    log.asked(day, { ...v1, id: 'd_9', slot: 'green', mode: 'redeploy', from: 'v1' });
    log.shared(day + minute, { ...v1, id: 'd_9', slot: 'green' }, 100);
    expect(reportFrom(log).figures).toMatchObject({ deployments: 2, leadTime: { fromCommit: { count: 1 } } });
  });
});

test('a switch to what was live before is a way back, one to a held preview is a deployment', () => {
  const log = logWithV1();
  const held = { ...v2, mode: 'switch' } as const;
  log.asked(10 * minute, held);
  log.shared(11 * minute, held, 100);
  log.asked(20 * minute, { ...back, mode: 'switch' });
  log.shared(20 * minute + 200, back, 100);
  log.proved(20 * minute + 300, back);
  const { figures } = reportFrom(log);
  expect(figures).toMatchObject({ deployments: 2, failedChanges: 1, moves: 3, reworked: 1 });
  expect(figures.rollback?.medianMs).toBe(300);
});

test('rework: a fix while users are on an ill side, what was put first, and what was approved in an emergency', () => {
  const log = logWithV1();
  log.health(5 * minute, production, 'blue', { is: 'unhealthy' });
  thenV2(log, 10 * minute);
  log.write(20 * minute, { ...production, action: 'request-first', detail: { request: 'w_1', version: 'v3' } });
  const v3 = { ...production, id: 'd_4', version: 'v3', slot: 'blue', from: 'v2' } as const;
  log.asked(21 * minute, v3);
  log.shared(22 * minute, v3, 100);
  const v4 = { ...production, id: 'd_5', version: 'v4', slot: 'green', from: 'v3' } as const;
  log.asked(23 * minute, v4);
  log.said(24 * minute, v4, 'glass-broken');
  log.shared(25 * minute, v4, 100);
  const report = reportFrom(log);
  expect(report.figures).toMatchObject({ moves: 4, reworked: 3, reworkRate: 0.75 });
  expect(report.moves.filter(({ isRework }) => isRework).map(({ version }) => version)).toEqual(['v2', 'v3', 'v4']);
});

test('people are counted apart: approvals, pauses and holds, also where they overlap', () => {
  const log = createLog();
  log.asked(0, v1);
  log.said(minute, v1, 'step-started', 'hold');
  log.said(4 * minute, v1, 'step-done', 'hold: alice goes on');
  log.said(5 * minute, v1, 'approval-asked');
  log.said(6 * minute, v1, 'paused');
  log.said(9 * minute, v1, 'resumed');
  log.said(10 * minute, v1, 'approved');
  log.said(11 * minute, v1, 'step-done', 'await-approval: approved by bob');
  log.shared(12 * minute, v1, 100);
  const { peopleWaiting, withoutPeople } = reportFrom(log).figures;
  expect([peopleWaiting?.medianMs, withoutPeople?.medianMs]).toEqual([9 * minute, 3 * minute]);
});

test('a clock that was set back makes no negative time', () => {
  const log = createLog();
  log.asked(10 * minute, v1);
  log.shared(5 * minute, v1, 100);
  const { figures } = reportFrom(log);
  expect(figures).toMatchObject({ deployments: 1, leadTime: { fromRequest: undefined }, withoutPeople: undefined });
});

test('a service, a target, or all; where there are several, each of them', () => {
  const log = logWithV1();
  const staging = { ...v1, id: 'd_7', target: 'staging' };
  log.asked(10 * minute, staging);
  log.shared(11 * minute, staging, 100);
  const all = reportFrom(log);
  expect(all.figures.deployments).toBe(2);
  expect(all.targets.map(({ target, figures }) => [target, figures.deployments])).toEqual([
    ['production', 1],
    ['staging', 1],
  ]);
  expect(reportFrom(log, { service: 'shop', target: 'staging' }).figures.deployments).toBe(1);
  expect(reportFrom(log, { service: 'shop', target: 'staging' }).targets).toEqual([]);
});

test('each goal is met or not, as the figures say', () => {
  const log = logWithV1();
  thenV2(log, 10 * minute);
  log.asked(20 * minute, back);
  log.shared(20 * minute + 400, back, 100);
  log.proved(20 * minute + 900, back);
  const goals = {
    leadTime: 90_000,
    deploymentsPerWeek: 3,
    changeFailureRate: 0.5,
    restore: 399,
    reworkRate: 0.2,
    rollback: 900,
  };
  const { goals: results } = reportFrom(log, {}, goals);
  expect(Object.fromEntries(results.map(({ goal, isMet }) => [goal, isMet]))).toEqual({
    leadTime: true,
    deploymentsPerWeek: false,
    changeFailureRate: true,
    restore: false,
    reworkRate: false,
    rollback: true,
  });
});

test('rows of older versions, which lack their details, stop nothing', () => {
  const log = logWithV1();
  log.write(3 * minute, { action: 'deployment-requested', ...production, deploymentId: 'd_8' });
  log.write(3 * minute, { action: 'routing-applied', ...production, deploymentId: 'd_8' });
  log.write(3 * minute, { action: 'routing-applied', ...production, detail: { routing: {} } });
  log.write(3 * minute, { action: 'health-changed', ...production });
  log.write(3 * minute, { action: 'deployment-finished', deploymentId: 'd_1' });
  log.write(3 * minute, { action: 'quarantined', ...production });
  expect(reportFrom(log).figures).toMatchObject({ deployments: 1, finished: 1 });
});
