// Which keys a place of the file has, read from the schema itself, and the nearest of them to a misspelled one.

import { z } from 'zod';
import { suggest } from '../../lib/suggest.ts';
import type { Path } from '../kit/path.ts';
import { shortText } from '../kit/path.ts';

/** The schema of the value at `path`, or undefined where the user's own keys and values are. */
export function schemaAt(schema: z.core.$ZodType, path: Path): z.core.$ZodType | undefined {
  const [key, ...rest] = path;
  const plain = withoutOptional(schema);
  if (key === undefined) return plain;
  const below = childOf(plain, key);
  return below && schemaAt(below, rest);
}

export const keysOf = (schema: z.core.$ZodType | undefined): readonly string[] =>
  schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];

/** `did you mean "port"?`, or the known keys when none is near. */
export function knownHint(found: string, known: readonly string[], what = 'known here'): string {
  const nearest = suggest(found, known, 'half');
  if (nearest !== undefined) return `did you mean "${nearest}"?`;
  return known.length === 0 ? '' : `${what}: ${known.join(', ')}`;
}

export function unknownKey(found: string, known: readonly string[]): string {
  const quoted = shortText(found);
  if (found === '<<') return 'merge keys (<<) are not read; what a service says holds for all its targets';
  return [`${quoted} is not a known key`, knownHint(found, known)].filter((part) => part !== '').join('; ');
}

function childOf(schema: z.core.$ZodType, key: string | number): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodObject) return Object.hasOwn(schema.shape, key) ? schema.shape[key] : undefined;
  if (schema instanceof z.ZodRecord) return schema.valueType;
  if (schema instanceof z.ZodArray) return schema.element;
  return undefined;
}

function withoutOptional(schema: z.core.$ZodType): z.core.$ZodType {
  return schema instanceof z.ZodOptional ? withoutOptional(schema.unwrap()) : schema;
}
