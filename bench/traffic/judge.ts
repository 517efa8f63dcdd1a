// Which side answered although it no longer should: decided only from the times of commands and requests.

import type { SlotName } from '@bg/engine';
import { type Records, slots } from './load/records.ts';

/** Times as in `Records`. */
export interface Command<To> {
  readonly to: To;
  readonly began: number;
  readonly returned: number;
}

/** Requests that began after the command had returned, and were answered by a side that was not active from then on. */
export function staleAfterSwitches(records: Records, first: SlotName, commands: readonly Command<SlotName>[]): number {
  const all = [{ to: first, began: Number.NEGATIVE_INFINITY, returned: Number.NEGATIVE_INFINITY }, ...commands];
  let stale = 0;
  for (let at = 0; at < records.slot.length; at += 1) {
    const side = slots[records.slot[at] as 0 | 1];
    if (side !== undefined && !mayAnswer(all, side, { from: started(records, at), until: ended(records, at) }))
      stale += 1;
  }
  return stale;
}

const started = ({ started: column }: Records, at: number): number => column[at] ?? 0;
const ended = ({ ended: column }: Records, at: number): number => column[at] ?? 0;

/** A side may answer from the beginning of the command that chose it until the next one has returned. */
function mayAnswer(
  commands: readonly Command<SlotName>[],
  side: SlotName,
  request: { readonly from: number; readonly until: number },
): boolean {
  for (let at = lastBegun(commands, request.until); at >= 0; at -= 1) {
    if (commands[at]?.to === side) return true;
    if ((commands[at]?.returned ?? 0) < request.from) return false;
  }
  return false;
}

function lastBegun(commands: readonly Command<unknown>[], time: number): number {
  let [low, high] = [0, commands.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((commands[middle]?.began ?? 0) <= time) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** For each switch: milliseconds from the command's beginning to the last answer of the side before; slow ones left out. */
export function lastOldAnswersMs(records: Records, commands: readonly Command<SlotName>[]): readonly number[] {
  const last = commands.map(() => 0);
  for (let at = 0; at < records.slot.length; at += 1) {
    const end = ended(records, at);
    const index = lastBegun(commands, end);
    const command = commands[index];
    const side = slots[records.slot[at] as 0 | 1];
    if (records.slow[at] === 1 || side === undefined || command === undefined) continue;
    if (side !== command.to && end >= command.began) last[index] = Math.max(last[index] ?? 0, end - command.began);
  }
  return last;
}

/**
 * Answers that no fixed share of users explains: every user has one weight above which green serves the user. It checks
 * requests that were sent and answered between two changes of the weight.
 */
export function againstTheWeight(records: Records, commands: readonly Command<number>[]): number {
  const seen = new Map<number, Map<number, [blue: number, green: number]>>();
  for (let at = 0; at < records.slot.length; at += 1) {
    const slot = records.slot[at];
    const command = settledWeight(commands, started(records, at), ended(records, at));
    if (command === undefined || (slot !== 0 && slot !== 1)) continue;
    const byWeight = seen.get(records.user[at] ?? 0) ?? new Map<number, [number, number]>();
    const counts = byWeight.get(command.to) ?? [0, 0];
    counts[slot] += 1;
    byWeight.set(command.to, counts);
    seen.set(records.user[at] ?? 0, byWeight);
  }
  return [...seen.values()].reduce((sum, byWeight) => sum + leastUnexplained(byWeight), 0);
}

function settledWeight(commands: readonly Command<number>[], from: number, until: number): Command<number> | undefined {
  const command = commands[lastBegun(commands, until)];
  return command !== undefined && command.returned <= from ? command : undefined;
}

function leastUnexplained(byWeight: ReadonlyMap<number, readonly [number, number]>): number {
  const thresholds = [0, ...byWeight.keys()];
  return Math.min(
    ...thresholds.map((threshold) =>
      [...byWeight].reduce((sum, [weight, [blue, green]]) => sum + (weight > threshold ? blue : green), 0),
    ),
  );
}
