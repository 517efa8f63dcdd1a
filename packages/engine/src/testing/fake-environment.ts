// An environment whose releases are small servers in this process. It signs the part of the contract that the flow
// uses.

import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { SlotKey } from '../domain/target.ts';
import {
  describePlace,
  type Effective,
  type Environment,
  type InstanceKey,
  type InstanceLog,
  type InstancePlace,
  type LaunchSettings,
  type ReleaseFiles,
  type RunningInstance,
  type SlotObservation,
  type SlotPlace,
  type StartedInstance,
} from '../environment/environment.ts';
import { instancePlaces, instancesOf, placeOn, portsOf, sumInstances } from '../environment/instances.ts';
import { localPorts } from '../environment/local-ports.ts';
import { lastLines, tailLog } from '../environment/tail.ts';
import type { Clock } from '../lib/clock.ts';
import { BlueGreenError } from '../lib/errors.ts';
import { createKeyedMutex, type KeyedMutex } from '../lib/keyed-mutex.ts';
import { createMachine, type Instance, type LastEnd, type Machine, placeName } from './fake-machine.ts';
import { silentWhile } from './silent-environment.ts';

type Running = Extract<SlotObservation, { kind: 'running' }>;

/** What is in the state folder of a real driver, and the machine beneath it. */
interface Held {
  readonly folder: string;
  readonly clock: Clock;
  readonly machine: Machine;
  readonly records: Map<string, StartedInstance & { readonly adopted: boolean }>;
  readonly mutex: KeyedMutex;
}

export interface FakeEnvironments {
  readonly machine: Machine;
  /** What every engine did, in order: `start v2 in green`, `stop green`. */
  readonly story: readonly string[];
  /** As one more engine holds it. */
  create(): Environment;
  /** The instance in the slot ends by itself. */
  crash(place: InstanceKey, end?: LastEnd): Promise<void>;
  /** The start of this release throws this, until it is called without one. */
  refuseStart(version: string, why?: BlueGreenError): void;
  /** No engine gets an answer from the machine, until it is called with `false`; what runs there goes on. */
  silence(isSilent: boolean): void;
}

export function createFakeEnvironments({
  folder,
  clock,
}: {
  readonly folder: string;
  readonly clock: Clock;
}): FakeEnvironments {
  const held: Held = { folder, clock, machine: createMachine(), records: new Map(), mutex: createKeyedMutex() };
  const story: string[] = [];
  const refusals = new Map<string, BlueGreenError>();
  let silent = false;
  mkdirSync(folder, { recursive: true });
  return {
    machine: held.machine,
    story,
    create: () => silentWhile(() => silent, environmentOn(held, story, refusals)),
    silence: (isSilent) => {
      silent = isSilent;
    },
    crash: (place, end = { lastExit: 'exit code 1', lastLog: ['it broke'] }) => held.machine.end(place, end),
    refuseStart: (version, why) => void (why ? refusals.set(version, why) : refusals.delete(version)),
  };
}

