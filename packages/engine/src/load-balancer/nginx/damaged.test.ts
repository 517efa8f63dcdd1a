// The generated file of a managed nginx, changed by a person.

import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freePort } from '../../lib/testing/ports.ts';
import { until } from '../../lib/testing/until.ts';
import { sideOf } from '../contract/user.ts';
import { masterOf, orphansOf } from './process-of.ts';
import { type NginxStage, nginxStage, routed, selfSigned } from './testing-stage.ts';

let stage: NginxStage;
beforeEach(async () => {
  stage = await nginxStage();
});
afterEach(() => stage.end());

const blueOnly = routed(1, { active: 'blue' });
const config = () => readFileSync(stage.places.config, 'utf8');

async function killMaster(): Promise<void> {
  process.kill(masterOf(stage.places) ?? 0, 'SIGKILL');
  await until(() => masterOf(stage.places) === undefined);
}

describe('a configuration file that was changed by hand', () => {
  test('is written again before a nginx whose master was killed is replaced: users are served all the time', async () => {
    const balancer = stage.balancer();
    await balancer.ensure();
    await balancer.apply(blueOnly, 1);
    const whole = config();
    appendFileSync(stage.places.config, '\nthis is garbage\n');
    await killMaster();
    await balancer.ensure();
    expect(masterOf(stage.places)).toBeDefined();
    expect(config()).toBe(whole);
    expect(sideOf(await stage.user())).toBe('blue');
  });

  test.each([
    ['appended to', (text: string) => `${text}\nthis is garbage\n`],
    ['cut', (text: string) => text.slice(0, text.length / 2)],
    ['edited in the part around the site', (text: string) => text.replace('server_tokens off;', 'server_tokens on;')],
  ])('is written again while nginx runs: %s', async (_, edit) => {
    const said: unknown[] = [];
    const log = { ...stage.options.log, warn: (...given: unknown[]) => void said.push(given) };
    const balancer = stage.balancer({ log: log as typeof stage.options.log });
    await balancer.ensure();
    await balancer.apply(blueOnly, 1);
    const whole = config();
    writeFileSync(stage.places.config, edit(whole));
    await balancer.ensure();
    expect(config()).toBe(whole);
    expect(sideOf(await stage.user())).toBe('blue');
    expect(JSON.stringify(said)).toContain('was changed by hand');
  });

  test('what another machine user or limit would have written is not a change by hand', async () => {
    const balancer = stage.balancer();
    await balancer.ensure();
    const other = config()
      .replace(/worker_rlimit_nofile \d+/, 'worker_rlimit_nofile 999')
      .replace(/worker_connections \d+/, 'worker_connections 499');
    writeFileSync(stage.places.config, other);
    await balancer.ensure();
    expect(config()).toBe(other);
  });
});

describe('a nginx that would not start', () => {
  test('ends no worker: the refusal is found before', async () => {
    const { certificate, key } = selfSigned(stage.folder);
    const tls = { listen: { host: '127.0.0.1', port: await freePort() }, certificate, key };
    const balancer = stage.balancer({ settings: { mode: 'managed', program: 'nginx', tls } });
    await balancer.ensure();
    await balancer.apply(blueOnly, 1);
    const pem = readFileSync(certificate);
    rmSync(certificate);
    await killMaster();
    const serving = orphansOf(stage.places);
    await expect(balancer.ensure()).rejects.toMatchObject({
      code: 'config-refused',
      message: expect.stringContaining(certificate),
    });
    expect(orphansOf(stage.places)).toEqual(serving);
    expect(sideOf(await stage.user())).toBe('blue');
    writeFileSync(certificate, pem);
    await balancer.ensure();
    expect(sideOf(await stage.user())).toBe('blue');
  });
});
