// Every target of the file with what holds for it, and where in the file that was said.

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
  /** Where an option is said: at the target, at its service, or, said nowhere, the target itself. */
  readonly saidAt: (...keys: readonly string[]) => Path;
  /** Said somewhere, even if what was said there was bad. */
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