function environmentOn(held: Held, story: string[], refusals: ReadonlyMap<string, BlueGreenError>): Environment {
  const { machine, records } = held;
  const preflight = (place: SlotPlace, release: ReleaseFiles, settings: LaunchSettings): Effective => {
    const refusal = refusals.get(release.version);
    if (refusal) throw refusal;
    return effective(place, settings);
  };
  const placesOf = (place: SlotPlace) => instancePlaces(placeOn(place, portsOf(records.get(slotName(place)) ?? place)));
  return {
    addresses: localPorts((slot) => records.get(slotName(slot))),
    describe: (running) =>
      instancesOf(running)
        .flatMap((each) => (each.kind === 'running' ? `pid ${each.pid}` : []))
        .join(', '),
    preflight,
    start: (place, release, settings) =>
      held.mutex(slotName(place), async () => {
        preflight(place, release, settings);
        return startIn(held, story, { place, release, settings });
      }),
    stop: (place, graceMs) =>
      held.mutex(slotName(place), async () => {
        const here = instancesIn(held, place);
        if (here.length > 0) story.push(`stop ${place.slot}`);
        await Promise.all(here.map(({ place: each }) => endIn(held, each, graceMs)));
        records.delete(slotName(place));
      }),
    inspect: async (place) => observedSlot(held, placesOf(place)),
    startedAs: (slot) => records.get(slotName(slot)),
    running: () => runningSlots(held),
    judgeBy: async (slot, health) => {
      const record = records.get(slotName(slot));
      if (record) records.set(slotName(slot), { ...record, health });
    },
    adoption: { adopt: (place, known) => adopt(held, place, known) },
    sweep: async () => [],
    logs: (place) => {
      const logs = placesOf(place).map(({ instance = 1, ...slot }): InstanceLog => {
        const file = logFileOf(held, { ...slot, instance });
        return { instance, where: file, file, read: (options) => tailLog(file, options) };
      });
      return logs as [InstanceLog, ...InstanceLog[]];
    },
    quoteLog: (place, lines) =>
      placesOf(place)
        .flatMap((each) => machine.ends.get(placeName(each))?.lastLog ?? lastLines(logFileOf(held, each), lines))
        .slice(-lines),
  };
}

interface Start {
  readonly place: SlotPlace;
  readonly release: ReleaseFiles;
  readonly settings: LaunchSettings;
}

async function startIn(held: Held, story: string[], { place, release, settings }: Start): Promise<Running> {
  const places = instancePlaces(place);
  const kept = new Set(places.filter((each) => runsAlready(held, each, release)).map(placeName));
  for (const { place: each } of instancesIn(held, place))
    if (!kept.has(placeName(each))) await endIn(held, each, settings.graceMs);
  const missing = places.filter((each) => !kept.has(placeName(each)));
  remember(held, { place, release, settings }, missing.length > 0);
  if (missing.length === 0) return requireRunning(observedSlot(held, places));
  story.push(`start ${release.version} in ${place.slot}`);
  try {
    for (const each of missing) await begin(held, { place: each, release, settings, logFile: logFileOf(held, each) });
  } catch (thrown) {
    for (const each of places.length > 1 ? missing : []) await endIn(held, each, settings.graceMs);
    throw thrown;
  }
  return requireRunning(observedSlot(held, places));
}

function remember({ records }: Held, { place, release, settings }: Start, isStarted: boolean): void {
  const before = records.get(slotName(place));
  const { version, digest } = release;
  const { port, ports } = place;
  const how = isStarted || !before ? { health: settings.health, adopted: false } : before;
  const { health, adopted } = how;
  records.set(slotName(place), { version, digest, port, ...(ports ? { ports } : {}), health, adopted });
}

function runsAlready({ machine }: Held, place: InstancePlace, release: ReleaseFiles): boolean {
  const here = machine.instances.get(placeName(place));
  return isSame(here, release) && here.place.port === place.port;
}

const logFileOf = ({ folder }: Held, place: InstanceKey): string =>
  join(folder, `${place.slot}${numberSuffix(place)}.log`);

const slotName = ({ service, target, slot }: SlotKey): string => placeName({ service, target, slot });

const numberSuffix = ({ instance = 1 }: InstanceKey): string => (instance === 1 ? '' : `.${instance}`);

const instancesIn = ({ machine }: Held, slot: SlotKey): readonly Instance[] =>
  [...machine.instances.values()].filter(({ place }) => slotName(place) === slotName(slot));

function observedSlot(held: Held, places: readonly InstancePlace[]): SlotObservation {
  const [first] = places;
  const isKnown = first !== undefined && held.records.has(slotName(first));
  return sumInstances(
    places.map((place) => {
      const here = held.machine.instances.get(placeName(place));
      if (here && isKnown) return observed(held, here);
      return { kind: 'stopped', ...(held.machine.ends.get(placeName(place)) ?? { lastLog: [] }) };
    }),
  );
}

function requireRunning(seen: SlotObservation): Running {
  if (seen.kind === 'running') return seen;
  throw new BlueGreenError('start-failed', 'nothing runs after its start');
}

