import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Bench, edited, makeBench } from '../test-config.ts';
import { auditSecrets } from './audit.ts';

let bench: Bench;
beforeEach(() => {
  bench = makeBench();
});
afterEach(() => bench.remove());

const withAudit = (audit: string) => edited(['approvers: [bob, carol]', `approvers: [bob, carol]\naudit: ${audit}`]);

it('names each destination as its driver needs it, and leaves a missing token to others', () => {
  const text = withAudit(
    `{ headsFile: heads.txt, ship: [{ name: a, driver: syslog, address: "tls://[::1]:6514" }, { name: b, driver: syslog, address: "unix:/dev/log" }, { name: c, driver: http, url: "https://logs.example.com/a", token: "\${AUDIT_TOKEN}" }, { name: d, driver: file, path: /mnt/a.jsonl }] }`,
  );
  const { settings, problems } = bench.check(text, { AUDIT_TOKEN: 'correct-horse' });
  expect(settings?.audit.ship).toEqual([
    { name: 'a', driver: 'syslog', address: { kind: 'tls', host: '::1', port: 6514 } },
    { name: 'b', driver: 'syslog', address: { kind: 'unix', path: '/dev/log' } },
    { name: 'c', driver: 'http', url: 'https://logs.example.com/a', token: { value: 'correct-horse' } },
    { name: 'd', driver: 'file', path: '/mnt/a.jsonl' },
  ]);
  expect(settings?.audit.headsFile).toBe(`${bench.folder}/heads.txt`);
  expect(settings && auditSecrets(settings.audit)).toEqual(['correct-horse']);
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  const without = bench.check(text, {}).settings?.audit.ship[2];
  expect(without).toMatchObject({ token: { value: undefined } });
});

it.each([
  ['{ name: a, driver: syslog }', 'audit.ship[0].address: is missing'],
  ['{ name: a, driver: http, url: "https://x.example", path: /x }', 'audit.ship[0].path: is not for http'],
  ['{ name: a, driver: syslog, address: "logs.example.com:514" }', 'audit.ship[0].address'],
  ['{ name: a, driver: http, url: "http://x.example", token: correct-horse }', 'in the clear'],
  ['{ name: a, driver: syslog, address: "tcp://x.example:1", ca: /x }', 'is only for syslog at an address with tls'],
  ['{ name: heads, driver: file, path: /x }', 'choose another one'],
  ['{ name: a, driver: file, path: /x }, { name: a, driver: file, path: /y }', 'has the same name already'],
  ['{ name: a, driver: file, path: state/x }', 'an account that can change the log there'],
])('refuses or warns of %s', (given, expected) => {
  const { problems } = bench.check(withAudit(`{ ship: [${given}] }`));
  expect(
    problems
      .map((each) => JSON.stringify(each))
      .join('\n')
      .replaceAll('"', ''),
  ).toContain(expected.split(': ').at(-1));
});
