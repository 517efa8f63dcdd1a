// Where releases run. One folder per driver; each signs the contract in environment.contract.ts.

import type { HealthSettings } from '../config/health/settings.ts';
import type { VariableFormat } from '../config/process/required-env.ts';
import type { Endpoint, SlotKey, SlotName } from '../domain/target.ts';
import type { AccountName } from '../lib/accounts.ts';
import type { GroupLimits } from '../lib/control-group.ts';
import type { Fenced } from './acting.ts';
import type { Orphan } from './orphan.ts';
import type { OwnChecks } from './own-checks.ts';
import type { PartKey, ProcessRoles } from './process-roles.ts';
import type { Images } from './release-images.ts';
import type { TailOptions } from './tail.ts';
import type { Unknown } from './unknown.ts';
import type { InstanceUse } from './usage.ts';

/** What the configuration says of where a slot is. */
export interface ConfiguredSlot {
  readonly port: number;
  /** A port for each instance where there are several; the first is `port`. Undefined: the slot has one instance. */
  readonly ports?: readonly number[] | undefined;
}

/** One slot of one target, as configured: a fixed place with a port for each instance. Port 0: it listens nowhere. */
export interface SlotPlace extends ConfiguredSlot {
  readonly service: string;
  readonly target: string;
  readonly slot: SlotName;
  /** See `PartKey`. Only where the environment has `processRoles`. */
  readonly role?: string | undefined;
}

/** The instances of a slot are counted from 1. */
export interface InstanceKey extends PartKey {
  /** Undefined: the slot has one instance. */
  readonly instance?: number | undefined;
}

/** Where one instance is. */
export interface InstancePlace extends InstanceKey {
  readonly port: number;
}

/** How an instance is judged. */
export type HealthRule = HealthSettings;

/** How the instances of a slot were started. They are addressed and judged by this until their next start. */
export interface StartedInstance extends ConfiguredSlot {
  readonly version: string;
  readonly digest: string;
  /** Undefined for an instance that an earlier version of this program started, and for an adopted one. */
  readonly health: Partial<HealthRule> | undefined;
}

export interface RunningInstance extends SlotKey, StartedInstance {}

/** For a sentence: `blue of shop/production`, `instance 2 of blue of shop/production`. */
export function describePlace({ service, target, slot, instance, role }: InstanceKey): string {
  const which = instance === undefined ? '' : `instance ${instance} of `;
  return `${which}${role === undefined ? '' : `${role} in `}${slot} of ${service}/${target}`;
}

/** What to run: immutable content on this machine's disk. */
export interface ReleaseFiles {
  readonly version: string;
  readonly digest: string;
  /** Absolute path of the release's folder. */
  readonly folder: string;
}

/** How to run it; values come from the configuration, secrets from the slot's env files, read when the slot starts. */
export interface LaunchSettings {
  /** Empty: what the release starts by itself, where it is an image. */
  readonly command: readonly string[];
  /** Values may hold `${NAME}`: a variable of the env files or one of the built-in ones. */
  readonly env: Readonly<Record<string, string>>;
  /** Absolute paths, read in this order; a later file wins, and `env` wins over files. */
  readonly envFiles: readonly string[];
  readonly requiredEnv: readonly string[];
  /** What they must look like, and which of them name something that must be reachable. */
  readonly envFormats?: readonly VariableFormat[];
  /** Files of the release that are filled in with the slot's environment; `CONFIG_DIR` names their folder. */
  readonly templates: readonly string[];
  /** Between SIGTERM and SIGKILL. */
  readonly graceMs: number;
  /** How long the process must stay up before `start` resolves (not the same as "never healthy"). */
  readonly settleMs: number;
  readonly minFreeDiskBytes: number;
  readonly minFreeMemoryBytes: number;
  readonly maxLogBytes: number;
  readonly health?: HealthRule;
  /** Undefined: the account of the engine. The service may then do whatever the engine may. */
  readonly account?: AccountName | undefined;
  readonly quota?: GroupLimits | undefined;
  /** The processes get its path in `LIVE_FILE`: it says whether their slot is live. Undefined: they get none. */
  readonly liveFile?: string | undefined;
}

