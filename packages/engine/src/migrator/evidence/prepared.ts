// What the server itself says of a release's statements on the changed schema.

import { type Change, isAdditive } from './diff.ts';
import { type ReadUse, type ReleaseNeeds, touches } from './needs.ts';
import type { Evidence } from './report.ts';
import type { Prepared } from './scratch.ts';

export interface PreparedStatements {
  readonly release: ReleaseNeeds;
  /** In the order of its statements. Undefined: what already fails counts as well. */
  readonly before: readonly Prepared[] | undefined;
  readonly after: readonly Prepared[];
  /** What the files changed, to name the one that did it. */
  readonly changes: readonly Change[];
  readonly readUse: ReadUse;
}

export function preparedEvidence({
  release,
  before,
  after,
  changes,
  readUse,
}: PreparedStatements): readonly Evidence[] {
  return release.statements.flatMap((statement, index): readonly Evidence[] => {
    const now = after[index];
    if (now?.kind !== 'refused') return [];
    const isOld = before?.[index]?.kind === 'refused';
    const cause = isOld ? undefined : causeOf(statement, changes, readUse);
    const sentence = `${shortened(statement)}: ${now.sentence}${isOld ? ' (so it is already)' : ''}`;
    return [
      {
        layer: 'prepare',
        release: release.release,
        file: cause?.file,
        object: cause?.object,
        classes: ['breaks-old'],
        effect: isOld ? 'said' : 'breaks',
        sentence,
      },
    ];
  });
}

/** The change that the statement runs into, as far as its names tell. */
function causeOf(statement: string, changes: readonly Change[], readUse: ReadUse): Change | undefined {
  const { reads = [], writes = [], stars = [], routines = [] } = readUse(statement) ?? {};
  const names = [...reads, ...writes, ...stars, ...routines];
  return changes.find((change) => !isAdditive(change) && touches(names, change.object));
}

const shownAtMost = 160;

/** On one line, with its literals removed: they may hold what nobody else is to read. */
export function shortened(statement: string): string {
  const line = statement
    .replaceAll(/'(?:[^']|'')*'/g, "'…'")
    .replaceAll(/\s+/g, ' ')
    .trim();
  return line.length > shownAtMost ? `${line.slice(0, shownAtMost - 1)}…` : line;
}
