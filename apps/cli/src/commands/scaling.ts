// How many instances a slot has. The controller changes it; if none runs, this process is the controller until it is done.

import type { Engine, ScaleView, SlotView, TargetRef } from '@bg/engine';
import { exitCodes } from '../exit.ts';
import { createForegroundDriver } from '../follow/driver.ts';
import { isSlotName, readPlace, readSlot } from '../place.ts';
import { refused } from '../refused.ts';
import { onEngine, type Session } from '../session.ts';
import { usageError } from '../usage.ts';
import type { Command } from './command.ts';

export const scaling: readonly Command[] = [
  {
    usage: 'scale <slot> <instances> [place]',
    summary: 'change how many instances a slot has, within maxInstances, and wait until it is done; 1 when it fails',
    examples: ['bg scale blue 4', 'bg scale shop blue 4', 'bg scale green 2 shop/staging --json'],
    run: onEngine(async (session, words, options) => {
      const { engine, actor, screen } = session;
      // The place may come first too.
      const [word = '', number = '', place] = isSlotName(words[1] ?? '') ? [words[1], words[2], words[0]] : words;
      const ref = readPlace(place, options);
      const slot = readSlot('bg scale', word, [number, place]);
      const request = { ...ref, slot, instances: readNumber(number), actor };
      const before = lastEnd(engine, ref)?.seq ?? 0;
      const asked = engine.slots.scale(request);
      if (!asked.ok) return refused(screen, asked.refusal);
      const problem = asked.value.state === 'begun' ? await scaled(session, ref, asked.value, before) : undefined;
      const has = slotView(engine, ref, asked.value)?.count;
      screen.answer({ ...asked.value, now: has, ...(problem === undefined ? {} : { problem }) }, () => [
        problem ?? sentenceOf(asked.value),
      ]);
      return problem === undefined ? exitCodes.done : exitCodes.failed;
    }),
  },
];

function readNumber(word: string): number {
  if (/^[1-9]\d{0,2}$/.test(word)) return Number(word);
  throw usageError(`"${word}" is no number of instances: a slot has at least 1.`);
}

const sentenceOf = ({ slot, from, to, most, state }: ScaleView): string =>
  state === 'already'
    ? `${slot} has ${to} of ${most} instances already`
    : `${slot} has ${to} of ${most} instances, ${from} before`;

function slotView(engine: Engine, ref: TargetRef, { slot }: Pick<ScaleView, 'slot'>): SlotView | undefined {
  const target = engine.target(ref);
  return target.ok ? target.value.slots.find((each) => each.slot === slot) : undefined;
}

/** Undefined once it is done; else why it was not. */
async function scaled(
  { engine, stop }: Session,
  ref: TargetRef,
  asked: ScaleView,
  after: number,
): Promise<string | undefined> {
  const driver = createForegroundDriver(engine);
  try {
    while (!stop.aborted && slotView(engine, ref, asked)?.count?.scaling !== undefined) {
      if (!engine.controllerAlive() && !driver.running()) driver.start();
      await engine.changed(1_000, stop);
    }
  } finally {
    await driver.stop();
  }
  if (stop.aborted) return 'it is not done yet: the controller goes on with it';
  const end = lastEnd(engine, ref);
  return end && end.seq > after && end.action === 'scale-failed' ? end.sentence : undefined;
}

function lastEnd({ audit }: Engine, { service, target }: TargetRef) {
  const found = audit.search({ service, target, actions: ['scaled', 'scale-failed'] });
  return found.ok ? found.value.newest(1)[0] : undefined;
}
