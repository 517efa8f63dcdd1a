// A compose file, or Kamal's deploy.yml: which of both is seen by its keys.

import { importCompose } from './compose.ts';
import { type Importing, ImportRefused } from './imported.ts';
import { importKamal } from './kamal.ts';

export interface ImportRequest {
  readonly text: string;
  /** Absolute: of the file. */
  readonly folder: string;
  /** Of a compose file with several. */
  readonly service: string | undefined;
}

export type Imports =
  | { readonly ok: true; readonly importing: Importing }
  | { readonly ok: false; readonly why: string };

/** Never throws for what the file says. */
export function importFile(request: ImportRequest): Imports {
  try {
    const importing = /^services\s*:/m.test(request.text) ? importCompose(request) : importKamal(request.text);
    return { ok: true, importing: { ...importing, service: nameOf(importing.service) } };
  } catch (thrown) {
    if (thrown instanceof ImportRefused) return { ok: false, why: thrown.message };
    throw thrown;
  }
}

/** Small letters, digits and hyphens. */
function nameOf(service: string): string {
  const name = service
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^[^a-z]+|-+$/g, '');
  return name === '' ? 'app' : name.slice(0, 40).replace(/-+$/, '');
}
