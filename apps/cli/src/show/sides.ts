// Two sides next to each other, for people. What is the same is dim; what differs has a sign.

import type { ComparedSide, SidesView } from '@bg/engine';
import { bytesText, clockText, durationText, shareText } from './amounts.ts';
import type { Light } from './light.ts';
import { tableLines } from './table.ts';

export type Order = readonly ['blue' | 'green', 'blue' | 'green'];

export function sidesLines(view: SidesView, { now, paint }: Light, [first, second]: Order): readonly string[] {
  const [one, other] = [view[first], view[second]];
  const rows = pairs(rowsOf(one, now), rowsOf(other, now));
  const numbers = `numbers since ${clockText(view.sinceMs)}`;
  return [
    paint.bold(`${view.name}  ${first} and ${second}`),
    ...tableLines([
      ['  ', '', paint.bold(first), paint.bold(second)],
      ...rows.map(([title, left, right]) =>
        left === right
          ? [' ', paint.dim(title), paint.dim(left), paint.dim(right)]
          : [` ${paint.yellow('≠')}`, title, left, right],
      ),
    ]),
    paint.dim(`  ${numbers}`),
    ...variableLines(view, paint),
  ];
}

type Row = readonly [title: string, text: string];

const none = '–';

function rowsOf(side: ComparedSide, now: number): readonly Row[] {
  const { numbers } = side;
  const counted = (text: (given: NonNullable<typeof numbers>) => string) => (numbers ? text(numbers) : none);
  return [
    ['role', side.role],
    ['version', side.version ?? none],
    ['commit', side.commit?.slice(0, 10) ?? none],
    ['digest', side.digest?.slice(0, 12) ?? none],
    ['running for', side.since === undefined ? none : durationText(now - side.since)],
    ['health', side.healthProblem === undefined ? side.health : `${side.health}: ${side.healthProblem}`],
    ['restarts', String(side.restarts)],
    ['port', String(side.port)],
    ['cpu', side.cpuPercent === undefined ? none : `${side.cpuPercent.toFixed(1)} %`],
    ['memory', side.memoryBytes === undefined ? none : bytesText(side.memoryBytes)],
    ['open requests', side.open === undefined ? none : String(side.open)],
    ['requests', counted(({ requests }) => String(requests))],
    ['errors', counted(({ requests, errors }) => `${errors} (${shareText(requests === 0 ? 0 : errors / requests)})`)],
    ['p50', counted(({ p50Ms }) => `${Math.round(p50Ms)} ms`)],
    ['p99', counted(({ p99Ms }) => `${Math.round(p99Ms)} ms`)],
    ['schema', side.schema === undefined ? none : `${side.schema.verdict}: ${side.schema.evidence}`],
    ['configuration', side.configuration ?? none],
    ['env files', side.envFiles.join(', ') || none],
    ...Object.entries(side.rule).map(([name, text]) => [`health.${name}`, text] as const),
  ];
}

/** A side that does not run has no rule. */
function pairs(one: readonly Row[], other: readonly Row[]): readonly (readonly [string, string, string])[] {
  const texts = [new Map(one), new Map(other)] as const;
  const titles = new Set([...one, ...other].map(([title]) => title));
  return [...titles].map((title) => [title, texts[0].get(title) ?? none, texts[1].get(title) ?? none]);
}

function variableLines({ variables, commandDiffers }: SidesView, paint: Light['paint']): readonly string[] {
  if (variables === undefined)
    return ['  The settings of both cannot be compared: one does not run, or runs without a record of its start.'];
  const command = commandDiffers ? [`  ${paint.yellow('≠')} the command`] : [];
  if (variables.length === 0 && command.length === 0) return ['  Both were started with the same variables.'];
  return [
    ...command,
    ...tableLines(
      variables.map(({ name, of, values }) => [
        `  ${paint.yellow('≠')} ${name}`,
        of === 'both' ? 'has two values' : `only ${of} has it`,
        Object.entries(values)
          .map(([slot, value]) => `${slot}: ${value}`)
          .join(', '),
      ]),
    ),
  ];
}
