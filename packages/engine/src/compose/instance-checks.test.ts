import { expect, test } from 'vitest';
import { defaultHealth, resolveHealth } from '../config/health/health.ts';
import { instanceChecks } from './instance-checks.ts';

const rule = resolveHealth({ ...defaultHealth, path: '/ready', headers: { 'x-key': 'k' } }, (path) => path);
const timing = { intervalMs: 5_000, timeoutMs: 2_000, failures: 3, successes: 2 };

test('a balancer asks for the path of the health rule, with its headers, and goes by the status alone', () => {
  const checks = { path: '/ready', headers: { 'x-key': 'k' }, statuses: [[200, 299]], ...timing };
  expect(instanceChecks(rule)).toEqual(checks);
});

test.each([{ type: 'tcp' }, { type: 'grpc' }, { type: 'command' }, { scheme: 'https' }] as const)(
  'of %o it knows only whether the instance accepts a connection',
  (other) => {
    expect(instanceChecks({ ...rule, ...other })).toEqual({ path: undefined, headers: {}, statuses: [], ...timing });
  },
);
