// libpg-query, loaded when the first migration is read: a module in WebAssembly, which every command would pay for.

import type * as Grammar from 'libpg-query';

let loaded: typeof Grammar | undefined;

/** Once per process; parsing is synchronous afterwards. */
export async function loadGrammar(): Promise<void> {
  loaded ??= await import('libpg-query');
  await loaded.loadModule();
}

/** @throws Error before `loadGrammar` */
export function grammar(): typeof Grammar {
  if (loaded === undefined) throw new Error('the grammar of PostgreSQL was not loaded');
  return loaded;
}
