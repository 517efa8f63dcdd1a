// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is what the file holds

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bench, edited, makeBench } from '../test-config.ts';

let bench: Bench;
beforeAll(() => {
  bench = makeBench();
});
afterAll(() => bench.remove());

const targetOf = (text: string, environment: Record<string, string> = {}) => {
  const { settings, problems } = bench.check(text, environment);
  expect(problems).toEqual([]);
  return settings!.targets[0]!;
};

describe('${NAME} outside env', () => {
  it('is filled in, also as a part of a text', () => {
    const target = targetOf(edited(['[node, server.mjs]', '[node, "--name=${APP}-${STAGE}", "$${HOME}"]']), {
      APP: 'shop',
      STAGE: 'eu',
    });
    // `$${` is for the start of the slot, which fills in the service's own variables.
    expect(target.command).toEqual(['node', '--name=shop-eu', '$${HOME}']);
  });

  it('is read as a number or as true and false where one is expected', () => {
    const text = edited(['8001', '"${PORT}"'], ['    channel', '    approval: { fourEyes: "${STRICT}" }\n    channel']);
    const target = targetOf(text, { PORT: '8100', STRICT: 'false' });
    expect(target.slots.blue.port).toBe(8100);
    expect(target.approval.fourEyes).toBe(false);
  });

  it('stays a text where a text is expected, even if it looks like a number', () => {
    const text = edited(['listen: 8080', 'listen: 8080\n          preview: { token: "${TOKEN}" }']);
    expect(targetOf(text, { TOKEN: '1234567890123456' }).balancer.preview?.token).toBe('1234567890123456');
  });

  it('is not looked for in what came out of a variable', () => {
    expect(targetOf(edited(['[node, server.mjs]', '[node, "${A}"]']), { A: '${B}' }).command).toEqual([
      'node',
      '$${B}',
    ]);
  });

  it('is named with its place when it is missing, and every one is', () => {
    const text = edited(
      ['state: state', 'state: ${STATE_FOLDER}'],
      ['8002', '"${GREEN_PORT}"'],
      ['releases: releases', 'releases: "${A}${B}"'],
    );
    expect(bench.problems(text)).toEqual([
      '1:8 state: the variable STATE_FOLDER is not set in the environment of this process',
      '8:15 services.shop.releases: the variable A is not set in the environment of this process',
      '8:15 services.shop.releases: the variable B is not set in the environment of this process',
      '19:26 services.shop.targets.production.slots.green.port: the variable GREEN_PORT is not set in the environment of this process',
    ]);
  });

  it('may be missing where it is a credential for another host, and does not change the digest', () => {
    const text = edited([
      '    channel',
      '    artifacts: { hosts: [{ name: a.example, authorization: "Bearer ${TOKEN}" }] }\n    channel',
    ]);
    const without = bench.check(text);
    const given = bench.check(text, { TOKEN: 'abc' });
    expect(without.problems).toEqual([]);
    expect(without.settings!.targets[0]!.artifacts.hosts[0]?.authorization).toBeUndefined();
    expect(given.settings!.targets[0]!.artifacts.hosts[0]?.authorization).toBe('Bearer abc');
    expect(given.settings!.digest).toBe(without.settings!.digest);
  });

  it('takes no name from what every object has', () => {
    expect(bench.problems(edited(['state: state', 'state: ${constructor}']))).toHaveLength(1);
  });
});