/** What a slot is started with. Of values only marks: they show that two values differ, but reveal neither. */
export interface Effective {
  /** Marks of another key say nothing about those of this one. */
  readonly key: string;
  /** A mark: its arguments may have been filled in. */
  readonly command: string;
  readonly envFiles: readonly string[];
  /** As for a slot without colour and port, so that those of two slots can be compared. */
  readonly variables: Readonly<Record<string, VariableMark>>;
}

export interface VariableMark {
  readonly mark: string;
  /** The env files that its value comes from. */
  readonly from: readonly string[];
}

interface Stopped {
  readonly kind: 'stopped';
  readonly lastExit?: string;
  readonly lastLog: readonly string[];
  /** Set when it did not end by itself: an engine stopped it, or the machine went down. Not the release's fault. */
  readonly endedBy?: 'engine' | 'machine';
}

interface Running {
  readonly kind: 'running';
  /** Undefined where what runs is not known as a process of this machine. `describe` names it in every environment. */
  readonly pid?: number | undefined;
  /** What names it where a pid does not: the id of a container. */
  readonly id?: string;
  /** Undefined for an adopted process of which only the port is known. */
  readonly version: string | undefined;
  readonly digest: string | undefined;
  readonly startedAt: number;
  readonly adopted: boolean;
  /** Undefined for an adopted process. */
  readonly startedWith?: Effective;
  /** Share of one core over the last interval between two looks, 0 when unknown; resident bytes of the whole group. */
  readonly cpuPercent: number;
  readonly memoryBytes: number;
}

/** The state of one instance. */
export type InstanceObservation = (Stopped | Running | Unknown) & { readonly instance: number };

/**
 * The present state of a slot, summed over its instances by `sumInstances`: it is `running` while one of them runs. `pid`,
 * `version` and what it was started with are those of the first that runs, `startedAt` is that of the latest start.
 */
export type SlotObservation = (Stopped | Running) & {
  /** Every instance, in order. Undefined: the slot has one, and this is its state. */
  readonly instances?: readonly InstanceObservation[] | undefined;
};

/** Where slots are reached. The flow knows no more than this about them. */
export interface Addresses {
  /** The place that the configuration gives to the slot. */
  configured(slot: SlotKey, settings: ConfiguredSlot): SlotPlace;
  /** Where the instances of a slot at this place answer: one for each, in order, whether it runs or not. */
  endpoints(place: SlotPlace): readonly [Endpoint, ...Endpoint[]];
  /** The place that the slot was started at; where nothing was started, the configured one. */
  asStarted(configured: SlotPlace): SlotPlace;
  /** For a sentence: `port 8001`, `ports 8001, 8002 and 8003`. */
  nameOf(place: SlotPlace): string;
  /** Equal for places that no two instances can have at once. Stored, in digests: it must not change. */
  markOf(place: SlotPlace): string | number;
  /** What a person does about an address that another slot keeps. */
  readonly hintWhenTaken: string;
  /** Which of the others was started at the address that the configuration gives to this slot now, and keeps it. */
  holderOf(place: SlotPlace, others: readonly SlotKey[]): SlotKey | undefined;
  /**
   * The configured place, unless the other side of the target keeps its address: then the place that this slot had. So a
   * crash and a way back work while the addresses of two sides are exchanged. Undefined: there is none.
   */
  placeToStart(place: SlotPlace, sibling: SlotKey): SlotPlace | undefined;
}

export type RunningSlot = SlotObservation & { readonly kind: 'running' };

