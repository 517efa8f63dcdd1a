// Parses the text of the file into a tree that knows the place of every value. Finds all syntax errors of YAML.

import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml';
import { formatPath, type Path } from '../kit/path.ts';
import type { ConfigProblem, Finding } from '../kit/problems.ts';

export const maxFileBytes = 1 << 20;
/** More uses of anchors than this, multiplied through, only serve to fill the memory. */
const maxAliasCount = 100;
const maxFaults = 20;

export interface ConfigDocument {
  /** Plain objects, lists and scalars; undefined when the text is not one mapping. */
  readonly root: unknown;
  readonly problems: readonly ConfigProblem[];
  readonly locate: (finding: Finding) => ConfigProblem;
  /** The scalar exactly as it is written, so that `1.10` in `env` stays `1.10`. */
  readonly sourceOf: (path: Path) => string | undefined;
}

export function readDocument(text: string): ConfigDocument {
  if (Buffer.byteLength(text) > maxFileBytes) return refused(tooLarge(Buffer.byteLength(text)));
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      stringKeys: true,
      uniqueKeys: false,
    });
    return readParsed(document, lines);
  } catch (thrown) {
    // The parser descends by recursion: a text of nothing but brackets ends its stack.
    if (thrown instanceof RangeError) return refused('is nested too deeply');
    throw thrown;
  }
}

export const tooLarge = (bytes: number): string =>
  `is ${(bytes / (1 << 20)).toFixed(1)} MiB large; a configuration has at most 1 MiB`;

function readParsed(document: Document.Parsed, lines: LineCounter): ConfigDocument {
  const at = (offset: number, message: string) => {
    const { line, col } = lines.linePos(offset);
    return fileProblem(message, { line, column: col });
  };
  const faults = [
    ...[...document.errors, ...document.warnings].map((fault) => at(fault.pos[0], yamlSentence(fault))),
    ...doubledKeys(document).map((offset) => at(offset, yamlSentence({ code: 'DUPLICATE_KEY' }))),
  ];
  if (faults.length > 0) return { ...refused(''), problems: firstOf(faults) };
  if (document.contents === null) return refused('is empty; start from bluegreen.example.yaml');
  if (!isMap(document.contents)) return refused('is not a mapping; it starts with keys such as state: and services:');
  const { count, unknown } = countAliases(document);
  if (unknown.length > 0)
    return { ...refused(''), problems: unknown.map((offset) => at(offset, 'no anchor (&name) above has this name')) };
  try {
    if (count > maxAliasCount) throw new ReferenceError(`${count} aliases`);
    return {
      root: document.toJS({ maxAliasCount }),
      problems: [],
      locate: (finding) => locate({ document, lines, finding }),
      sourceOf: (path) => sourceOf(document, path),
    };
  } catch (thrown) {
    if (thrown instanceof ReferenceError)
      return refused('uses its anchors (&name, *name) too often or inside themselves; write the values out instead');
    throw thrown;
  }
}

/** One slip, such as an open bracket, makes the parser stumble many times: what is doubled or late says nothing new. */
function firstOf(faults: readonly ConfigProblem[]): readonly ConfigProblem[] {
  return [...new Map(faults.map((fault) => [JSON.stringify(fault), fault])).values()].slice(0, maxFaults);
}

/** The parser would hold each key against all before it: 100,000 of them take minutes. */
function doubledKeys(document: Document): readonly number[] {
  const doubled: number[] = [];
  visit(document, {
    Map: (_key, { items }) => {
      const names = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        if (names.has(key.value)) doubled.push(key.range?.[0] ?? 0);
        names.add(key.value);
      }
    },
  });
  return doubled;
}

function countAliases(document: Document): { readonly count: number; readonly unknown: readonly number[] } {
  const anchors = new Set<string>();
  const unknown: number[] = [];
  let count = 0;
  visit(document, {
    Node: (_key, node) => {
      if (isAlias(node)) {
        count += 1;
        if (!anchors.has(node.source)) unknown.push(node.range?.[0] ?? 0);
      } else if (node.anchor !== undefined) anchors.add(node.anchor);
    },
  });
  return { count, unknown };
}

function refused(message: string): ConfigDocument {
  return {
    root: undefined,
    problems: [fileProblem(message)],
    locate: ({ message: sentence }) => fileProblem(sentence),
    sourceOf: () => undefined,
  };
}

