// An ALTER TABLE of several commands: each has its own safe form, and all of them together replace the statement.

import type { Node } from 'libpg-query';
import { type Hazard, type Scene, type Section, steps, type Whole } from '../../lint/rule.ts';
import type { PostgresStatement } from '../parse.ts';
import { type History, isNewTable } from './history.ts';
import { constraintName } from './names.ts';
import { type Alteration, alterations, body, print } from './tree.ts';

/** @param check what the rules say of one statement at this place */
export function wholeForm(
  { node, line }: PostgresStatement,
  { stage, history }: Scene<History>,
  check: (statement: PostgresStatement) => readonly Hazard[],
): Whole {
  const commands = alterations({ node, line, text: '' });
  const [first] = commands;
  if (first === undefined || commands.length < 2 || isNewTable(history, first.table)) return { kind: 'one-command' };
  if (areEntangled(commands)) return { kind: 'none' };
  const parts: (readonly Section[])[] = [];
  for (const each of commands) {
    const single = singly(node, each, line);
    const found = check(single).filter(({ severity }) => severity !== 'warning');
    const [safe] = found.flatMap((hazard) => hazard.safe ?? []);
    if (found.length > 0 && safe === undefined) return { kind: 'none' };
    const here = stage === 'contract' ? 'contract' : 'expand';
    parts.push(safe === undefined ? [[here, `${single.text};`]] : sectionsIn(safe));
  }
  return { kind: 'whole', safe: steps(...inOrder(merged(parts, commands))) };
}

/** A column under a name that another command frees: two of that name cannot be there at once. */
function areEntangled(commands: readonly Alteration[]): boolean {
  const dropped = commands.flatMap(({ command }) => (command.subtype === 'AT_DropColumn' ? [command.name] : []));
  // What spans two columns that get second ones would be carried over by halves.
  if (commands.filter(({ command }) => command.subtype === 'AT_AlterColumnType').length > 1) return true;
  return commands.some(({ command }) => dropped.includes(body(command.def, 'ColumnDef')?.colname ?? ''));
}

function singly(node: Node, { command }: Alteration, line: number): PostgresStatement {
  const alter = body(node, 'AlterTableStmt');
  const one: Node = { AlterTableStmt: { ...alter, cmds: [{ AlterTableCmd: command }] } };
  return { node: one, line, text: print(one) };
}

const heading = /^-- ((?:then )?(?:expand|backfill|contract)(?:, @no-transaction)?):$/;

function sectionsIn(text: string): readonly Section[] {
  const sections: [Section[0], ...string[]][] = [];
  for (const line of text.split('\n')) {
    const [, name] = heading.exec(line) ?? [];
    if (name === undefined) sections.at(-1)?.push(line);
    else sections.push([name as Section[0]]);
  }
  return sections;
}

/** Parts that begin in the same kind of file are joined; a drop goes into the file of its successor. */
function merged(parts: readonly (readonly Section[])[], commands: readonly Alteration[]): readonly Section[] {
  const drops = new Set(parts.filter((sections, index) => sections.length === 1 && isDrop(commands[index])));
  const others = parts.filter((sections) => !drops.has(sections));
  const dropped = [...drops].flat();
  const lines = dropped.flatMap(([, ...each]) => each);
  const firsts = (name: Section[0]): readonly string[] =>
    others.flatMap(([first]) => (first?.[0] === name ? linesOf(first) : []));
  const rest = others.flatMap(([first, ...later]) =>
    first === undefined || first[0] === 'expand' || first[0] === 'contract' ? later : [first, ...later],
  );
  const all: readonly Section[] = [
    ['expand', ...headFirst(firsts('expand'))],
    ['contract', ...firsts('contract')],
    ...rest.filter(([name]) => name === 'backfill'),
    ...rest.filter(([name]) => name !== 'backfill'),
  ];
  const names = commands.map(({ table, command }) => {
    const constraint = body(command.def, 'Constraint');
    return constraint === undefined ? undefined : ` ADD CONSTRAINT ${constraintName(table, constraint)} `;
  });
  const at = all.findIndex((section) =>
    names.some((name) => name !== undefined && linesOf(section).join('\n').includes(name)),
  );
  const successor = at === -1 ? 1 : at;
  return all
    .map((section, index): Section => (index === successor ? [section[0], ...lines, ...linesOf(section)] : section))
    .filter((section) => section.length > 1)
    .toSorted((left, right) => rank(left) - rank(right));
}

/** A directive comes before the first statement, and once. */
const headFirst = (lines: readonly string[]): readonly string[] => [
  ...new Set(lines.filter((line) => line === '-- @sync')),
  ...lines.filter((line) => line !== '-- @sync'),
];

/** Expand and its backfill before the first contract, all others as they are. */
const rank = ([name]: Section): number =>
  name === 'expand' ? 0 : name === 'backfill' ? 1 : name === 'contract' ? 2 : 3;

const linesOf = ([, ...lines]: Section): readonly string[] => lines.filter((line) => line !== undefined);

const isDrop = (alteration: Alteration | undefined): boolean =>
  alteration?.command.subtype === 'AT_DropColumn' || alteration?.command.subtype === 'AT_DropConstraint';

/** `then` where the migration has such a file already, or a later one. */
function inOrder(sections: readonly Section[]): readonly Section[] {
  const order = ['expand', 'backfill', 'contract'];
  let last = -1;
  return sections.map(([name, ...lines]): Section => {
    const plain = name.replace('then ', '');
    const at = order.findIndex((stage) => plain.startsWith(stage));
    const isNext = at <= last;
    last = at;
    return [(isNext ? `then ${plain}` : plain) as Section[0], ...lines];
  });
}
