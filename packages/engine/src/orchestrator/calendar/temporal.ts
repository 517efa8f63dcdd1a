// Temporal, loaded at the first freeze or scheduled deployment only: most configurations need no time zones.

import { createRequire } from 'node:module';
import type { Temporal } from 'temporal-polyfill';

type TemporalApi = typeof Temporal;
let loaded: TemporalApi | undefined;

export function temporal(): TemporalApi {
  loaded ??= (createRequire(import.meta.url)('temporal-polyfill') as { readonly Temporal: TemporalApi }).Temporal;
  return loaded;
}
