// What a routing looks like on the disk. nginx tests two files for each request: `<seat>/live` and `<seat>/<share>`.
// A seat is a kind of user, and a link to a table; a table is a folder of empty files. Without `live` no user is served
// there; the shares that have a file go to green, the others to blue.

import { isDeepStrictEqual } from 'node:util';
import type { Routing } from '../../domain/routing.ts';
import type { SlotName } from '../../domain/target.ts';

export const seats = ['users', 'allowed', 'cookie', 'cookie-allowed', 'header'] as const;
export type Audience = (typeof seats)[number];

export interface Table {
  /** The same name means the same files, so that generations share tables. */
  readonly name: string;
  readonly files: readonly string[];
}

const allShares = Array.from({ length: 100 }, (_, share) => String(share).padStart(2, '0'));

export function tablesOf(routing: Routing): Readonly<Record<Audience, Table>> {
  const users = usersTable(routing);
  const newSide = routing.canary?.slot ?? routing.preview;
  const allowed = newSide === undefined || routing.active === undefined ? users : sideTable(newSide);
  const preview = routing.preview && previewTable(routing.preview);
  return {
    users,
    allowed,
    cookie: preview ?? users,
    'cookie-allowed': preview ?? allowed,
    header: preview ?? nobody,
  };
}

/** What users of a table get, as far as a routing can say it; undefined for files that no routing would have put there. */
export function usersOf(files: readonly string[]): Pick<Routing, 'active' | 'canary'> | undefined {
  const greens = allShares.filter((share) => files.includes(share)).length;
  const candidates: readonly Pick<Routing, 'active' | 'canary'>[] = [
    { active: undefined, canary: undefined },
    { active: 'blue', canary: undefined },
    { active: 'green', canary: undefined },
    { active: 'blue', canary: { slot: 'green', percent: greens } },
    { active: 'green', canary: { slot: 'blue', percent: 100 - greens } },
  ];
  return candidates.find((each) => sameFiles(usersTable({ ...each, generation: 0, preview: undefined }).files, files));
}

export function previewOf(files: readonly string[]): SlotName | undefined {
  return (['blue', 'green'] as const).find((slot) => sameFiles(previewTable(slot).files, files));
}

export function sameFiles(left: readonly string[], right: readonly string[]): boolean {
  return isDeepStrictEqual(left.toSorted(), right.toSorted());
}

const nobody: Table = { name: 'nobody', files: [] };

function usersTable({ active, canary }: Routing): Table {
  if (active === undefined) return nobody;
  if (canary === undefined || canary.slot === active || canary.percent === 0) return sideTable(active);
  if (canary.percent === 100) return sideTable(canary.slot);
  const first = allShares.slice(0, canary.percent);
  const greens = canary.slot === 'green' ? first : allShares.slice(canary.percent);
  return { name: `${canary.slot}-first-${canary.percent}`, files: ['live', ...greens] };
}

function sideTable(slot: SlotName): Table {
  return { name: slot, files: slot === 'green' ? ['live', ...allShares] : ['live'] };
}

function previewTable(slot: SlotName): Table {
  return { name: `preview-${slot}`, files: ['preview', ...sideTable(slot).files] };
}
