// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is what the file holds

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bench, edited, makeBench } from './test-config.ts';

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
    expect(target.command).toEqual(['node', '--name=shop-eu', '${HOME}']);
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
    expect(targetOf(edited(['[node, server.mjs]', '[node, "${A}"]']), { A: '${B}' }).command).toEqual(['node', '${B}']);
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

  it('may be missing where it opens the door of another host, and decides about no state', () => {
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
