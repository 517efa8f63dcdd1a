// The product as an image, and deploy/docker/compose.yaml as people start it: on a Docker as it is shipped, with its bridge, in
// a network namespace of its own. The base is made from the Node of this repository, as no registry is asked.

import { type ChildProcess, execFileSync, spawnSync } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import {
  chmodSync,
  createWriteStream,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { dockerForTests } from '../../packages/engine/src/environment/docker/testing/docker-for-tests.ts';
import {
  endDaemon,
  readyDaemon,
  removeDaemon,
  startDaemon,
} from '../../packages/engine/src/environment/docker/testing/dockerd.ts';
import { build, buildNodeImage, nodeImage } from '../../tools/docker/node-image.ts';
import { layNodeRoot } from '../../tools/docker/node-root.ts';
import { layImageContext } from '../../tools/packaging/image-context.ts';
import { buildPackage } from '../../tools/packaging/npm-package.ts';
import { type Composed, composeUp, readCompose } from '../support/compose.ts';
import { root } from './lay-package.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 500_000 });

const { why } = await dockerForTests();
const image = 'bluegreen:test';
const haproxyImage = 'haproxy:test';
const composeFile = join(root, 'deploy/docker/compose.yaml');

let folder: string;
let daemon: ChildProcess;
let docker: Docker;

const configuration = `
state: /var/lib/bluegreen/state
people: [{ id: bob, name: Bob }]
approvers: [bob]
services:
  shop:
    releases: /var/lib/bluegreen/releases
    channel: "#deploys"
    targets:
      production:
        environment:
          driver: docker
          docker:
            hosts: [{ name: local, address: "unix:///var/run/docker.sock", endpointHost: 172.17.0.1 }]
        slots: { blue: { port: 8001 }, green: { port: 8002 } }
        loadBalancer: { listen: "0.0.0.0:8000" }
`;

/** Files of this test that a container reads as another account. */
function put(name: string, text: string): string {
  const file = join(folder, 'files', name);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, text);
  chmodSync(file, 0o644);
  return file;
}

interface Ran {
  readonly code: number;
  readonly text: string;
}

/** As `docker run --rm`. */
async function run(words: readonly string[], more: Docker.ContainerCreateOptions = {}): Promise<Ran> {
  const container = await docker.createContainer({ Image: image, Cmd: [...words], Tty: true, ...more });
  try {
    await container.start();
    const { StatusCode: code } = await container.wait();
    return { code, text: (await container.logs({ stdout: true, stderr: true })).toString('utf8') };
  } finally {
    await container.remove({ force: true, v: true });
  }
}

async function makeHaproxyImage(): Promise<void> {
  const context = mkdtempSync(join(folder, 'haproxy-'));
  mkdirSync(join(context, 'root'));
  layNodeRoot(join(context, 'root'), { '/usr/bin/haproxy': '/usr/sbin/haproxy', '/usr/bin/wget': '/usr/bin/wget' });
  writeFileSync(join(context, 'Dockerfile'), 'FROM scratch\nCOPY root /\nENV PATH=/usr/bin\nUSER 1000:1000\n');
  await build(docker, { context, src: ['Dockerfile', 'root'] }, { t: haproxyImage });
}

/** Asked from inside the daemon's network. A status of 0: nothing answers. */
function ask(url: string, init: object = {}): { status: number; text: string } {
  const script = `fetch(${JSON.stringify(url)}, ${JSON.stringify(init)}).then(
    async (answer) => console.log(JSON.stringify({ status: answer.status, text: await answer.text() })),
    (thrown) => console.log(JSON.stringify({ status: 0, text: String(thrown.cause ?? thrown) })));`;
  const words = [`--net=/proc/${daemon.pid}/ns/net`, process.execPath, '-e', script];
  return JSON.parse(execFileSync('nsenter', words, { encoding: 'utf8', timeout: 60_000 }));
}

const reason = why ?? (existsSync('/usr/sbin/haproxy') ? undefined : 'haproxy is not installed');

const dockerFolder = (): string => join(folder, 'dockerd');
const socketOfDaemon = (): string => join(dockerFolder(), 'docker.sock');

beforeAll(async () => {
  if (reason !== undefined) return;
  folder = mkdtempSync(join(tmpdir(), 'bg-image-'));
  chmodSync(folder, 0o755);
  mkdirSync(dockerFolder());
  daemon = startDaemon(dockerFolder(), { bridge: true });
  await readyDaemon(dockerFolder(), daemon);
  docker = new Docker({ socketPath: socketOfDaemon() });
  await buildNodeImage(docker, AbortSignal.timeout(180_000));
  const built = join(root, 'node_modules', '.cache', `image-${process.pid}`);
  await buildPackage(root, built);
  const context = join(folder, 'context');
  layImageContext({ root, folder: built, into: context });
  rmSync(built, { recursive: true });
  await build(docker, { context, src: ['Dockerfile', 'bluegreen'] }, { t: image, buildargs: { BASE: nodeImage } });
});

