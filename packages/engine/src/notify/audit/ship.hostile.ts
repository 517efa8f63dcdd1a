// The process that ships the audit log, killed whenever it has sent a batch.

import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { seqsOf, startCollector } from '../testing/audit-receivers.ts';
import { eventually, openNewsroom } from '../testing/news.ts';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

const kept = <T extends { close(): Promise<void> }>(one: T): T => {
  opened.push(one);
  return one;
};

it('gets every row although the process is killed whenever it has sent a batch', async () => {
  const running: ChildProcess[] = [];
  let kills = 0;
  const collector = kept(
    await startCollector(async () => {
      if (kills >= 2) return 200;
      kills += 1;
      const child = running.at(-1);
      const gone = new Promise((resolve) => child?.once('exit', resolve));
      child?.kill('SIGKILL');
      await gone;
      return 200;
    }),
  );
  const news = kept(
    openNewsroom({
      notify: '{}',
      audit: `{ ship: [{ name: it, driver: http, url: "http://127.0.0.1:${collector.port}/" }] }`,
    }),
  );
  news.store.write((tx) => {
    for (let row = 0; row < 450; row += 1) tx.audit({ actor: 'engine', action: 'resumed', sentence: 'happened' });
  });
  const all = Array.from({ length: 450 }, (_, index) => index + 1);
  const entry = join(import.meta.dirname, '../testing/notifying-process.ts');
  for (let life = 1; life <= 3; life += 1) {
    const child = spawn(process.execPath, [entry, news.settings.file], { stdio: 'ignore' });
    running.push(child);
    kept({ close: async () => void child.kill('SIGKILL') });
    await eventually(
      () => (life < 3 ? child.signalCode === 'SIGKILL' : new Set(seqsOf(collector.messages)).size === 450),
      60_000,
    );
  }
  const seqs = seqsOf(collector.messages);
  expect([...new Set(seqs)]).toEqual(all);
  // What was sent before each kill came again, and nothing else.
  expect(seqs.length).toBeGreaterThan(450);
  expect(seqs.length).toBeLessThanOrEqual(450 + 2 * 200);
}, 180_000);
