// YAML as other tools write it, with merge keys (<<). It becomes plain values; nothing in it is run.

import { parseDocument } from 'yaml';
import { messageOf } from '../../lib/errors.ts';

const mostAliases = 100;

export type ForeignYaml = { readonly ok: true; readonly root: unknown } | { readonly ok: false; readonly why: string };

/** Never throws for what the text says. An anchor inside itself makes a value without an end: the caller measures it. */
export function parseForeignYaml(text: string): ForeignYaml {
  try {
    // Of a key that comes twice, none can be the right one.
    const document = parseDocument(text, { merge: true, prettyErrors: true, stringKeys: true });
    const [fault] = document.errors;
    if (fault) return { ok: false, why: `is no valid YAML: ${fault.message.split('\n')[0]}` };
    return { ok: true, root: document.toJS({ maxAliasCount: mostAliases }) as unknown };
  } catch (thrown) {
    // The parser descends by recursion, and anchors may multiply.
    const why = thrown instanceof RangeError ? 'it is nested too deeply' : messageOf(thrown);
    return { ok: false, why: `cannot be read: ${why}` };
  }
}
