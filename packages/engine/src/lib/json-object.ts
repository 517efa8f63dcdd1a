// Reads bytes as a JSON object without guessing: invalid UTF-8 is an error, and so is a depth that no sender needs.

export type JsonObject = Readonly<Record<string, unknown>>;

export type JsonReading =
  | { readonly ok: true; readonly value: JsonObject }
  | { readonly ok: false; readonly problem: string };

/** Code hosts need about ten. The bound lets a reader of the value call itself per level. */
const maxDepth = 100;

export function readJsonObject(body: Buffer): JsonReading {
  const value = parse(body);
  if (value === undefined) return { ok: false, problem: 'the body is not JSON' };
  if (!isObject(value)) return { ok: false, problem: 'the body must be a JSON object' };
  if (isDeeperThan(value, maxDepth)) return { ok: false, problem: `the body is nested deeper than ${maxDepth} levels` };
  return { ok: true, value };
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** JSON has no `undefined`: it means that the bytes cannot be read. */
function parse(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return undefined;
  }
}

/** Level by level, so that the depth of the value is not the depth of our calls. */
function isDeeperThan(value: unknown, levels: number): boolean {
  let level: readonly unknown[] = [value];
  for (let depth = 0; depth < levels; depth += 1) {
    level = level.flatMap((each) => (typeof each === 'object' && each !== null ? Object.values(each) : []));
    if (level.length === 0) return false;
  }
  return true;
}
