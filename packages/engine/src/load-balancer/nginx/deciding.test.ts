// The pure parts: what a routing looks like as files, what a line of the log means, and how requests in flight are split.

import { describe, expect, test } from 'vitest';
import type { Routing } from '../../domain/routing.ts';
import { splitInFlight } from './in-flight.ts';
import { parseLogLine } from './log-line.ts';
import { tablesOf, usersOf } from './routing-table.ts';

const routing = (rest: Partial<Routing>): Routing => ({
  generation: 1,
  active: undefined,
  canary: undefined,
  preview: undefined,
  ...rest,
});

describe('a routing as files', () => {
  test('can be read back from them, for every weight and both sides', () => {
    expect(usersOf(tablesOf(routing({})).users.files)).toEqual({ active: undefined, canary: undefined });
    for (const active of ['blue', 'green'] as const)
      for (let percent = 1; percent < 100; percent++) {
        const slot = active === 'blue' ? 'green' : 'blue';
        const wanted = { active, canary: { slot, percent } } as const;
        const files = tablesOf(routing(wanted)).users.files;
        // 30 % of green over blue and 70 % of blue over green are other people, but no other number of files.
        expect(usersOf(files)).toEqual(wanted);
      }
  });

  test('moves no user out of a canary that grows', () => {
    const greens = (percent: number) =>
      new Set(tablesOf(routing({ active: 'blue', canary: { slot: 'green', percent } })).users.files);
    for (let percent = 1; percent < 100; percent++)
      expect([...greens(percent)].filter((share) => !greens(percent + 1).has(share))).toEqual([]);
  });

  test('sends named users to the new side, testers to the preview, and a tester by header nowhere else', () => {
    const tables = tablesOf(routing({ active: 'blue', preview: 'green' }));
    expect([tables.users.name, tables.allowed.name, tables.cookie.name, tables.header.name]).toEqual([
      'blue',
      'green',
      'preview-green',
      'preview-green',
    ]);
    const without = tablesOf(routing({ active: 'blue', canary: { slot: 'green', percent: 5 } }));
    expect([without.allowed.name, without.cookie.name, without['cookie-allowed'].name, without.header.name]).toEqual([
      'green',
      'green-first-5',
      'green',
      'nobody',
    ]);
  });
});

describe('a line of the log', () => {
  const of = (line: string) => parseLogLine(line);

  test('counts a user once, on his side, to the answer’s end', () => {
    expect(of('1700000000.250 user blue 404 0.120 0.001 0.100 - abc')).toEqual({
      kind: 'request',
      request: {
        slot: 'blue',
        endedMs: 1_700_000_000_250,
        ending: { status: 404, ms: 120, failure: undefined, drawn: false, request: { id: 'abc' } },
      },
    });
  });

  test('names a request that has failed; a line of an earlier version knows its id only', () => {
    const facts = (line: string) => {
      const parsed = of(line);
      return parsed.kind === 'request' ? parsed.request.ending.request : parsed.kind;
    };
    const line = '1700000000.250 user blue 500 0.120 0.001 0.100 - abc drawn a0042';
    expect(facts(`${line} POST /a/b`)).toEqual({ id: 'abc', method: 'POST', path: '/a/b' });
    expect(facts(line)).toEqual({ id: 'abc', method: undefined, path: undefined });
  });

  test.each([
    ['1700000000.250 user blue 502 0.001 - - - abc', { status: 502, failure: 'connect' }],
    ['1700000000.250 user blue 504 5.000 - - - abc', { status: 504, failure: 'connect' }],
    ['1700000000.250 user blue 504 60.000 0.001 - - abc', { status: 504, failure: 'timeout' }],
    ['1700000000.250 user blue 502 0.300 0.001 - - abc', { status: 502, failure: 'cut' }],
    ['1700000000.250 user blue 502 0.300 0.001 0.299 - abc', { status: 502, failure: undefined }],
    ['1700000000.250 user blue 499 0.300 0.001 - - abc', { status: undefined, failure: undefined }],
    ['1700000000.250 user green 200 900.000 0.001 0.020 1 abc', { status: 200, ms: 20 }],
    ['1700000000.250 user green 101 900.000 0.001 0.030 - abc', { status: 101, ms: 30 }],
  ])('tells how it ended: %s', (line, ending) => {
    expect(of(line)).toMatchObject({ kind: 'request', request: { ending } });
  });

  test('leaves out testers, probes and users who were sent to no side; invalid lines are recognised', () => {
    for (const line of [
      '1.0 preview blue 200 0.1 0 0 - a',
      '1.0 probe blue 200 0.1 0 0 - a',
      '1.0 user none 503 0 - - - a',
    ])
      expect(of(line)).toEqual({ kind: 'uncounted' });
    for (const line of ['', 'user blue', 'x user blue 200 0.1 0 0 - a', '1.0 user blue 200'])
      expect(of(line)).toEqual({ kind: 'unreadable' });
  });
});

describe('requests in flight', () => {
  const split = (requests: number, blue: number, green: number, draining?: 'blue' | 'green') =>
    splitInFlight({ requests, connections: { blue, green }, draining });

  test('are none on either side when nginx has none, however many connections wait idle', () => {
    expect(split(0, 30, 40)).toEqual({ blue: 0, green: 0 });
  });

  test('are exact on a side that drains: its connections are all in use', () => {
    expect(split(10, 3, 60, 'blue')).toEqual({ blue: 3, green: 7 });
    expect(split(10, 60, 0, 'green')).toEqual({ blue: 10, green: 0 });
  });

  test('are exact where every connection is in use, and never more than the connections of a side', () => {
    expect(split(5, 2, 3)).toEqual({ blue: 2, green: 3 });
    expect(split(50, 2, 48)).toEqual({ blue: 2, green: 48 });
    expect(split(6, 5, 20)).toMatchObject({ blue: 1, green: 5 });
  });
});
