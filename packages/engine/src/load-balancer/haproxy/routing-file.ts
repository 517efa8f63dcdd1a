// The routing on disk, which HAProxy reads when it starts or reloads. Each lease writes in its own folder and moves
// the file from there; the next lease makes its folder, then removes the folders of those before. So a rename that comes
// late has nothing to rename, and a process that wakes up early enough to make its folder again sees the newer one.
//
// What remains: this does not take back a file that was moved into place before its routing was undone; the driver
// moves it last, when all nodes follow.

import { copyFileSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Fence } from '../../domain/routing.ts';
import { BlueGreenError, hasCode, messageOf } from '../../lib/errors.ts';
import { isMissing, readFileIfAny, syncFolder, writeFileAtomic, writeFileSynced } from '../../lib/files.ts';
import { fromWord, mapKey, nobodyYet, type RoutingOrder, toWord } from './routing-word.ts';

export interface RoutingFile {
  readonly path: string;
  /** Undefined when there is none; `unreadable` when it holds something else. */
  read(): RoutingOrder | 'unreadable' | undefined;
  /** Where no routing can be read, writes `known`, or one that serves no user; the old file is stored next to it. */
  mend(known: RoutingOrder | undefined): void;
  /** @throws `fenced-out` when a later lease was here. */
  claim(fence: Fence): void;
  /** On disk for good, but not in place. @throws `balancer-unsettled` when it cannot be written. */
  write(order: RoutingOrder): Written;
}

export interface Written {
  /** @throws `fenced-out` when a later lease has begun meanwhile. */
  moveIntoPlace(): void;
}

const leasePattern = /^lease-(\d+)$/;

export function createRoutingFile(folder: string): RoutingFile {
  const path = join(folder, 'routing.map');
  const leaseFolder = (fence: Fence) => join(folder, `lease-${fence}`);
  const leases = () =>
    readdirSync(folder).flatMap((name) => {
      const fence = leasePattern.exec(name)?.[1];
      return fence === undefined ? [] : [Number(fence)];
    });
  return {
    path,
    read: () => {
      const content = readFileIfAny(path);
      return content === undefined ? undefined : parse(content);
    },
    mend: (known) => {
      const content = readFileIfAny(path);
      if (content !== undefined && parse(content) !== 'unreadable') return;
      if (content !== undefined) copyFileSync(path, `${path}.unreadable`);
      writeFileAtomic(path, contentOf(known ?? nobodyYet));
    },
    claim: (fence) => {
      mkdirSync(leaseFolder(fence), { recursive: true });
      const present = leases();
      const highest = Math.max(...present);
      if (highest > fence) {
        rmSync(leaseFolder(fence), { recursive: true, force: true });
        throw new BlueGreenError('fenced-out', `fence ${fence} is lower than ${highest}, which was here already`);
      }
      for (const earlier of present.filter((each) => each < fence))
        rmSync(leaseFolder(earlier), { recursive: true, force: true });
    },
    write: (order) => {
      const beside = join(leaseFolder(order.fence), 'routing.map');
      try {
        writeFileSynced(beside, contentOf(order));
      } catch (thrown) {
        if (isMissing(thrown)) throw takenOver(order.fence, thrown);
        if (hasCode(thrown, 'disk-full')) throw thrown;
        throw new BlueGreenError('balancer-unsettled', `cannot write the routing: ${messageOf(thrown)}`, {}, thrown);
      }
      return { moveIntoPlace: () => move({ from: beside, to: path, folder, fence: order.fence }) };
    },
  };
}

function move({ from, to, folder, fence }: { from: string; to: string; folder: string; fence: Fence }): void {
  try {
    renameSync(from, to);
  } catch (thrown) {
    if (isMissing(thrown)) throw takenOver(fence, thrown);
    throw new BlueGreenError('balancer-unsettled', `cannot replace ${to}: ${messageOf(thrown)}`, {}, thrown);
  }
  syncFolder(folder);
}

const takenOver = (fence: Fence, cause: unknown): BlueGreenError =>
  new BlueGreenError('fenced-out', `a later lease than ${fence} has removed what this one was writing`, {}, cause);

const contentOf = (order: RoutingOrder): string =>
  `# generation:fence:active:canary:canary's buckets of 10000:preview:named users\n${mapKey} ${toWord(order)}\n`;

function parse(content: string): RoutingOrder | 'unreadable' {
  const lines = content.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  const [key, word, ...more] = (lines[0] ?? '').trim().split(/\s+/);
  const order = lines.length === 1 && key === mapKey && more.length === 0 ? fromWord(word ?? '') : undefined;
  return order ?? 'unreadable';
}
