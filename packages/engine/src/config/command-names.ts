// Whose variables the words of a command are filled in with, when its program starts.

import { isMapping, valueAt } from './draft.ts';
import type { Path } from './path.ts';

/** What every slot is given. */
export const builtInNames = ['ENVIRONMENT_COLOR', 'APPLICATION_PORT', 'APP_VERSION', 'CONFIG_DIR'];
/** Bot and receiver read these for themselves: in a command they can only mean the service's. */
const ownNames = ['PORT', 'HOST'];

export interface CommandNames {
  /** Whether the program's own variables give it. */
  readonly has: (name: string) => boolean;
  /** Whether one that nothing gives yet may come from an env file. */
  readonly mayComeLater: boolean;
}

/** Undefined for what is no word of a service's command or of its health command. */
export function commandNames(root: unknown, path: Path): CommandNames | undefined {
  if (path[0] !== 'services') return undefined;
  const option = path.slice(path[2] === 'targets' ? 4 : 2);
  const isHealth = option.length === 3 && option[0] === 'health' && option[1] === 'command';
  if (!isHealth && !(option.length === 2 && option[0] === 'command')) return undefined;
  const service = valueAt(root, path.slice(0, 2));
  const known = new Set(isHealth ? builtInNames : [...builtInNames, ...ownNames, ...envNames(service)]);
  return { has: (name) => known.has(name), mayComeLater: !isHealth };
}

/** Of the service and of all its targets: a command said once is for each of them. */
function envNames(service: unknown): readonly string[] {
  if (!isMapping(service)) return [];
  const targets = isMapping(service.targets) ? Object.values(service.targets) : [];
  return [service, ...targets].flatMap((each) => (isMapping(each) && isMapping(each.env) ? Object.keys(each.env) : []));
}
