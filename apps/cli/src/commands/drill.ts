// `bg drill`: asks for the proof that a rollback would work, and waits for its result.

import type { TargetView } from '@bg/engine';
import { type ExitCode, exitCodes } from '../exit.ts';
import { createForegroundDriver } from '../follow/driver.ts';
import { readPlace } from '../place.ts';
import { refused } from '../refused.ts';
import { type Options, onEngine, type Session } from '../session.ts';
import type { Command } from './command.ts';

/** A start, its health checks and its smoke tests are within it. */
const limitMs = 15 * 60_000;
const lookEveryMs = 500;

export const drilling: readonly Command[] = [
  {
    usage: 'drill [place]',
    summary: 'prove that a rollback would work, with the time it would take; moves no users',
    examples: ['bg drill', 'bg drill shop/staging --json'],
    run: onEngine((session, [place], options) => drill(session, place, options)),
  },
];

async function drill(session: Session, place: string | undefined, options: Options): Promise<ExitCode> {
  const { engine, actor, screen, stop } = session;
  const ref = readPlace(place, options);
  const asked = engine.drill({ ...ref, actor });
  if (!asked.ok) return refused(screen, asked.refusal);
  const driver = createForegroundDriver(engine);
  try {
    const until = Date.now() + limitMs;
    while (!stop.aborted && Date.now() < until) {
      const found = engine.target(ref);
      if (!found.ok) return refused(screen, found.refusal);
      const ended = resultOf(found.value);
      if (ended) {
        screen.answer(ended, ({ sentence }) => [sentence]);
        return ended.code === 'passed' ? exitCodes.done : exitCodes.failed;
      }
      if (!driver.running() && !engine.controllerAlive()) {
        screen.aside('no process drives, so this one does until the drill is over');
        driver.start();
      }
      await engine.changed(lookEveryMs, stop);
    }
  } finally {
    await driver.stop();
  }
  if (stop.aborted) return exitCodes.stopped;
  screen.aside(`the drill did not end within ${limitMs / 60_000} minutes; \`bg status\` shows its result`);
  return exitCodes.failed;
}

const resultOf = ({ drill: seen }: TargetView) => (seen?.isUnderWay === true ? undefined : seen?.last);
