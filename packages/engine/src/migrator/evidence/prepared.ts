// What the server itself says of a release's statements on the changed schema.

import type { ReleaseNeeds } from './needs.ts';
import type { Evidence } from './report.ts';
import type { Prepared } from './scratch.ts';

export interface PreparedStatements {
  readonly release: ReleaseNeeds;
  /** In the order of its statements. Undefined: what already fails counts as well. */
  readonly before: readonly Prepared[] | undefined;
  readonly after: readonly Prepared[];
}

export function preparedEvidence({ release, before, after }: PreparedStatements): readonly Evidence[] {
  return release.statements.flatMap((statement, index): readonly Evidence[] => {
    const now = after[index];
    if (now?.kind !== 'refused') return [];
    const isOld = before?.[index]?.kind === 'refused';
    const sentence = `${shortened(statement)}: ${now.sentence}${isOld ? ' (so it is already)' : ''}`;
    return [
      {
        layer: 'prepare',
        release: release.release,
        file: undefined,
        object: undefined,
        classes: ['breaks-old'],
        effect: isOld ? 'said' : 'breaks',
        sentence,
      },
    ];
  });
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
