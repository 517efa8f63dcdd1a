// A state that costs less to open: in memory where the machine has such a folder, copied from one that is migrated, and
// with statements that are compiled once. What is stored and how is the engine's own.

import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Db, openDatabase } from '../../packages/engine/src/state/database.ts';

const inMemory = '/dev/shm';
let template: string | undefined;

const newFolder = (): string => mkdtempSync(join(existsSync(inMemory) ? inMemory : tmpdir(), 'bg-model-'));

/** With an empty, migrated state in `state`. */
export function emptyFolder(): string {
  template ??= migrated();
  const folder = newFolder();
  mkdirSync(join(folder, 'state'), { mode: 0o700 });
  cpSync(template, join(folder, 'state'), { recursive: true });
  return folder;
}

function migrated(): string {
  const folder = newFolder();
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  openDatabase(folder).$client.close();
  return folder;
}

/** One text is always used in one way, so that a statement keeps the form of its rows. */
export function rememberStatements({ $client: client }: Db): void {
  const prepare = client.prepare.bind(client);
  const known = new Map<string, ReturnType<typeof prepare>>();
  client.prepare = ((text: string) => {
    const statement = known.get(text) ?? prepare(text);
    known.set(text, statement);
    return statement;
  }) as typeof client.prepare;
}
