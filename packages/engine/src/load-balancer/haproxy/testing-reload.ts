// The reload command of the tests' user: starts both HAProxies, or hands the sockets of running ones to new ones. With a
// name as last argument, only that one.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawnDetached } from '../../lib/spawn-detached.ts';
import { recall, remember } from './process.ts';
import { nodeRecord } from './testing.ts';

const [, , folder = '', port = '', otherPort = '', only] = process.argv;
const ours = join(folder, 'etc', 'bluegreen.cfg');
const copy = join(folder, 'copy-of-b.cfg');
writeFileSync(copy, readFileSync(ours, 'utf8').replace(`:${port}\n`, `:${otherPort}\n`));

for (const [name, file] of [
  ['a', ours],
  ['b', copy],
] as const) {
  if (only !== undefined && only !== name) continue;
  const old = recall(nodeRecord(folder, name));
  const handOver = old ? ['-sf', String(old.pid), '-x', join(folder, `${name}.sock`)] : [];
  const { pid } = await spawnDetached({
    argv: ['/usr/sbin/haproxy', '-db', '-f', join(folder, `${name}.cfg`), '-f', file, ...handOver],
    cwd: folder,
    env: {},
    logFile: join(folder, `${name}.log`),
  });
  remember(nodeRecord(folder, name), pid);
}
