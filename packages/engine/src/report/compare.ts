// Where two reports differ, figure by figure. What they were computed from may differ: a log goes on.

import type { Report } from '../api/report.ts';

const most = 20;

/** Sentences; empty where each figure, goal and row is the same. */
export function differencesOf(exported: Report, ofState: Report): readonly string[] {
  const { log: _exportedLog, ...one } = exported;
  const { log: _stateLog, ...other } = ofState;
  const all = [...differing('', one, other)];
  return all.length <= most ? all : [...all.slice(0, most), `and ${all.length - most} more`];
}

function* differing(path: string, exported: unknown, ofState: unknown): Generator<string> {
  if (isTree(exported) && isTree(ofState)) {
    const keys = new Set([...Object.keys(exported), ...Object.keys(ofState)]);
    for (const key of keys) yield* differing(path === '' ? key : `${path}.${key}`, exported[key], ofState[key]);
  } else if (!Object.is(exported, ofState)) yield `${path}: ${shown(exported)} in the export, ${shown(ofState)} here`;
}

const isTree = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const shown = (value: unknown): string =>
  value === undefined ? 'nothing' : isTree(value) ? JSON.stringify(value).slice(0, 200) : String(value);
