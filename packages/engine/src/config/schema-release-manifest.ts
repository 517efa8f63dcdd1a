// The file bluegreen.release.yaml, key by key. Nothing is transformed here: what goes in comes out, checked.

import { z } from 'zod';
import { smokeTest } from './schema-options.ts';
import { requiredEnv } from './schema-required-env.ts';
import { duration, listOf, matching } from './schema-values.ts';

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
