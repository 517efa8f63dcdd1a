// With a real Prometheus server that scrapes two real processes each second.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addAnswer, type CheckRules, type CheckState, noCheckState } from '../../analysis/check-judge.ts';
import { addToHistory, type History } from '../../analysis/witness.ts';
import type { Answer, Question } from '../../domain/evidence.ts';
import { pause, systemClock } from '../../lib/clock.ts';
import { httpRequest } from '../../lib/http.ts';
import { freePorts } from '../../lib/testing/ports.ts';
import { metrics } from '../metrics/descriptor.ts';
import type { EvidenceSource } from '../source.ts';
import { prometheus } from './descriptor.ts';

const program = '/usr/bin/prometheus';
const hasProgram = spawnSync(program, ['--version']).status === 0;
const sample = fileURLToPath(new URL('../testing/sample-service.mjs', import.meta.url));

const running: ChildProcess[] = [];
let folder = '';
let question: Question;
let url = '';

const start = (file: string, args: readonly string[]): ChildProcess => {
  const child = spawn(file, args, { stdio: 'ignore' });
  running.push(child);
  return child;
};

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 60_000;
  while (!(await isSo().catch(() => false))) {
    if (performance.now() > end) throw new Error('it did not come within 60 s');
    await pause(systemClock, 200);
  }
}

const answersWith = async (address: string, status = 200) =>
  (await httpRequest({ url: address, timeoutMs: 2_000 })).status === status;

