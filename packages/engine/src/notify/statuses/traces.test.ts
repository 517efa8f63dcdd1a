// Traces to a local server that answers as the specification of OTLP has it.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { beginStep, endStep } from '../../state/deployments.ts';
import { setState, type TestState } from '../../state/testing/state.ts';
import { type Answer, type LocalServer, localServer } from './testing/local-server.ts';
import { eventually, finish, leapingClock, request, sceneOf, startNotifying } from './testing/scene.ts';
import type { Span } from './trace-facts.ts';

const clock = leapingClock();
let state: TestState;
let collector: LocalServer;
let answers: Answer[];
let notifying: { stop(): Promise<void> } | undefined;

beforeEach(async () => {
  answers = [];
  state = setState({ clock });
  collector = await localServer(() => answers.shift() ?? { status: 200, body: {} });
});
afterEach(async () => {
  await notifying?.stop();
  notifying = undefined;
  await collector.close();
  state.remove();
});

function notify(more: Readonly<Record<string, string>> = {}): void {
  const config = { traces: { url: `${collector.origin}/v1/traces`, ...more } };
  notifying = startNotifying(sceneOf({ store: state.store, clock, config }));
}

/** A deployment with one good step and one that ended it. */
function failed(): string {
  const id = request(state.store, 'v2', 'v1');
  const step = (position: number, name: string, status: 'done' | 'failed'): void => {
    const key = { deploymentId: id, position, direction: 'forward' } as const;
    const audited = { actor: 'engine', action: 'step-started', sentence: name } as const;
    state.store.write((tx) => {
      beginStep(tx, key, name);
      tx.audit(audited);
    });
    clock.advance(1_500);
    state.store.write((tx) => {
      endStep(tx, key, status, name);
      tx.audit(audited);
    });
  };
  step(0, 'start-preview', 'done');
  step(1, 'check-health', 'failed');
  finish(state.store, id, 'failed', 'v2 is unhealthy');
  return id;
}

interface Sent {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly { readonly key: string; readonly value: unknown }[] };
    readonly scopeSpans: readonly { readonly spans: readonly Span[] }[];
  }[];
}

const spansOf = (body: string): readonly Span[] =>
  (JSON.parse(body) as Sent).resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
const lengthMs = ({ startTimeUnixNano, endTimeUnixNano }: Span): number =>
  Number((BigInt(endTimeUnixNano) - BigInt(startTimeUnixNano)) / 1_000_000n);

describe('a deployment that has ended', () => {
  it('is one trace: a span for the whole, and one for each step below it', async () => {
    failed();
    notify();
    await eventually(() => collector.heard.length === 1, 'the trace');
    const [heard] = collector.heard;
    expect(heard?.url.pathname).toBe('/v1/traces');
    expect(heard?.headers['content-type']).toBe('application/json');
    const [whole, ...steps] = spansOf(heard?.body ?? '');
    expect(whole).toMatchObject({ name: 'deploy shop/production', status: { code: 2, message: 'v2 is unhealthy' } });
    expect(whole?.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(steps.map(({ name, status }) => [name, status.code])).toEqual([
      ['start-preview', 1],
      ['check-health', 2],
    ]);
    for (const step of steps) {
      expect(step).toMatchObject({ traceId: whole?.traceId, parentSpanId: whole?.spanId });
      expect(step.spanId).toMatch(/^[0-9a-f]{16}$/);
      // The clock of the test moves with the real one too.
      expect(lengthMs(step)).toBeGreaterThanOrEqual(1_500);
    }
    expect(lengthMs(whole as Span)).toBeGreaterThanOrEqual(3_000);
    expect(new Set([whole, ...steps].map((span) => span?.spanId)).size).toBe(3);
  });

  it('is sent again after an answer that asks for it, with the same ids, and never after one that took it', async () => {
    answers = [{ status: 503, headers: { 'retry-after': '1' } }];
    failed();
    notify({ token: 'a-token-of-a-collector' });
    await eventually(() => collector.heard.length === 1, 'the first try');
    clock.advance(60_000);
    await eventually(() => collector.heard.length === 2, 'the second try');
    const [first, second] = collector.heard;
    expect(second?.body).toBe(first?.body);
    expect(second?.headers.authorization).toBe('Bearer a-token-of-a-collector');
    await notifying?.stop();
    notify();
    failed();
    await eventually(() => collector.heard.length === 3, 'the next deployment');
    expect(spansOf(collector.heard[2]?.body ?? '')[0]?.traceId).not.toBe(spansOf(first?.body ?? '')[0]?.traceId);
  });
});
