import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lastLines, type TailOptions, tailLog } from './tail.ts';

let folder: string;
let log: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bg-tail-'));
  log = join(folder, 'a.log');
});
afterEach(() => rmSync(folder, { recursive: true }));

async function read(options: TailOptions): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const line of tailLog(log, options)) lines.push(line);
  return lines;
}

describe('the last lines of a log', () => {
  it('are the last ones, whole, in their order, also when the very last has no end yet', async () => {
    writeFileSync(log, 'one\ntwo\r\nthree\nfour');
    expect(lastLines(log, 3)).toEqual(['two', 'three', 'four']);
    expect(await read({ lines: 2, follow: false })).toEqual(['three', 'four']);
    expect(lastLines(log, 100)).toEqual(['one', 'two', 'three', 'four']);
  });

  it('are found in a file that is larger than one read, whatever characters are at the border of two reads', () => {
    const lines = Array.from({ length: 20_000 }, (_, index) => `${index} Größe € 🟢`);
    writeFileSync(log, `${lines.join('\n')}\n`);
    expect(lastLines(log, 9_000)).toEqual(lines.slice(-9_000));
  });

  it('are none when there is no file', async () => {
    expect(lastLines(log, 5)).toEqual([]);
    expect(await read({ lines: 5, follow: false })).toEqual([]);
  });

  it('cut a line that is too long', () => {
    writeFileSync(log, `${'x'.repeat(150_000)}\nend\n`);
    expect(lastLines(log, 10).map((line) => line.length)).toEqual([65_536, 65_536, 150_000 - 2 * 65_536, 3]);
  });
});

describe('following a log', () => {
  it('gives lines when they are whole, from a file that did not exist, and after it was emptied by hand', async () => {
    const stop = new AbortController();
    const seen: string[] = [];
    const following = (async () => {
      for await (const line of tailLog(log, { lines: 5, follow: true, signal: stop.signal })) seen.push(line);
    })();
    await delay(50);
    writeFileSync(log, 'first\nhalf');
    await expect.poll(() => seen, { timeout: 20_000 }).toEqual(['first']);
    appendFileSync(log, ' of a line\n');
    await expect.poll(() => seen, { timeout: 20_000 }).toEqual(['first', 'half of a line']);
    truncateSync(log);
    await delay(500);
    appendFileSync(log, 'again\n');
    await expect.poll(() => seen, { timeout: 20_000 }).toEqual(['first', 'half of a line', 'again']);
    stop.abort();
    await following;
  });
});