/** A capability. Verbs ask for its presence, and name the driver where it is missing. */
export interface Adoption {
  /** Takes over whatever answers at the slot's addresses without touching it. @throws `not-found` when nothing does. */
  adopt(place: SlotPlace, known: { readonly version: string; readonly digest: string }): Promise<RunningSlot>;
}

/** What one instance writes: a file, or a stream of the program that runs it. */
export interface InstanceLog {
  readonly instance: number;
  /** For a person: the path of the file, or the command that shows it. */
  readonly where: string;
  /** Undefined where the log is no file of this machine. Rotated parts of it are beside it. */
  readonly file?: string | undefined;
  /** Whole lines, oldest first; ends quietly when the signal of the options aborts. */
  read(options: TailOptions): AsyncIterable<string>;
}

/** What every environment does. A capability is present where the driver has it. */
export interface Environment extends Fenced<Environment>, OwnChecks<SlotPlace> {
  readonly adoption?: Adoption | undefined;
  readonly images?: Images | undefined;
  readonly processRoles?: ProcessRoles | undefined;
  /** A capability: one row for each instance that runs, in order. */
  usage?(place: SlotPlace): Promise<readonly InstanceUse[]>;
  readonly addresses: Addresses;
  /**
   * For a sentence about what runs in a slot, and for whether it is still the same: `pid 4711`. Names each instance that
   * runs; equal as long as none was started again.
   */
  describe(running: SlotObservation & { kind: 'running' }): string;
  /**
   * Starts the release in all instances of the slot, a few at a time; resolves when each has stayed up for `settleMs`. An
   * instance in which the same release runs on the same port keeps running (idempotent), so that a repeated start brings
   * back only what has ended; another release there is stopped first, and so are instances that the place does not have.
   * When one instance fails, those that this call started are stopped and the failure of that one is thrown. What was
   * started outlives this process.
   * @throws BlueGreenError `port-in-use` (naming the holder), `variable-missing`, `variable-invalid`, `unreachable`,
   * `env-file-unreadable`, `env-file-invalid`, `release-missing`, `template-unfilled`, `exec-not-found`,
   * `account-refused`, `start-failed` (with the last log lines), `resources-short`, `lease-held` (the slot is being
   * changed)
   */
  start(
    place: SlotPlace,
    release: ReleaseFiles,
    settings: LaunchSettings,
  ): Promise<SlotObservation & { kind: 'running' }>;
  /** What `start` would begin with now. Starts and stops nothing. @throws what `start` throws before it stops anything */
  preflight(place: SlotPlace, release: ReleaseFiles, settings: LaunchSettings): Effective;
  /**
   * All instances at the same time: SIGTERM to the group, `graceMs`, SIGKILL. Resolves when nothing is left; does nothing
   * to a stopped slot.
   */
  stop(place: SlotPlace, graceMs: number): Promise<void>;
  /** Of the instances that were started, and where nothing was started, of those of `place`. */
  inspect(place: SlotPlace): Promise<SlotObservation>;
  /** The record of the last start, also of a process that has died since. Undefined once `stop` has ended it. */
  startedAs(slot: PartKey): StartedInstance | undefined;
  /** Every slot in which an instance runs now, whether a configuration still names it or not. */
  running(): readonly RunningInstance[];
  /** Records another health rule for the instances in the slot; nothing is recorded for an empty slot. */
  judgeBy(slot: SlotKey, health: HealthRule): Promise<void>;
  /** Finds and clears what no slot of `places` owns; ensures that logs stay below their limit. */
  sweep(places: readonly SlotPlace[], maxLogBytes: number): Promise<readonly Orphan[]>;
  /** What the instances of the slot write, in order. */
  logs(place: SlotPlace): readonly [InstanceLog, ...InstanceLog[]];
  /**
   * The last lines that the last start in the slot wrote, without the secrets that it was given; at most `lines`. Where
   * there are several instances, each line begins with the number of its instance in brackets.
   */
  quoteLog(place: SlotPlace, lines: number): readonly string[];
}
