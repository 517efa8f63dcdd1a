import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type Companion, startCompanion } from './companion.ts';

const script = join(import.meta.dirname, 'testing/counting-companion.ts');
const patient = { timeoutMs: 30_000 };
let companion: Companion | undefined;
afterEach(() => companion?.kill());

async function start(): Promise<Companion> {
  companion = await startCompanion(script, ['7']);
  return companion;
}

test('it answers one question after the other, with big integers and bytes, and inherits no environment', async () => {
  const { ask } = await start();
  expect(await ask(['add', 1n], patient)).toEqual([8n, Buffer.from('7')]);
  expect(await ask(['add', 2n ** 62n], patient)).toEqual([2n ** 62n + 8n, Buffer.from('7')]);
  expect(await ask(['environment'], patient)).not.toContain('HOME');
});

test('questions that are asked at once wait for each other, and each gets its own answer', async () => {
  const { ask } = await start();
  const answers = await Promise.all([1n, 10n, 100n].map((number) => ask(['add', number], patient)));
  expect(answers.map((answer) => (answer as [bigint])[0])).toEqual([8n, 18n, 118n]);
});

test('busy without end it is killed when its time is over, and gone by then', async () => {
  const { ask, pid, isAlive } = await start();
  await expect(ask(['hang'], { timeoutMs: 300 })).rejects.toMatchObject({ code: 'exec-timeout' });
  expect(isAlive()).toBe(false);
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  await expect(ask(['add', 1n], patient)).rejects.toMatchObject({ code: 'exec-failed' });
});

test('busy without end it is killed when the signal aborts', async () => {
  const { ask, isAlive } = await start();
  const stop = new AbortController();
  const hanging = expect(ask(['hang'], { ...patient, signal: stop.signal })).rejects.toThrow('enough');
  setTimeout(() => stop.abort(new Error('enough')), 200);
  await hanging;
  expect(isAlive()).toBe(false);
});

test('a question that is cancelled before its turn does no harm', async () => {
  const { ask } = await start();
  await expect(ask(['hang'], { ...patient, signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  expect(await ask(['add', 1n], patient)).toEqual([8n, Buffer.from('7')]);
});

test('one that ends in the middle of a question is reported, and not waited for', async () => {
  const { ask } = await start();
  await expect(ask(['end'], patient)).rejects.toMatchObject({ code: 'exec-failed' });
});

test('a thousand questions leave nothing behind in the process that asks', async () => {
  const { ask } = await start();
  const stop = new AbortController();
  const warnings: string[] = [];
  const note = (warning: Error) => warnings.push(warning.message);
  process.on('warning', note);
  for (let question = 0; question < 1_000; question += 1) await ask(['add', 1n], { ...patient, signal: stop.signal });
  await new Promise((resolve) => setTimeout(resolve, 50));
  process.off('warning', note);
  expect(warnings).toEqual([]);
});
