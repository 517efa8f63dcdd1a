// The server's own answer to a release's statements on the changed schema.

import { type Change, isAdditive } from './diff.ts';
import { type ReadUse, type ReleaseNeeds, touches } from './needs.ts';
import type { Evidence } from './report.ts';

export type Prepared =
  /** `whenKept`: the server's error for a connection that prepared the statement before the files ran. */
  | { readonly kind: 'fits'; readonly whenKept?: string }
  | { readonly kind: 'refused'; readonly sentence: string }
  /** Nothing that can be prepared, such as SET or COPY. */
  | { readonly kind: 'skipped' };

export interface PreparedStatements {
  readonly release: ReleaseNeeds;
  /** In the order of its statements. Undefined: what already fails counts as well. */
  readonly before: readonly Prepared[] | undefined;
  readonly after: readonly Prepared[];
  /** What the files changed, to name the one that did it. */
  readonly changes: readonly Change[];
  readonly readUse: ReadUse;
  /** Why the author takes a file's hazards on, by file. */
  readonly accepted: Readonly<Record<string, string>>;
}

export function preparedEvidence(input: PreparedStatements): readonly Evidence[] {
  return input.release.statements.flatMap((statement, index): readonly Evidence[] => {
    const now = input.after[index];
    if (now?.kind === 'refused') return [refused(input, statement, now.sentence, input.before?.[index])];
    // A release that is yet to start prepares its statements on the changed schema.
    if (now?.kind === 'fits' && now.whenKept !== undefined && input.before)
      return [failsWhenKept(input, statement, now.whenKept)];
    return [];
  });
}

function refused(
  { release, changes, readUse }: PreparedStatements,
  statement: string,
  said: string,
  before: Prepared | undefined,
): Evidence {
  const isOld = before?.kind === 'refused';
  const cause = isOld
    ? undefined
    : changes.find((change) => !isAdditive(change) && touches(namesIn(statement, readUse), change.object));
  return {
    layer: 'prepare',
    release: release.release,
    file: cause?.file,
    object: cause?.object,
    classes: ['breaks-old'],
    effect: isOld ? 'said' : 'breaks',
    sentence: `${shortened(statement)}: ${said}${isOld ? ' (so it is already)' : ''}`,
  };
}

/** No copy can show whether the release retains prepared statements, and what its driver does then. */
function failsWhenKept(
  { release, changes, readUse, accepted }: PreparedStatements,
  statement: string,
  said: string,
): Evidence {
  const cause = changes.find(({ object }) => touches(namesIn(statement, readUse), object));
  const file = cause?.file;
  const reason = file === undefined ? undefined : accepted[file];
  const isOwn = file !== undefined && release.files.includes(file);
  const excuse = isOwn ? 'it carries this file itself' : reason && `accepted: ${reason}`;
  return {
    layer: 'prepare',
    release: release.release,
    file,
    object: cause?.object,
    classes: ['breaks-old'],
    effect: excuse === undefined ? 'unclear' : 'said',
    sentence: `${shortened(statement)}: a connection of ${release.release} that keeps it prepared fails at each use until the connection is renewed (${said}); name the columns, or renew the connections after this migration${excuse === undefined ? '' : ` (${excuse})`}`,
  };
}

/** What the statement uses, as far as its names show. */
function namesIn(statement: string, readUse: ReadUse): readonly string[] {
  const { reads = [], writes = [], stars = [], routines = [] } = readUse(statement) ?? {};
  return [...reads, ...writes, ...stars, ...routines];
}

const shownAtMost = 160;

/** On one line, with its literals removed: they may contain values that no other person may read. */
export function shortened(statement: string): string {
  const line = statement
    .replaceAll(/'(?:[^']|'')*'/g, "'…'")
    .replaceAll(/\s+/g, ' ')
    .trim();
  return line.length > shownAtMost ? `${line.slice(0, shownAtMost - 1)}…` : line;
}