afterAll(async () => {
  if (reason !== undefined) return;
  await endDaemon(daemon);
  removeDaemon(dockerFolder());
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

describe.skipIf(reason !== undefined)(
  `the product as an image${reason === undefined ? '' : ` (skipped: ${reason})`}`,
  () => {
    it('runs as an account that is not root, with a health check, a volume and the programs of the package', async () => {
      const { Config } = await docker.getImage(image).inspect();
      expect(Config).toMatchObject({ User: '1000:1000', Volumes: { '/var/lib/bluegreen': {} }, Entrypoint: ['node'] });
      expect(Config.Healthcheck?.Test).toEqual(['CMD', 'node', '/opt/bluegreen/healthcheck.mjs']);
      expect(await run(['bg.mjs', '--version'])).toMatchObject({ code: 0, text: '0.1.0\r\n' });
    });

    it('checks a configuration, and writes its state as that account, on a root that it cannot write to', async () => {
      const config = put('bluegreen.yaml', configuration);
      const volume = `bg-state-${randomBytes(4).toString('hex')}`;
      const HostConfig = {
        ReadonlyRootfs: true,
        CapDrop: ['ALL'],
        Tmpfs: { '/tmp': 'mode=1777' },
        Binds: [`${config}:/etc/bluegreen/bluegreen.yaml:ro`, `${volume}:/var/lib/bluegreen`],
      };
      try {
        const checked = await run(['bg.mjs', 'config', 'check'], { HostConfig });
        expect(checked, checked.text).toMatchObject({ code: 0 });
        const status = await run(['bg.mjs', 'status'], { HostConfig });
        expect(status, status.text).toMatchObject({ code: 0 });
        const look =
          "const { uid, mode } = fs.statSync('/var/lib/bluegreen/state'); console.log(String(uid), (mode & 0o777).toString(8))";
        expect((await run(['-e', look], { HostConfig })).text).toBe('1000 700\r\n');
      } finally {
        await docker.getVolume(volume).remove();
      }
    });

    it('has no secret, no source and no tool of its development in any layer or in its history', async () => {
      const saved = mkdtempSync(join(folder, 'saved-'));
      await pipeline(await docker.getImage(image).get(), createWriteStream(join(saved, 'image.tar')));
      execFileSync('tar', ['-xf', 'image.tar'], { cwd: saved });
      const files = join(saved, 'files');
      mkdirSync(files);
      const layers = globSync('**/layer.tar', { cwd: saved });
      expect(layers.length).toBeGreaterThan(2);
      for (const layer of layers) execFileSync('tar', ['-xf', join(saved, layer), '-C', files, '--no-same-owner']);
      const names = globSync('**', { cwd: files });
      const ours = names.filter((name) => name.startsWith('opt/bluegreen/'));
      expect(ours.length).toBeGreaterThan(100);
      const unwanted = /\.(ts|map|tsbuildinfo|sqlite|pem|key)$|(^|\/)(\.env|\.git|\.npmrc|id_rsa|made)(\/|$)/;
      expect(names.filter((name) => unwanted.test(name))).toEqual([]);
      expect(ours.filter((name) => /node_modules\/(typescript|vitest|nx|@biomejs|knip|playwright)/.test(name))).toEqual(
        [],
      );
      const secret = `xox[bap]-[0-9A-Za-z-]{20}|whsec_[A-Za-z0-9+/]{32}|BEGIN [A-Z ]*PRIVATE KEY-----.{0,2}[A-Za-z0-9+/]{40}|${root}/`;
      const { status, stdout } = spawnSync('grep', ['-rlaE', secret, join(files, 'opt')], { encoding: 'utf8' });
      expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
      const history = JSON.stringify(await docker.getImage(image).history());
      expect(history).not.toMatch(new RegExp(`TOKEN=|SECRET=|PASSWORD=|${root}`));
    });

    it('ends the build where the base cannot run it', async () => {
      const context = mkdtempSync(join(folder, 'empty-'));
      writeFileSync(join(context, 'Dockerfile'), 'FROM scratch\nENV PATH=/usr/bin\n');
      await build(docker, { context, src: ['Dockerfile'] }, { t: 'base-without-node:test' });
      const built = build(
        docker,
        { context: join(folder, 'context'), src: ['Dockerfile', 'bluegreen'] },
        {
          t: 'bluegreen:broken',
          buildargs: { BASE: 'base-without-node:test' },
        },
      );
      await expect(built).rejects.toThrow(/does not build bluegreen:broken: .*node/);
    });
  },
);

describe.skipIf(reason !== undefined)('compose.yaml', () => {
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const token = `xoxb-${randomBytes(12).toString('hex')}`;
  let composed: Composed;
  let variables: Readonly<Record<string, string>>;

  beforeAll(async () => {
    await makeHaproxyImage();
    put('secrets/slack-bot-token', token);
    put('secrets/slack-signing-secret', randomBytes(16).toString('hex'));
    put('secrets/webhook-secret', secret);
    variables = {
      BLUEGREEN_IMAGE: image,
      HAPROXY_IMAGE: haproxyImage,
      DOCKER_GID: '0',
      DOCKER_SOCKET: socketOfDaemon(),
      CONFIG: put('bluegreen.yaml', configuration),
      SECRETS: join(folder, 'files/secrets'),
      PUBLISH: '127.0.0.1:8080',
    };
    composed = await composeUp(docker, composeFile, variables);
  });
  afterAll(() => composed?.remove());

  it('names no secret, and says which variable must be set', () => {
    expect(() => readCompose(composeFile, {})).toThrow('DOCKER_GID is not set');
    expect(readFileSync(composeFile, 'utf8')).not.toMatch(/xox[bap]-|whsec_/);
  });

  it('gives a service no right to write outside of its state, and no secret in its environment', async () => {
    for (const [name, container] of composed.containers) {
      const { Config, HostConfig, State } = await container.inspect();
      expect(State.Health?.Status, name).toBe('healthy');
      expect(HostConfig).toMatchObject({ ReadonlyRootfs: true, CapDrop: ['ALL'] });
      expect(Config.User, name).toBe('1000:1000');
      expect(JSON.stringify(Config.Env)).not.toMatch(new RegExp(`${token}|${secret.replaceAll('+', '\\+')}`));
    }
  });

  it('leads deliveries through HAProxy to the receiver, which proves them, and Slack to the bot', async () => {
    const front = 'http://127.0.0.1:8080';
    expect(ask(`${front}/healthz`)).toMatchObject({ status: 200, text: expect.stringContaining('"status":"ok"') });
    expect(ask(`${front}/hooks/generic`, { method: 'POST', body: '{}' }).status).toBe(401);
    expect(ask(`${front}/slack/events`, { method: 'POST', body: '{}' }).status).toBe(401);
    expect(ask(`${front}/anything`).status).toBe(404);
    const body = JSON.stringify({ event: 'build', service: 'shop', version: 'v9', branch: 'main' });
    const id = `msg_${randomBytes(8).toString('hex')}`;
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
    const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
    const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
    const answer = ask(`${front}/hooks/generic`, {
      method: 'POST',
      body,
      headers: { ...headers, 'content-type': 'application/json' },
    });
    expect(answer.status, answer.text).not.toBe(401);
    expect(answer.status, answer.text).toBeLessThan(500);
  });

  it('has one controller, which the command line sees from inside', async () => {
    const { text } = await inContainer('bot', ['node', '/opt/bluegreen/bin/bg.mjs', 'status']);
    expect(text).toContain('shop');
    expect(JSON.parse(ask('http://127.0.0.1:8080/healthz').text)).toMatchObject({ controllerAlive: true });
  });

  it('ends on SIGTERM by itself, and comes back on the same state', async () => {
    for (const name of ['receiver', 'bot']) {
      const container = composed.containers.get(name);
      await container?.stop({ t: 60 });
      expect((await container?.inspect())?.State, name).toMatchObject({ ExitCode: 0, OOMKilled: false });
    }
    for (const name of ['bot', 'receiver']) await composed.containers.get(name)?.start();
    await expect
      .poll(() => ask('http://127.0.0.1:8080/healthz').status, { timeout: 120_000, interval: 1_000 })
      .toBe(200);
  });

  async function inContainer(name: string, words: readonly string[]): Promise<{ readonly text: string }> {
    const exec = await composed.containers
      .get(name)
      ?.exec({ Cmd: [...words], AttachStdout: true, AttachStderr: true, Tty: true });
    if (!exec) throw new Error(`there is no ${name}`);
    const stream = await exec.start({ Tty: true });
    let text = '';
    for await (const chunk of stream) text += String(chunk);
    return { text };
  }
});
