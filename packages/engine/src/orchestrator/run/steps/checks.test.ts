import { afterEach, describe, expect, it } from 'vitest';
import type { Answer } from '../../../domain/evidence.ts';
import { answerWith } from '../../../testing/fake-evidence.ts';
import { alice, type Flow, startFlow } from '../../../testing/flow.ts';

let flow: Flow;
afterEach(() => flow.close());

const good: Answer = { kind: 'opinion', result: 'pass', text: 'orders are well' };
const bad: Answer = { kind: 'opinion', result: 'fail', text: 'orders fell by half' };

/** A canary that the load balancer's counts call good, and one check. */
async function canary(check: string, answer: () => Answer | Promise<Answer>, judge = ''): Promise<string> {
  answerWith('orders', () => good);
  flow = await startFlow({
    options: `
    canary: [{ percent: 10, watch: 40s }]
    bake: 5s
    judge:
      patience: 20s
      atEnd: abort${judge}
      checks: [{ name: orders, source: fake, interval: 2s, ${check}fake: { of: orders } }]`,
  });
  await flow.live('v1');
  answerWith('orders', answer);
  flow.balancers.busy('blue', { requests: 9_000, errors: 9 });
  flow.balancers.busy('green', { requests: 1_000, errors: 1 });
  return flow.ask('v2');
}

describe('a guardrail', () => {
  it('that fails takes the release back, with its text', async () => {
    const id = await canary('effect: guardrail, ', () => bad);
    const { outcome } = await flow.finish(id);
    expect([outcome?.kind, outcome?.code]).toEqual(['failed', 'canary-failed']);
    expect(outcome?.sentence).toContain('check orders: orders fell by half');
  });

  it('that passes lets it go on, and is shown', async () => {
    const id = await canary('effect: guardrail, ', () => good);
    await flow.at(id, 'bake');
    expect(flow.view(id).observation?.checks).toEqual([
      {
        ...{ name: 'orders', source: 'fake', effect: 'guardrail', dryRun: false, asks: ['orders'] },
        judgement: { verdict: 'Successful', sentence: 'orders are well' },
        last: { verdict: 'Successful', sentence: 'orders are well' },
      },
    ]);
    expect((await flow.finish(id)).outcome?.kind).toBe('promoted');
  });

  it('still counts while all users are on the new side', async () => {
    let answer = good;
    const id = await canary('effect: guardrail, ', () => answer);
    await flow.at(id, 'bake');
    answer = bad;
    expect((await flow.finish(id)).outcome?.kind).toBe('rolled-back');
  });
});

describe('a signal', () => {
  it('that fails pauses once, and takes nothing back', async () => {
    const id = await canary('effect: signal, ', () => bad);
    const row = await flow.until(id, ({ pausedAt }) => pausedAt !== null);
    expect([row.pausedBy, row.outcome]).toEqual(['engine', null]);
    expect(flow.story().at(-1)).toBe('paused: pauses v2: check orders: orders fell by half');
    flow.people.resume({ id }, alice);
    await flow.wait(id, 4_000);
    expect(flow.row(id).pausedAt).toBeNull();
  });
});

describe('a source that is down, slow or without a number', () => {
  it.each<[string, () => Answer | Promise<Answer>]>([
    ['down', () => ({ kind: 'none', why: 'failed', sentence: 'Prometheus refuses the connection' })],
    ['without a number', () => ({ kind: 'none', why: 'empty', sentence: 'Prometheus returns nothing' })],
    ['throwing', () => Promise.reject(new Error('Prometheus threw'))],
    ['silent', () => new Promise<never>(() => undefined)],
    ['undecided', () => ({ kind: 'opinion', result: 'unknown', text: 'Prometheus cannot say' })],
  ])('(%s) neither passes the release nor takes it back for a failure', async (_what, answer) => {
    const id = await canary('effect: guardrail, ', answer);
    const { outcome } = await flow.finish(id);
    expect([outcome?.kind, outcome?.code]).toEqual(['aborted', 'inconclusive']);
    expect(outcome?.sentence).toMatch(/check orders: (Prometheus|not asked yet)/);
  });

  it('does not hold up the verdict about the requests', async () => {
    const id = await canary('effect: guardrail, ', () => new Promise<never>(() => undefined));
    flow.balancers.busy('green', { requests: 1_000, errors: 400 });
    const { outcome } = await flow.finish(id);
    expect(outcome?.code).toBe('canary-failed');
    expect(outcome?.sentence).toContain('400 of 1000 requests failed');
  });
});

describe('a dry run', () => {
  it('is shown, and decides nothing', async () => {
    const id = await canary('effect: guardrail, dryRun: true, ', () => bad);
    await flow.at(id, 'bake');
    expect(flow.view(id).observation?.checks?.[0]?.judgement.verdict).toBe('Failed');
    expect((await flow.finish(id)).outcome?.kind).toBe('promoted');
  });
});

describe('a process that takes over', () => {
  it('goes on with what a check has found', async () => {
    let answers = 0;
    let id = '';
    id = await canary('effect: guardrail, errors: 2, ', () => {
      answers += 1;
      if (answers === 5) flow.people.pause({ id }, alice);
      return answers < 5 ? good : { kind: 'none', why: 'failed', sentence: 'down' };
    });
    await flow.killWhen(id, ({ pausedAt }) => pausedAt !== null);
    flow.restart();
    await flow.wait(id, 2_500);
    expect(flow.view(id).observation?.checks?.[0]?.judgement.verdict).toBe('Successful');
    await flow.wait(id, 10_000);
    expect(flow.view(id).observation?.checks?.[0]?.judgement).toEqual({ verdict: 'Error', sentence: 'down' });
  });
});
