import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bench, edited, makeBench, smallConfig } from './test-config.ts';

let bench: Bench;
beforeAll(() => {
  bench = makeBench();
});
afterAll(() => bench.remove());

const settingsOf = (text: string) => {
  const { settings, problems } = bench.check(text);
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  return settings!;
};
const targetOf = (text: string) => settingsOf(text).targets[0]!;
const withOptions = (options: string) => edited(['    channel', `${options}\n    channel`]);
const inTarget = (options: string) => (text: string) =>
  text.replace('        slots:', () => `${options}\n        slots:`);

describe('defaults', () => {
  it('are what the documentation says', () => {
    const { command: _c, slots: _s, smokeTests: _t, releasesFolder: _r, balancer, ...rest } = targetOf(smallConfig);
    expect(balancer).toEqual({
      driver: 'embedded',
      listen: { host: '127.0.0.1', port: 8080 },
      sticky: { by: 'cookie', name: 'bg_bucket' },
      preview: undefined,
      allow: undefined,
      requestTimeoutMs: 60_000,
      drainSpreadMs: 0,
      receiptProbes: 20,
      accessLog: true,
      trustedProxies: [],
      maxHeaderBytes: 16_384,
    });
    expect(rest).toEqual({
      service: 'shop',
      target: 'production',
      recipients: {
        developers: [],
        productManagers: [],
        mail: {
          'build-broken': ['authors', 'developers'],
          'build-fixed': ['authors', 'developers'],
          'awaiting-approval': ['approvers'],
          'break-glass': ['approvers', 'productManagers'],
          live: ['requester', 'authors', 'productManagers'],
          'rolled-back': ['requester', 'authors', 'developers', 'productManagers'],
          failed: ['requester', 'authors', 'developers'],
          'side-restored': ['requester', 'developers'],
          halted: ['requester', 'authors', 'approvers', 'developers'],
        },
      },
      isDefault: true,
      driver: 'process',
      database: undefined,
      artifacts: {
        hosts: [],
        folders: [],
        repositories: [],
        requireDigest: true,
        signatureNamesRelease: true,
        publicKeys: [],
        strip: false,
        limits: {
          timeMs: 600_000,
          stallMs: 30_000,
          tries: 4,
          downloadBytes: 1024 ** 3,
          unpackedBytes: 4 * 1024 ** 3,
          files: 100_000,
          ratio: 100,
        },
      },
      channel: '#deploys',
      env: {},
      requiredEnv: [],
      envFormats: [],
      graceMs: 30_000,
      drainLimitMs: 30_000,
      settleMs: 300,
      minFreeDiskBytes: 256 * 1024 ** 2,
      minFreeMemoryBytes: 128 * 1024 ** 2,
      maxLogBytes: 50 * 1024 ** 2,
      health: {
        type: 'http',
        grpcService: '',
        command: undefined,
        acceptDegraded: false,
        path: '/health',
        scheme: 'http',
        tls: { ca: undefined, insecure: false },
        headers: {},
        statuses: [[200, 299]],
        intervalMs: 5000,
        timeoutMs: 2000,
        failures: 3,
        successes: 2,
        startupMs: 60_000,
        check: 'fields',
        fields: {
          status: 'status',
          okValues: ['healthy', 'ok'],
          degradedValues: ['degraded'],
          dependencies: [],
          environment: 'environment',
          version: 'version',
          databaseConnected: 'database_connected',
        },
      },
      guard: {
        unresponsive: 'rollback',
        unhealthy: 'rollback',
        crashLoop: 'rollback',
        crashes: 3,
        atMost: 2,
        withinMs: 3_600_000,
      },
      smokeTotalMs: 60_000,
      canary: [
        { percent: 10, watchMs: 60_000, approval: false },
        { percent: 10, watchMs: undefined, approval: true },
        { percent: 50, watchMs: 60_000, approval: false },
      ],
      judge: {
        minRequests: 50,
        maxErrorRate: 0.05,
        patienceMs: 300_000,
        atEnd: 'ask',
        mode: 'manual',
        falseRollback: 0.01,
        leastMs: 60_000,
      },
      approval: {
        beforeTraffic: false,
        afterPromotion: false,
        approvers: ['bob', 'carol'],
        count: 1,
        groups: [],
        fourEyes: true,
        deadlineMs: 3_600_000,
        onTimeout: 'abort',
        reminderMs: 900_000,
        minimumWaitMs: 0,
        breakGlass: [],
        highRisk: undefined,
      },
      roles: undefined,
      bakeMs: 120_000,
      standbyKeepMs: 86_400_000,
      afterBake: 'keep',
      // biome-ignore lint/suspicious/noThenProperty: a setting, never awaited
      failedSide: { keepMs: 1_800_000, then: 'restore' },
      suspendAfterRollback: true,
      lockReminderMs: 14_400_000,
      crash: { firstRestartMs: 1000, maxRestartMs: 60_000 },
    });
  });

  it.each([
    ['{ builds: 10 }', { builds: 10, ageMs: undefined }],
    ['{ builds: 10, age: 12h }', { builds: 10, ageMs: 43_200_000 }],
    ['{}', { builds: undefined, ageMs: 7 * 86_400_000 }],
  ])('count of the limits of staleness %s only what is set', (limits, expected) => {
    const { targets } = settingsOf(edited(['        slots:\n', `        staleness: ${limits}\n        slots:\n`]));
    expect(targets[0]?.staleness).toEqual(expected);
  });

  it('name the commands so that Slack takes them', () => {
    expect(settingsOf(smallConfig).slack.commands).toEqual({
      deploy: 'deploy',
      switch: 'switch',
      rollback: 'rollback',
      status: 'deploy-status',
    });
  });

  it('put a prefix before every command', () => {
    const text = edited(['approvers:', 'slack: { prefix: shop-, commands: { deploy: ship } }\napprovers:']);
    expect(settingsOf(text).slack.commands).toEqual({
      deploy: 'shop-ship',
      switch: 'shop-switch',
      rollback: 'shop-rollback',
      status: 'shop-status',
    });
  });
});

