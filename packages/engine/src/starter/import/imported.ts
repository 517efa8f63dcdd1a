// What is read from the file of another tool, before it becomes a configuration: what was taken over, and what was not.

/** Names of shells: letters, digits and underscores. */
type Name = string;

export interface Imported {
  readonly image?: string;
  /** Program and arguments; a literal `$` is a `$`. */
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly env?: Readonly<Record<Name, string>>;
  /** Variables whose values are secrets, or are not in the file: they are named, never copied. */
  readonly named?: readonly Name[];
  /** As the file has them, from its own folder. */
  readonly envFiles?: readonly string[];
  /** Where the service listens in its container. */
  readonly port?: number;
  /** Where users connected. */
  readonly front?: string;
  readonly network?: string;
  readonly volumes?: readonly ImportedVolume[];
  readonly extraHosts?: readonly string[];
  readonly user?: string;
  readonly ulimits?: readonly { readonly name: string; readonly soft: number; readonly hard: number }[];
  readonly graceMs?: number;
  readonly memoryBytes?: number;
  readonly cpus?: number;
  readonly pids?: number;
  readonly instances?: number;
  readonly health?: ImportedHealth;
  readonly capabilities?: readonly string[];
  readonly readOnly?: boolean;
  readonly registry?: { readonly server: string; readonly username: string; readonly passwordVariable: Name };
  readonly keepReleases?: number;
}

export interface ImportedVolume {
  /** An absolute path, or a name. */
  readonly source: string;
  readonly path: string;
}

export interface ImportedHealth {
  readonly path?: string;
  readonly intervalMs?: number;
  readonly timeoutMs?: number;
  readonly failures?: number;
  readonly startupMs?: number;
}

/** A key that was not taken over, or not as it was, and why. */
export interface LeftOut {
  /** `services.web.privileged`. */
  readonly key: string;
  readonly why: string;
}

/** What one key gives: values, and what of it is left out. */
export interface Taken {
  readonly value?: Imported;
  readonly left?: readonly string[];
}

export interface Importing {
  /** Of the service, here. */
  readonly service: string;
  readonly imported: Imported;
  readonly left: readonly LeftOut[];
}

/** Ends the reading of one key: the key is left out, with this reason. */
export class NotTaken extends Error {}

/** Ends the whole import. */
export class ImportRefused extends Error {}

export const notTaken = (why: string): never => {
  throw new NotTaken(why);
};

type Handler<Context> = (value: unknown, context: Context) => Taken;
export type Handlers<Context> = Readonly<Record<string, Handler<Context>>>;

/** Each key by its handler; a key without one is left out, and so is one whose value is not what the tool itself takes. */
export function takeKeys<Context>(
  keys: Readonly<Record<string, unknown>>,
  handlers: Handlers<Context>,
  { path, context }: { readonly path: string; readonly context: Context },
): Pick<Importing, 'imported' | 'left'> {
  let imported: Imported = {};
  const left: LeftOut[] = [];
  for (const [name, value] of Object.entries(keys)) {
    if (name.startsWith('x-')) continue;
    const key = path === '' ? name : `${path}.${name}`;
    const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
    try {
      const taken = handler ? handler(value, context) : notTaken('this engine has nothing like it');
      imported = combined(imported, taken.value ?? {});
      left.push(...(taken.left ?? []).map((why) => ({ key, why })));
    } catch (thrown) {
      if (!(thrown instanceof NotTaken)) throw thrown;
      left.push({ key, why: thrown.message });
    }
  }
  return { imported, left };
}

/** Lists and mappings of two keys are put together; of single values the later one counts. */
function combined(one: Imported, other: Imported): Imported {
  const both: Record<string, unknown> = { ...one };
  for (const [key, value] of Object.entries(other)) {
    const before = both[key];
    if (Array.isArray(before) && Array.isArray(value)) both[key] = [...before, ...value];
    else if (key === 'env' || key === 'health') both[key] = { ...(before as object), ...value };
    else both[key] = value;
  }
  return both as Imported;
}
