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
  type LaunchSettings,
  type ReleaseFiles,
  type SlotObservation,
  type SlotPlace,
  type StartedInstance,
} from '../environment/environment.ts';
import { localPorts } from '../environment/local-ports.ts';
import { lastLines } from '../environment/tail.ts';
import type { Clock } from '../lib/clock.ts';
import { BlueGreenError } from '../lib/errors.ts';
import { createKeyedMutex, type KeyedMutex } from '../lib/keyed-mutex.ts';
import { createMachine, type Instance, type LastEnd, type Machine, placeName } from './fake-machine.ts';

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
  crash(place: SlotKey, end?: LastEnd): Promise<void>;
  /** The start of this release throws this, until it is called without one. */
  refuseStart(version: string, why?: BlueGreenError): void;
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
  mkdirSync(folder, { recursive: true });
  return {
    machine: held.machine,
    story,
    create: () => environmentOn(held, story, refusals),
    crash: (place, end = { lastExit: 'exit code 1', lastLog: ['it broke'] }) => held.machine.end(place, end),
    refuseStart: (version, why) => void (why ? refusals.set(version, why) : refusals.delete(version)),
  };
}

function environmentOn(held: Held, story: string[], refusals: ReadonlyMap<string, BlueGreenError>): Environment {
  const { machine, records, folder } = held;
  const logFile = ({ slot }: SlotKey): string => join(folder, `${slot}.log`);
  const preflight = (place: SlotPlace, release: ReleaseFiles, settings: LaunchSettings): Effective => {
    const refusal = refusals.get(release.version);
    if (refusal) throw refusal;
    return effective(place, settings);
  };
  return {
    addresses: localPorts((slot) => records.get(placeName(slot))),
    describe: ({ pid }) => `pid ${pid}`,
    preflight,
    start: (place, release, settings) =>
      held.mutex(placeName(place), async () => {
        preflight(place, release, settings);
        const here = machine.instances.get(placeName(place));
        if (isSame(here, release) && here.place.port === place.port) return observed(held, here);
        if (here) await endIn(held, place, settings.graceMs);
        story.push(`start ${release.version} in ${place.slot}`);
        const record = { version: release.version, digest: release.digest, port: place.port };
        records.set(placeName(place), { ...record, health: settings.health, adopted: false });
        return begin(held, { place, release, settings, logFile: logFile(place) });
      }),
    stop: (place, graceMs) =>
      held.mutex(placeName(place), async () => {
        if (machine.instances.has(placeName(place))) story.push(`stop ${place.slot}`);
        await endIn(held, place, graceMs);
        records.delete(placeName(place));
      }),
    inspect: async (place) => {
      const here = machine.instances.get(placeName(place));
      const isKnown = records.has(placeName(place));
      if (here && isKnown) return observed(held, here);
      return { kind: 'stopped', ...(machine.ends.get(placeName(place)) ?? { lastLog: [] }) };
    },
    startedAs: (slot) => records.get(placeName(slot)),
    running: () =>
      [...machine.instances.values()].flatMap(({ place, release }) => {
        const record = records.get(placeName(place));
        return record ? [{ ...place, ...release, health: record.health }] : [];
      }),
    judgeBy: async (slot, health) => {
      const record = records.get(placeName(slot));
      if (record) records.set(placeName(slot), { ...record, health });
    },
    adoption: { adopt: (place, known) => adopt(held, place, known) },
    sweep: async () => [],
    logFile,
    quoteLog: (place, lines) =>
      machine.ends.get(placeName(place))?.lastLog.slice(-lines) ?? lastLines(logFile(place), lines),
  };
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
    adopted: records.get(placeName(place))?.adopted ?? false,
    ...(settings ? { startedWith: effective(place, settings) } : {}),
    cpuPercent: 0,
    memoryBytes: 50_000_000,
  };
}

/** Neither slot nor version makes a difference. */
function effective(_place: SlotPlace, { command, envFiles, env }: LaunchSettings): Effective {
  const mark = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);
  const variables = Object.entries(env).map(([name, value]) => [name, { mark: mark(value), from: [] }] as const);
  return { key: 'fake', command: mark(command.join(' ')), envFiles, variables: Object.fromEntries(variables) };
}

interface Beginning {
  readonly place: SlotPlace;
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

async function endIn({ machine, clock }: Held, place: SlotKey, graceMs: number): Promise<void> {
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
  const here = held.machine.instances.get(placeName(place));
  if (!here)
    throw new BlueGreenError(
      'not-found',
      `nothing listens on port ${place.port} of ${describePlace(place)}: there is nothing to adopt`,
    );
  if (held.records.has(placeName(place))) return observed(held, here);
  held.records.set(placeName(place), { ...known, port: place.port, health: undefined, adopted: true });
  held.machine.instances.set(placeName(place), { ...here, release: known });
  return { ...observed(held, { ...here, release: known }), adopted: true };
}
