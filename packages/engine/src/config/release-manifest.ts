// What a release says of itself in `bluegreen.release.yaml` beside its files: part of its digest. Only what it needs of the
// schema, for the checks that no rule about SQL can make.

import { join } from 'node:path';
import { z } from 'zod';
import { BlueGreenError } from '../lib/errors.ts';
import { readFileIfAny } from '../lib/files.ts';
import { readDocument } from './document.ts';
import { keysOf, schemaAt, unknownKey } from './known-keys.ts';
import type { Path } from './path.ts';
import { describeFound, error, type Finding, formatProblem } from './problems.ts';
import { duration, matching } from './schema-values.ts';
import { parseDuration } from './units.ts';

export const releaseManifestFile = 'bluegreen.release.yaml';

export interface ReleaseManifest {
  /** Undefined: it says nothing, and its recorded statements or its own migrations have to tell. */
  readonly reads: readonly string[] | undefined;
  readonly writes: readonly string[] | undefined;
  /** A file of SQL in the release, from its folder. */
  readonly statements: string | undefined;
  readonly smoke: { readonly argv: readonly [string, ...string[]]; readonly limitMs: number } | undefined;
}

const mostNames = 5_000;
const mapping = { error: 'a mapping' };

const names = () => {
  const name = matching(
    /^[^\s.]{1,63}(\.[^\s.]{1,63}){0,2}$/,
    'a table or a column such as users, users.email or billing.invoices.total',
  );
  return z.array(name, { error: 'a list of tables and columns' }).max(mostNames, `at most ${mostNames} names`);
};

const command = () => {
  const expected = 'a list of a program and its arguments';
  return z.array(matching(/^[^\0]+$/, 'a text'), { error: expected }).min(1, expected);
};

const shape = z.strictObject({
  schema: z
    .strictObject(
      {
        reads: names().optional(),
        writes: names().optional(),
        statements: matching(
          /^(?!\/)(?!.*(?:^|\/)\.\.(?:\/|$))[^\0]{1,500}$/,
          'a file in the release, from its folder',
        ).optional(),
        smoke: z.strictObject({ command: command(), limit: duration().optional() }, mapping).optional(),
      },
      mapping,
    )
    .optional(),
});

const smokeLimit = '60s';

/** Undefined without such a file. @throws BlueGreenError `release-invalid`: one line per problem, with its place. */
export function readReleaseManifest(releaseFolder: string): ReleaseManifest | undefined {
  const file = join(releaseFolder, releaseManifestFile);
  const text = readFileIfAny(file);
  if (text === undefined) return undefined;
  const { root, problems, locate } = readDocument(text);
  const parsed = problems.length > 0 ? undefined : shape.safeParse(root);
  const found = parsed?.error ? parsed.error.issues.flatMap((issue) => findingsOf(issue, root)).map(locate) : problems;
  if (!parsed?.success)
    throw new BlueGreenError('release-invalid', found.map((problem) => formatProblem(file, problem)).join('\n'));
  return manifestOf(parsed.data);
}

function manifestOf({ schema = {} }: z.infer<typeof shape>): ReleaseManifest {
  const { reads, writes, statements, smoke } = schema;
  const [program = '', ...args] = smoke?.command ?? [];
  return {
    reads,
    writes,
    statements,
    smoke: smoke && { argv: [program, ...args], limitMs: parseDuration(smoke.limit ?? smokeLimit) },
  };
}

function findingsOf(issue: z.core.$ZodIssue, root: unknown): readonly Finding[] {
  const path = issue.path as Path;
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      ...error([...path, key], unknownKey(key, keysOf(schemaAt(shape, path)))),
      atKey: true,
    }));
  const found = path.reduce<unknown>(
    (value, key) => (value as Record<string | number, unknown> | undefined)?.[key],
    root,
  );
  return [
    error(path, `expected ${issue.message}, found ${describeFound(found, { path, hidden: false, kindOnly: false })}`),
  ];
}
