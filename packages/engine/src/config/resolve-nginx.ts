// nginx as the rest of the engine knows it: defaults filled in, paths absolute.

import { defaultNginx } from './defaults.ts';
import { merge } from './draft.ts';
import type { NginxFile } from './schema-nginx.ts';
import type { NginxSettings } from './settings.ts';
import { parseListen } from './units.ts';

type Argv = readonly [string, ...string[]];

export function resolveNginx(file: NginxFile | undefined, inFolder: (path: string) => string): NginxSettings {
  const { mode, program, include, check, reload, reopen, tls, headers } = merge(defaultNginx, file ?? {});
  const secured = tls && {
    listen: parseListen(tls.listen),
    certificate: inFolder(tls.certificate),
    key: inFolder(tls.key),
  };
  const own = headers === undefined ? {} : { headers: inFolder(headers) };
  if (mode === 'managed')
    // A name alone is looked for in the usual folders; anything with a slash is a path from the file's own folder.
    return { mode, program: program.includes('/') ? inFolder(program) : program, tls: secured, ...own };
  return {
    mode,
    // Checked to be there: an attached nginx without it is refused.
    include: inFolder(include ?? ''),
    check: check as unknown as Argv,
    reload: reload as unknown as Argv,
    reopen: reopen as Argv | undefined,
    tls: secured,
    ...own,
  };
}
