// What a release declares in `bluegreen.release.yaml`, next to its files: part of its digest, and trusted as much as
// its code. The declarations apply only to this release, wherever and however often it is started.

import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { BlueGreenError } from '../../lib/errors.ts';
import { renderedName } from '../../lib/template.ts';
import { decodeText } from '../../lib/text-file.ts';
import { parseDuration } from '../../lib/units.ts';
import type { Risk } from '../approval/approval.ts';
import type { Path } from '../kit/path.ts';
import { describeFound, error, type Finding, formatProblem } from '../kit/problems.ts';
import { choice, duration, listOf, matching } from '../kit/values.ts';
import { requiredEnv, resolveRequiredEnv, type VariableFormat } from '../process/required-env.ts';
import { readDocument } from '../reading/document.ts';
import { keysOf, schemaAt, unknownKey } from '../reading/known-keys.ts';
import { resolveSmokeTest } from '../resolve.ts';
import { smokeTest } from '../service-options.ts';
import type { SmokeTest } from '../settings.ts';

export const releaseManifestFile = 'bluegreen.release.yaml';

/** What it needs of the schema, for the checks that no rule about SQL can make. */
export interface DeclaredNeeds {
  /** Undefined: it declares nothing, and its recorded statements or its own migrations must show it. */
  readonly reads: readonly string[] | undefined;
  readonly writes: readonly string[] | undefined;
  /** A file of SQL in the release, from its folder. */
  readonly statements: string | undefined;
  readonly smoke: { readonly argv: readonly [string, ...string[]]; readonly limitMs: number } | undefined;
}

export interface ReleaseManifest extends DeclaredNeeds {
  /** In the place of the configuration's. */
  readonly command: readonly [string, ...string[]] | undefined;
  /** In addition to those of the configuration. */
  readonly requiredEnv: readonly string[];
  /** In addition to those of the configuration. */
  readonly envFormats: readonly VariableFormat[];
  /** In addition to those of the configuration. */
  readonly smokeTests: readonly SmokeTest[];
  /** For people: what is new. */
  readonly notes: string | undefined;
  /** `high`: more people may have to approve it, see `approval.highRisk`. */
  readonly risk: Risk;
  /** Files of the release that are filled in for each slot. */
  readonly templates: readonly string[];
}

/** Others wrote it, and it is read on the thread that keeps the lease: some shapes of YAML cost 20 µs a byte. */
const maxManifestBytes = 128 * 1024;

/** A limit: the place of each finding is searched from the start of the text, and people do not read more. */
const maxFindings = 20;

const smokeLimit = '60s';

/** Undefined without such a file. @throws BlueGreenError `release-invalid`: one line per problem, with its place. */
export function readReleaseManifest(releaseFolder: string): ReleaseManifest | undefined {
  const file = join(releaseFolder, releaseManifestFile);
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (!found) return undefined;
  // A link may lead to what is not part of the digest, or never ends.
  if (!found.isFile()) throw new BlueGreenError('release-invalid', `${file} is no plain file`);
  if (found.size > maxManifestBytes)
    throw new BlueGreenError(
      'release-invalid',
      `${file} is ${Math.ceil(found.size / 1024)} KiB large; at most ${maxManifestBytes / 1024} KiB are read`,
    );
  const { text, fault } = decodeText(readFileSync(file));
  if (text === undefined) throw new BlueGreenError('release-invalid', `${file} ${fault}`);
  const { root, problems, locate } = readDocument(text);
  const parsed = problems.length > 0 ? undefined : releaseManifest.safeParse(root);
  const findings = parsed?.success
    ? doubles(parsed.data)
    : (parsed?.error.issues.flatMap((issue) => findingsOf(issue, root)) ?? []);
  const faults = [...problems, ...findings.slice(0, maxFindings).map(locate)];
  if (!parsed?.success || faults.length > 0)
    throw new BlueGreenError('release-invalid', faults.map((problem) => formatProblem(file, problem)).join('\n'));
  return manifestOf(parsed.data);
}

function manifestOf(file: ReleaseManifestFile): ReleaseManifest {
  const { reads, writes, statements, smoke } = file.schema ?? {};
  return {
    command: file.command && argv(file.command),
    ...resolveRequiredEnv(file.requiredEnv ?? []),
    smokeTests: (file.smokeTests ?? []).map(resolveSmokeTest),
    notes: file.notes?.trim() || undefined,
    risk: file.risk ?? 'normal',
    templates: file.templates ?? [],
    reads,
    writes,
    statements,
    smoke: smoke && { argv: argv(smoke.command), limitMs: parseDuration(smoke.limit ?? smokeLimit) },
  };
}

const argv = ([program = '', ...args]: readonly string[]): readonly [string, ...string[]] => [program, ...args];

/** Two smoke tests with one name could not be distinguished, and two templates would write the same file. */
function doubles({ smokeTests = [], templates = [] }: ReleaseManifestFile): readonly Finding[] {
  return [
    ...repeated(smokeTests.map(({ name }) => name)).map(([index, earlier]) =>
      error(['smokeTests', index, 'name'], `smokeTests[${earlier}] has the same name already`),
    ),
    ...repeated(templates.map(renderedName)).map(([index, earlier]) =>
      error(['templates', index], `templates[${earlier}] is rendered to the same file already`),
    ),
    ...templates.flatMap((template, index) =>
      templates.some((other) => renderedName(other).startsWith(`${renderedName(template)}/`))
        ? [error(['templates', index], `${renderedName(template)} cannot be a file and a folder with files`)]
        : [],
    ),
  ];
}

function repeated(words: readonly string[]): readonly (readonly [index: number, earlier: number])[] {
  return words.flatMap((word, index) => (words.indexOf(word) < index ? [[index, words.indexOf(word)] as const] : []));
}

function findingsOf(issue: z.core.$ZodIssue, root: unknown): readonly Finding[] {
  const path = issue.path as Path;
  if (issue.code === 'unrecognized_keys')
    return issue.keys.slice(0, maxFindings).map((key) => ({
      ...error([...path, key], unknownKey(key, keysOf(schemaAt(releaseManifest, path)))),
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

const mostNames = 5_000;
const mostNotes = 2_000;
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
  return z
    .array(matching(/^[^\0]+$/, 'a text'), { error: expected })
    .min(1, expected)
    .max(200, 'a list of at most 200');
};

const fileInRelease = () =>
  matching(/^(?!\/)(?!.*(?:^|\/)\.{0,2}(?:\/|$))[^\p{Cc}\\]{1,500}$/u, 'a file in the release, from its folder');

export const releaseManifest = z.strictObject({
  command: command().optional(),
  requiredEnv: requiredEnv.optional(),
  smokeTests: listOf(smokeTest, 100).optional(),
  risk: choice(['normal', 'high']).optional(),
  notes: matching(/^(?:[^\p{Cc}]|[\n\t])+$/u, `a text of at most ${mostNotes} characters without control characters`)
    .max(mostNotes, `a text of at most ${mostNotes} characters`)
    .optional(),
  templates: listOf(fileInRelease(), 100).optional(),
  schema: z
    .strictObject(
      {
        reads: names().optional(),
        writes: names().optional(),
        statements: fileInRelease().optional(),
        smoke: z.strictObject({ command: command(), limit: duration().optional() }, mapping).optional(),
      },
      mapping,
    )
    .optional(),
});

export type ReleaseManifestFile = z.infer<typeof releaseManifest>;
