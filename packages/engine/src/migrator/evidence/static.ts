// What the rules say of the files that would run, and what a dry run settles of what they leave open.

import type { SqlFile } from '../files/migration.ts';
import type { Finding } from '../lint/finding.ts';
import type { Evidence } from './report.ts';
import type { Applied, Trace } from './scratch.ts';

/** `applied` by file, as far as the scratch copy went; undefined where there is none. */
export function staticEvidence(
  findings: readonly Finding[],
  applied: Readonly<Record<string, Applied>> | undefined,
): readonly Evidence[] {
  return findings.map((finding) => ({
    layer: 'static',
    release: undefined,
    file: finding.file,
    object: undefined,
    classes: finding.classes,
    effect: effectOf(finding, applied?.[finding.file]),
    sentence: `${finding.file}:${finding.line} ${finding.rule}: ${finding.message}${acceptance(finding)}`,
  }));
}

function effectOf({ severity, accepted }: Finding, applied: Applied | undefined): Evidence['effect'] {
  if (accepted !== undefined || severity === 'warning') return 'said';
  if (severity === 'error') return 'breaks';
  // What could not be read was run: the difference in the catalog and the locks show what it does.
  return applied?.ok ? 'said' : 'unclear';
}

const acceptance = ({ accepted }: Finding): string => (accepted === undefined ? '' : ` (accepted: ${accepted})`);

/** Reasons by file, of those hazards that break the old release or depend on its data. */
export function acceptedIn(findings: readonly Finding[]): Readonly<Record<string, string>> {
  const counted = findings.filter(
    ({ accepted, classes }) =>
      accepted !== undefined && classes.some((each) => each === 'breaks-old' || each === 'depends-on-data'),
  );
  return Object.fromEntries(counted.map(({ file, accepted = '' }) => [file, accepted]));
}

/** Locks that would be felt under load, in tables that were there before this run; and a file that does not run. */
export function dryRunEvidence(
  file: SqlFile,
  applied: Applied,
  findings: readonly Finding[],
  isOld: (table: string) => boolean,
): readonly Evidence[] {
  const at = { layer: 'dry-run', release: undefined, file: file.file } as const;
  if (!applied.ok) {
    const sentence = `${file.file}:${applied.line} fails on the scratch copy: ${applied.sentence}`;
    return [{ ...at, object: undefined, classes: ['transaction'], effect: 'breaks', sentence }];
  }
  return applied.traces
    .filter((trace) => isOld(trace.table) && isFelt(trace))
    .map((trace) => {
      const reported =
        file.online !== undefined || findings.find((each) => each.line === trace.line && each.severity !== 'review');
      return {
        ...at,
        object: trace.table,
        classes: ['locks'],
        // A rule that knows the statement decides, with its exceptions and its reasons.
        effect: reported ? 'said' : 'breaks',
        sentence: `${file.file}:${trace.line} ${deed(trace)} ${trace.table} under ${trace.lock}: ${file.online === undefined ? 'writers wait until it ends' : `${file.online} does it while they go on`}`,
      };
    });
}

/** Over before any session notices, unless it reads all rows. */
export const isFelt = ({ blocksWrites, rewritten, scanned }: Trace): boolean => blocksWrites && (rewritten || scanned);

const deed = ({ rewritten }: Trace): string => (rewritten ? 'writes all rows of' : 'reads all rows of');
