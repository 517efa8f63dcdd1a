// A service's own database, for people: the state of each migration, and what it waits for.

import {
  type ContractView,
  clockTime,
  eventSentence,
  type MigrationEvent,
  type MigrationsView,
  type SchemaPlanView,
  type SchemaView,
  shortName,
  type TargetView,
} from '@bg/engine';
import { durationText } from './amounts.ts';
import type { Light } from './light.ts';
import type { Paint } from './paint.ts';
import { tableLines } from './table.ts';

/** In a status: one line, and what needs a person. */
export function schemaLines({ schema }: Pick<TargetView, 'schema'>, { paint }: Light): readonly string[] {
  if (!schema) return [];
  return [
    `  schema ${schemaText(schema)}`,
    ...schema.problems.map((problem) => `    ${paint.red('!')} ${problem}`),
    ...(schema.contract?.next === undefined
      ? []
      : [`    ${paint.yellow(`contract ${schema.contract.id}`)} ${schema.contract.status}: ${schema.contract.next}`]),
  ];
}

function schemaText({ kind, migrations, toFill, toContract, filling, held }: SchemaView): string {
  const newest = migrations.at(-1);
  const parts = [
    newest === undefined ? 'no migration yet' : `${newest.id} ${newest.state}`,
    ...(filling ? [`filling ${filling.id}: ${progressText(filling)}`] : toFill.map((id) => `${id} is to be filled`)),
    ...(held === undefined ? [] : [heldText(held)]),
    ...toContract.map((id) => `${id} may be contracted`),
  ];
  return `${kind}: ${parts.join(', ')}`;
}

/** After `pause` and `resume`. */
export const holdLines = ({ held, toFill }: SchemaView): readonly string[] => [
  held === undefined
    ? `The backfill goes on${toFill.length === 0 ? '; nothing is to be filled now' : `: ${toFill.join(', ')}`}.`
    : `The backfill is held. Let it go on with: bg migrate resume`,
];

const heldText = ({ by, at, reason }: NonNullable<SchemaView['held']>): string =>
  `backfill held by ${shortName(by)} since ${clockTime(at)}${reason === undefined ? '' : `: ${reason}`}`;

export function progressText(progress: NonNullable<SchemaView['filling']>): string {
  const { rowsDone, rowsTotal, msLeft } = progress;
  const of = rowsTotal === undefined ? '' : ` of ${rowsTotal}`;
  return `${rowsDone}${of} rows${msLeft === undefined ? '' : `, about ${durationText(msLeft)} left`}`;
}

/** What a run says; undefined for what is no line. */
export function runLine(event: MigrationEvent): string | undefined {
  if (event.kind === 'progress') return `${event.id}: ${progressText(event)}`;
  return event.kind === 'tool' ? `${event.id}: ${event.tool}: ${event.line}` : eventSentence(event);
}

export function migrationsLines(view: MigrationsView, { paint }: Light): readonly string[] {
  const { name, version, kind, migrations, next, edits, drift, contract, held } = view;
  return [
    paint.bold(`${name}  ${kind}, as ${version} sees it`),
    ...(migrations.length === 0 ? ['  no migration'] : []),
    ...tableLines(
      migrations.map(({ id, state, inRelease, row }) => [
        `  ${id}`,
        stateText(state, paint),
        row?.online !== undefined
          ? `by ${row.online.tool}`
          : row?.rowsTotal === undefined
            ? ''
            : `${row.rowsDone} of ${row.rowsTotal} rows`,
        inRelease ? '' : paint.dim('of a newer release'),
        row?.problem ?? row?.online?.line ?? '',
      ]),
    ),
    ...Object.entries(next).flatMap(([phase, ids]) =>
      ids.length === 0 ? [] : [`  ${phase} would run ${ids.join(', ')}`],
    ),
    ...(held === undefined ? [] : [`  ${paint.yellow(heldText(held))}`]),
    ...edits.real.map(({ file }) => `  ${paint.red('✗')} ${file} was edited after it ran`),
    ...edits.cosmetic.map(({ file }) => `  ${paint.yellow('!')} ${file} was edited in comments or white space`),
    ...(drift ?? []).map((what) => `  ${paint.red('✗')} changed by hand: ${what}`),
    ...(contract === undefined || contract.endedAt !== undefined ? [] : contractLines(contract, { now: 0, paint })),
  ];
}

function stateText(state: string, paint: Paint): string {
  if (state === 'done' || state === 'ready' || state === 'expanded') return paint.green(state);
  return state === 'failed' || state === 'blocked' ? paint.red(state) : paint.yellow(state);
}

export function schemaPlanLines(plan: SchemaPlanView, { paint }: Light): readonly string[] {
  return [
    paint.bold(`schema of ${plan.name} with ${plan.version}`),
    ...(plan.lines.length === 0 ? ['  nothing to do'] : plan.lines.map((line) => `  ${line}`)),
    ...plan.contract.waiting.map(({ id, why }) => `  contract ${id} waits: ${why}`),
    ...plan.needs.map(({ version, as, evidence }) => `  ${paint.yellow('needed')} by ${version} (${as}): ${evidence}`),
    ...(plan.consequence === undefined ? [] : [`  a contract now: ${plan.consequence}`]),
    ...plan.evidence.map((line) => `    ${paint.dim(line)}`),
    ...(plan.refusal === undefined ? [] : [`  ${paint.red('✗')} ${plan.refusal}`]),
    plan.refusal === undefined ? 'Nothing was changed.' : 'It would be refused. Nothing was changed.',
  ];
}

export function contractLines(view: ContractView, { paint }: Light): readonly string[] {
  const {
    id,
    migrations,
    statements,
    consequence,
    status,
    given,
    needed,
    missing = '',
    approvers,
    problem,
    next,
  } = view;
  return [
    `${paint.bold(`contract ${id}`)} of ${migrations.join(', ')}: ${status}`,
    ...statements.flatMap((text) => text.trimEnd().split('\n')).map((line) => `    ${line}`),
    `  ${paint.yellow(consequence)}`,
    ...(view.verdict === undefined ? [] : [`  verdict: ${view.verdict}`]),
    ...(problem === undefined ? [] : [`  ${problem}`]),
    ...(status === 'pending' || next === undefined ? [] : [`  ${paint.yellow(next)}`]),
    ...(status === 'pending'
      ? [
          `  ${given.length} of ${needed} approved${missing === '' ? '' : `, missing: ${missing}`}, until ${clockTime(view.deadlineAt)}; asked by ${shortName(view.requestedBy)}`,
          `  ${paint.cyan(`bg migrate approve ${id}`)}  ${paint.dim(`by ${approvers.join(', ') || 'nobody: there are no approvers'}`)}`,
        ]
      : []),
  ];
}