/** A problem of the file as a whole. */
export function fileProblem(
  message: string,
  place?: { readonly line: number; readonly column: number },
): ConfigProblem {
  return { severity: 'error', path: '', line: place?.line, column: place?.column, message };
}

function locate({
  document,
  lines,
  finding,
}: {
  document: Document;
  lines: LineCounter;
  finding: Finding;
}): ConfigProblem {
  const { line, col } = lines.linePos(offsetOf(document, finding));
  return { severity: finding.severity, path: formatPath(finding.path), line, column: col, message: finding.message };
}

/** As far down the path as the text goes: what is missing is shown at its parent. */
function offsetOf(document: Document, { path, atKey = false }: Finding): number {
  let node: Node | null | undefined = document.contents;
  let offset = node?.range?.[0] ?? 0;
  for (const [index, key] of path.entries()) {
    const step = childOf(resolved(node, document), key);
    if (!step) return offset;
    node = step.node;
    const wantsKey = (atKey && index === path.length - 1) || !isScalar(node);
    offset = (wantsKey ? step.keyOffset : undefined) ?? node?.range?.[0] ?? step.keyOffset ?? offset;
  }
  return offset;
}

interface Step {
  readonly node: Node | null | undefined;
  readonly keyOffset: number | undefined;
}

function childOf(node: Node | null | undefined, key: string | number): Step | undefined {
  if (isSeq(node)) {
    const item = node.items[Number(key)] as Node | undefined;
    return item && { node: item, keyOffset: item.range?.[0] };
  }
  if (!isMap(node)) return undefined;
  const pair = (node.items as Pair<Node, Node | null>[]).find(
    ({ key: one }) => isScalar(one) && String(one.value) === String(key),
  );
  return pair && { node: pair.value, keyOffset: pair.key.range?.[0] };
}

function resolved(node: Node | null | undefined, document: Document): Node | null | undefined {
  return isAlias(node) ? node.resolve(document) : node;
}

function sourceOf(document: Document, path: Path): string | undefined {
  let node: Node | null | undefined = document.contents;
  for (const key of path) node = childOf(resolved(node, document), key)?.node;
  const scalar = resolved(node, document);
  return isScalar(scalar) ? scalar.source : undefined;
}

const sentences: Readonly<Record<YAMLError['code'], string>> = {
  ALIAS_PROPS: 'an alias (*name) cannot carry an anchor or a tag',
  BAD_ALIAS: 'this anchor (&name) or alias (*name) has no usable name',
  BAD_COLLECTION_TYPE: 'this tag does not fit what follows it; leave tags (!name) out',
  BAD_DIRECTIVE: 'directives (%…) are not used here; leave this line out',
  BAD_DQ_ESCAPE: 'this escape is unknown in "…"; write \\\\ for a backslash, or use \'…\'',
  BAD_INDENT: 'this line is not indented like its neighbours, or a bracket is not closed',
  BAD_PROP_ORDER: 'an anchor or tag is in the wrong place',
  BAD_SCALAR_START: 'a text that starts with this character must stand in quotes',
  BLOCK_AS_IMPLICIT_KEY:
    'a mapping or list starts in the middle of a line; quote a text that holds ": ", or start a new line',
  BLOCK_IN_FLOW: 'inside { } and [ ], lists and mappings are written with brackets too',
  DUPLICATE_KEY: 'this key is given twice',
  IMPOSSIBLE: 'this cannot be read as YAML',
  KEY_OVER_1024_CHARS: 'a key is longer than 1024 characters',
  MISSING_CHAR: 'something is missing here: a colon after a key, a comma, a closing quote or a closing bracket',
  MULTILINE_IMPLICIT_KEY: 'a key must stand on one line, followed by a colon',
  MULTIPLE_ANCHORS: 'a value has two anchors (&name)',
  MULTIPLE_DOCS: 'the file holds more than one document; keep one, without ---',
  MULTIPLE_TAGS: 'a value has two tags (!name)',
  NON_STRING_KEY: 'a key must be a plain text',
  RESOURCE_EXHAUSTION: 'is nested too deeply',
  TAB_AS_INDENT: 'a tab is in the indentation; YAML needs spaces',
  TAG_RESOLVE_FAILED: 'tags (!name) are not used here; write the value without',
  UNEXPECTED_TOKEN: 'this is not expected here; look for a wrong indentation, or a text that needs quotes',
};

export const yamlSentence = ({ code }: Pick<YAMLError, 'code'>): string => sentences[code] ?? sentences.IMPOSSIBLE;
