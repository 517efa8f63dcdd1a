// Users of the shop, in a process of their own: each asks again as soon as it has its answer, over a connection that is
// kept, and notes which release answered and when. Times are of the machine's monotonic clock, which all processes share.

import { Agent, request } from 'node:http';

const [port = 0, users = 0, limitMs = 0] = process.argv.slice(2).map(Number);
/** Several hundred requests a second in all: the machine must not be full of users. */
const paceMs = 20;

const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6;

interface Seen {
  /** By version: when its first and its last answer since the last look came. */
  readonly versions: Record<string, { first: number; last: number }>;
  sent: number;
  lost: number;
}

const fresh = (): Seen => ({ versions: {}, sent: 0, lost: 0 });
let seen = fresh();
const agent = new Agent({ keepAlive: true, maxSockets: users });

function ask(): Promise<string | undefined> {
  return new Promise((resolve) => {
    const outgoing = request({ host: '127.0.0.1', port, path: '/health', agent, timeout: limitMs }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.once('error', () => resolve(undefined));
      answer.once('end', () => resolve(versionIn(answer.statusCode, Buffer.concat(chunks).toString('utf8'))));
    });
    outgoing.once('timeout', () => outgoing.destroy(new Error('no answer')));
    outgoing.once('error', () => resolve(undefined));
    outgoing.end();
  });
}

function versionIn(status: number | undefined, body: string): string | undefined {
  if (status !== 200) return undefined;
  const { version } = JSON.parse(body) as { readonly version?: string };
  return version;
}

async function user(): Promise<void> {
  for (;;) {
    const version = await ask();
    const at = nowMs();
    seen.sent += 1;
    if (version === undefined) seen.lost += 1;
    else {
      seen.versions[version] ??= { first: at, last: at };
      seen.versions[version].last = at;
    }
    await new Promise((resolve) => setTimeout(resolve, paceMs));
  }
}

process.on('message', () => {
  process.send?.(seen);
  seen = fresh();
});
process.once('disconnect', () => process.exit(0));
for (let each = 0; each < users; each += 1) void user();
process.send?.('ready');
