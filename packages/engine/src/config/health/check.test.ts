// Parts of a rule of health that do not fit together are named, with their line.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bench, edited, makeBench } from '../test-config.ts';

let bench: Bench;
beforeAll(() => {
  bench = makeBench();
});
afterAll(() => bench.remove());

const withHealth = (health: string) =>
  bench.problems(edited(['    channel', `    health: { ${health} }\n    channel`]));

describe('a rule of health', () => {
  it.each([
    [
      'ca: no-such.pem',
      'warning: services.shop.health.ca: there is no such file yet; no side can become healthy without it',
    ],
    ['type: command', 'services.shop.health.type: needs health.command: a list of a program and its arguments'],
    [
      'command: [pg_isready]',
      'warning: services.shop.health.command: is not looked at, since health.type is not command',
    ],
    [
      'type: tcp, command: [pg_isready]',
      'warning: services.shop.health.command: is not looked at, since health.type is not command',
    ],
    [
      'grpcService: shop.v1.Shop',
      'warning: services.shop.health.grpcService: is not looked at, since health.type is not grpc',
    ],
  ])('%s', (health, problem) => {
    const found = withHealth(health);
    expect(found).toHaveLength(1);
    expect(found[0]?.replace(/^\d+:\d+ /, '')).toBe(problem);
  });

  it('that is whole is said nothing of', () => {
    writeFileSync(join(bench.folder, 'ca.pem'), '');
    for (const health of [
      'scheme: https, ca: ca.pem',
      'type: command, command: [pg_isready]',
      'type: grpc, grpcService: shop.v1.Shop',
    ])
      expect(withHealth(health)).toEqual([]);
  });
});
