// A state folder, two free ports and releases of one small module each, in containers of the image for tests.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { systemClock } from '../../../lib/clock.ts';
import { silentLog } from '../../../lib/log.ts';
import { freePorts } from '../../../lib/testing/ports.ts';
import { type EnvironmentFixture, processOf, talkingServer } from '../../contract-fixture.ts';
import type { Environment, LaunchSettings, ReleaseFiles, SlotPlace } from '../../environment.ts';
import { instancesOf, placeOn } from '../../instances.ts';
import { folderMark } from '../../launch-mark.ts';
import { labels, ownFilter } from '../container.ts';
import { createDockerEnvironment } from '../driver.ts';
import type { DockerSettings } from '../settings.ts';
import { testImage } from './test-image.ts';

export interface DockerFixture extends EnvironmentFixture {
  readonly stateFolder: string;
  readonly docker: Docker;
  /** Every container of this state folder. */
  readonly containers: () => Promise<readonly Docker.ContainerInfo[]>;
  /** Another engine on the same state, with other settings. */
  readonly withSettings: (changed: Partial<DockerSettings>) => Environment;
}

const settings: LaunchSettings = {
  command: ['node', 'server.mjs'],
  env: {},
  envFiles: [],
  requiredEnv: [],
  templates: [],
  graceMs: 10_000,
  settleMs: 150,
  minFreeDiskBytes: 1,
  minFreeMemoryBytes: 1,
  maxLogBytes: 10_000_000,
};

export const dockerSettings = (socket: string): DockerSettings => ({
  hosts: [{ name: 'local', address: `unix://${socket}`, endpointHost: '127.0.0.1' }],
  network: 'host',
  image: testImage,
  registries: [],
  pullMs: 60_000,
  user: undefined,
  readOnly: true,
  stopSignal: undefined,
  healthcheck: 'warn',
  capabilities: [],
  volumes: [],
  extraHosts: [],
  ulimits: [],
});

export async function makeDockerFixture(socket: string): Promise<DockerFixture> {
  const folder = mkdtempSync(join(tmpdir(), 'bg-docker-'));
  const stateFolder = join(folder, 'state');
  const docker = new Docker({ socketPath: socket });
  const withSettings = (changed: Partial<DockerSettings>): Environment =>
    createDockerEnvironment({
      stateFolder,
      settingsOf: () => ({ ...dockerSettings(socket), ...changed }),
      clock: systemClock,
      log: silentLog,
    });
  const another = (): Environment => withSettings({});
  const environment = another();
  const filters = ownFilter(folderMark(stateFolder));
  const containers = () => docker.listContainers({ all: true, filters });
  const [bluePort = 0, greenPort = 0, ...others] = await freePorts(4);
  const blue: SlotPlace = { service: 'shop', target: 'production', slot: 'blue', port: bluePort };
  const green: SlotPlace = { ...blue, slot: 'green', port: greenPort };
  return {
    environment,
    another,
    withSettings,
    docker,
    containers,
    stateFolder,
    folder,
    settings,
    blue,
    green,
    several: placeOn(blue, [bluePort, ...others]),
    kill: async (instance) => {
      const seen = instancesOf(await environment.inspect(blue)).find((each) => each.instance === instance);
      if (seen?.kind === 'running') process.kill(processOf(seen), 'SIGKILL');
    },
    givenByPlatform: ['HOSTNAME', 'HOME'],
    pidOf: async ({ env }) => {
      const found = (await containers()).find(({ Labels }) => Labels[labels.launch] === env.BLUEGREEN_LAUNCH);
      return found ? (await docker.getContainer(found.Id).inspect()).State.Pid : 0;
    },
    release: (version, source = talkingServer) => layRelease(folder, version, source),
    close: async () => {
      for (const { Id } of await containers()) await docker.getContainer(Id).remove({ force: true, v: true });
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Of every container of a state folder. */
export async function labelsIn(socketPath: string, stateFolder: string): Promise<readonly Record<string, string>[]> {
  const filters = ownFilter(folderMark(stateFolder));
  return (await new Docker({ socketPath }).listContainers({ all: true, filters })).map(({ Labels }) => Labels);
}

/** What only a client of Docker can do. */
export const publishedWith = <Result>(socketPath: string, work: (docker: Docker) => Promise<Result>): Promise<Result> =>
  work(new Docker({ socketPath }));

function layRelease(folder: string, version: string, source: string): ReleaseFiles {
  const release = join(folder, 'releases', version);
  mkdirSync(release, { recursive: true });
  writeFileSync(join(release, 'server.mjs'), source);
  return { version, digest: `digest-of-${version}`, folder: release };
}
