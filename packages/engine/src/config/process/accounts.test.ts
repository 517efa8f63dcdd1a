// The accounts that slots run as, from the file to the settings, and the messages about them.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Bench, edited, makeBench } from '../test-config.ts';
import { accountNote, accountSentence } from './notes.ts';

let bench: Bench;
beforeEach(() => {
  bench = makeBench();
});
afterEach(() => bench.remove());

const command = '    command: [node, server.mjs]\n';
const withService = (lines: string, ...more: readonly (readonly [string, string])[]): string =>
  edited([command, `${command}${lines}`], ...more);
const settingsOf = (text: string) => {
  const { settings, problems } = bench.check(text);
  if (!settings) throw new Error(JSON.stringify(problems));
  return settings;
};
const slotsOf = (text: string) => settingsOf(text).targets[0]?.slots;

describe('the account of a slot', () => {
  it('is that of the engine unless it is said, and the check and the plan say what that means', () => {
    const settings = settingsOf(edited());
    expect(settings.targets[0]?.slots.blue).not.toHaveProperty('account');
    expect(accountNote(settings)).toMatch(/^a release of shop runs under the account of the engine.*approve itself/);
    expect(accountSentence({})).toContain('approve itself');
  });

  it('is that of the service, and of the slot where the slot says one', () => {
    const text = withService('    user: nobody\n    group: daemon\n', [
      '{ port: 8001 }',
      '{ port: 8001, user: daemon }',
    ]);
    const slots = slotsOf(text);
    expect(slots?.blue.account).toEqual({ user: 'daemon', group: undefined });
    expect(slots?.green.account).toEqual({ user: 'nobody', group: 'daemon' });
    expect(accountNote(settingsOf(text))).toBeUndefined();
    expect(accountSentence(slots?.green ?? {})).toBe('as nobody, group daemon');
    expect(bench.problems(text)).toEqual([]);
  });

  it('needs an engine that is root for what the helper does not do, which the check says in one sentence', () => {
    const text = withService(
      '    user: nobody\n    group: daemon\n    health: { type: command, command: [/bin/true] }\n    artifacts: { build: { user: daemon } }\n',
    );
    expect(accountNote(settingsOf(text), true)).toBeUndefined();
    expect(accountNote(settingsOf(text), false)).toBe(
      'this account is not root: for shop, builds under `artifacts.build.user` need an engine that is root, since the helper (docs/accounts.md) does not run them',
    );
    expect(accountNote(settingsOf(edited()), false)).not.toContain('root');
  });

  it('has a quota in bytes, processes and cores', () => {
    const text = withService('    quota: { memory: 64MB, cpu: 0.5 }\n');
    expect(settingsOf(text).targets[0]?.quota).toEqual({ memoryBytes: 64 * 1024 ** 2, pids: undefined, cpus: 0.5 });
  });

  it.each([
    ['    user: root\n', /services\.shop\.user: is root; expected an account of its own/],
    ['    user: "0"\n', /services\.shop\.user: is root/],
    ['    group: daemon\n', /services\.shop\.group: is a group without a user/],
    [
      '    user: no-such-account\n',
      /services\.shop\.user: there is no account no-such-account .*cannot start without it/,
    ],
    ['    user: "--init-groups"\n', /services\.shop\.user: expected the name or number of an account/],
    ['    quota: { pids: 0 }\n', /services\.shop\.quota\.pids: expected a number of processes/],
    ['    quota: { cpu: 0 }\n', /services\.shop\.quota\.cpu: expected a number of cores/],
    ['    quota: { ram: 1GB }\n', /services\.shop\.quota\.ram/],
  ])('%j is a problem', (lines, problem) => {
    expect(bench.problems(withService(lines))).toEqual([expect.stringMatching(problem)]);
  });

  it('of two services warns that each can read the secrets of the other', () => {
    const shop = edited([command, `${command}    user: nobody\n`]);
    const api = shop
      .slice(shop.indexOf('  shop:'))
      .replace('  shop:', '  api:')
      .replace('8001', '8003')
      .replace('8002', '8004')
      .replace('8080', '8081');
    expect(bench.problems(`${shop}${api}`)).toEqual([
      expect.stringMatching(/services\.api\.user: is the account of shop too, so that each can read the secrets/),
    ]);
  });
});
