// The complaints Slack lists in `response_metadata.messages`, each with a JSON pointer to the place.
import { isRecord, type Json } from '../json.ts';

export interface Report {
  readonly messages: string[];
  /** action_ids seen in the block under inspection; they must differ within one block. */
  readonly actionIds: Set<string>;
}

export function createReport(): Report {
  return { messages: [], actionIds: new Set() };
}

export function complain(report: Report, pointer: string, complaint: string): void {
  report.messages.push(`[ERROR] ${complaint} [json-pointer:${pointer}]`);
}

/** An object with only the given fields; complains and returns nothing otherwise. */
export function object(report: Report, value: unknown, pointer: string, fields: string): Json | undefined {
  if (!isRecord(value)) {
    complain(report, pointer, 'must provide an object');
    return undefined;
  }
  const known = new Set(fields.split(' '));
  for (const key of Object.keys(value)) {
    if (!known.has(key)) complain(report, pointer, `invalid additional property: ${key}`);
  }
  return value;
}

/** The rule of one field of an object. */
export type FieldRule<Rule> = Rule & { readonly key: string };

export interface StringRule {
  readonly max: number;
  readonly required?: boolean;
}

/** Lengths are counted in UTF-16 units, which is never more lenient than counting characters. */
export function string(report: Report, owner: Json, pointer: string, rule: FieldRule<StringRule>): void {
  const { key } = rule;
  const value = owner[key];
  if (value === undefined || value === null) {
    if (rule.required) complain(report, pointer, `missing required field: ${key}`);
    return;
  }
  const place = `${pointer}/${key}`;
  if (typeof value !== 'string') complain(report, place, 'must provide a string');
  else if (value.length === 0 && rule.required) complain(report, place, 'must be more than 0 characters');
  else if (value.length > rule.max) complain(report, place, `must be less than ${rule.max + 1} characters`);
}

export interface ListRule {
  readonly max: number;
  readonly min?: number;
}

/** The entries of a list that is neither too short nor too long. */
export function list(report: Report, owner: Json, pointer: string, rule: FieldRule<ListRule>): readonly unknown[] {
  const { key } = rule;
  const value = owner[key];
  const min = rule.min ?? 1;
  const place = `${pointer}/${key}`;
  if (value === undefined || value === null) {
    complain(report, pointer, `missing required field: ${key}`);
    return [];
  }
  if (!Array.isArray(value)) {
    complain(report, place, 'must provide an array');
    return [];
  }
  if (value.length > rule.max) complain(report, place, `no more than ${rule.max} items allowed`);
  if (value.length < min) complain(report, place, `no fewer than ${min} items allowed`);
  return value;
}
