// The part of the contract about the inputs of a service, and about starts that are refused or fail.

import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ask, type EnvironmentFixture, type Fixture, refusalOf, talkingServer } from './contract-fixture.ts';
import type { LaunchSettings } from './environment.ts';

export function gives(fixture: Fixture): void {
  it('tells the release its colour, port and version', async () => {
    const { environment, green, release, settings } = fixture();
    await environment.start(green, release('v7'), settings);
    const expected = { ENVIRONMENT_COLOR: 'green', APPLICATION_PORT: String(green.port), APP_VERSION: 'v7', TZ: 'UTC' };
    expect((await ask(green)).env).toMatchObject(expected);
  });

  it("gives nothing of the engine's own environment", async () => {
    const { environment, blue, release, settings, givenByPlatform } = fixture();
    process.env.BLUEGREEN_TEST_SECRET_OF_THE_ENGINE = 'leaked';
    try {
      await environment.start(blue, release('v1'), settings);
      const names = Object.keys((await ask(blue)).env);
      const fixed = [
        'APPLICATION_PORT',
        'APP_VERSION',
        'BLUEGREEN_LAUNCH',
        'ENVIRONMENT_COLOR',
        'INSTANCE',
        'LANG',
        'PATH',
        'TZ',
      ];
      expect(names.filter((name) => ![...fixed, ...givenByPlatform].includes(name))).toEqual([]);
    } finally {
      delete process.env.BLUEGREEN_TEST_SECRET_OF_THE_ENGINE;
    }
  });

  it('reads env files when the slot starts: later files win, the configuration wins over files, built-ins over all', async () => {
    const { environment, blue, folder, release, settings } = fixture();
    const [common, own] = [join(folder, 'common.conf'), join(folder, 'own.conf')];
    writeFileSync(common, 'A=common\nB=common\nPASSWORD="p@ss word"\nAPP_VERSION=lie\n');
    writeFileSync(own, 'B=own\nC=own\n');
    const env = { C: 'configured', URL: `db://u:\${PASSWORD}@\${ENVIRONMENT_COLOR}`, PRICE: '$${A}' };
    await environment.start(blue, release('v1'), { ...settings, envFiles: [common, own], env });
    const expected = {
      A: 'common',
      B: 'own',
      C: 'configured',
      URL: 'db://u:p@ss word@blue',
      PRICE: `\${A}`,
      APP_VERSION: 'v1',
    };
    expect((await ask(blue)).env).toMatchObject(expected);
  });

  it('gives what an env file says, whole', async () => {
    const { environment, blue, folder, release, settings } = fixture();
    const file = join(folder, 'whole.conf');
    const lines = [
      'DATABASE_URL=postgres://app:p#ss@db.example.com/shop # production',
      String.raw`JSON_CONF="{\"a\":\"b\"}"`,
      `MAIL_FROM_NAME="\${APP_NAME}"`,
    ];
    writeFileSync(file, `\uFEFF${lines.join('\r\n')}`);
    await environment.start(blue, release('v1'), { ...settings, envFiles: [file] });
    expect((await ask(blue)).env).toMatchObject({
      DATABASE_URL: 'postgres://app:p#ss@db.example.com/shop',
      JSON_CONF: '{"a":"b"}',
      MAIL_FROM_NAME: `\${APP_NAME}`,
    });
  });
}

export function fillsCommand(fixture: Fixture): void {
  it("fills the service's variables into its command", async () => {
    const { environment, blue, folder, release, settings } = fixture();
    const file = join(folder, 'command.conf');
    writeFileSync(file, 'HOST_NAME=shop.example.com\nPORT=1\n');
    const env = { ...settings.env, PORT: `\${APPLICATION_PORT}` };
    const words = [
      `--bind=0.0.0.0:\${PORT}`,
      `\${APP_VERSION}@\${HOST_NAME}`,
      `$\${PORT}`,
      '$PORT',
      `\${ENVIRONMENT_COLOR}`,
    ];
    const command = [...settings.command, ...words] as const;
    await environment.start(blue, release('v3', sayingArguments), { ...settings, command, env, envFiles: [file] });
    expect(await wordsOf(blue.port)).toEqual([
      `--bind=0.0.0.0:${blue.port}`,
      'v3@shop.example.com',
      `\${PORT}`,
      '$PORT',
      'blue',
    ]);
  });
}

