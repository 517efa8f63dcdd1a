// The lines themselves, for whoever follows one request: two files of limited size, written now and then in one go.

import { close, openSync, renameSync, statSync, write } from 'node:fs';
import { promisify } from 'node:util';
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
  const timer = setInterval(
    () => flush().catch((thrown) => console.error(`${path}: ${messageOf(thrown)}`)),
    writeEveryMs,
  );
  return {
    append: (lines) => {
      if (waitingBytes > maxWaitingBytes) return;
      waiting.push(lines);
      waitingBytes += lines.length;
    },
    close: async () => {
      clearInterval(timer);
      await flush().catch(() => {});
      await closeFile(file);
    },
  };
}
