// What all reports have in common: places, counts, and words from outside that must not move the reader's screen.

import type { Finding, HazardClass } from '../finding.ts';

export interface LintReport {
  /** Of the folder as it was named; `''` for the working folder. */
  readonly folder: string;
  readonly findings: readonly Finding[];
  /** How many were read. */
  readonly files: number;
  /** Findings that the caller excluded. */
  readonly leftOut?: number;
}

export interface Counts {
  readonly errors: number;
  readonly reviews: number;
  readonly warnings: number;
  readonly accepted: number;
}

/** An error that no author accepted stops a deployment. */
export const isStopping = ({ severity, accepted }: Finding): boolean => severity === 'error' && accepted === undefined;

export function counts(findings: readonly Finding[]): Counts {
  const open = findings.filter(({ accepted }) => accepted === undefined);
  const of = (severity: Finding['severity']): number => open.filter((each) => each.severity === severity).length;
  return {
    errors: of('error'),
    reviews: of('review'),
    warnings: of('warning'),
    accepted: findings.length - open.length,
  };
}

export const placeOf = ({ folder }: LintReport, { file }: Finding): string =>
  folder === '' ? file : `${folder.replace(/\/+$/, '')}/${file}`;

/** Control characters and marks of writing direction, which a file may contain and a terminal would execute. */
export const printable = (text: string): string =>
  text.replaceAll(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, (sign) =>
    sign === '\n' ? sign : sign === '\t' ? '  ' : '\ufffd',
  );

const classWords: Readonly<Record<HazardClass, string>> = {
  'breaks-old': 'breaks the old release',
  locks: 'makes users wait',
  'loses-data': 'loses data',
  'depends-on-data': 'may fail, depending on the rows',
  transaction: 'mistakes the transaction',
  style: 'style',
};

export const wordsOf = ({ classes }: Finding): string => classes.map((each) => classWords[each]).join(', ');
