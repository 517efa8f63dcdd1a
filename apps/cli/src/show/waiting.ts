// A deployment that waits, for people.

import { shortName, type WaitingView } from '@bg/engine';
import { timeText } from './amounts.ts';
import type { Light } from './light.ts';

export function waitingLines(view: WaitingView, light: Light): readonly string[] {
  const { id, name, version, requestedBy, reason, notes } = view;
  const because = reason === undefined ? '' : `: ${reason}`;
  return [
    `${light.paint.bold(`${name} ${version}`)}  ${id}  ${stateText(view, light)}, asked for by ${shortName(requestedBy)}${because}`,
    ...notes.map((note) => `  ${light.paint.yellow(note)}`),
  ];
}

function stateText(view: WaitingView, { now }: Light): string {
  const { status, place, expectedAt, due, deploymentId, problem, firstBecause } = view;
  switch (status) {
    case 'scheduled':
      return `scheduled for ${due?.wall ?? ''} ${due?.zone ?? ''}`;
    case 'queued': {
      const expected = expectedAt === undefined ? '' : `, expected to begin ${timeText(expectedAt, now)}`;
      return `waits in place ${place ?? '?'}${firstBecause === undefined ? '' : ` (put first: ${firstBecause})`}${expected}`;
    }
    case 'deployed':
      return `deployed as ${deploymentId ?? ''}`;
    case 'cancelled':
    case 'refused':
    case 'missed':
      return `${status}${problem === undefined ? '' : ` (${problem})`}`;
    default:
      return status satisfies never;
  }
}
