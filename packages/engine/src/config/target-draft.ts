// Every target of the file with its options, and where in the file each option is set.

import { defaultOptions } from './defaults.ts';
import { type Draft, merge, valueAt } from './kit/draft.ts';
import type { Path } from './kit/path.ts';
import type { ConfigFile, TargetFile } from './schema.ts';
import type { ServiceOptions } from './service-options.ts';

export interface TargetDraft {
  readonly service: string;
  readonly target: string;
  readonly path: Path;
  readonly own: NonNullable<Draft<TargetFile>>;
  readonly options: NonNullable<Draft<ServiceOptions>>;
  /** Where an option is set: at the target or at its service; the target itself if it is set nowhere. */
  readonly saidAt: (...keys: readonly string[]) => Path;
  /** Whether the option is set, even to a bad value. */
  readonly isSaid: (...keys: readonly string[]) => boolean;
}

export function targetDrafts(draft: Draft<ConfigFile>): readonly TargetDraft[] {
  return Object.entries(draft?.services ?? {}).flatMap(([service, shared]) =>
    Object.entries(shared?.targets ?? {}).flatMap(([target, own]) => {
      if (!shared || !own) return [];
      const { targets: _targets, builds: _builds, ...sharedOptions } = shared;
      const servicePath = ['services', service];
      const path = [...servicePath, 'targets', target];
      const placeOf = (keys: readonly string[]) =>
        [path, servicePath].map((place) => [...place, ...keys]).find((place) => has(draft, place));
      return {
        service,
        target,
        path,
        own,
        options: merge(merge(defaultOptions, sharedOptions), own),
        saidAt: (...keys) => placeOf(keys) ?? path,
        isSaid: (...keys) => placeOf(keys) !== undefined,
      };
    }),
  );
}

function has(draft: unknown, path: Path): boolean {
  const parent = valueAt(draft, path.slice(0, -1));
  return typeof parent === 'object' && parent !== null && Object.hasOwn(parent, path.at(-1) ?? '');
}
