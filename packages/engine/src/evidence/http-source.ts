// What every source that is asked over HTTP shares: its answer is read whole, or not at all.

import { BlueGreenError, messageOf } from '../lib/errors.ts';
import { type HttpRequest, httpRequest } from '../lib/http.ts';

/** What the probes of this system read at most; a page that is longer would be cut in the middle. */
const mostBytes = (1 << 20) - 4;

/** @throws BlueGreenError `evidence-unreadable` for another status than 200, with the first words of the answer */
export async function bodyOf(request: HttpRequest): Promise<string> {
  const { status, body } = await httpRequest(request);
  if (Buffer.byteLength(body) >= mostBytes)
    throw new BlueGreenError('evidence-unreadable', `${placeOf(request)} answered with more than 1 MB`);
  if (status === 200) return body;
  throw new BlueGreenError('evidence-unreadable', `${placeOf(request)} answered ${status}: ${firstWords(body)}`);
}

/** @throws BlueGreenError `evidence-unreadable` */
export function jsonIn(body: string, from: string): unknown {
  try {
    return JSON.parse(body);
  } catch (thrown) {
    throw new BlueGreenError('evidence-unreadable', `${from} answered no JSON: ${firstWords(body)}`, {}, thrown);
  }
}

/** Never the query, which may be long. */
export const placeOf = ({ url }: Pick<HttpRequest, 'url'>): string => url.replace(/[?#].*$/, '');

export const firstWords = (text: string): string => text.replace(/\s+/g, ' ').trim().slice(0, 200) || 'nothing';

/** What went wrong, for a sentence. */
export const problemOf = (thrown: unknown): string => messageOf(thrown);
