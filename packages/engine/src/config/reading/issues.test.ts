import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bench, edited, makeBench } from '../test-config.ts';

let bench: Bench;
beforeAll(() => {
  bench = makeBench();
});
afterAll(() => bench.remove());

const duration = 'expected a duration above zero and up to 24d, such as 500ms, 30s, 5m, 2h or 7d';
const path = 'expected a path, absolute or from the folder of this file; ~ is not expanded';
const production = 'services.shop.targets.production';
const wrongValues: readonly (readonly [what: string, from: string, to: string, problem: string])[] = [
  [
    'a port that is a word',
    '8001',
    'eighty',
    `18:25 ${production}.slots.blue.port: expected a port from 1 to 65535, found "eighty"`,
  ],
  [
    'a port out of range',
    '8001',
    '70000',
    `18:25 ${production}.slots.blue.port: expected a port from 1 to 65535, found 70000`,
  ],
  [
    'a listen address without a port',
    '8080',
    '"localhost:"',
    `21:19 ${production}.loadBalancer.listen: expected a port from 1 to 65535, or address:port such as "127.0.0.1:8080", found "localhost:"`,
  ],
  [
    'a listen port out of range',
    '8080',
    '"0.0.0.0:99999"',
    `21:19 ${production}.loadBalancer.listen: expected a port from 1 to 65535, or address:port such as "127.0.0.1:8080", found "0.0.0.0:99999"`,
  ],
  [
    'a duration without its unit',
    '    channel',
    '    smokeTotal: 60\n    channel',
    `10:17 services.shop.smokeTotal: ${duration}, found 60`,
  ],
  [
    'a duration in words',
    '    channel',
    '    smokeTotal: one minute\n    channel',
    `10:17 services.shop.smokeTotal: ${duration}, found "one minute"`,
  ],
  [
    'a zero where time must pass',
    '    channel',
    '    health: { interval: 0s }\n    channel',
    `10:25 services.shop.health.interval: ${duration}, found "0s"`,
  ],
  [
    'a duration longer than a timer holds',
    '    channel',
    '    bake: 30d\n    channel',
    '10:11 services.shop.bake: expected a duration up to 24d, such as 0s, 500ms, 30s, 5m, 2h or 7d, found "30d"',
  ],
  [
    'a size with a small letter',
    '    channel',
    '    limits: { disk: 64mb }\n    channel',
    '10:21 services.shop.limits.disk: expected a size such as 512KB, 64MB or 1GB, found "64mb"',
  ],
  [
    'a chance of nothing',
    '    channel',
    '    judge: { falseRollback: 0% }\n    channel',
    '10:29 services.shop.judge.falseRollback: expected a percentage above 0% and up to 20%, such as 1% or 0.5%, found "0%"',
  ],
  [
    'a judge that does not look at errors',
    '    channel',
    '    judge: { critical: [p50] }\n    channel',
    '10:14 services.shop.judge.critical: expected a list that has errors in it, found a list',
  ],
  [
    'a margin below which everything is worse',
    '    channel',
    '    judge: { margins: { p50: 1 } }\n    channel',
    '10:30 services.shop.judge.margins.p50: expected a factor from 1.05 to 10, such as 1.5, found 1',
  ],
  [
    'a rate without its sign',
    '    channel',
    '    judge: { maxErrorRate: 5 }\n    channel',
    '10:28 services.shop.judge.maxErrorRate: expected a percentage with its sign, such as 5% or 0.5%, found 5',
  ],
  [
    'an unknown choice',
    '    channel',
    '    afterBake: destroy\n    channel',
    '10:16 services.shop.afterBake: expected one of keep, stop, upgrade, ask, found "destroy"',
  ],
  [
    'yes in place of true',
    '    channel',
    '    approval: { fourEyes: yes }\n    channel',
    '10:27 services.shop.approval.fourEyes: expected true or false, found "yes"',
  ],
  [
    'a health path without its slash',
    '    channel',
    '    health: { path: health }\n    channel',
    '10:21 services.shop.health.path: expected a path that starts with /, such as /health, found "health"',
  ],
  [
    'an empty command',
    '[node, server.mjs]',
    '[]',
    '9:5 services.shop.command: expected a list of a program and its arguments, found an empty list',
  ],
  [
    'a command line in place of a list',
    '[node, server.mjs]',
    'node server.mjs',
    '9:14 services.shop.command: expected a list, found a text',
  ],
  [
    'a list in place of a mapping',
    '        loadBalancer:\n          listen: 8080',
    '        loadBalancer: []',
    `20:9 ${production}.loadBalancer: expected a mapping with keys such as driver, listen, sticky, preview, allow, requestTimeout, drainSpread, receiptProbes, found an empty list`,
  ],
  [
    'a trusted proxy that is no address',
    'listen: 8080',
    'listen: 8080\n          trustedProxies: [10.0.0.0/8, "proxy.example"]',
    `22:40 ${production}.loadBalancer.trustedProxies[1]: expected an address or a network, such as 10.0.0.7, 10.0.0.0/8 or fd00::/8, found "proxy.example"`,
  ],
  [
    'a trusted proxy that is no network',
    'listen: 8080',
    'listen: 8080\n          trustedProxies: [10.0.0.0/8, "10.0.0.0/33"]',
    `22:40 ${production}.loadBalancer.trustedProxies[1]: expected an address or a network, such as 10.0.0.7, 10.0.0.0/8 or fd00::/8, found "10.0.0.0/33"`,
  ],
  [
    'a trusted proxy that is half an address',
    'listen: 8080',
    'listen: 8080\n          trustedProxies: [10.0.0.0/8, "10.0.0"]',
    `22:40 ${production}.loadBalancer.trustedProxies[1]: expected an address or a network, such as 10.0.0.7, 10.0.0.0/8 or fd00::/8, found "10.0.0"`,
  ],
  ['a key without a value', 'state: state', 'state:', `1:7 state: ${path}, found an empty value`],
  ['a home folder that nothing expands', 'state: state', 'state: ~/state', `1:8 state: ${path}, found "~/state"`],
  ['a missing key', 'state: state\n', '', `1:1 state: is missing; ${path}`],
  [
    'a missing slot',
    '          green: { port: 8002 }\n',
    '',
    `17:9 ${production}.slots.green: is missing; expected a mapping with port, instances, maxInstances, ports, envFiles, user, group`,
  ],
  [
    'a number for a variable that is not text',
    '    channel',
    '    env: { LIST: [1] }\n    channel',
    '10:12 services.shop.env.LIST: expected a text, a number, true or false, found a list',
  ],
  [
    'a canary of everybody',
    '    channel',
    '    canary: [{ percent: 100, watch: 1s }]\n    channel',
    '10:25 services.shop.canary[0].percent: expected a whole percentage from 1 to 99, found 100',
  ],
  [
    'a short preview token',
    'listen: 8080',
    'listen: 8080\n          preview: { token: "123456789012345" }',
    `22:29 ${production}.loadBalancer.preview.token: expected a token of 16 to 256 letters, digits and ._~+/=-, found a text`,
  ],
];

