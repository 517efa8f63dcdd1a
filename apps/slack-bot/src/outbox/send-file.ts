// The charts of a deployment as a file in the thread of its card, where the workspace knows no native ones. An extra: the
// card never waits for it, and a bot without the right to upload files does without.

import type { MessageRef } from '../slack/api.ts';
import { problemSentence } from '../slack/problems.ts';
import type { ChartFile } from './draw.ts';
import { knowsCharts } from './newer-blocks.ts';
import type { Item, Sender, SendResult } from './sending.ts';

interface ToSend {
  /** The card. */
  readonly head: MessageRef;
  readonly draw: () => Promise<ChartFile | undefined>;
}

/** After a lost answer it may appear twice, which does no harm; more often is noise. */
const mostTries = 3;
const againMs = 30_000;

export async function sendFile(sender: Sender, { message }: Item, { head, draw }: ToSend): Promise<SendResult> {
  const { engine, log, slack } = sender;
  const { key, version, attempts } = message;
  const drop = (why: string): SendResult => {
    engine.outbox.drop(key, version, why);
    return 'ended';
  };
  if (knowsCharts(sender)) return drop('the charts are on the card');
  const file = await draw();
  if (file === undefined) return drop('there is nothing to draw');
  const answer = await slack.upload(head, file);
  if (answer.ok) {
    engine.outbox.sent(key, version, undefined);
    return 'ended';
  }
  const problem = problemSentence(answer.problem);
  if (answer.problem.kind === 'refused' || attempts + 1 >= mostTries) {
    log.info(
      { key, problem },
      'the charts could not be uploaded into the thread (scope files:write); the card has the numbers',
    );
    return drop(problem);
  }
  engine.outbox.retry(key, answer.problem.kind === 'limited' ? answer.problem.afterMs : againMs, problem);
  return 'ended';
}