describe('${NAME} in a command', () => {
  const command = (words: string, ...more: readonly (readonly [string, string])[]) =>
    edited(['command: [node, server.mjs]', `command: [node, ${words}]`], ...more);
  const given = { PORT: '3000', APPLICATION_PORT: '1', BIND: 'of the bot' };

  it("is left for the start of the slot where it is the service's", () => {
    const env = ['    channel', '    env: { BIND: "0.0.0.0:${APPLICATION_PORT}" }\n    channel'] as const;
    const text = command('"${BIND}", "--port=${APPLICATION_PORT}"', env);
    expect(targetOf(text, given).command).toEqual(['node', '${BIND}', '--port=${APPLICATION_PORT}']);
  });

  it("never is the port of the bot, and is the service's where an env file gives it", () => {
    writeFileSync(join(bench.folder, 'shop.env'), 'PORT=8001\nFROM_FILE=x\n');
    const text = command('"${PORT}", "${FROM_FILE}"', ['    channel', '    envFiles: [shop.env]\n    channel']);
    expect(targetOf(text, given).command).toEqual(['node', '${PORT}', '${FROM_FILE}']);
  });

  it('is named where nothing gives it, and where it is misspelt', () => {
    expect(bench.problems(command('"${NOPE}"'))).toEqual([
      '9:21 warning: services.shop.command[1]: uses ${NOPE}, which neither env, nor an env file, nor a built-in variable gives; a slot cannot start without it',
    ]);
    expect(bench.problems(command('"${PORT:-80}"'))[0]).toContain('after ${ come a name of letters');
  });

  it('of a health check is the port of the slot, or of this process', () => {
    const health = (word: string) =>
      edited(['    channel', `    health: { type: command, command: [probe, "${word}"] }\n    channel`]);
    const argv = (word: string, environment = {}) => targetOf(health(word), environment).health.command?.argv;
    expect(argv('--addr=:${APPLICATION_PORT}', given)).toEqual(['probe', '--addr=:${APPLICATION_PORT}']);
    expect(argv('${BIND}', given)).toEqual(['probe', 'of the bot']);
    expect(bench.problems(health('${NOPE}'))[0]).toContain('the variable NOPE is not set');
  });

  it.each([
    ['gunicorn, -b, "0.0.0.0:$PORT"', 'holds $PORT, which no shell fills in; write ${PORT}'],
    ['npm, run, build, "&&", node, server.mjs', 'is &&, which only a shell understands'],
    ['cat, data.txt, "|", node, server.mjs', 'is |, which only a shell understands'],
    ['node, "dist/*.mjs"', 'holds *, which no shell replaces by the names of files'],
    ['"NODE_ENV=production", node, server.mjs', 'sets a variable, as only a shell does; write it under env'],
    ['"node server.mjs"', 'has white space in the name of the program'],
    ['node, "~/server.mjs"', 'begins with ~, which only a shell understands'],
    ['node, "$(nproc)"', 'runs a command in its place, as only a shell does'],
    ['node, server.mjs, ">>", out.log', 'is >>, which only a shell understands'],
  ])('[%s] is warned of', (words, warning) => {
    const problems = bench.problems(edited(['[node, server.mjs]', `[${words}]`]));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`: ${warning}`);
  });

  it.each([
    'sh, -c, "exec gunicorn -b 0.0.0.0:$PORT && true | cat *"',
    'sh, -c, "exec node server.mjs --port ${APPLICATION_PORT} ${OF_THE_SHELL}"',
    '/bin/bash, -ec, "exec node server.mjs"',
    'node, --exclude=*.map, "price=5$", "a\\\\$b", "$1", "--rule=a|b", "https://a.example/?x=1&y=2"',
  ])('[%s] is not warned of', (words) => {
    expect(bench.problems(edited(['[node, server.mjs]', `[${words}]`]))).toEqual([]);
  });
});

const env = (value: string) => edited(['    channel', `    env: { A: ${value} }\n    channel`]);

describe('${NAME} in env', () => {
  it('is left for the start of the slot', () => {
    expect(targetOf(env('"http://${HOST}:${APPLICATION_PORT} $${X}"')).env).toEqual({
      A: 'http://${HOST}:${APPLICATION_PORT} $${X}',
    });
  });

  it.each(['"${"', '"${}"', '"${A"', '"${1A}"', '"${A-B}"'])('%s is no name', (value) => {
    expect(bench.problems(env(value))).toEqual([
      '10:15 services.shop.env.A: after ${ come a name of letters, digits and _, and a }; write $${ for a plain ${',
    ]);
  });

  it('a plain value reaches the service as it is written', () => {
    for (const value of ['1.10', '0x10', '1e3', 'true', '007']) expect(targetOf(env(value)).env).toEqual({ A: value });
  });
});
