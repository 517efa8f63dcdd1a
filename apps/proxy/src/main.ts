// The embedded load balancer's own process: `node main.ts <spec file> [<socket for further targets>]`. It outlives the
// engine that started it.

import { flushCompileCache } from 'node:module';
import { createHost, maxLogBytes } from './host.ts';
import { Refused } from './json-server.ts';
import { boundedWriter, codeOf, createLog, messageOf } from './log.ts';
import { InvalidInput } from './parse.ts';
import { drainGraceMs } from './proxy.ts';

// Socket and routing file belong to this user alone.
process.umask(0o077);

const log = createLog(boundedWriter(1, maxLogBytes));
const host = createHost(log, () => end('the last target ended'));

// One connection's accident must not take everybody's away.
process.on('uncaughtException', (error) => log.trouble('uncaught', { why: messageOf(error), stack: error.stack }));
process.on('unhandledRejection', (reason) => log.trouble('unhandled', { why: messageOf(reason) }));
process.on('SIGTERM', () => end('SIGTERM'));
process.on('SIGINT', () => end('SIGINT'));
// A terminal that closes is none of its business.
process.on('SIGHUP', () => {});

const [specFile, socket] = process.argv.slice(2);
if (specFile === undefined) fail(new InvalidInput('the path of a spec file is missing'));
else start(specFile, socket).catch(fail);

/** Whoever starts the next target finds the socket there as soon as this one is up. */
async function start(spec: string, hostSocket: string | undefined): Promise<void> {
  if (hostSocket !== undefined)
    await host.open(hostSocket).catch((thrown) => log.error('no further targets', { why: messageOf(thrown) }));
  await host.add({ spec, log: undefined });
  // For the next start, which may come after a kill: without it every process holds the compiler too.
  flushCompileCache();
}

function end(why: string): void {
  log.info('ending', { why });
  host.close(drainGraceMs).then(() => {
    log.info('ended');
    process.exit(0);
  }, fail);
}

function fail(thrown: unknown): void {
  const code = thrown instanceof Refused ? thrown.why : thrown instanceof InvalidInput ? 'invalid' : codeOf(thrown);
  log.error(messageOf(thrown), { code });
  if (host.targets() === 0) process.exit(1);
}
