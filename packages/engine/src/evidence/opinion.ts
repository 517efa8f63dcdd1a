// What a program or a service of the team says: pass, fail or unknown, with a text for people.

import { z } from 'zod';
import type { Answer, Question } from '../domain/evidence.ts';
import { BlueGreenError } from '../lib/errors.ts';
import { firstWords } from './http-source.ts';

const longestText = 500;

const opinion = z.object({ result: z.enum(['pass', 'fail', 'unknown']), text: z.string().optional() });

/** `{ "result": "pass", "text": "…" }`. @throws BlueGreenError `evidence-unreadable` */
export function opinionIn(value: unknown, from: string, found: string): Answer {
  const read = opinion.safeParse(value);
  if (!read.success)
    throw new BlueGreenError(
      'evidence-unreadable',
      `${from} must answer {"result": "pass", "fail" or "unknown", "text": "…"}, and answered ${firstWords(found)}`,
    );
  const { result, text = '' } = read.data;
  return { kind: 'opinion', result, text: plain(text) };
}

/** One line: it is shown in cards, mails and terminals. */
export const plain = (text: string): string =>
  text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
    .slice(0, longestText);

/** What both kinds are sent. */
export const questionText = (question: Question): string => JSON.stringify(question);
