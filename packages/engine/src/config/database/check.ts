// Checks that both slots see the same database, and that a person may approve what a contract removes from it.

import { resolve } from 'node:path';
import { readEnvFile } from '../../lib/env-file.ts';
import { type Drivers, namesOf } from '../drivers.ts';
import type { Draft } from '../kit/draft.ts';
import { error, type Finding, warning } from '../kit/problems.ts';
import { variablesIn } from '../reading/variables.ts';
import type { ConfigFile } from '../schema.ts';
import type { TargetDraft } from '../target-draft.ts';
import { defaultDatabase } from './database.ts';
import { checkOnlineTools } from './online-tools.ts';

/** Variables whose values differ between the slots. */
const perSlot = ['ENVIRONMENT_COLOR', 'APPLICATION_PORT'];

export function checkDatabase(
  draft: Draft<ConfigFile>,
  target: TargetDraft,
  given: { readonly folder: string; readonly drivers: Drivers['databases'] },
): readonly Finding[] {
  const { folder, drivers } = given;
  const { options, saidAt, isSaid } = target;
  const { database } = options;
  if (!database) return [];
  const approvers = options.approval?.approvers ?? draft?.approvers;
  return [
    ...(isSaid('database', 'driver')
      ? []
      : [error([...saidAt('database'), 'driver'], `is missing; expected one of ${namesOf(drivers).join(', ')}`)]),
    ...(['url', 'scratch'] as const).flatMap((key) => oneForBoth(target, key)),
    ...sameInBothFiles(target, folder),
    ...checkOnlineTools(target),
    ...(approvers?.length
      ? []
      : [warning(saidAt('database'), 'no person may approve a contract of its schema, since there are no approvers')]),
  ];
}

/** Two services that share one record must have the same migrations: otherwise their numbers would collide. */
export function checkRecords(targets: readonly TargetDraft[], folder: string): readonly Finding[] {
  const first = new Map<string, TargetDraft>();
  return targets.flatMap((target) => {
    const place = recordOf(target, folder);
    if (place === undefined) return [];
    const other = first.get(place) ?? target;
    first.set(place, other);
    if (other.service === target.service) return [];
    const { table = defaultDatabase.table } = target.options.database ?? {};
    return [
      warning(
        target.saidAt('database'),
        `keeps its record in the table ${table} of the same database as the service ${other.service}; unless both bring the same migrations, give each its own \`table\``,
      ),
    ];
  });
}

/** Undefined where the address cannot be known yet. */
function recordOf({ options, own }: TargetDraft, folder: string): string | undefined {
  const { database } = options;
  if (!database) return undefined;
  const values = valuesOf(own.slots?.blue?.envFiles, folder) ?? {};
  const url = filledFromEnv(database.url ?? defaultDatabase.url, { ...values, ...options.env });
  return variablesIn(url).length > 0 ? undefined : `${database.table ?? defaultDatabase.table} ${url}`;
}

function oneForBoth({ options, saidAt }: TargetDraft, key: 'url' | 'scratch'): readonly Finding[] {
  const text = options.database?.[key] ?? (key === 'url' ? defaultDatabase.url : '');
  const differs = variablesIn(filledFromEnv(text, options.env)).find((name) => perSlot.includes(name));
  return differs === undefined
    ? []
    : [
        error(
          [...saidAt('database'), key],
          `uses \${${differs}}, which is another one in each slot; both slots must see one database`,
        ),
      ];
}

/** `env` may name variables in turn, once. */
function filledFromEnv(text: string, env: TargetDraft['options']['env']): string {
  return variablesIn(text).reduce((filled, name) => {
    const value = env?.[name];
    return value === undefined ? filled : filled.replaceAll(`\${${name}}`, () => String(value));
  }, text);
}

/** Missing files are checked again when the database is opened. */
function sameInBothFiles({ options, own, path }: TargetDraft, folder: string): readonly Finding[] {
  const url = filledFromEnv(options.database?.url ?? defaultDatabase.url, options.env);
  const blue = valuesOf(own.slots?.blue?.envFiles, folder);
  const green = valuesOf(own.slots?.green?.envFiles, folder);
  const different = variablesIn(url).find((name) => blue?.[name] !== green?.[name]);
  return blue && green && different !== undefined
    ? [
        error(
          [...path, 'slots'],
          `blue and green give ${different} different values, and the address of the database is made of it; both slots must see one database`,
        ),
      ]
    : [];
}

function valuesOf(
  files: Draft<readonly string[]>,
  folder: string,
): Readonly<Record<string, string | undefined>> | undefined {
  try {
    return Object.assign(
      {},
      ...(files ?? []).map((file) => (file === undefined ? {} : readEnvFile(resolve(folder, file)).values)),
    );
  } catch {
    return undefined; // not there yet, or not for this process to read
  }
}
