// From what the schema says about a value to sentences: what was expected there, what was found.

import type { z } from 'zod';
import { type Draft, salvage, valueAt } from '../kit/draft.ts';
import { formatPath, type Path, startsWith } from '../kit/path.ts';
import { describeFound, error, type Finding } from '../kit/problems.ts';
import type { ConfigFile, configSchema } from '../schema.ts';
import { keysOf, schemaAt, unknownKey } from './known-keys.ts';
import type { Substituted } from './variables.ts';

export interface Shape {
  /** Only when the schema found nothing wrong and every variable was there. */
  readonly file: ConfigFile | undefined;
  readonly draft: Draft<ConfigFile>;
  readonly findings: readonly Finding[];
}

type Issue = z.core.$ZodIssue;
type Schema = ReturnType<typeof configSchema>;

export function checkShape({ root, findings, fromVariables }: Substituted, schema: Schema): Shape {
  const parsed = schema.safeParse(root);
  const issues = convertTexts(root, parsed.error?.issues ?? [], fromVariables)
    ? schema.safeParse(root).error?.issues
    : parsed.error?.issues;
  const missing = findings.map(({ path }) => path);
  const found = (issues ?? [])
    .filter((issue) => !missing.some((path) => startsWith(pathOf(issue), path)))
    .flatMap((issue) => findingsOf(issue, { root, fromVariables, schema }));
  const file = findings.length === 0 && found.length === 0 ? schema.parse(root) : undefined;
  return {
    file,
    draft: salvage(
      root,
      found.map(({ path }) => path),
    ),
    findings: found,
  };
}

/** A variable holds text: where the schema wants a number or true/false, the text is read as one. True when any was. */
function convertTexts(root: unknown, issues: readonly Issue[], fromVariables: ReadonlySet<string>): boolean {
  let converted = false;
  for (const issue of issues) {
    const path = pathOf(issue);
    const value = valueAt(root, path);
    if (issue.code !== 'invalid_type' || typeof value !== 'string' || !fromVariables.has(formatPath(path))) continue;
    const typed = readAs(issue.expected, value.trim());
    if (typed === undefined) continue;
    const parent = valueAt(root, path.slice(0, -1)) as Record<string | number, unknown>;
    parent[path.at(-1) ?? ''] = typed;
    converted = true;
  }
  return converted;
}

function readAs(expected: string, value: string): number | boolean | undefined {
  if (expected === 'boolean') return value === 'true' ? true : value === 'false' ? false : undefined;
  return (expected === 'number' || expected === 'int') && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}

interface Given {
  readonly root: unknown;
  readonly fromVariables: ReadonlySet<string>;
  readonly schema: Schema;
}

function findingsOf(issue: Issue, { root, fromVariables, schema }: Given): readonly Finding[] {
  const path = pathOf(issue);
  if (issue.code === 'unrecognized_keys') {
    const known = keysOf(schemaAt(schema, path));
    return issue.keys.map((key) => ({ ...error([...path, key], unknownKey(key, known)), atKey: true }));
  }
  const value = valueAt(root, path);
  const expected = expectedBy(issue, path, schema);
  if (value === undefined) return [error(path, `is missing; expected ${expected}`)];
  const hidden = fromVariables.has(formatPath(path));
  return [
    error(
      path,
      `expected ${expected}, found ${describeFound(value, { path, hidden, kindOnly: wantsCollection(issue) })}`,
    ),
  ];
}

/** A value in place of a whole mapping may be anything, even a secret: only its kind is shown. */
const wantsCollection = (issue: Issue): boolean =>
  issue.code === 'invalid_type' && ['object', 'record', 'array'].includes(issue.expected);

/** The schema's own words; for mappings without any, their keys. */
function expectedBy(issue: Issue, path: Path, schema: Schema): string {
  if (!issue.message.startsWith('Invalid input')) return issue.message;
  const keys = keysOf(schemaAt(schema, path));
  return keys.length === 0
    ? 'another kind of value'
    : `a mapping with ${keys.length > 8 ? 'keys such as ' : ''}${keys.slice(0, 8).join(', ')}`;
}

const pathOf = (issue: Issue): Path => issue.path.map((key) => (typeof key === 'number' ? key : String(key)));
