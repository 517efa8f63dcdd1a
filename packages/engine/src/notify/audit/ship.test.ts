// The audit log outside: real sockets, files and servers, each row in order and at least once, and heads that prove it.

import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type Collector,
  type Receiver,
  seqsOf,
  startCollector,
  startDatagrams,
  startStream,
} from '../testing/audit-receivers.ts';
import { eventually, type Newsroom, openNewsroom } from '../testing/news.ts';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

const kept = <T extends { close(): Promise<void> }>(one: T): T => {
  opened.push(one);
  return one;
};

function room(audit: string, rows = 5, environment = {}): Newsroom {
  const news = kept(openNewsroom({ notify: '{}', audit, environment }));
  // One transaction: hundreds of them would take longer than the test.
  news.store.write((tx) => {
    for (let row = 0; row < rows; row += 1)
      tx.audit({
        actor: 'engine',
        service: 'shop',
        action: 'resumed',
        sentence: 'a "sentence"] \\ with ü\nand more',
      });
  });
  return news;
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
const holds = (receiver: Pick<Receiver, 'messages'>, news: Newsroom) => () => {
  const rows = news.engine.audit.after(0, 10_000).length;
  return new Set(seqsOf(receiver.messages)).size === rows;
};

describe('syslog', () => {
  it.each([
    ['tcp', startStream],
    ['udp', startDatagrams],
  ] as const)('gets each row once over %s, as RFC 5424 has it', async (kind, start) => {
    const receiver = kept(await start());
    const news = room(`{ ship: [{ name: siem, driver: syslog, address: "${kind}://127.0.0.1:${receiver.port}" }] }`);
    news.notify();
    await eventually(holds(receiver, news));
    const [first] = news.engine.audit.after(0, 1);
    expect(receiver.messages[0]).toMatch(
      /^<109>1 \d{4}-\d\d-\d\dT[\d:.]+Z [!-~]+ bluegreen - resumed \[audit@32473 seq="1" hash="[0-9a-f]{64}" actor="engine" service="shop"\] \u{feff}\{/u,
    );
    expect(receiver.messages[0]).toContain(`"hash":"${first?.hash}"`);
    expect(seqsOf(receiver.messages)).toEqual(upTo(news.engine.audit.after(0, 100).length));
  });

  it('gets the rows over a unix socket', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'bg-s-')), 'log.sock');
    const receiver = kept(await startStream({ path }));
    const news = room(`{ ship: [{ name: local, driver: syslog, address: "unix:${path}" }] }`);
    news.notify();
    await eventually(holds(receiver, news));
    await eventually(() => news.engine.audit.shipped()[0]?.seq === 5);
  });

  it('gets a batch again whose connection broke', async () => {
    const receiver = kept(await startStream({ breaks: 1 }));
    const news = room(`{ ship: [{ name: siem, driver: syslog, address: "tcp://127.0.0.1:${receiver.port}" }] }`);
    news.notify();
    await eventually(holds(receiver, news));
    expect(seqsOf(receiver.messages)).toEqual(upTo(5));
  });

  it('that does not listen is named in verify, and gets everything when it does', async () => {
    const gone = await startStream();
    await gone.close();
    const news = room(`{ ship: [{ name: siem, driver: syslog, address: "tcp://127.0.0.1:${gone.port}" }] }`);
    news.notify();
    await eventually(() => news.engine.audit.shipped()[0]?.problem !== undefined);
    expect(news.engine.audit.shipped()).toMatchObject([
      { name: 'siem', seq: 0, problem: expect.stringContaining('ECONNREFUSED') },
    ]);
  });
});

