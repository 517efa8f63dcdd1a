// A build command is code of all who can push to the repository. Under a separate account it gets the checkout and a
// home, and it has ended, with all that it started, before anything of what it made is read.

import { randomUUID } from 'node:crypto';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type AccountName, asAccount, findAccount } from '../lib/accounts.ts';
import { systemClock } from '../lib/clock.ts';
import { endGroup, inGroup, makeGroup } from '../lib/control-group.ts';
import { messageOf } from '../lib/errors.ts';
import { run } from '../lib/exec.ts';
import { refused } from './refused.ts';

type Argv = readonly [string, ...string[]];

interface BuildPlace {
  readonly home: string;
  readonly as: (argv: Argv) => Argv;
  /** @throws BlueGreenError `artifact-refused` when a process of the build does not end */
  readonly end: () => Promise<void>;
}

interface Folders {
  /** Of this fetch only. */
  readonly folder: string;
  readonly checkout: string;
}

const giveLimitMs = 60_000;

/** @throws BlueGreenError `artifact-refused` when this machine cannot keep the two accounts apart */
export async function placeOfBuild(
  account: AccountName | undefined,
  { folder, checkout }: Folders,
): Promise<BuildPlace> {
  if (account === undefined) return { home: folder, as: (argv) => argv, end: async () => {} };
  const name = `build.${randomUUID()}`;
  try {
    const builder = findAccount(account);
    const as = (argv: Argv) => inGroup(asAccount(argv, builder), group);
    const group = makeGroup(name, {});
    as(['true']);
    if (group.folders.length === 0) throw refused('there are no control groups here, by which what it starts is found');
    const home = join(folder, 'home');
    await mkdir(home);
    await chmod(folder, 0o711);
    // Before anything of the repository has run: it cannot put a link in the way.
    const argv = ['chown', '-hR', `${builder.uid}:${builder.gid}`, checkout, home] as const;
    await run({ argv, timeoutMs: giveLimitMs });
    return { home, as, end: () => endBuild(name) };
  } catch (thrown) {
    await endGroup(name, systemClock);
    throw refused(`its build cannot run as ${account.user}: ${messageOf(thrown)}`, thrown);
  }
}

async function endBuild(name: string): Promise<void> {
  const left = await endGroup(name, systemClock);
  if (left.length > 0) throw refused(`its build does not end: pid ${left.join(', pid ')}`);
}
