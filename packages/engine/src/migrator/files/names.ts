// File names of a release's migrations: number, name, stage.

import { suggest } from '../../lib/suggest.ts';
import type { FileProblem, Stage } from './migration.ts';

export const stages: readonly Stage[] = ['expand', 'backfill', 'contract', 'revert'];

export interface FileName {
  readonly file: string;
  /** `003_full_name` */
  readonly id: string;
  readonly number: number;
  readonly stage: Stage;
}

const pattern = /^(\d{3,15})_([a-z0-9]+(?:_[a-z0-9]+)*)\.([a-z]+)\.sql$/;

export function parseName(file: string): FileName | FileProblem {
  const [, digits = '', name = '', stage = ''] = pattern.exec(file) ?? [];
  if (digits === '')
    return problem(
      file,
      'expected a name such as 003_full_name.expand.sql: 3 to 15 digits (a number or a date), small letters, digits and _',
    );
  if (Number(digits) === 0) return problem(file, 'the first number is 001');
  if (isStage(stage)) return { file, id: `${digits}_${name}`, number: Number(digits), stage };
  const meant = suggest(stage, stages, 3);
  const hint = meant === undefined ? `: expected ${stages.join(', ')}` : `; did you mean .${meant}.sql?`;
  return problem(file, `"${stage}" is no stage${hint}`);
}

const isStage = (text: string): text is Stage => (stages as readonly string[]).includes(text);

const problem = (file: string, text: string): FileProblem => ({ file, line: undefined, problem: text });

/** Problems of the names together: numbers that occur twice or are left out, stages without their counterpart. */
export function problemsOfNames(names: readonly FileName[]): readonly FileProblem[] {
  const ids = [...new Map(names.map((name) => [name.id, name])).values()].sort((a, b) => a.number - b.number);
  return ids.flatMap((name, at) => {
    const before = ids[at - 1];
    const stagesOfIt = names.filter(({ id }) => id === name.id).map(({ stage }) => stage);
    return [
      ...(before ? numberProblem(before, name) : []),
      ...(stagesOfIt.includes('revert') && !stagesOfIt.includes('expand')
        ? [problem(`${name.id}.revert.sql`, `there is no ${name.id}.expand.sql to take back`)]
        : []),
    ];
  });
}

/** Eight digits or more are a date or a moment, as `20261129` or `20261129093000`: between them nothing is missing. */
const isMoment = (number: number): boolean => number >= 10_000_000;

function numberProblem(before: FileName, { file, number }: FileName): readonly FileProblem[] {
  if (number === before.number) return [problem(file, `its number is taken by ${before.id}; take the next free one`)];
  if (number === before.number + 1 || isMoment(number)) return [];
  return [problem(file, `number ${before.number + 1} is missing between ${before.id} and this one`)];
}
