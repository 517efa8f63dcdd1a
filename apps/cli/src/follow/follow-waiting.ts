// Follows a deployment that waits, until it begins or ends in another way, and then the deployment itself.

import type { Engine, WaitingView } from '@bg/engine';
import { type ExitCode, exitCodes } from '../exit.ts';
import type { Session } from '../session.ts';
import { waitingLines } from '../show/waiting.ts';
import { stay } from './attend.ts';
import { createForegroundDriver } from './driver.ts';

const lookMs = 1000;

export async function followWaiting(session: Session, first: WaitingView): Promise<ExitCode> {
  const { screen, stop } = session;
  const last = await untilBegun(session, first);
  if (last.deploymentId !== undefined) return stay(session, last.deploymentId, { desired: 'forward', follow: true });
  if (stop.aborted) {
    screen.aside(`Stopped following; ${last.version} waits on. Look again: bg queue`);
    return exitCodes.stopped;
  }
  screen.answer(last, waitingLines);
  return exitCodes.refused;
}

/** Where no process drives, this one does: what waits would wait for ever. */
async function untilBegun(session: Session, first: WaitingView): Promise<WaitingView> {
  const { engine, screen, stop, actor } = session;
  const driver = createForegroundDriver(engine);
  let view = first;
  let said = '';
  try {
    while (!stop.aborted && (view.status === 'queued' || view.status === 'scheduled')) {
      const text = placeOf(view);
      if (text !== said) screen.aside(`${view.name} ${view.version} (${view.id}) ${text}.`);
      said = text;
      if (!engine.controllerAlive() && actor.kind !== 'stranger') driver.start();
      await engine.changed(lookMs, stop);
      view = nowOf(engine, view);
    }
  } finally {
    await driver.stop();
  }
  return view;
}

function nowOf(engine: Engine, view: WaitingView): WaitingView {
  const found = engine.waiting(view);
  if (!found.ok) return view;
  return [...found.value.now, ...found.value.ended].find(({ id }) => id === view.id) ?? view;
}

function placeOf({ place, due }: WaitingView): string {
  if (place !== undefined) return `waits in place ${place}`;
  return due === undefined ? 'waits' : `is scheduled for ${due.wall} ${due.zone}`;
}
