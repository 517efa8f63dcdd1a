// The person behind a program that sudo has started, as the kernel knows it: sudo keeps the real user of the person who
// called it. No variable is asked, since the account that the program runs as can set each of them.

import { readFileSync } from 'node:fs';

/** What /proc says of a process. */
export interface Seen {
  readonly parent: number;
  readonly session: number;
  readonly realUser: number;
}

export type Look = (pid: number) => Seen | undefined;

/** Real chains are not longer than this, and a cycle ends the search. */
const mostParents = 64;

/**
 * The user who called sudo (or su) to become the account that runs this; undefined when there is none or none is known.
 * A process of this account counts as a link only within the session of this one. What the bot started has another one
 * and never gets the name of the person who once started a bot by hand. Root can be any user: the search ends there.
 */
export function userBehind(pid: number, look: Look = lookInProc): number | undefined {
  const self = look(pid);
  let now = self;
  for (let count = 0; count < mostParents && self && now; count += 1) {
    const parent: Seen | undefined = look(now.parent);
    if (parent?.realUser !== self.realUser) return parent?.realUser === 0 ? undefined : parent?.realUser;
    if (parent.session !== self.session) return undefined;
    now = parent;
  }
  return undefined;
}

function lookInProc(pid: number): Seen | undefined {
  const status = read(`/proc/${pid}/status`);
  const stat = read(`/proc/${pid}/stat`);
  const [, parent] = /^PPid:\s+(\d+)$/m.exec(status) ?? [];
  const [, realUser] = /^Uid:\s+(\d+)\s/m.exec(status) ?? [];
  // The program's name is in brackets and may contain brackets: state, parent, group and session follow the last one.
  const session = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3];
  if (parent === undefined || realUser === undefined || session === undefined) return undefined;
  return { parent: Number(parent), session: Number(session), realUser: Number(realUser) };
}

/** As this machine's own file has it. */
export function nameOfUser(user: number): string | undefined {
  return read('/etc/passwd')
    .split('\n')
    .map((line) => line.split(':'))
    .find(([name, , id]) => name !== '' && id === String(user))?.[0];
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
