// Why a source has no number, from the place where that is found to the answer of the check.

import type { Answer, NoNumber } from '../domain/evidence.ts';
import { BlueGreenError } from '../lib/errors.ts';
import { problemOf } from './http-source.ts';

type None = Extract<Answer, { kind: 'none' }>;

export const none = (why: NoNumber, sentence: string): None => ({ kind: 'none', why, sentence });

/** No number of one side ends the whole answer. */
export class NoNumberError extends BlueGreenError {
  readonly answer: None;
  constructor(why: NoNumber, sentence: string) {
    super('evidence-unreadable', sentence);
    this.answer = none(why, sentence);
  }
}

/** Rejects only where the signal has aborted. */
export async function answerOf(asking: () => Promise<Answer>, signal: AbortSignal): Promise<Answer> {
  try {
    return await asking();
  } catch (thrown) {
    signal.throwIfAborted();
    return thrown instanceof NoNumberError ? thrown.answer : none('failed', problemOf(thrown));
  }
}