describe('what a target says about what its service says', () => {
  it('mappings are merged key by key', () => {
    const text = inTarget('        env: { B: two }\n        health: { path: /alive }')(
      withOptions('    env: { A: one, B: one }\n    health: { interval: 9s }'),
    );
    const { env, health } = targetOf(text);
    expect(env).toEqual({ A: 'one', B: 'two' });
    expect(health).toMatchObject({ path: '/alive', intervalMs: 9000, timeoutMs: 2000 });
  });

  it('lists replace', () => {
    const text = inTarget(
      '        canary: [{ percent: 5, watch: 1m, approval: true }]\n        approval: { approvers: [carol, bob] }',
    )(withOptions('    canary: [{ percent: 20, watch: 1m }]'));
    const { canary, approval } = targetOf(text);
    expect(canary).toEqual([{ percent: 5, watchMs: 60_000, approval: true }]);
    expect(approval.approvers).toEqual(['carol', 'bob']);
  });

  it('paths start at the folder of the file, and env files of a slot come after those of the target', () => {
    const text = withOptions('    envFiles: [all.env, /etc/shop.env]').replace(
      '{ port: 8001 }',
      '{ port: 8001, envFiles: [blue.env] }',
    );
    const { slots, releasesFolder } = targetOf(text);
    expect(releasesFolder).toBe(join(bench.folder, 'releases'));
    expect(slots.blue.envFiles).toEqual([
      join(bench.folder, 'all.env'),
      '/etc/shop.env',
      join(bench.folder, 'blue.env'),
    ]);
    expect(slots.green.envFiles).toEqual([join(bench.folder, 'all.env'), '/etc/shop.env']);
  });

  it('named health fields are all that is checked', () => {
    expect(targetOf(withOptions('    health: { fields: { version: app.version } }')).health.fields).toEqual({
      status: undefined,
      okValues: ['healthy', 'ok'],
      degradedValues: ['degraded'],
      dependencies: [],
      environment: undefined,
      version: 'app.version',
      databaseConnected: undefined,
    });
  });

  it('health is asked as its rule says', () => {
    const rule =
      '{ scheme: https, ca: ca.pem, headers: { Host: shop.example.com, X-Count: 2 }, statuses: [204, 300-302] }';
    expect(targetOf(withOptions(`    health: ${rule}`)).health).toMatchObject({
      scheme: 'https',
      tls: { ca: join(bench.folder, 'ca.pem'), insecure: false },
      headers: { Host: 'shop.example.com', 'X-Count': '2' },
      statuses: [
        [204, 204],
        [300, 302],
      ],
    });
  });

  it('a user returns to an instance where the file says so', () => {
    const balancer = edited(['listen: 8080', 'listen: 8080\n          sticky: { instance: true }']);
    expect(targetOf(balancer).balancer.sticky).toEqual({ by: 'cookie', name: 'bg_bucket', instance: true });
    const without = edited(['listen: 8080', 'listen: 8080\n          sticky: { instance: false }']);
    expect(settingsOf(without).digest).toBe(settingsOf(smallConfig).digest);
  });

  it('a required variable may have a format', () => {
    const listed = '[KEY, { name: DATABASE_URL, format: url, reachable: true }, { name: SIZE, format: integer }]';
    expect(targetOf(withOptions(`    requiredEnv: ${listed}`))).toMatchObject({
      requiredEnv: ['KEY', 'DATABASE_URL', 'SIZE'],
      envFormats: [
        { name: 'DATABASE_URL', format: 'url', reachable: true },
        { name: 'SIZE', format: 'integer', reachable: false },
      ],
    });
  });

  it('a standby may wait for the next deployment', () => {
    expect(targetOf(withOptions('    standby: { keep: until-next-deployment }')).standbyKeepMs).toBeUndefined();
  });

  it('a body that is a mapping is sent as JSON, a text as it is', () => {
    const tests = targetOf(
      withOptions('')
        .replace('{ name: one, path: / }', '{ name: one, path: /, method: POST, body: { a: [1] } }')
        .replace('{ name: two, path: / }', '{ name: two, path: /, body: "a=1", headers: { x-n: 1 } }'),
    ).smokeTests;
    expect(tests[0]).toMatchObject({ body: '{"a":[1]}', headers: { 'content-type': 'application/json' } });
    expect(tests[1]).toMatchObject({ body: 'a=1', headers: { 'x-n': '1' } });
  });
});

