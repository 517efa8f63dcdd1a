// `${NAME}` in the values of the file. Everywhere but in `env` and in addresses of databases it is filled in from the
// environment of this process; there it stays for the start of the slot, and only its spelling is checked. In a command the
// service's own variables stay, and others are filled in where this process has them. Secrets of
// mail, pages, statuses and audit may be missing: a shell without them can still roll back. `$${` is a plain `${` everywhere.

import { entryOf } from '../../lib/dispatch.ts';
import { isMapping, valueAt } from '../kit/draft.ts';
import { formatPath, type Path } from '../kit/path.ts';
import { error, type Finding } from '../kit/problems.ts';

export interface Substituted {
  readonly root: unknown;
  readonly findings: readonly Finding[];
  /** Formatted paths of values that came out of a variable: never shown in a message. */
  readonly fromVariables: ReadonlySet<string>;
}

type Variables = Readonly<Record<string, string | undefined>>;

interface Walk {
  readonly root: unknown;
  readonly environment: Variables;
  readonly sourceOf: (path: Path) => string | undefined;
  readonly findings: Finding[];
  readonly fromVariables: Set<string>;
  budget: number;
}

/** More values than this, or deeper ones, are no configuration; aliases can multiply a small file into them. */
const maxValues = 100_000;
const maxDepth = 40;

/** A copy of `root` with everything filled in. A value whose variable is missing becomes undefined, and a finding. */
export function substitute(options: {
  readonly root: unknown;
  readonly environment: Variables;
  readonly sourceOf: (path: Path) => string | undefined;
}): Substituted {
  const walk: Walk = { ...options, findings: [], fromVariables: new Set(), budget: maxValues };
  const root = copy(options.root, [], walk);
  if (walk.budget <= 0) walk.findings.push(error([], `holds more than ${maxValues} values`));
  return { root, findings: walk.findings, fromVariables: walk.fromVariables };
}

function copy(value: unknown, path: Path, walk: Walk): unknown {
  walk.budget -= 1;
  if (walk.budget <= 0) return undefined;
  if (path.length > maxDepth) {
    walk.findings.push(error(path.slice(0, 8), 'is nested too deeply'));
    return undefined;
  }
  if (Array.isArray(value)) return value.map((item, index) => copy(item, [...path, index], walk));
  if (typeof value === 'object' && value !== null) return copyMapping(value, path, walk);
  const names = commandNames(walk.root, path);
  if (names && typeof value === 'string') return wordOfCommand(value, path, { walk, names });
  if (isForTheSlot(path)) return slotValue(value, path, walk);
  return typeof value === 'string' ? fillIn(value, path, walk) : value;
}

function copyMapping(value: object, path: Path, walk: Walk): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    if (key === '__proto__')
      walk.findings.push({ ...error([...path, key], 'this key is not allowed anywhere'), atKey: true });
    else result[key] = copy(item, [...path, key], walk);
  }
  return result;
}

/** `env.<NAME>`, also of a process role, `database.url` and `database.scratch`, below `services.<name>` or `services.<name>.targets.<name>`. */
function isForTheSlot(path: Path): boolean {
  if (path[0] !== 'services') return false;
  const [option, key, ...rest] = optionOf(path);
  if (key === undefined || rest.length > 0) return false;
  return option === 'env' || (option === 'database' && (key === 'url' || key === 'scratch'));
}

/** From the option on; an option of a process role is read as one of its service. */
function optionOf(path: Path): Path {
  const option = path.slice(path[2] === 'targets' ? 4 : 2);
  return option[0] === 'processRoles' ? option.slice(2) : option;
}

/** Processes that notify or fetch check whether they have these credentials; all other processes work without them. */
function opensForeignDoors([top, way, ...rest]: Path): boolean {
  const key = rest.at(-1);
  if (top === 'services') return key === 'authorization' && rest.includes('artifacts');
  if (top === 'audit') return key === 'token';
  if (top === 'web') return way === 'token';
  if (top === 'statuses') return key === 'token' || key === 'secret';
  if (top !== 'notify') return false;
  return way === 'mail' ? key === 'user' || key === 'password' : way === 'pages' && key === 'secret';
}

/** A number or true/false stays as it is written: `1.10` must not reach the service as `1.1`. */
function slotValue(value: unknown, path: Path, walk: Walk): unknown {
  if (path.at(-2) === 'env' && (typeof value === 'number' || typeof value === 'boolean'))
    return walk.sourceOf(path) ?? String(value);
  if (typeof value !== 'string') return value;
  replaceVariables(value, (name) => {
    if (name === undefined) walk.findings.push(error(path, badReference));
    return '';
  });
  return value;
}

/** What stays is filled in when the program starts, and so `$${` stays what it is as well. */
function wordOfCommand(
  text: string,
  path: Path,
  { walk, names }: { readonly walk: Walk; readonly names: CommandNames },
): string {
  return text.replace(reference, (match, name: string | undefined) => {
    if (match === '$${' || (name !== undefined && names.has(name))) return match;
    const value = entryOf(walk.environment, name);
    if (name === undefined || (value === undefined && !names.mayComeLater)) walk.findings.push(missing(path, name));
    if (value === undefined) return match;
    walk.fromVariables.add(formatPath(path));
    return value.replaceAll('${', () => '$${');
  });
}

const missing = (path: Path, name: string | undefined): Finding =>
  error(path, name === undefined ? badReference : `the variable ${name} is not set in the environment of this process`);

function fillIn(text: string, path: Path, walk: Walk): string | undefined {
  let complete = true;
  const filled = replaceVariables(text, (name) => {
    const value = entryOf(walk.environment, name);
    if (value !== undefined) {
      walk.fromVariables.add(formatPath(path));
      return value;
    }
    complete = false;
    if (name !== undefined && opensForeignDoors(path)) return '';
    walk.findings.push(missing(path, name));
    return '';
  });
  return complete ? filled : undefined;
}

const badReference = `after \${ come a name of letters, digits and _, and a }; write $\${ for a plain \${`;

const reference = /\$\$\{|\$\{(?:([A-Za-z_][A-Za-z0-9_]*)\})?/g;

/** Calls `lookUp(undefined)` for a `${` that names no variable. */
function replaceVariables(text: string, lookUp: (name: string | undefined) => string): string {
  return text.replace(reference, (match, name: string | undefined) => (match === '$${' ? '${' : lookUp(name)));
}

/** The names that a text asks for, each once. */
export function variablesIn(text: string): readonly string[] {
  const names = new Set<string>();
  replaceVariables(text, (name) => {
    if (name !== undefined) names.add(name);
    return '';
  });
  return [...names];
}

/** What every slot is given; the last two only where there are process roles. */
export const builtInNames = [
  'ENVIRONMENT_COLOR',
  'APPLICATION_PORT',
  'APP_VERSION',
  'INSTANCE',
  'CONFIG_DIR',
  'LIVE_FILE',
  'PROCESS_ROLE',
];
/** Bot and receiver read these for themselves: in a command they can only mean the service's. */
const ownNames = ['PORT', 'HOST'];

export interface CommandNames {
  /** Whether the program's own variables give it. */
  readonly has: (name: string) => boolean;
  /** Whether one that nothing gives yet may come from an env file. */
  readonly mayComeLater: boolean;
}

/** Undefined for what is no word of a command of a service or of its process roles, or of what checks them. */
export function commandNames(root: unknown, path: Path): CommandNames | undefined {
  if (path[0] !== 'services') return undefined;
  const option = optionOf(path);
  const isHealth = option.length === 3 && (option[0] === 'health' || option[0] === 'check') && option[1] === 'command';
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
