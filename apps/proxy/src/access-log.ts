// One line per request, for finding it again: when, its id, side, method, path, status, time. Written in batches to two
// files of limited size; a slow or full disk costs lines, which are counted, and never a request.

import { closeSync, fstatSync, openSync, renameSync, write, writeSync } from 'node:fs';
import type { SlotName } from '@bg/engine';
import { type Log, messageOf } from './log.ts';

export interface AccessEntry {
  readonly id: string;
  readonly slot: SlotName;
  readonly method: string | undefined;
  /** As requested; what follows a `?` is left out, it may be a secret. */
  readonly path: string;
  /** Undefined when the user left before there was one. */
  readonly status: number | undefined;
  readonly ms: number;
}

export interface AccessLog {
  append(entry: AccessEntry): void;
  close(): void;
}

/** Follows a spec that may change: opened with the first line, so that only the holder of the port opens it. */
export function followAccessLog(wanted: () => string | undefined, log: Log): AccessLog {
  let path: string | undefined;
  let current = noAccessLog;
  const follow = (next: string | undefined): void => {
    current.close();
    path = next;
    try {
      current = next === undefined ? noAccessLog : createAccessLog(next, log);
    } catch (thrown) {
      current = noAccessLog;
      log.error('the access log cannot be opened; requests are answered without', { why: messageOf(thrown) });
    }
  };
  return {
    append: (entry) => {
      const next = wanted();
      if (next !== path) follow(next);
      current.append(entry);
    },
    close: () => current.close(),
  };
}

const noAccessLog: AccessLog = { append: () => {}, close: () => {} };

const writeEveryMs = 100;
const maxFileBytes = 32 << 20;
const maxWaitingChars = 4 << 20;
const maxPath = 300;

/** @throws the system's error when the file cannot be opened. */
function createAccessLog(path: string, log: Log): AccessLog {
  let file = openSync(path, 'a', 0o600);
  let size = fstatSync(file).size;
  let waiting = '';
  let dropped = 0;
  let busy = false;

  const rotate = (): void => {
    const next = `${path}.next`;
    const opened = openSync(next, 'a', 0o600);
    renameSync(path, `${path}.1`);
    renameSync(next, path);
    closeSync(file);
    file = opened;
    size = 0;
  };
  const flush = (): void => {
    if (busy || waiting === '') return;
    const bytes = Buffer.from(dropped === 0 ? waiting : `${waiting}- ${dropped} lines are missing here\n`);
    waiting = '';
    dropped = 0;
    busy = true;
    write(file, bytes, 0, bytes.length, null, (error) => {
      busy = false;
      size += bytes.length;
      try {
        if (error) log.trouble('the access log cannot be written', { why: messageOf(error) });
        else if (size > maxFileBytes) rotate();
      } catch (thrown) {
        log.trouble('the access log cannot be rotated', { why: messageOf(thrown) });
      }
    });
  };
  const timer = setInterval(flush, writeEveryMs).unref();
  return {
    append: (entry) => {
      if (waiting.length > maxWaitingChars) dropped += 1;
      else waiting += lineOf(entry);
    },
    close: () => {
      clearInterval(timer);
      try {
        writeSync(file, waiting);
        // A write under way has the descriptor still; the process's end closes it.
        if (!busy) closeSync(file);
      } catch (thrown) {
        log.trouble('the access log cannot be written', { why: messageOf(thrown) });
      }
    },
  };
}

/** `2026-03-07T10:00:00.123Z 4f… green GET /api/products 200 12.3`; nothing in it can be of two words or lines. */
function lineOf({ id, slot, method, path, status, ms }: AccessEntry): string {
  const query = path.indexOf('?');
  const shown = query === -1 ? path : path.slice(0, query);
  return `${timeText(Date.now())} ${id} ${slot} ${method ?? '-'} ${shown.slice(0, maxPath)} ${status ?? '-'} ${ms.toFixed(1)}\n`;
}

let lastMs = 0;
let lastText = '';

/** Many requests end in one millisecond, and the text of a time costs as much as all the rest. */
function timeText(now: number): string {
  if (now !== lastMs) {
    lastMs = now;
    lastText = new Date(now).toISOString();
  }
  return lastText;
}
