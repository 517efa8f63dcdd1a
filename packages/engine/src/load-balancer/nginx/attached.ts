// The user's own nginx: it includes one file of the engine. The commands for check and reload are the user's too.

import { rmSync } from 'node:fs';
import { BlueGreenError, messageOf } from '../../lib/errors.ts';
import { run } from '../../lib/exec.ts';
import { readFileIfAny, writeFileAtomic } from '../../lib/files.ts';
import { keepRefused, type NginxNode, refusedText } from './node.ts';
import type { AttachedNginx } from './settings.ts';

const commandLimitMs = 30_000;
const environment = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };

export function createAttachedNode(settings: AttachedNginx): NginxNode {
  const command = (argv: AttachedNginx['check']) => run({ argv, env: environment, timeoutMs: commandLimitMs });
  const { include, reopen } = settings;
  return {
    config: include,
    replaceConfig: (text) => replaceIncluded(include, text, () => command(settings.check)),
    test: (text) => testIncluded(include, text, () => command(settings.check)),
    start: async () => {
      // The user starts this nginx. A reload includes our file where nginx runs already and has not read it yet.
      try {
        await command(settings.reload);
      } catch (thrown) {
        throw new BlueGreenError(
          'balancer-unreachable',
          `nginx does not run, or does not include ${include}: ${messageOf(thrown)}`,
          {},
          thrown,
        );
      }
    },
    reload: async () => void (await command(settings.reload)),
    reopenLog: reopen && (async () => void (await command(reopen))),
    whole: () => true,
    stop: async () => {},
  };
}

/** As below, but the earlier file is always restored afterwards, whatever nginx answers. */
async function testIncluded(include: string, text: string, check: () => Promise<unknown>): Promise<void> {
  const before = readFileIfAny(include);
  writeFileAtomic(include, text, 0o600);
  try {
    await check();
  } catch (thrown) {
    throw refusedText(thrown);
  } finally {
    putBack(include, before);
  }
}

function putBack(include: string, before: string | undefined): void {
  if (before === undefined) rmSync(include, { force: true });
  else writeFileAtomic(include, before, 0o600);
}

/** The whole configuration can only be checked with our file in its place; the earlier one replaces a refused one. */
async function replaceIncluded(include: string, text: string, check: () => Promise<unknown>): Promise<void> {
  const before = readFileIfAny(include);
  writeFileAtomic(include, text, 0o600);
  try {
    await check();
  } catch (thrown) {
    putBack(include, before);
    throw keepRefused(include, text, thrown);
  }
}
