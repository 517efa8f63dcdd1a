// How many requests were not counted: HAProxy's own totals of ended requests compared with the lines that came. Totals
// belong to one process of HAProxy; a new one begins at zero, and what its predecessor had not reported is unknown.

import type { SlotName } from '../../../domain/target.ts';
import { systemClock } from '../../../lib/clock.ts';
import { readFileIfAny, writeFileAtomic } from '../../../lib/files.ts';
import type { Runtime } from '../runtime.ts';

export interface MissWatch {
  /** Requests that are known to be missed since the last comparison. */
  look(): Promise<number>;
}

export interface MissWatchOptions {
  readonly runtimes: readonly { readonly name: string; readonly runtime: Runtime }[];
  readonly name: string;
  /** Holds the balance, so that what was missed while no collector ran is known as well. */
  readonly file: string;
  /** Lines so far; grows while we wait. */
  readonly seen: Readonly<Record<SlotName, number>>;
}

interface Balance {
  /** Per node: the process and how many it has ended. */
  readonly nodes: Readonly<Record<string, { readonly pid: number; readonly ended: number }>>;
  /** Ended and not yet seen; negative while lines are ahead of the totals. */
  readonly owed: number;
}

/** A line follows its request within this time, unless it is lost. */
const lineDelayMs = 500;

export function createMissWatch(options: MissWatchOptions): MissWatch {
  let balance = readBalance(options.file);
  let seenBefore = 0;
  return {
    look: async () => {
      const nodes = await endedPerNode(options);
      await systemClock.sleep(lineDelayMs);
      const seen = options.seen.blue + options.seen.green;
      const owed = (balance?.owed ?? 0) + newlyEnded(balance, nodes) - (seen - seenBefore);
      seenBefore = seen;
      const missed = Math.max(0, owed);
      // The very first comparison has no earlier totals.
      balance = {
        nodes: { ...balance?.nodes, ...nodes },
        owed: balance === undefined ? Math.min(0, owed) : owed - missed,
      };
      writeFileAtomic(options.file, JSON.stringify(balance));
      return missed;
    },
  };
}

async function endedPerNode({ runtimes, name }: MissWatchOptions): Promise<Balance['nodes']> {
  const looks = runtimes.map(async ({ name: node, runtime }) => {
    const [{ pid }, stats] = [await runtime.status(), await runtime.stats()];
    const ended = (['blue', 'green'] as const).reduce((sum, slot) => {
      const { total = 0, open = 0 } = stats.get(`${name}_${slot}`) ?? {};
      return sum + total - open;
    }, 0);
    return [node, { pid, ended }] as const;
  });
  const settled = await Promise.allSettled(looks);
  return Object.fromEntries(settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : [])));
}

function newlyEnded(before: Balance | undefined, now: Balance['nodes']): number {
  return Object.entries(now).reduce((sum, [node, { pid, ended }]) => {
    const known = before?.nodes[node];
    return sum + (known?.pid === pid ? ended - known.ended : ended);
  }, 0);
}

function readBalance(file: string): Balance | undefined {
  try {
    return JSON.parse(readFileIfAny(file) ?? 'null') ?? undefined;
  } catch {
    return undefined;
  }
}