describe('a value that does not fit is named with its place, what was expected and what was found', () => {
  it.each(wrongValues)('%s', (_what, from, to, problem) => {
    expect(bench.problems(edited([from, to]))).toEqual([problem]);
  });
});

const unknownKeys: readonly (readonly [what: string, from: string, to: string, problem: string])[] = [
  ['at the top', 'approvers:', 'aprovers:', '5:1 aprovers: "aprovers" is not a known key; did you mean "approvers"?'],
  [
    'in a service',
    '    channel',
    '    smoketests: []\n    channel',
    '10:5 services.shop.smoketests: "smoketests" is not a known key; did you mean "smokeTests"?',
  ],
  [
    'with other separators',
    '    channel',
    '    failed-side: {}\n    channel',
    '10:5 services.shop.failed-side: "failed-side" is not a known key; did you mean "failedSide"?',
  ],
  [
    'in a list',
    'slack: U0CAROL',
    'slack: U0CAROL, emial: c@example.com',
    '4:34 people[1].emial: "emial" is not a known key; did you mean "email"?',
  ],
  [
    'near nothing',
    'listen: 8080',
    'listen: 8080\n          xyzzy: 1',
    `22:11 ${production}.loadBalancer.xyzzy: "xyzzy" is not a known key; known here: driver, listen, sticky, preview, allow, requestTimeout, drainSpread, receiptProbes, accessLog, trustedProxies, maxHeaderBytes, healthPath`,
  ],
  [
    'a merge key',
    '        loadBalancer:',
    '        <<: { a: 1 }\n        loadBalancer:',
    `20:9 ${production}["<<"]: merge keys (<<) are not read; what a service says holds for all its targets`,
  ],
  [
    '__proto__',
    '    channel',
    '    __proto__: { command: [rm] }\n    channel',
    '10:5 services.shop.__proto__: this key is not allowed anywhere',
  ],
];

describe('an unknown key is an error that names the nearest known one', () => {
  it.each(unknownKeys)('%s', (_what, from, to, problem) => {
    expect(bench.problems(edited([from, to]))).toContain(problem);
  });

  it('a name of the language, such as constructor, is a name like any other', () => {
    const text = edited(['  shop:', '  constructor:']);
    expect(bench.problems(text)).toEqual([]);
    expect(bench.check(text).settings?.targets[0]?.service).toBe('constructor');
  });
});
