// A machine on which releases run, in this process: what outlives every engine that uses it. An instance is a small
// HTTP server that answers as the test has configured its release to behave.

import { createServer, type Server } from 'node:http';
import type { InstanceKey, InstancePlace, LaunchSettings, ReleaseFiles } from '../environment/environment.ts';

/** How the instances of a release act. */
export interface Behaviour {
  /**
   * What its health answer says. `silent`: it takes connections and never answers; `cut`: it closes them instead.
   * Default: `healthy`.
   */
  readonly health?: 'healthy' | 'degraded' | 'unhealthy' | 'silent' | 'cut';
  /** So many health answers say `starting` before that. */
  readonly startsFor?: number;
  /** The status of every other answer. */
  readonly status?: number;
  /** It ends as soon as it was started. */
  readonly endsAtOnce?: { readonly exit: string; readonly lines: readonly string[] };
  /** It does not end when it is asked to. */
  readonly isDeaf?: boolean;
}

export interface Instance {
  readonly place: InstancePlace;
  readonly release: Pick<ReleaseFiles, 'version' | 'digest'>;
  readonly pid: number;
  readonly startedAt: number;
  /** Undefined for one that no engine started. */
  readonly settings: LaunchSettings | undefined;
  readonly server: Server;
}

export interface LastEnd {
  readonly lastExit?: string;
  readonly lastLog: readonly string[];
  readonly endedBy?: 'engine' | 'machine';
}

export interface Machine {
  /** By the names of their places, as `placeName` gives them. */
  readonly instances: Map<string, Instance>;
  readonly ends: Map<string, LastEnd>;
  behaviourOf(version: string): Behaviour;
  behave(version: string, behaviour: Behaviour): void;
  /** The instance that runs in the slot now answers `unhealthy`, and the next one does not. */
  sicken(place: InstanceKey): void;
  /** @throws what `listen` throws */
  run(instance: Omit<Instance, 'pid' | 'server'>): Promise<Instance>;
  /** No process listens on its port any more. */
  end(place: InstanceKey, end: LastEnd): Promise<void>;
  close(): Promise<void>;
}

export const placeName = ({ service, target, slot, instance = 1 }: InstanceKey): string =>
  `${service}/${target}/${slot}${instance === 1 ? '' : `/${instance}`}`;

export function createMachine(): Machine {
  const instances = new Map<string, Instance>();
  const ends = new Map<string, LastEnd>();
  const behaviours = new Map<string, Behaviour>();
  const ill = new Set<number>();
  let lastPid = 100_000;
  const behaviourOf = (version: string): Behaviour => behaviours.get(version) ?? {};
  return {
    instances,
    ends,
    behaviourOf,
    behave: (version, behaviour) => void behaviours.set(version, behaviour),
    sicken: (place) => {
      const instance = instances.get(placeName(place));
      if (instance) ill.add(instance.pid);
    },
    run: async (wanted) => {
      lastPid += 1;
      const pid = lastPid;
      const server = answering({ ...wanted, pid }, (version) =>
        ill.has(pid) ? { health: 'unhealthy' } : behaviourOf(version),
      );
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject).listen(wanted.place.port, '127.0.0.1', resolve);
      });
      const instance = { ...wanted, pid, server };
      instances.set(placeName(wanted.place), instance);
      return instance;
    },
    end: async (place, end) => {
      const instance = instances.get(placeName(place));
      instances.delete(placeName(place));
      ends.set(placeName(place), end);
      if (instance) await closed(instance.server);
    },
    close: async () => {
      await Promise.all([...instances.values()].map(({ server }) => closed(server)));
      instances.clear();
    },
  };
}

function answering(
  { place, release, pid, settings }: Omit<Instance, 'server'>,
  behaviourOf: Machine['behaviourOf'],
): Server {
  let asked = 0;
  return createServer((request, response) => {
    const { health = 'healthy', startsFor = 0, status = 200 } = behaviourOf(release.version);
    const isHealth = request.url === '/health';
    if (isHealth) asked += 1;
    if (isHealth && health === 'silent') return;
    if (isHealth && health === 'cut') return void request.socket.destroy();
    const said = isHealth && asked <= startsFor ? 'starting' : health;
    const isWell = said === 'healthy' || said === 'degraded';
    response.writeHead(isHealth ? (isWell ? 200 : 503) : status, { 'content-type': 'application/json' });
    const env = {
      ...settings?.env,
      ENVIRONMENT_COLOR: place.slot,
      APPLICATION_PORT: String(place.port),
      APP_VERSION: release.version,
      INSTANCE: String(place.instance ?? 1),
    };
    const self = { status: said, environment: place.slot, version: release.version, database_connected: true };
    response.end(JSON.stringify({ ...self, slot: place.slot, pid, env }));
  });
}

export async function closed(server: Server): Promise<void> {
  const over = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await over;
}
