// Where something is found in a JSON document: a JSONPath (RFC 9535) such as `$.run.id`, or a text with places to fill
// in, `v{$.run.id}` or `{branch}`. No part of it is ever run as code.

import { compile, JSONPathError, type JSONValue } from 'json-p3';

/** Names that braces may hold in addition to JSONPath. */
export type Known = Readonly<Record<string, string | undefined>>;

export type Found =
  | { readonly ok: true; readonly value: string }
  /** `finds nothing`, `finds 3 values`, …: the end of a sentence. */
  | { readonly ok: false; readonly problem: string };

type Piece = string | { readonly query: string } | { readonly name: string };

const placeholder = /\{([^{}]*)\}/g;

/** The error in it; undefined when it can be read. `names`: what braces may hold. */
export function expressionProblem(text: string, names: readonly string[]): string | undefined {
  for (const piece of piecesOf(text)) {
    if (typeof piece === 'string') {
      if (/[{}]/.test(piece)) return 'has a brace without its partner';
      continue;
    }
    if ('name' in piece) {
      if (!names.includes(piece.name))
        return `has {${piece.name}}, which is not known; known: ${names.join(', ')}, and JSONPath such as {$.id}`;
      continue;
    }
    const problem = queryProblem(piece.query);
    if (problem !== undefined) return `is no JSONPath: ${problem}`;
  }
  return undefined;
}

/** `encode` is applied to what is filled in, not to the text around it. */
export function evaluate(
  text: string,
  document: unknown,
  known: Known,
  encode: (value: string) => string = (value) => value,
): Found {
  let whole = '';
  for (const piece of piecesOf(text)) {
    if (typeof piece === 'string') {
      whole += piece;
      continue;
    }
    const found = 'query' in piece ? single(piece.query, document) : nameOf(piece.name, known);
    if (!found.ok) return found;
    whole += isWhole(text) ? found.value : encode(found.value);
  }
  return { ok: true, value: whole };
}

/** Every value that a JSONPath finds; none where the document cannot be walked. */
export function findAll(query: string, document: unknown): readonly unknown[] {
  try {
    return compile(query)
      .query(document as JSONValue)
      .values();
  } catch (thrown) {
    if (thrown instanceof JSONPathError || thrown instanceof RangeError) return [];
    throw thrown;
  }
}

const isWhole = (text: string): boolean => text.startsWith('$');

function piecesOf(text: string): readonly Piece[] {
  if (isWhole(text)) return [{ query: text }];
  const pieces: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(placeholder)) {
    if (match.index > end) pieces.push(text.slice(end, match.index));
    const inner = (match[1] ?? '').trim();
    pieces.push(isWhole(inner) ? { query: inner } : { name: inner });
    end = match.index + match[0].length;
  }
  return end < text.length ? [...pieces, text.slice(end)] : pieces;
}

function queryProblem(query: string): string | undefined {
  try {
    compile(query);
    return undefined;
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}

function single(query: string, document: unknown): Found {
  const values = findAll(query, document).filter((value) => value !== null);
  const [value] = values;
  if (value === undefined) return { ok: false, problem: 'finds nothing' };
  if (values.length > 1) return { ok: false, problem: `finds ${values.length} values, not one` };
  if (typeof value === 'object') return { ok: false, problem: 'finds no text and no number' };
  return { ok: true, value: String(value) };
}

function nameOf(name: string, known: Known): Found {
  const value = known[name];
  return value === undefined ? { ok: false, problem: `needs ${name}, which is not known` } : { ok: true, value };
}
