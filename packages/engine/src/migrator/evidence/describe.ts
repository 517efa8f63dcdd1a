// A report in sentences: the first for a card, the rest for a person who wants the details.

import type { CompatReport, Coverage, Evidence } from './report.ts';

export interface ReportText {
  readonly headline: string;
  /** What breaks, what is unclear, what is said; how each release was checked; what was not checked. */
  readonly lines: readonly string[];
}

export function describeReport(report: CompatReport): ReportText {
  return {
    headline: headlineOf(report),
    lines: [
      ...report.findings.map(findingLine),
      ...report.coverage.map(coverageLine),
      `scratch copy: ${report.scratch}`,
      ...report.notChecked.map((sentence) => `not checked: ${sentence}`),
    ],
  };
}

function headlineOf({ verdict, additive, findings, coverage, scratch }: CompatReport): string {
  const [first] = findings;
  const count = (effect: Evidence['effect']): number => findings.filter((each) => each.effect === effect).length;
  const more = (n: number): string => (n > 1 ? ` (and ${n - 1} more)` : '');
  if (verdict === 'incompatible') return `incompatible: ${first?.sentence}${more(count('breaks'))}`;
  const releases = coverage.map(({ release }) => release).join(', ');
  if (verdict === 'compatible') return `compatible${releases === '' ? '' : `: ${releases} can work on it`}`;
  const why = first?.effect === 'unclear' ? `${first.sentence}${more(count('unclear'))}` : unseen(coverage, scratch);
  return `unknown${additive ? ', and only adds' : ''}: ${why}`;
}

function unseen(coverage: readonly Coverage[], scratch: string): string {
  const names = coverage
    .filter(({ source, smoke }) => source === 'none' && smoke !== 'passed')
    .map(({ release }) => release);
  return names.length === 0
    ? scratch
    : `nothing is known of what ${names.join(', ')} ${names.length === 1 ? 'needs' : 'need'}`;
}

const words = { breaks: 'breaks', unclear: 'unclear', said: 'note' } as const;

const findingLine = ({ effect, layer, release, sentence }: Evidence): string =>
  `${words[effect]} (${layer}${release === undefined ? '' : `, ${release}`}): ${sentence}`;

function coverageLine({ release, source, statements, prepared, smoke }: Coverage): string {
  const reported =
    source === 'none'
      ? 'nothing is known of its needs'
      : `needs from its ${source === 'recorded' ? 'recorded statements' : source}`;
  const tried = statements === 0 ? '' : `, ${prepared} of ${statements} statements prepared`;
  return `${release}: ${reported}${tried}, smoke tests ${smoke}`;
}
