// The YAML of another tool, not trusted: bounded in size, depth and anchors, and never run.

import { maxFileBytes } from '../../config/reading/document.ts';
import { parseForeignYaml } from '../../config/reading/foreign-yaml.ts';
import { ImportRefused } from './imported.ts';

export type Mapping = Readonly<Record<string, unknown>>;

const mostValues = 20_000;
const mostDepth = 40;

/** @throws ImportRefused with what is wrong, and where */
export function readMapping(text: string): Mapping {
  const bytes = Buffer.byteLength(text);
  if (bytes > maxFileBytes) throw new ImportRefused(`is ${bytes} bytes large; at most 1 MiB is read`);
  const parsed = parseForeignYaml(text);
  if (!parsed.ok) throw new ImportRefused(parsed.why);
  const { root } = parsed;
  if (!isMapping(root)) throw new ImportRefused('is not a mapping of keys');
  measure(root);
  return root;
}

export const isMapping = (value: unknown): value is Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An anchor inside itself makes a value without an end. */
function measure(root: unknown): void {
  let values = 0;
  const visit = (value: unknown, depth: number): void => {
    values += 1;
    if (values > mostValues) throw new ImportRefused(`holds more than ${mostValues} values`);
    if (depth > mostDepth) throw new ImportRefused('is nested too deeply, or an anchor is inside itself');
    if (typeof value === 'object' && value !== null) for (const each of Object.values(value)) visit(each, depth + 1);
  };
  visit(root, 0);
}
