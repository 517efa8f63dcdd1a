import { expect, test } from 'vitest';
import { resultOf } from './delivery-result.ts';

test.each(['', '\ufeff'])('the message of a refusal is read, with or without a byte order mark', (mark) => {
  const answer = { status: 422, headers: {}, body: `${mark}{"message":"Validation Failed"}` };
  expect(resultOf('GitHub', answer, 0)).toEqual({ kind: 'refused', problem: 'GitHub answered 422: Validation Failed' });
});
