import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bench, edited, makeBench, smallConfig } from '../test-config.ts';

let bench: Bench;
beforeAll(() => {
  bench = makeBench();
});
afterAll(() => bench.remove());

const roles = (text: string) => edited(['        slots:', `        processRoles: ${text}\n        slots:`]);
const settingsOf = (text: string) => {
  const { settings, problems } = bench.check(text);
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  return settings!;
};
const at = 'services.shop.targets.production.processRoles';

describe('process roles', () => {
  it('have defaults that never run two of them', () => {
    expect(settingsOf(roles('{ worker: { command: [node, worker.ts] } }')).targets[0]?.processRoles).toEqual([
      {
        name: 'worker',
        command: ['node', 'worker.ts'],
        env: {},
        instances: 1,
        graceMs: 30_000,
        settleMs: 2_000,
        handover: 'stop-then-start',
        inPreview: false,
        check: undefined,
      },
    ]);
  });

  it('take their own grace, variables and check, and leave variables of the slot to its start', () => {
    const text = roles(
      `{ worker: { command: [node, "\${ENVIRONMENT_COLOR}.ts"], env: { QUEUE: "\${COLOUR_OF_QUEUE}" }, instances: 3, stop: { grace: 2h }, handover: overlap, inPreview: true, check: { path: /up, ports: { blue: 9101, green: 9201 }, startup: 5s } } }`,
    );
    const [role] = settingsOf(text).targets[0]?.processRoles ?? [];
    expect(role).toMatchObject({
      command: ['node', '${ENVIRONMENT_COLOR}.ts'],
      env: { QUEUE: '${COLOUR_OF_QUEUE}' },
      graceMs: 7_200_000,
      check: {
        ports: { blue: 9101, green: 9201 },
        rule: { type: 'http', path: '/up', startupMs: 5_000, check: 'status-code' },
      },
    });
  });

  it('change the digest where there are some, also none of a mapping, and only there', () => {
    const { digest, targets } = settingsOf(smallConfig);
    expect(targets[0]).not.toHaveProperty('processRoles');
    expect(settingsOf(roles('{}')).digest).not.toBe(digest);
    expect(settingsOf(roles('{ worker: { command: [node] } }')).digest).not.toBe(settingsOf(roles('{}')).digest);
  });

  it.each([
    ['no command', '{ worker: {} }', `${at}.worker: has no command`],
    ['what serves users', '{ web: { command: [node] } }', `${at}.web: is what serves users`],
    ['a bad name', '{ Worker!: { command: [node] } }', 'expected a name of 1 to 32 small letters'],
    [
      'one that would run twice',
      '{ worker: { command: [node], inPreview: true } }',
      `${at}.worker.inPreview: runs it on both sides at once; expected false, or handover: overlap`,
    ],
    ['two checks', '{ w: { command: [n], check: { command: [n], path: / } } }', 'needs either command or path'],
    ['no check in a check', '{ w: { command: [n], check: {} } }', 'needs either command or path'],
    ['a check without ports', '{ w: { command: [n], check: { path: / } } }', 'has no ports'],
    [
      'a port of the service',
      '{ w: { command: [n], check: { path: /, ports: { blue: 8001, green: 9001 } } } }',
      `${at}.w.check.ports.blue: port 8001 is already taken by`,
    ],
    [
      'a port that another instance has',
      '{ w: { command: [n], instances: 2, check: { path: /, ports: { blue: 9001, green: 9002 } } } }',
      'port 9002 is already taken by',
    ],
    ['too many', '{ w: { command: [n], instances: 65 } }', 'expected a number of instances from 1 to 64'],
  ])('refuse %s', (_, text, problem) => {
    expect(bench.problems(roles(text)).join('\n')).toContain(problem);
  });
});
