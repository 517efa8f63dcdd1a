// Which user a command acts for behind sudo. The chains are those that sudo 1.9 makes with and without its own terminal
// (the real sudo is in sudo.hostile.ts).

import { describe, expect, it } from 'vitest';
import { type Seen, userBehind } from './behind.ts';

const bluegreen = 998;
const alice = 1000;

/** From the command to its ancestors: real user and session of each. */
function behind(...chain: readonly (readonly [realUser: number, session: number])[]): number | undefined {
  const seen = chain.map(([realUser, session], index): Seen => ({ realUser, session, parent: index + 2 }));
  return userBehind(1, (pid) => seen[pid - 1]);
}

describe('the user behind a command of the service account', () => {
  it.each([
    [
      'called sudo without a terminal',
      [
        [bluegreen, 5],
        [alice, 5],
        [alice, 5],
        [0, 1],
      ],
    ],
    [
      'called sudo, which gave it a terminal of its own',
      [
        [bluegreen, 9],
        [alice, 9],
        [alice, 5],
        [alice, 5],
      ],
    ],
    [
      'opened a shell with sudo',
      [
        [bluegreen, 9],
        [bluegreen, 9],
        [bluegreen, 9],
        [alice, 9],
        [alice, 5],
      ],
    ],
  ] as const)('is who %s', (_, chain) => {
    expect(behind(...chain)).toBe(alice);
  });

  it.each([
    [
      'the bot is a service',
      [
        [bluegreen, 7],
        [bluegreen, 7],
        [bluegreen, 3],
        [0, 0],
      ],
    ],
    [
      'alice started the bot by hand, and its release runs the command',
      [
        [bluegreen, 7],
        [bluegreen, 7],
        [bluegreen, 5],
        [alice, 5],
      ],
    ],
    [
      'a release of an engine that is root runs it',
      [
        [1001, 7],
        [1001, 7],
        [0, 5],
        [alice, 5],
      ],
    ],
    [
      'the one who started it has ended',
      [
        [bluegreen, 7],
        [0, 1],
      ],
    ],
    [
      'root is in between',
      [
        [bluegreen, 5],
        [0, 5],
        [0, 5],
        [alice, 5],
      ],
    ],
    ['processes of others are hidden', [[bluegreen, 5]]],
    [
      'alice runs it as herself',
      [
        [alice, 5],
        [alice, 5],
        [0, 1],
      ],
    ],
  ] as const)('is not known where %s', (_, chain) => {
    expect(behind(...chain)).toBeUndefined();
  });

  it('is not looked for in a circle', () => {
    expect(userBehind(1, () => ({ realUser: bluegreen, session: 1, parent: 1 }))).toBeUndefined();
  });
});