beforeAll(async () => {
  if (!hasProgram) return;
  folder = mkdtempSync(join(tmpdir(), 'bg-prometheus-'));
  const [blue = 0, green = 0, server = 0] = await freePorts(3);
  for (const port of [blue, green]) start(process.execPath, [sample, String(port)]);
  const target = (slot: string, port: number) =>
    `      - { targets: ["127.0.0.1:${port}"], labels: { slot: ${slot} } }`;
  writeFileSync(
    join(folder, 'prometheus.yml'),
    `global: { scrape_interval: 1s, scrape_timeout: 1s }\nscrape_configs:\n  - job_name: shop\n    static_configs:\n${target('blue', blue)}\n${target('green', green)}\n`,
  );
  start(program, [
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${server}`,
  ]);
  url = `http://127.0.0.1:${server}`;
  const side = (slot: 'blue' | 'green', version: string, port: number) => ({
    ...{ slot, version, port, host: '127.0.0.1', digest: `sha256:${version}` },
    instances: [{ host: '127.0.0.1', port }],
  });
  question = {
    ...{ service: 'shop', target: 'production', deployment: 'shop-7' },
    stable: side('blue', 'v1', blue),
    canary: side('green', 'v2', green),
  };
  await until(() => answersWith(`${url}/-/ready`));
  await until(async () => (await ask(pair())).kind === 'counters');
}, 120_000);

afterAll(async () => {
  for (const child of running) child.kill('SIGKILL');
  if (folder !== '') rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

const usage = () => Promise.reject(new Error('nothing asks the machine here'));

type File = Parameters<typeof prometheus.resolve>[0];

const bad = 'sum(orders_total{slot="{{slot}}",code=~"5.."})';
const all = 'sum(orders_total{slot="{{slot}}"})';
const sourceOf = (own: Partial<File>, timeoutMs = 5_000): EvidenceSource =>
  prometheus.create({
    settings: prometheus.resolve({ url, scrape: '1s', ...own }),
    ...{ authorization: undefined, secrets: {}, timeoutMs, clock: systemClock, usage },
  });
const pair = (own: Partial<File> = {}) => sourceOf({ bad, all, ...own });
const ask = (source: EvidenceSource): Promise<Answer> => source.ask(question, AbortSignal.timeout(20_000));
const kindOf = async (source: EvidenceSource) => {
  const answer = await ask(source);
  return answer.kind === 'none' ? answer.why : answer.kind;
};
const add = (side: 'stable' | 'canary', counts: string) =>
  httpRequest({ url: `http://127.0.0.1:${question[side].port}/add?${counts}`, method: 'POST', timeoutMs: 5_000 });

const rules: CheckRules = {
  ...{ failures: 0, errors: 3, inconclusive: 3, min: undefined, max: undefined, agree: 0.2 },
  ...{ falseAlarm: 0.005, leastRequests: 50, needsProof: false },
};

/** What the load balancer would have counted meanwhile, second by second, and what the check says in the end. */
async function watched(source: EvidenceSource, traffic: { stable: [number, number]; canary: [number, number] }) {
  const state: CheckState = noCheckState();
  const sharedSince = systemClock.now() - 500;
  let history: History = [{ at: sharedSince, stable: 0, canary: 0 }];
  const counted = { stable: 0, canary: 0 };
  const end = performance.now() + 60_000;
  const isOver = () =>
    ['Failed', 'Successful'].includes(state.last?.verdict ?? '') || state.last?.sentence.includes('something else');
  while (!isOver() && performance.now() < end) {
    for (const side of ['stable', 'canary'] as const) {
      const [ok, failed] = traffic[side];
      await add(side, `ok=${ok}&bad=${failed}`);
      counted[side] += ok + failed;
    }
    const answer = await ask(source);
    history = addToHistory(history, { at: systemClock.now(), ...counted });
    addAnswer(state, rules, { answer, sharedSince, history });
    await pause(systemClock, 200);
  }
  return state.last;
}

describe.skipIf(!hasProgram)('a real Prometheus (needs prometheus)', () => {
  it('gives raw counters of both sides, and shows what it was asked', async () => {
    const answer = await ask(pair());
    if (answer.kind !== 'counters') throw new Error(JSON.stringify(answer));
    expect(answer.canary.all[0]?.samples.length).toBeGreaterThan(0);
    expect(pair().shown(question)[3]).toBe('sum(orders_total{slot="green"})');
  });

  it('sees a worse side, in figures that agree with the load balancer’s', { timeout: 120_000 }, async () => {
    const found = await watched(pair({ lag: '1s' }), { stable: [90, 0], canary: [8, 2] });
    expect(found?.sentence).toMatch(/^worse than the stable side: \d+ of \d+ failed on the new side \(2\d\.\d %\)/);
  });

  it('sees the same on the metrics page of the service itself', { timeout: 120_000 }, async () => {
    const own = metrics.resolve({ bad: 'sum(orders_total{code=~"5.."})', all: 'sum(orders_total)' });
    const parts = { settings: own, authorization: undefined, secrets: {}, timeoutMs: 5_000, clock: systemClock, usage };
    expect((await watched(metrics.create(parts), { stable: [90, 0], canary: [8, 2] }))?.verdict).toBe('Failed');
    expect((await watched(metrics.create(parts), { stable: [90, 1], canary: [10, 0] }))?.verdict).toBe('Successful');
  });

  it('finds a query with the sides exchanged by its count of requests', { timeout: 120_000 }, async () => {
    const exchanged: EvidenceSource = {
      ...pair({ lag: '1s' }),
      ask: (asked, signal) => pair({ lag: '1s' }).ask({ ...asked, stable: asked.canary, canary: asked.stable }, signal),
    };
    const found = await watched(exchanged, { stable: [60, 3], canary: [8, 0] });
    expect(found?.verdict).toBe('Error');
    expect(found?.sentence).toMatch(/^this query measures something else: it counts \d+ requests on the /);
  });

  it('tells the kinds of "no number" apart', async () => {
    expect(await kindOf(pair({ all: 'sum(no_such_total{slot="{{slot}}"})' }))).toBe('no-series');
    expect(await kindOf(pair({ all: 'sum(orders_total{slot="{{version}}"})' }))).toBe('empty');
    expect(await kindOf(pair({ all: 'orders_total{slot=~"{{slot}}|.*"}' }))).toBe('several');
    expect(await kindOf(sourceOf({ value: 'no_such_total{slot="{{slot}}"}' }))).toBe('no-series');
    expect(await kindOf(sourceOf({ value: 'heap{slot="{{version}}"}' }))).toBe('empty');
    expect(await kindOf(sourceOf({ value: 'heap' }))).toBe('several');
    expect(await kindOf(sourceOf({ value: 'heap{slot="{{slot}}"} * NaN' }))).toBe('not-a-number');
    expect(await kindOf(sourceOf({ value: 'heap{slot="{{slot}}"} / 0' }))).toBe('not-a-number');
    expect(await kindOf(sourceOf({ value: 'heap{slot="{{slot}}"' }))).toBe('failed');
    expect(await kindOf(sourceOf({ value: '"text"' }))).toBe('failed');
    expect(await kindOf(sourceOf({ value: 'heap{slot="{{slot}}"}[1m]' }))).toBe('several');
    expect(await kindOf(sourceOf({ value: 'heap{slot="{{slot}}"}' }))).toBe('number');
  });

  it('refuses a placeholder without a value', async () => {
    const nameless = { ...question, canary: { ...question.canary, version: '' } };
    const answer = await pair({ all: 'sum(orders_total{v="{{version}}"})' }).ask(nameless, AbortSignal.timeout(9_000));
    expect(answer).toEqual({ kind: 'none', why: 'failed', sentence: '{{version}} is empty for green' });
  });

  it('says of a service that has ended that its counters are stale', { timeout: 120_000 }, async () => {
    running[1]?.kill('SIGKILL');
    await until(async () => (await kindOf(pair())) === 'stale');
    const answer = await ask(pair());
    expect(answer.kind === 'none' && answer.sentence).toContain('of green ');
  });
});

describe('what is no Prometheus', () => {
  const servers: Server[] = [];
  const lying = async (body: string, status = 200): Promise<string> => {
    const server = createServer((_, response) => response.writeHead(status).end(body));
    servers.push(server);
    const [port = 0] = await freePorts(1);
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return `http://127.0.0.1:${port}`;
  };
  const there = { slot: 'blue', version: 'v1', digest: 'd', host: '127.0.0.1', port: 1, instances: [] } as const;
  const asked: Question = {
    service: 's',
    target: 't',
    deployment: 'd',
    stable: there,
    canary: { ...there, slot: 'green' },
  };
  const whyOf = async (address: string, own: Partial<File> = { value: 'heap' }) => {
    const answer = await sourceOf({ ...own, url: address }, 1_000).ask(asked, AbortSignal.timeout(20_000));
    return answer.kind === 'none' ? answer.why : answer.kind;
  };
  afterAll(() => {
    for (const server of servers) server.closeAllConnections();
    for (const server of servers) server.close();
  });

  it('is an error, and never a number', async () => {
    const vector = (value: unknown) =>
      JSON.stringify({
        status: 'success',
        data: { resultType: 'vector', result: [{ metric: {}, value: [1, value] }] },
      });
    expect(await whyOf(await lying(vector('1.5')))).toBe('number');
    for (const text of ['', 'all is well', '[]', '{}', 'null', '<html>0</html>', vector(7), '{"status":"success"}'])
      expect(await whyOf(await lying(text)), text).toBe('failed');
    expect(await whyOf(await lying(vector('NaN')))).toBe('not-a-number');
    expect(await whyOf(await lying(vector('seven')))).toBe('not-a-number');
    expect(await whyOf(await lying(vector('1'), 500))).toBe('failed');
    expect(await whyOf(await lying(vector('1'), 302))).toBe('failed');
    expect(await whyOf(await lying('x'.repeat(3_000_000)))).toBe('failed');
    expect(await whyOf(await lying(vector('1')), { bad, all })).toBe('failed');
  });

  it('that is down, or never answers, is one too', async () => {
    const [port = 0] = await freePorts(1);
    expect(await whyOf(`http://127.0.0.1:${port}`)).toBe('failed');
    const silent = createServer(() => undefined);
    servers.push(silent);
    await new Promise<void>((resolve) => silent.listen(port, '127.0.0.1', resolve));
    expect(await whyOf(`http://127.0.0.1:${port}`)).toBe('failed');
  });
});
