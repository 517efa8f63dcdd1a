// What a database is doing, for people: who waits for whom first.

import type { ActivityView } from '@bg/engine';
import type { Light } from './light.ts';
import type { Paint } from './paint.ts';
import { tableLines } from './table.ts';

type Session = ActivityView['sessions'][number];

export function activityLines(view: ActivityView, { paint }: Light): readonly string[] {
  const { name, kind, connections, sessions, moreSessions, replicas, indexBuilds, notSeen } = view;
  return [
    `${paint.bold(name)}  ${kind}${connections === undefined ? '' : `, ${connections.used} of ${connections.most} connections`}`,
    ...(sessions.length === 0 ? ['  no session works or waits'] : []),
    ...tableLines(sessions.map((session) => sessionRow(session, paint))),
    ...(moreSessions === 0 ? [] : [`  and ${moreSessions} more`]),
    ...replicas.map(
      ({ name, state, lagMs }) => `  replica ${name}: ${state}${lagMs === undefined ? '' : `, ${lagMs} ms behind`}`,
    ),
    ...indexBuilds.map(
      ({ table, phase, percent }) => `  builds on ${table}: ${phase}${percent === undefined ? '' : `, ${percent} %`}`,
    ),
    ...notSeen.map((what) => paint.dim(`  not seen: ${what}`)),
  ];
}

function sessionRow(
  { id, who, state, seconds, waitsFor, blockedBy, depth, blocks, query }: Session,
  paint: Paint,
): readonly string[] {
  const waiting =
    waitsFor === undefined
      ? ''
      : `waits for ${waitsFor}${blockedBy.length === 0 ? '' : ` behind ${namesOf(blockedBy)}`}${depth > 1 ? `, ${depth} deep` : ''}`;
  const blocking = blocks === 0 ? '' : paint.red(`keeps ${blocks} waiting`);
  return [
    `  ${id}`,
    who,
    `${state} ${seconds} s`,
    [blocking, waiting === '' ? '' : paint.yellow(waiting)].filter(Boolean).join(', '),
    paint.dim(query),
  ];
}

const mostNamed = 3;
const namesOf = (ids: readonly string[]): string =>
  `${ids.slice(0, mostNamed).join(', ')}${ids.length > mostNamed ? ` and ${ids.length - mostNamed} more` : ''}`;
