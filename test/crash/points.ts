// From what a controller passed on one run of a scenario to the points at which others are killed: before and after
// every commit, before, inside and after every call of a driver, inside every step. A new step is in it by itself.

import { createHash } from 'node:crypto';
import type { Moment, Order } from './moments.ts';

export interface Point {
  /** Names it in the results: `before commit step-done promote`, `inside step promote`, `… #2`. */
  readonly name: string;
  readonly order: Order;
}

const begun = /(step-started|undo-started) (\S+)/;

/** @param seed other numbers choose other moments inside of steps and calls */
export function pointsOf(moments: readonly Moment[], seed = 0): readonly Point[] {
  return moments.flatMap((moment, at) => [
    pointAt(moment),
    ...insideCall(moment, moments.slice(at + 1), seed),
    ...insideStep(moment, moments.slice(at + 1), seed),
  ]);
}

function pointAt({ label, edge, nth }: Moment): Point {
  return { name: named(`${edge} ${label}`, nth), order: { label, edge, nth, delayMs: 0, signal: 'SIGKILL' } };
}

function insideCall(moment: Moment, later: readonly Moment[], seed: number): readonly Point[] {
  if (moment.edge !== 'before' || !moment.label.startsWith('call ')) return [];
  const end = later.find(({ label, edge, nth }) => label === moment.label && edge === 'after' && nth === moment.nth);
  return end === undefined ? [] : [inside(moment, named(`inside ${moment.label}`, moment.nth), end.atMs, seed)];
}

function insideStep(moment: Moment, later: readonly Moment[], seed: number): readonly Point[] {
  const [, action, step] = begun.exec(moment.label) ?? [];
  if (moment.edge !== 'after' || step === undefined) return [];
  const ends = action === 'step-started' ? [`step-done ${step}`, `step-failed ${step}`] : [`step-undone ${step}`];
  const end = later.find(({ label, edge }) => edge === 'before' && ends.some((each) => label.includes(each)));
  const kind = action === 'step-started' ? 'step' : 'undo of';
  return end === undefined ? [] : [inside(moment, named(`inside ${kind} ${step}`, moment.nth), end.atMs, seed)];
}

function inside({ label, edge, nth, atMs }: Moment, name: string, endMs: number, seed: number): Point {
  const delayMs = Math.max(1, Math.round((endMs - atMs) * shareOf(`${name} ${seed}`)));
  return { name, order: { label, edge, nth, delayMs, signal: 'SIGKILL' } };
}

/** Between 0 and 1, the same whenever it is asked. */
function shareOf(name: string): number {
  return createHash('sha256').update(name).digest().readUInt32BE() / 2 ** 32;
}

const named = (name: string, nth: number): string => (nth === 1 ? name : `${name} #${nth}`);
