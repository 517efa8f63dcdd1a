// What is known about releases and a schema: three values, never a yes or no without proof.

import type { HazardClass } from '../lint/finding.ts';

export type Verdict = 'compatible' | 'incompatible' | 'unknown';

export type Layer = 'static' | 'dry-run' | 'diff' | 'manifest' | 'prepare' | 'insert' | 'executed' | 'smoke';

export interface Evidence {
  readonly layer: Layer;
  /** The version that it concerns; undefined when it concerns all. */
  readonly release: string | undefined;
  /** The file that causes it; undefined when it is so already. */
  readonly file: string | undefined;
  /** `users.email`; undefined when no single object is meant. */
  readonly object: string | undefined;
  readonly classes: readonly HazardClass[];
  /** `breaks`: incompatible. `unclear`: may break, no check here can decide. `said`: worth knowing, stops nothing. */
  readonly effect: 'breaks' | 'unclear' | 'said';
  readonly sentence: string;
}

export interface Coverage {
  readonly release: string;
  /** `own files`: it contains all of these files itself, and was written for the schema that they make. */
  readonly source: 'manifest' | 'recorded' | 'manifest and recorded' | 'own files' | 'none';
  /** Recorded statements, and how many of them could be prepared at all. */
  readonly statements: number;
  readonly prepared: number;
  readonly smoke: 'passed' | 'failed' | 'absent';
}

export interface CompatReport {
  readonly verdict: Verdict;
  /** True when the files only add: nothing goes, tightens, restricts, rewrites or hides. */
  readonly additive: boolean;
  /** First the findings that break, then the unclear ones, then those only said. */
  readonly findings: readonly Evidence[];
  readonly coverage: readonly Coverage[];
  /** How the scratch copy was made, or why there is none. */
  readonly scratch: string;
  /** What no layer checked: shown with the verdict. */
  readonly notChecked: readonly string[];
}

/** Unknown may widen, if it only widens. */
export const mayExpand = ({ verdict, additive }: Pick<CompatReport, 'verdict' | 'additive'>): boolean =>
  verdict === 'compatible' || (verdict === 'unknown' && additive);

/** Unknown may never narrow. */
export const mayContract = ({ verdict }: Pick<CompatReport, 'verdict'>): boolean => verdict === 'compatible';

/** Pure: findings that break decide; then every release must have been checked, with nothing left unclear. */
export function verdictOf(findings: readonly Evidence[], coverage: readonly Coverage[], hasScratch: boolean): Verdict {
  if (findings.some(({ effect }) => effect === 'breaks')) return 'incompatible';
  if (findings.some(({ effect }) => effect === 'unclear')) return 'unknown';
  // Without a copy nothing could be tried: only what releases say by their own files is left.
  const isKnown = hasScratch ? isCovered : ({ source }: Coverage) => source === 'own files';
  return coverage.every(isKnown) ? 'compatible' : 'unknown';
}

export const isCovered = ({ source, smoke }: Coverage): boolean => source !== 'none' || smoke === 'passed';

const order = { breaks: 0, unclear: 1, said: 2 } as const;

export const byWeight = (findings: readonly Evidence[]): readonly Evidence[] =>
  findings.toSorted((one, other) => order[one.effect] - order[other.effect]);
