// What no layer checked. Reported with every verdict: without its limits a report would be trusted too far.

import type { ReleaseNeeds } from './needs.ts';
import { type Coverage, isCovered } from './report.ts';

const never = [
  'whether a column still means the same (another unit, another code)',
  'other users of this database: reports, scheduled jobs, consoles',
];

export function notChecked(
  coverage: readonly Coverage[],
  releases: readonly ReleaseNeeds[],
  ofTheCopy: readonly string[],
): readonly string[] {
  return [...ofTheCopy, ...coverage.flatMap(ofRelease), ...hasRecorded(releases), ...never];
}

function ofRelease(coverage: Coverage): readonly string[] {
  const { release, statements, prepared, smoke } = coverage;
  const left = statements - prepared;
  return [
    ...(isCovered(coverage)
      ? []
      : [`what ${release} needs: it has no \`schema\` in its manifest, no recorded statements and no smoke command`]),
    ...(left > 0 && smoke !== 'passed'
      ? [`${left} of ${statements} statements of ${release}, which cannot be prepared`]
      : []),
    ...(smoke === 'absent'
      ? [`constraints, triggers and row security at work under ${release}: it has no smoke command`]
      : []),
  ];
}

const hasRecorded = (releases: readonly ReleaseNeeds[]): readonly string[] =>
  releases.some(({ statements }) => statements.length > 0)
    ? ['SQL that a program puts together and that is not among its recorded statements']
    : [];