function runningSlots({ machine, records }: Held): readonly RunningInstance[] {
  const slots = new Map([...machine.instances.values()].map(({ place }) => [slotName(place), place]));
  return [...slots].flatMap(([name, { service, target, slot }]) => {
    const record = records.get(name);
    return record ? [{ service, target, slot, ...record }] : [];
  });
}

const isSame = (here: Instance | undefined, release: ReleaseFiles): here is Instance =>
  here?.release.version === release.version && here.release.digest === release.digest;

function observed({ records }: Held, { place, release, pid, startedAt, settings }: Instance): Running {
  return {
    kind: 'running',
    pid,
    version: release.version,
    digest: release.digest,
    startedAt,
    adopted: records.get(slotName(place))?.adopted ?? false,
    ...(settings ? { startedWith: effective(place, settings) } : {}),
    cpuPercent: 0,
    memoryBytes: 50_000_000,
  };
}

/** Neither slot nor version makes a difference. */
function effective(_place: SlotKey, { command, envFiles, env }: LaunchSettings): Effective {
  const mark = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);
  const variables = Object.entries(env).map(([name, value]) => [name, { mark: mark(value), from: [] }] as const);
  return { key: 'fake', command: mark(command.join(' ')), envFiles, variables: Object.fromEntries(variables) };
}

interface Beginning {
  readonly place: InstancePlace;
  readonly release: ReleaseFiles;
  readonly settings: LaunchSettings;
  readonly logFile: string;
}

async function begin(held: Held, { place, release, settings, logFile }: Beginning): Promise<Running> {
  const { machine, clock } = held;
  const { version, digest } = release;
  const startedAt = clock.now();
  appendFileSync(
    logFile,
    `--- starting ${version} in ${place.slot} on port ${place.port} at ${new Date(startedAt).toISOString()}\n`,
  );
  const { endsAtOnce } = machine.behaviourOf(version);
  if (endsAtOnce) {
    const { exit, lines } = endsAtOnce;
    await machine.end(place, { lastExit: exit, lastLog: lines });
    const problem = `ended at once (${exit}); its last lines:\n${lines.join('\n')}`;
    throw new BlueGreenError('start-failed', `${version} in ${describePlace(place)} ${problem}`);
  }
  const wanted = { place, release: { version, digest }, startedAt, settings };
  const instance = await machine.run(wanted).catch((thrown: unknown) => {
    const taken = `port ${place.port} of ${describePlace(place)} is in use`;
    throw new BlueGreenError('port-in-use', taken, {}, thrown);
  });
  appendFileSync(logFile, `listening as ${version}\n`);
  return observed(held, instance);
}

async function endIn({ machine, clock }: Held, place: InstanceKey, graceMs: number): Promise<void> {
  const here = machine.instances.get(placeName(place));
  if (!here) return;
  const { isDeaf = false } = machine.behaviourOf(here.release.version);
  if (isDeaf) await clock.sleep(graceMs);
  const lastExit = isDeaf ? 'killed (SIGKILL)' : 'stopped (SIGTERM)';
  await machine.end(place, { lastExit, lastLog: [], endedBy: 'engine' });
}

async function adopt(
  held: Held,
  place: SlotPlace,
  known: { readonly version: string; readonly digest: string },
): Promise<Running> {
  const here = instancesIn(held, place);
  if (here.length === 0)
    throw new BlueGreenError(
      'not-found',
      `nothing listens on port ${place.port} of ${describePlace(place)}: there is nothing to adopt`,
    );
  const places = instancePlaces(place);
  if (held.records.has(slotName(place))) return requireRunning(observedSlot(held, places));
  const { port, ports } = place;
  held.records.set(slotName(place), { ...known, port, ...(ports ? { ports } : {}), health: undefined, adopted: true });
  for (const each of here) held.machine.instances.set(placeName(each.place), { ...each, release: known });
  return requireRunning(observedSlot(held, places));
}
