// What CI delivered: looking at it, and having it worked on once more.

import type { DeliveryRecord, DeliveryState, Engine, Refusal } from '@bg/engine';
import { type ExitCode, exitCodes } from '../exit.ts';
import { refused } from '../refused.ts';
import { onEngine, type Session } from '../session.ts';
import { bodyLines, bodyText, deliveryLines, inboxLines } from '../show/inbox.ts';
import { usageError } from '../usage.ts';
import { readCount, readDuration } from './amounts.ts';
import type { Command } from './command.ts';

const group = 'inbox' as const;
const states: readonly DeliveryState[] = ['waiting', 'done', 'ignored', 'parked'];
const followMs = 60_000;

export const inbox: readonly Command[] = [
  {
    group,
    usage: 'list',
    placeless: true,
    summary: 'what CI delivered and what became of it, newest first',
    options: [
      ['--state <state>', `only ${states.join(', ')}`],
      ['--limit <n>', 'at most so many (20)'],
    ],
    examples: ['bg inbox list', 'bg inbox list --state parked --limit 5', 'bg inbox list --json'],
    run: onEngine(({ engine, screen }, _words, options) => {
      const limit = readCount('--limit', options.limit, { otherwise: 20, most: 1000 });
      const deliveries = engine.inbox.list({ state: readState(options.state), limit });
      const waiting = engine.inbox.waiting();
      screen.answer({ deliveries, waiting, workedOnBy: engine.inbox.workedOnBy() }, inboxLines);
      return exitCodes.done;
    }),
  },
  {
    group,
    usage: 'show <delivery>',
    placeless: true,
    summary: 'one delivery: who sent it, what became of it, its body',
    options: [['--lines <n>', 'at most so many lines of the body (100)']],
    examples: ['bg inbox show 17', 'bg inbox show 17 --lines 1000', 'bg inbox show 17 --json'],
    run: onEngine(({ engine, screen }, [word = ''], options) => {
      const most = readCount('--lines', options.lines, { otherwise: 100, most: 100_000 });
      const found = engine.inbox.show(readId(word));
      if (!found) return refused(screen, noSuch(word));
      const body = engine.inbox.body(found.id);
      screen.answer({ ...found, body: body && bodyText(body) }, (shown, light) => [
        ...deliveryLines(shown, light),
        // Escaped from the bytes themselves: the copy that is shown has lost its ends of lines.
        ...(body ? bodyLines(body, most) : ['', 'Its body is no longer stored.']),
      ]);
      return exitCodes.done;
    }),
  },
  {
    group,
    usage: 'replay <delivery>',
    placeless: true,
    summary: 'have a delivery worked on once more, as if it had come just now',
    options: [
      ['--follow', 'wait until something became of it, and show what'],
      ['--for <duration>', 'with --follow: how long at most (1m)'],
    ],
    examples: ['bg inbox replay 17', 'bg inbox replay 17 --follow', 'bg inbox replay 17 --follow --for 5m'],
    run: onEngine(async (session, [word = ''], options) => {
      const { engine, actor, screen } = session;
      const limitMs = options.for === undefined ? followMs : readDuration('--for', options.for);
      const result = engine.replay(readId(word), actor);
      if (!result.ok) return refused(screen, result.refusal);
      if (options.follow === true) return follow(session, result.value, limitMs);
      screen.answer(result.value, deliveryLines);
      screen.aside(nextOf(engine, result.value));
      return exitCodes.done;
    }),
  },
];

/** Until something became of it, the limit, or Ctrl-C. */
async function follow({ engine, screen, stop }: Session, replayed: DeliveryRecord, limitMs: number): Promise<ExitCode> {
  const end = performance.now() + limitMs;
  screen.aside(nextOf(engine, replayed));
  let now = replayed;
  while (now.state === 'waiting' && !stop.aborted && performance.now() < end) {
    await engine.changed(Math.min(1_000, end - performance.now()), stop);
    now = engine.inbox.show(replayed.id) ?? now;
  }
  screen.answer(now, deliveryLines);
  if (now.state === 'done' || now.state === 'ignored') return exitCodes.done;
  if (now.state === 'parked') return exitCodes.failed;
  screen.aside(`It waits still. ${nextOf(engine, now)}`);
  return stop.aborted ? exitCodes.stopped : exitCodes.failed;
}

function nextOf({ inbox }: Engine, { id, state }: DeliveryRecord): string {
  const worker = inbox.workedOnBy();
  if (state !== 'waiting') return `Something became of it already: bg inbox show ${id}`;
  return worker === undefined
    ? `No process works on the inbox now, so delivery ${id} waits until one does: start the webhook receiver.`
    : `Delivery ${id} is worked on by ${worker}. See what becomes of it: bg inbox show ${id}`;
}

function readState(text: string | undefined): DeliveryState | undefined {
  const state = states.find((each) => each === text);
  if (text !== undefined && state === undefined)
    throw usageError(`--state takes one of ${states.join(', ')}, not "${text}".`);
  return state;
}

function readId(word: string): number {
  if (!/^\d{1,15}$/.test(word)) throw usageError(`"${word}" is no delivery: a number is expected, see bg inbox list.`);
  return Number(word);
}

const noSuch = (word: string): Refusal => ({
  code: 'no-such-delivery',
  sentence: `there is no delivery ${word}`,
  hint: 'See those that are stored: bg inbox list',
});
