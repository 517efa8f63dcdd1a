// Killed between sending and writing it down: the mail is sent again, and can be distinguished from a new one.

import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { header, type Received, startMailServer } from '../testing/mail-server.ts';
import { aWhile, buildDetail, eventually, openNewsroom } from '../testing/news.ts';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

it('SIGKILL when only the server knows that it has the mail: the same Message-ID again, and nothing else twice', async () => {
  const all: Received[] = [];
  const running = new Set<ChildProcess>();
  let kills = 0;
  const server = await startMailServer({
    toMail: async (one) => {
      all.push(one);
      if (kills >= 2 || !one.to.includes('bob@example.com')) return undefined;
      kills += 1;
      // The mail has arrived; the answer never will.
      const [child] = running;
      const gone = new Promise((resolve) => child?.once('exit', resolve));
      child?.kill('SIGKILL');
      await gone;
      return undefined;
    },
  });
  opened.push(server);
  const room = openNewsroom({
    notify: `{ mail: { host: 127.0.0.1, port: ${server.port}, tls: none, from: deploys@example.com } }`,
    reported: '{ developers: [alice, bob, carol] }',
  });
  opened.push(room);
  room.happens({ action: 'build-failed', detail: buildDetail });
  room.happens({ action: 'build-mended', detail: buildDetail });
  for (let life = 1; life <= 3; life += 1) {
    const child = spawn(process.execPath, [entry, room.settings.file], { stdio: ['ignore', 'pipe', 'inherit'] });
    running.add(child);
    opened.push({ close: async () => void child.kill('SIGKILL') });
    if (life < 3) await eventually(() => child.signalCode === 'SIGKILL', 60_000);
    else await eventually(() => room.engine.outbox.waiting('mail') === 0 && idsOf(all).size === 6, 60_000);
    if (life < 3) running.delete(child);
  }
  await aWhile(2_500);
  expect(kills).toBe(2);
  expect(idsOf(all).size).toBe(6);
  const extra = all.length - 6;
  expect(extra).toBeGreaterThanOrEqual(1);
  expect(extra).toBeLessThanOrEqual(2);
  const twice = all.filter((one) => all.filter((other) => idOf(other) === idOf(one)).length > 1);
  expect(new Set(twice.flatMap(({ to }) => to))).toEqual(new Set(['bob@example.com']));
  const bodies = new Map(twice.map((one) => [idOf(one), header(one.raw, 'Subject')]));
  for (const one of twice) expect(header(one.raw, 'Subject')).toBe(bodies.get(idOf(one)));
}, 180_000);

const entry = join(import.meta.dirname, '../testing/notifying-process.ts');
const idOf = ({ raw }: Received) => header(raw, 'Message-ID') ?? '';
const idsOf = (all: readonly Received[]) => new Set(all.map(idOf));
