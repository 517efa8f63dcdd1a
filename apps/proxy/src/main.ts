// The embedded load balancer's own process: `node main.ts <spec file>`. It outlives the engine that started it.

import { Refused } from './control.ts';
import { boundedWriter, codeOf, createLog, messageOf } from './log.ts';
import { InvalidInput } from './parse.ts';
import { drainGraceMs, type RunningProxy, startProxy } from './proxy.ts';

// Socket and routing file belong to this user alone.
process.umask(0o077);

const log = createLog(boundedWriter(1, 16 << 20));
let proxy: RunningProxy | undefined;

// One connection's accident must not take everybody's away.
process.on('uncaughtException', (error) => log.trouble('uncaught', { why: messageOf(error), stack: error.stack }));
process.on('unhandledRejection', (reason) => log.trouble('unhandled', { why: messageOf(reason) }));
process.on('SIGTERM', () => end('SIGTERM'));
process.on('SIGINT', () => end('SIGINT'));
// A terminal that closes is none of its business.
process.on('SIGHUP', () => {});

const [specFile] = process.argv.slice(2);
if (specFile === undefined) fail(new InvalidInput('the path of a spec file is missing'));
else start(specFile);

function start(path: string): void {
  startProxy(path, log, () => end('shutdown')).then((started) => {
    proxy = started;
  }, fail);
}

function end(why: string): void {
  log.info('ending', { why });
  Promise.resolve(proxy?.close(drainGraceMs)).then(
    () => {
      log.info('ended');
      process.exit(0);
    },
    (thrown) => fail(thrown),
  );
}

function fail(thrown: unknown): void {
  const code = thrown instanceof Refused ? thrown.why : thrown instanceof InvalidInput ? 'invalid' : codeOf(thrown);
  log.error(messageOf(thrown), { code });
  process.exit(1);
}
