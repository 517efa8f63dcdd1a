// The embedded load balancer's own process: `node main.ts <spec file> [<socket for further targets> [again]]`. It outlives
// the engine that started it. `again`: it was killed, and serves what it served before.

import { flushCompileCache } from 'node:module';
import { createHost, maxLogBytes, targetsBefore } from './host.ts';
import { Refused } from './json-server.ts';
import { boundedWriter, codeOf, createLog, messageOf } from './log.ts';
import { InvalidInput } from './parse.ts';
import { drainGraceMs } from './proxy.ts';

// Only this user may access the socket and the routing file.
process.umask(0o077);

const log = createLog(boundedWriter(1, maxLogBytes));
const host = createHost(log, () => end('the last target ended'));

// An error in one connection must not end the connections of all users.
process.on('uncaughtException', (error) => log.trouble('uncaught', { why: messageOf(error), stack: error.stack }));
process.on('unhandledRejection', (reason) => log.trouble('unhandled', { why: messageOf(reason) }));
process.on('SIGTERM', () => end('SIGTERM'));
process.on('SIGINT', () => end('SIGINT'));
// A terminal that closes does not end it.
process.on('SIGHUP', () => {});

const [specFile, socket, again] = process.argv.slice(2);
if (specFile === undefined) fail(new InvalidInput('the path of a spec file is missing'));
else if (socket !== undefined && again === 'again') startAgain(specFile, socket).catch(fail);
else start(specFile, socket).catch(fail);

/** An engine that starts the next target finds the socket there as soon as this target is up. */
async function start(spec: string, hostSocket: string | undefined): Promise<void> {
  if (hostSocket !== undefined)
    await host.open(hostSocket).catch((thrown) => log.error('no further targets', { why: messageOf(thrown) }));
  await host.add({ spec, log: undefined });
  // For the next start, which may come after a kill: without the compile cache every process holds the compiler too.
  flushCompileCache();
}

/** One target that cannot be served does not stop the others. */
async function startAgain(spec: string, hostSocket: string): Promise<void> {
  const targets = targetsBefore(hostSocket) ?? [{ spec, log: undefined }];
  if (!(await host.open(hostSocket)) || targets.length === 0) return end('nothing is left to serve');
  log.info('started again after its process was killed', { targets: targets.length });
  await Promise.all(targets.map((files) => host.add(files).catch(fail)));
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
