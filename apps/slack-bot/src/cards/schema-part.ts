// What a release does to the database of its service: on its card, and in the status.

import { type DeploymentView, shortName, type TargetView } from '@bg/engine';
import { type Block, section } from './blocks.ts';
import { bar, code, count, duration, join, outside } from './text.ts';

const most = 5;

/** What the release widens, the accepted hazards, and how far the backfill is. */
export function schemaPart({ schema, outcome }: DeploymentView): Block | undefined {
  if (schema === undefined) return undefined;
  const { expand, accepted, verdict, filling } = schema;
  const lines = [
    ...(expand.length > 0 && outcome === undefined
      ? [
          `🗄️ Schema: ${expand
            .slice(0, most)
            .map((id) => code(id))
            .join(' ')}${more(expand)}`,
        ]
      : []),
    ...(verdict !== undefined && outcome === undefined ? [`Verdict: ${outside(verdict, 300)}`] : []),
    ...accepted.slice(0, most).map((hazard) => `⚠️ Accepted hazard: ${outside(hazard, 300)}`),
    ...(filling === undefined ? [] : [fillingLine(filling)]),
  ];
  return lines.length === 0 ? undefined : section(lines.join('\n'));
}

type Filling = NonNullable<NonNullable<DeploymentView['schema']>['filling']>;

function fillingLine({ id, rowsDone, rowsTotal, msLeft }: Filling): string {
  const percent = rowsTotal ? Math.min(100, Math.round((100 * rowsDone) / rowsTotal)) : undefined;
  return join(
    `🗄️ Filling ${code(id)}${percent === undefined ? '' : ` ${bar(percent, 10)}`}`,
    `${count(rowsDone)} rows`,
    msLeft === undefined ? undefined : `about ${duration(msLeft)} left`,
  );
}

/** For the status: the state of the schema, and what needs a person. */
export function schemaLine({ schema }: Pick<TargetView, 'schema'>): string | undefined {
  if (schema === undefined) return undefined;
  const newest = schema.migrations.at(-1);
  const problem = schema.problems[0];
  return join(
    newest === undefined
      ? `🗄️ Schema (${schema.kind})`
      : `🗄️ Schema (${schema.kind}): ${code(newest.id)} ${newest.state}`,
    schema.filling && fillingLine(schema.filling),
    schema.held && `⏸️ backfill held by ${outside(shortName(schema.held.by), 60)}`,
    schema.toContract.length > 0 && `may be contracted: ${outside(schema.toContract.join(', '), 200)}`,
    problem !== undefined && `⚠️ ${outside(problem, 300)}`,
  );
}

const more = (ids: readonly string[]): string => (ids.length > most ? ` and ${ids.length - most} more` : '');
