import { describe, expect, it } from 'vitest';
import { jsonLine, plain, plainDeep } from './plain.ts';

const hostile = '\u001b[31mred\u001b[0m \u001b]0;title\u0007end\u009b2J \u202egnp.exe\r\nfake line\u0000';

describe('text from outside', () => {
  it('becomes one line without anything that a terminal executes', () => {
    const text = plain(hostile);
    expect(text).not.toMatch(/(?!\t)\p{Cc}|[\u202a-\u202e\u2066-\u2069]/u);
    expect(text).toContain('red');
    expect(text).toContain('fake line');
  });

  it('is cleaned at any depth, keys included', () => {
    expect(plainDeep({ a: [{ 'k\u001b[1m': 'v\u001b[2J' }], n: 1, u: undefined })).toEqual({
      a: [{ k: 'v' }],
      n: 1,
      u: undefined,
    });
  });

  it('reaches a program unchanged, on one line that is harmless on a terminal', () => {
    const line = jsonLine({ hostile });
    expect(JSON.parse(line)).toEqual({ hostile });
    expect(line.slice(0, -1)).not.toMatch(/\p{Cc}|[\u202a-\u202e]/u);
  });

  it('keeps letters of every script and the tab of a log line', () => {
    expect(plain('naïve\tприве́т 日本 👍')).toBe('naïve\tприве́т 日本 👍');
  });
});
