// Freezes: what the calendar of a target lets through.

import type { CalendarSpan, CalendarView } from '@bg/engine';
import { readPlace } from '../place.ts';
import { answered } from '../refused.ts';
import { onEngine } from '../session.ts';
import type { Light } from '../show/light.ts';
import type { Command } from './command.ts';

export const calendar: readonly Command[] = [
  {
    group: 'calendar',
    usage: 'test [place]',
    summary: 'show when a deployment would be refused, and what a change of the clock moves; changes nothing',
    options: [
      ['--from <time>', 'from when: 2026-12-01, or "2026-12-01 22:00"; default: now'],
      ['--to <time>', 'until when; default: 14 days later'],
      ['--zone <name>', 'IANA zone of these times and of the answer; default: that of the first freeze'],
    ],
    examples: ['bg calendar test', 'bg calendar test shop --from 2026-12-01 --to 2027-01-15 --zone Europe/Berlin'],
    run: onEngine(({ engine, screen }, [place], options) => {
      const { from, to, zone } = options;
      return answered(screen, engine.calendar({ ...readPlace(place, options), from, to, zone }), calendarLines);
    }),
  },
];

function calendarLines({ name, zone, spans, sources }: CalendarView, light: Light): readonly string[] {
  return [
    light.paint.bold(`${name}, times in ${zone}`),
    ...spans.flatMap((span) => spanLines(span, zone, light)),
    light.paint.dim('a bake that runs and a rollback go on at any time; machines have no override'),
    ...sources.map(({ freeze, source, ageMs, problem }) => {
      const age = ageMs === undefined ? '' : `, read ${Math.round(ageMs / 60_000)} min ago`;
      return `${freeze}: ${source}${age}${problem === undefined ? '' : `; ${light.paint.red(problem)}`}`;
    }),
  ];
}

const overrides = {
  approvers: 'an approver may override it, with a reason',
  people: 'a person may override it, with a reason',
  nobody: 'no override',
} as const;

function spanLines(
  { state, local, freezes, override, moved }: CalendarSpan,
  zone: string,
  { paint }: Light,
): readonly string[] {
  const short = (text: string) => text.replace(` ${zone}`, '');
  const times = `${short(local.from)}  to  ${short(local.to)}`;
  if (state === 'open') return [`  ${times}  ${paint.green('open')}`];
  const by = freezes.length === 0 ? 'a calendar that cannot be read' : freezes.join(', ');
  return [
    `  ${times}  ${paint.yellow('refused')}  by ${by}${override === undefined ? '' : `; ${overrides[override]}`}`,
    ...moved.map((each) => `    moved: ${each}`),
  ];
}
