// The lines themselves, for a person who follows one request: two files of limited size, written in batches.

import { close, openSync, renameSync, statSync, write } from 'node:fs';
import { promisify } from 'node:util';
import { pause, systemClock } from '../../../lib/clock.ts';
import { messageOf } from '../../../lib/errors.ts';

export interface AccessLog {
  append(lines: Buffer): void;
  /** Writes what is left. */
  close(): Promise<void>;
}

const writeEveryMs = 200;
const maxWaitingBytes = 8 << 20;

const [writeAll, closeFile] = [promisify(write), promisify(close)];

/** A full disk costs lines here, never a count. */
export function createAccessLog(path: string, maxBytes: number): AccessLog {
  let file = openSync(path, 'a', 0o600);
  let size = statSync(path).size;
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  const flush = async () => {
    if (waitingBytes === 0) return;
    const bytes = Buffer.concat(waiting);
    waiting = [];
    waitingBytes = 0;
    if (size > maxBytes) {
      renameSync(path, `${path}.1`);
      const full = file;
      file = openSync(path, 'a', 0o600);
      size = 0;
      await closeFile(full);
    }
    size += bytes.length;
    await writeAll(file, bytes);
  };
  const over = new AbortController();
  const writing = (async () => {
    while (await pause(systemClock, writeEveryMs, over.signal))
      await flush().catch((thrown) => process.stderr.write(`${path}: ${messageOf(thrown)}\n`));
  })();
  return {
    append: (lines) => {
      if (waitingBytes > maxWaitingBytes) return;
      waiting.push(lines);
      waitingBytes += lines.length;
    },
    close: async () => {
      over.abort();
      await writing;
      await flush().catch(() => {});
      await closeFile(file);
    },
  };
}
