// HAProxy as the rest of the engine knows it: defaults filled in, paths absolute.

import { defaultHaproxy } from './defaults.ts';
import { merge } from './draft.ts';
import type { HaproxyFile } from './schema-haproxy.ts';
import type { HaproxySettings } from './settings.ts';
import { parseListen } from './units.ts';

type Argv = readonly [string, ...string[]];

export function resolveHaproxy(file: HaproxyFile | undefined, inFolder: (path: string) => string): HaproxySettings {
  const { mode, program, folder, nodes, check, reload, logListen, tls } = merge(defaultHaproxy, file ?? {});
  const secured = tls && { listen: parseListen(tls.listen), certificate: inFolder(tls.certificate) };
  if (mode === 'managed')
    // A name alone is looked for in the usual folders; anything with a slash is a path from the file's own folder.
    return { mode, program: program.includes('/') ? inFolder(program) : program, tls: secured };
  if (folder === undefined || !nodes || !check || !reload || logListen === undefined)
    throw new TypeError('an attached HAProxy was not checked before it was resolved');
  return {
    mode,
    folder: inFolder(folder),
    nodes: nodes.map(({ name, socket, entrypoint }) => ({
      name,
      entrypoint,
      socket: socket.startsWith('/') ? { path: socket } : parseListen(socket),
    })),
    check: check as unknown as Argv,
    reload: reload as unknown as Argv,
    logAddress: parseListen(logListen),
    tls: secured,
  };
}
