// Reads what a side takes of the machine. A value that cannot be read is an error of the check, never a small number.

import type { Answer, Question, SideFacts, SideUse } from '../../domain/evidence.ts';
import type { SlotName } from '../../domain/target.ts';
import type { Clock } from '../../lib/clock.ts';
import { BlueGreenError } from '../../lib/errors.ts';
import type { EvidenceParts } from '../driver.ts';
import { problemOf } from '../http-source.ts';
import type { EvidenceSource } from '../source.ts';

export const kinds = ['cpu', 'memory', 'restarts', 'openFiles', 'threads'] as const;
type Kind = (typeof kinds)[number];

export interface MachineSettings {
  readonly of: Kind;
  /** How much more than the stable side is still good: 0.5 is 50 %. Undefined: the number itself is the answer. */
  readonly worse: number | undefined;
}

interface Measure {
  readonly name: string;
  readonly unit: string;
  /** A difference up to this is let pass, whatever share of the whole it is. */
  readonly slack: number;
}

const measures: Readonly<Record<Kind, Measure>> = {
  cpu: { name: 'CPU', unit: ' % of a core', slack: 5 },
  memory: { name: 'memory', unit: ' MB', slack: 16 },
  restarts: { name: 'restarts in a row', unit: '', slack: 0 },
  openFiles: { name: 'open files', unit: '', slack: 16 },
  threads: { name: 'threads', unit: '', slack: 8 },
};

export const nameOf = (of: Kind): string => (of === 'memory' ? 'memory in MB' : measures[of].name);

/** Two readings of processor time that are closer than this show nothing. */
const closestMs = 1_000;

interface Reading {
  readonly at: number;
  readonly mark: string;
  readonly cpuMs: number;
}

/** Of one deployment: nothing of an earlier one is compared with this one. */
interface Memory {
  readonly deployment: string;
  readonly readings: Map<SlotName, Reading>;
  /** The most that the stable side has used while it had at least half of the users. */
  reference: number | undefined;
}

export function createMachineSource({ settings, clock, usage }: EvidenceParts<MachineSettings>): EvidenceSource {
  const { of, worse } = settings;
  let memory: Memory | undefined;
  return {
    ask: async (question, signal) => {
      if (memory?.deployment !== question.deployment)
        memory = { deployment: question.deployment, readings: new Map(), reference: undefined };
      const own = memory;
      const measure = async (side: SideFacts): Promise<Measured> => {
        const use = await usage(side.slot);
        return { value: readingOf({ of, side, use, clock, memory: own }), percent: use.percent };
      };
      try {
        if (worse === undefined) return answerOf(await measure(question.canary), question);
        // Both, also where one has no value yet: the next question needs the readings of both.
        const stable = await measure(question.stable).catch((thrown: unknown) => {
          if (own.reference === undefined) throw thrown;
          return undefined;
        });
        const canary = await measure(question.canary);
        if (stable) remember(own, stable);
        return compared({ of, worse, question }, canary, own.reference);
      } catch (thrown) {
        signal.throwIfAborted();
        return { kind: 'none', why: 'failed', sentence: problemOf(thrown) };
      }
    },
    shown: ({ stable, canary }) =>
      worse === undefined
        ? [`${nameOf(of)} of ${canary.slot}`]
        : [`${nameOf(of)} of ${canary.slot} against ${stable.slot}`],
  };
}

interface Measured {
  /** Undefined: processor time has been read once, and a share of a core needs two readings. */
  readonly value: number | undefined;
  readonly percent: number;
}

interface Measuring {
  readonly of: Kind;
  readonly side: SideFacts;
  readonly use: SideUse;
  readonly clock: Clock;
  readonly memory: Memory;
}

/** @throws BlueGreenError `evidence-unreadable` */
function readingOf({ of, side, use, clock, memory }: Measuring): number | undefined {
  const read = (value: number | undefined): number => {
    if (value !== undefined) return value;
    const text = `${measures[of].name} of ${side.version} in ${side.slot} cannot be read by the account of the engine`;
    throw new BlueGreenError('evidence-unreadable', text);
  };
  switch (of) {
    case 'cpu':
      return shareOfCore(memory.readings, side.slot, { at: clock.monotonic(), mark: use.mark, cpuMs: read(use.cpuMs) });
    case 'memory':
      return read(use.memoryBytes) / 2 ** 20;
    case 'restarts':
      return use.restarts;
    case 'openFiles':
      return read(use.openFiles);
    case 'threads':
      return read(use.threads);
    default:
      return of satisfies never;
  }
}

function shareOfCore(readings: Map<SlotName, Reading>, slot: SlotName, now: Reading): number | undefined {
  const before = readings.get(slot);
  if (before && before.mark === now.mark && now.at - before.at < closestMs) return undefined;
  readings.set(slot, now);
  // Less than before: a process of the side has ended, and took its time with it.
  if (!before || before.mark !== now.mark || now.cpuMs < before.cpuMs) return undefined;
  return ((now.cpuMs - before.cpuMs) / (now.at - before.at)) * 100;
}

const answerOf = ({ value }: Measured, { canary }: Question): Answer =>
  value === undefined ? notYet(canary) : { kind: 'number', value: rounded(value) };

const notYet = ({ version, slot }: SideFacts): Answer => ({
  kind: 'none',
  why: 'empty',
  sentence: `CPU of ${version} in ${slot} is measured from this answer to the next`,
});

/** A stable side that most users have left says nothing about the load that they make. */
function remember(memory: Memory, { value, percent }: Measured): void {
  if (value === undefined || percent < 50) return;
  memory.reference = Math.max(memory.reference ?? 0, value);
}

interface Comparing {
  readonly of: Kind;
  readonly worse: number;
  readonly question: Question;
}

function compared({ of, worse, question }: Comparing, { value }: Measured, reference: number | undefined): Answer {
  const { stable, canary } = question;
  if (value === undefined) return notYet(canary);
  if (reference === undefined)
    return {
      kind: 'none',
      why: 'empty',
      sentence: `${measures[of].name} of ${stable.version} has not been read while it had at least half of the users`,
    };
  const { name, slack } = measures[of];
  const isWorse = value > reference * (1 + worse) && value - reference > slack;
  const text = `${name} of ${canary.version} is ${amount(of, value)}, ${differenceText(value, reference)} ${amount(of, reference)} of ${stable.version}`;
  return { kind: 'opinion', result: isWorse ? 'fail' : 'pass', text };
}

function differenceText(value: number, reference: number): string {
  if (reference === 0) return value === 0 ? 'as many as the' : 'more than the';
  const percent = Math.round((value / reference - 1) * 100);
  return percent === 0 ? 'about the' : `${Math.abs(percent)} % ${percent > 0 ? 'more' : 'less'} than the`;
}

const amount = (of: Kind, value: number): string => `${rounded(value)}${measures[of].unit}`;

const rounded = (value: number): number => Number(value.toPrecision(3));