export function leavesScripts(fixture: Fixture): void {
  it('leaves a script to its shell, which has the same variables', async () => {
    const { environment, blue, release, settings } = fixture();
    const script = `exec node server.mjs "\${PORT}" "$\${PORT}" "\${NONE:-default}" "$APP_VERSION"`;
    const env = { ...settings.env, PORT: `\${APPLICATION_PORT}` };
    await environment.start(blue, release('v3', sayingArguments), {
      ...settings,
      env,
      command: ['/bin/sh', '-c', script],
    });
    expect(await wordsOf(blue.port)).toEqual([String(blue.port), String(blue.port), 'default', 'v3']);
  });
}

const sayingArguments = `import { createServer } from 'node:http';
createServer((request, response) => response.end(JSON.stringify(process.argv.slice(2))))
  .listen(Number(process.env.APPLICATION_PORT), '127.0.0.1');`;

async function wordsOf(port: number): Promise<unknown> {
  const look = async () => (await fetch(`http://127.0.0.1:${port}/`)).json();
  await expect.poll(() => look().catch(() => undefined), { timeout: 20_000 }).toBeDefined();
  return look();
}

const refusals: readonly (readonly [string, (f: EnvironmentFixture) => Partial<LaunchSettings>, string, RegExp])[] = [
  [
    'without required variables, naming all',
    () => ({ requiredEnv: ['ONE', 'TWO', 'TZ'] }),
    'variable-missing',
    /: ONE, TWO must be set/,
  ],
  [
    'with a variable of another format, naming it without its value',
    () => ({
      env: { POOL: 'many', API: 'db' },
      envFormats: [
        { name: 'POOL', format: 'integer', reachable: false },
        { name: 'API', format: 'url', reachable: false },
      ],
    }),
    'variable-invalid',
    /^(?!.*many).*: POOL must be an integer; API must be a URL/,
  ],
  [
    'when the database that a variable names cannot be reached',
    () => ({
      env: { DATABASE_URL: 'postgres://app:hush@127.0.0.1:1/shop' },
      envFormats: [{ name: 'DATABASE_URL', format: 'url', reachable: true }],
    }),
    'unreachable',
    /^(?!.*hush).*: what DATABASE_URL names cannot be reached: 127\.0\.0\.1:1 refuses: .*ECONNREFUSED/,
  ],
  [
    'with an unknown variable in `env`, naming where',
    () => ({ env: { URL: `x\${NOPE}` } }),
    'variable-missing',
    /env\.URL uses \${NOPE}/,
  ],
  [
    'with an unknown variable in its command, naming where',
    () => ({ command: ['node', 'server.mjs', `--bind=\${NOPE}`] }),
    'variable-missing',
    /command\[2\] uses \${NOPE}/,
  ],
  [
    'without its env file, naming it',
    ({ folder }) => ({ envFiles: [join(folder, 'none.conf')] }),
    'env-file-unreadable',
    /none\.conf cannot be read \(ENOENT\)/,
  ],
  [
    'when its env file is a folder',
    ({ folder }) => ({ envFiles: [folder] }),
    'env-file-unreadable',
    /cannot be read \(EISDIR\)/,
  ],
  [
    'for lines of its env file that are not understood, naming file and lines',
    ({ folder }) => {
      const file = join(folder, 'wrong.conf');
      writeFileSync(file, 'A=1\nthe secret\nPASSWORD="hush\n');
      return { envFiles: [file] };
    },
    'env-file-invalid',
    /^(?!.*(secret|hush)).*wrong\.conf:2: is no assignment.*wrong\.conf:3: the value of PASSWORD opens/s,
  ],
  [
    'when its env file is in UTF-16',
    ({ folder }) => {
      writeFileSync(join(folder, 'utf16.conf'), Buffer.from('\uFEFFA=1', 'utf16le'));
      return { envFiles: [join(folder, 'utf16.conf')] };
    },
    'env-file-unreadable',
    /utf16\.conf cannot be read \(it is UTF-16 text; save it as UTF-8\)/,
  ],
  [
    'when its program does not exist',
    () => ({ command: ['no-such-program'] }),
    'exec-not-found',
    /"no-such-program" was not found in PATH/,
  ],
  [
    'when its program may not be executed',
    () => ({ command: ['./server.mjs'] }),
    'exec-not-found',
    /"\.\/server\.mjs" was not found in/,
  ],
  [
    'when the disk is short',
    () => ({ minFreeDiskBytes: 2 ** 50 }),
    'resources-short',
    /MB of disk at .* are free, 1073741824 MB are needed/,
  ],
  [
    'when memory is short',
    () => ({ minFreeMemoryBytes: 2 ** 50 }),
    'resources-short',
    /MB of memory are free, 1073741824 MB are needed/,
  ],
];