describe('a collector', () => {
  const at = ({ port }: Collector) => `name: it, driver: http, url: "http://127.0.0.1:${port}/rows"`;

  it('gets what it refused again, in order, with its token, which is written nowhere', async () => {
    const collector = kept(await startCollector((_, count) => (count <= 2 ? 503 : 200)));
    const news = room(`{ ship: [{ ${at(collector)}, token: "\${TOKEN}" }] }`, 450, { TOKEN: 'correct-horse-battery' });
    news.notify();
    await eventually(holds(collector, news));
    expect(seqsOf(collector.messages)).toEqual(upTo(450));
    await eventually(() => news.engine.audit.shipped()[0]?.seq === 450);
    expect(news.engine.audit.shipped()).toEqual([{ name: 'it', seq: 450, problem: undefined, since: undefined }]);
    expect(collector.batches.every(({ rows }) => rows <= 200)).toBe(true);
    expect(collector.batches[0]?.headers).toMatchObject({
      authorization: 'Bearer correct-horse-battery',
      'content-type': 'application/x-ndjson',
    });
    expect(new Set(collector.batches.slice(0, 3).map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
    expect(JSON.stringify(news.engine.audit.after(0, 1_000))).not.toContain('correct-horse');
  });

  it('that finds a batch too large gets smaller ones, and a single row without its detail', async () => {
    const collector = kept(
      await startCollector((lines) => (lines.some((line) => line.length > 3_000) || lines.length > 2 ? 413 : 200)),
    );
    const news = room(`{ ship: [{ ${at(collector)} }] }`, 3);
    const detail = { slot: 'blue', role: 'active', version: 'v2.1', lastLog: ['x'.repeat(5_000)] } as const;
    news.happens({ action: 'crashed', code: 'active', detail });
    news.notify();
    await eventually(holds(collector, news), 60_000);
    expect(collector.messages.find((line) => line.includes('"crashed"'))).toContain('"detail":{"cut":true}');
  });
});

describe('a file', () => {
  it('gets whole lines, also behind the half of one', async () => {
    const news = room('{ ship: [{ name: copy, driver: file, path: copy.jsonl }] }', 3);
    const path = join(news.folder, 'copy.jsonl');
    writeFileSync(path, '{"seq":1,"sen');
    news.notify();
    await eventually(() => readFileSync(path, 'utf8').split('\n').length === 5);
    expect(seqsOf(readFileSync(path, 'utf8').trim().split('\n').slice(1))).toEqual([1, 2, 3]);
  });

  it('elsewhere gets the head at the end of each deployment and once a day, and proves the log', async () => {
    const news = room('{ headsFile: heads.txt }', 2);
    const path = join(news.folder, 'heads.txt');
    news.notify();
    news.ends({ id: 'd_1', outcome: 'promoted' });
    news.happens({ action: 'resumed' });
    news.ends({ id: 'd_2', outcome: 'failed' });
    await eventually(() => news.engine.audit.shipped()[0]?.seq === 5);
    const heads = readFileSync(path, 'utf8').trim().split('\n');
    const rows = news.engine.audit.after(0, 10);
    const hashOf = (seq: number) => `${seq}:${rows[seq - 1]?.hash}`;
    expect(heads.map((line) => line.split(' ').slice(1).join(' '))).toEqual([
      hashOf(1),
      `${hashOf(3)} d_1`,
      `${hashOf(5)} d_2`,
    ]);
    expect(news.engine.audit.verify()).toMatchObject({ intact: true, published: { seq: 5, place: path } });
    news.clock.advance(86_400_000);
    news.happens({ action: 'paused' });
    await eventually(() => readFileSync(path, 'utf8').includes(' 6:'));
    // The owner of the state file can rewrite all of it, and the heads in it: the external ones remain.
    const written = heads.map((line) => ({
      seq: Number(/ (\d+):/.exec(line)?.[1]),
      hash: /:([0-9a-f]{64})/.exec(line)?.[1] ?? '',
    }));
    const other = kept(openNewsroom({ notify: '{}' }));
    for (let row = 0; row < 6; row += 1) other.happens({ action: 'resumed' });
    expect(other.engine.audit.verify()).toMatchObject({ intact: true });
    expect(other.engine.audit.verify(written)).toMatchObject({ intact: false, seq: 1 });
  });
});
