import { describe, expect, it } from 'vitest';
import { createAnswerReader } from './answers.ts';

const wait = 'HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\ncontent-length: 2\r\n\r\n{}';
const refused = 'HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\n\r\n{}';
const goOn = 'HTTP/1.1 100 Continue\r\n\r\n';
const all = [
  { status: 429, asksToWait: true },
  { status: 401, asksToWait: false },
];

describe('answers are read', () => {
  it('that follow one another at once, a 100 Continue left out', () => {
    expect(createAnswerReader()(`${goOn}${wait}${refused}`)).toEqual(all);
  });

  it('in pieces of every size', () => {
    const text = `${wait}${goOn}${refused}`;
    for (let size = 1; size <= text.length; size += 1) {
      const read = createAnswerReader();
      const pieces = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
      expect(pieces.flatMap(read), `${size} bytes at a time`).toEqual(all);
    }
  });

  it('only when the head has come whole', () => {
    const read = createAnswerReader();
    expect(read('HTTP/1.1 429 Too Many Requests\r\ncontent-length: 2\r\n')).toEqual([]);
    expect(read('Retry-After: 7\r\n\r\n')).toEqual([{ status: 429, asksToWait: true }]);
  });
});