export function refuses(fixture: Fixture): void {
  it.each(refusals)('is refused %s, and what ran goes on', async (_, change, code, sentence) => {
    const { environment, blue, release, settings } = fixture();
    const before = await environment.start(blue, release('v1'), settings);
    const refusal = await refusalOf(environment.start(blue, release('v2'), { ...settings, ...change(fixture()) }));
    expect(refusal.code).toBe(code);
    expect(refusal.message).toMatch(sentence);
    expect(await environment.inspect(blue)).toMatchObject({ kind: 'running', pid: before.pid, version: 'v1' });
  });

  it('is refused when the release is not there, naming its folder', async () => {
    const { environment, blue, folder, settings } = fixture();
    const missing = { version: 'v9', digest: 'none', folder: join(folder, 'shop', 'v9') };
    const refusal = await refusalOf(environment.start(blue, missing, settings));
    expect(refusal.code).toBe('release-missing');
    expect(refusal.message).toContain(missing.folder);
  });

  it('is refused when the port is in use, naming pid and program of its holder', async () => {
    const { environment, blue, release, settings } = fixture();
    const squatter = createServer().listen(blue.port, '127.0.0.1');
    await new Promise((resolve) => squatter.once('listening', resolve));
    try {
      const refusal = await refusalOf(environment.start(blue, release('v1'), settings));
      expect(refusal.code).toBe('port-in-use');
      expect(refusal.message).toBe(
        `port ${blue.port} of blue of shop/production is in use by pid ${process.pid} (node)`,
      );
      expect(await environment.inspect(blue)).toMatchObject({ kind: 'stopped' });
    } finally {
      squatter.close();
    }
  });
}

export function endsAtOnce(fixture: Fixture): void {
  it('is told with its exit code and its last lines', async () => {
    const { environment, blue, release, settings } = fixture();
    const broken = release('v2', `console.log('reading config'); console.error('no config'); process.exit(3);`);
    const patient = { ...settings, settleMs: 20_000 };
    await environment.start(blue, release('v1'), settings);
    const refusal = await refusalOf(environment.start(blue, broken, patient));
    expect(refusal.code).toBe('start-failed');
    // Two streams have no order where they are read one by one.
    expect(refusal.message).toMatch(
      /^v2 in blue of shop\/production ended at once \(exit code 3\); its last lines:\n(reading config\nno config|no config\nreading config)$/,
    );
    expect(await environment.inspect(blue)).toMatchObject({ kind: 'stopped', lastExit: 'exit code 3' });
  });

  it('does not show secrets that it wrote into its log', async () => {
    const { environment, blue, folder, release, settings } = fixture();
    const envFile = join(folder, 'secrets.conf');
    writeFileSync(envFile, 'PASSWORD=correct-horse\nSHORT=abc\nKEY="-----BEGIN\nline-of-the-key"\n');
    const broken = release(
      'v2',
      `console.log(process.env.PASSWORD, process.env.SHORT, process.env.KEY); process.exit(1);`,
    );
    const refusal = await refusalOf(
      environment.start(blue, broken, { ...settings, settleMs: 20_000, envFiles: [envFile] }),
    );
    expect(refusal.message).toContain('*** abc ***\n***');
    const stopped = await environment.inspect(blue);
    expect(stopped.kind === 'stopped' && stopped.lastLog).toEqual(['*** abc ***', '***']);
    expect(environment.quoteLog(blue, 20)).toEqual(['*** abc ***', '***']);
    expect(environment.quoteLog(blue, 1)).toEqual(['***']);
  });

  it('is seen as stopped when it ends later, with its exit code', async () => {
    const { environment, blue, release, settings } = fixture();
    await environment.start(blue, release('v1', `${talkingServer} setTimeout(() => process.exit(7), 1500);`), settings);
    // A driver may add that its platform has started it again.
    const seen = { kind: 'stopped', lastExit: expect.stringMatching(/^exit code 7\b/) };
    await expect.poll(() => environment.inspect(blue), { timeout: 20_000 }).toMatchObject(seen);
  });
}