describe('the digest', () => {
  const digestOf = (text: string) => settingsOf(text).digest;

  it('is sha256, and the same for the same settings in another order or spelling', () => {
    expect(digestOf(smallConfig)).toMatch(/^[0-9a-f]{64}$/);
    expect(digestOf(edited(['        slots:\n', '        bake: 120s\n        slots:\n']))).toBe(digestOf(smallConfig));
    expect(
      digestOf(
        edited([
          'releases: releases\n    command: [node, server.mjs]',
          'command: [node, server.mjs]\n    releases: releases',
        ]),
      ),
    ).toBe(digestOf(smallConfig));
  });

  it('is that of the version before, so that an update makes no pending approval stale', () => {
    const file = `state: /var/lib/bluegreen
people: [{ id: bob, slack: U0BOB }]
approvers: [bob]
services:
  shop:
    releases: /srv/releases/shop
    command: [node, server.mjs]
    channel: "#deploys"
    targets:
      production:
        slots: { blue: { port: 8001 }, green: { port: 8002 } }
        loadBalancer: { listen: "127.0.0.1:8080" }
`;
    expect(digestOf(file)).toBe('2af0cc38c5a712345bdf2397765caa29811a51ee540f2b32e87afe7d50cff0c3');
  });

  it.each([
    ['port', '8001', '8003'],
    ['command', 'server.mjs', 'other.mjs'],
    ['listen address', '8080', '"0.0.0.0:8080"'],
    ['path of a smoke test', 'name: one, path: /', 'name: one, path: /x'],
    ['judge', '        slots:\n', '        judge: { mode: automatic }\n        slots:\n'],
    ['end of a canary', '        slots:\n', '        judge: { atEnd: abort }\n        slots:\n'],
    ['approvers', 'approvers: [bob, carol]', 'approvers: [bob, carol, "group:S0OPS"]'],
  ])('is another for another %s', (_what, from, to) => {
    expect(digestOf(edited([from, to]))).not.toBe(digestOf(smallConfig));
  });

  it.each(['margins: { p99: 2 }', 'critical: [errors, p50]'])('is another for other %s, where they decide', (more) => {
    const judged = (text: string) =>
      digestOf(edited(['        slots:\n', `        judge: { ${text} }\n        slots:\n`]));
    expect(judged(`mode: automatic, ${more}`)).not.toBe(judged('mode: automatic'));
  });

  it.each([
    ['channel', '#deploys', '#elsewhere'],
    ['reminder', '        slots:\n', '        staleness: { builds: 10 }\n        slots:\n'],
    ['advice', '        slots:\n', '        judge: { falseRollback: 2%, least: 5m }\n        slots:\n'],
    ['margin that decides nothing', '        slots:\n', '        judge: { margins: { p99: 2 } }\n        slots:\n'],
    ['name of a person', 'slack: U0BOB', 'slack: U0BOB, name: Bobby'],
    ['word of a command', 'approvers:', 'slack: { prefix: shop- }\napprovers:'],
  ])('does not care about another %s', (_what, from, to) => {
    expect(digestOf(edited([from, to]))).toBe(digestOf(smallConfig));
  });
});
