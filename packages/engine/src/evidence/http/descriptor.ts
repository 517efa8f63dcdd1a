// A service of the team that is asked over HTTP whether the new side is good.

import { z } from 'zod';
import { matching } from '../../config/kit/values.ts';
import type { Answer, Question } from '../../domain/evidence.ts';
import type { EvidenceDriver, EvidenceParts } from '../driver.ts';
import { bodyOf, jsonIn, placeOf, problemOf } from '../http-source.ts';
import { opinionIn, questionText } from '../opinion.ts';
import { checkPlaceholders } from '../pair-keys.ts';
import { fillIn } from '../placeholders.ts';
import type { EvidenceSource } from '../source.ts';

interface HttpSettings {
  readonly url: string;
}

const keys = z
  .strictObject({
    url: matching(/^https?:\/\/[^\s#]{1,1000}$/, 'an address such as https://checks.example.org/shop').describe(
      'Is sent the facts of both sides as JSON with POST, and answers {"result": "pass", "fail" or "unknown", "text": "…"}.',
    ),
  })
  .describe('A service that is asked whether the new side is good.');

export const http: EvidenceDriver<typeof keys, HttpSettings> = {
  name: 'http',
  summary: 'a service that answers pass, fail or unknown',
  keys,
  takesAuthorization: true,
  check: (own, at) => checkPlaceholders(own?.url, [...at, 'url']),
  resolve: ({ url }) => ({ url }),
  describe: ({ url }) => `what ${placeOf({ url })} answers`,
  create: createHttpSource,
};

function createHttpSource({ settings, authorization, timeoutMs }: EvidenceParts<HttpSettings>): EvidenceSource {
  const urlFor = (question: Question): string => fillIn(settings.url, question.canary, question, encodeURIComponent);
  return {
    ask: async (question, signal): Promise<Answer> => {
      try {
        const url = urlFor(question);
        const json = { 'content-type': 'application/json' };
        const headers = authorization === undefined ? json : { ...json, authorization };
        const body = await bodyOf({ url, method: 'POST', headers, body: questionText(question), timeoutMs, signal });
        return opinionIn(jsonIn(body, placeOf({ url })), placeOf({ url }), body);
      } catch (thrown) {
        signal.throwIfAborted();
        return { kind: 'none', why: 'failed', sentence: problemOf(thrown) };
      }
    },
    shown: (question) => [`POST ${placeOf({ url: urlFor(question) })}`],
  };
}
