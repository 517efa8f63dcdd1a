// From what a person typed to words: Slack's own markup, curly quotes and long dashes are undone here and nowhere else.

export interface Word {
  readonly text: string;
  /** It was in quotation marks, so it is never a name, a version or an option. */
  readonly quoted: boolean;
}

export type Cut =
  | { readonly ok: true; readonly words: readonly Word[] }
  | { readonly ok: false; readonly sentence: string };

export const maxCommandLength = 500;

export function cutWords(raw: string): Cut {
  if (raw.length > maxCommandLength)
    return { ok: false, sentence: `The command has ${raw.length} characters; at most ${maxCommandLength} are read.` };
  const words: Word[] = [];
  for (const [whole, double, single] of plainText(raw).matchAll(wordPattern)) {
    if (double === undefined && whole.includes('"')) return { ok: false, sentence: 'A quotation mark is not closed.' };
    const text = double ?? single ?? whole;
    words.push({ text: text.trim(), quoted: double !== undefined || single !== undefined });
  }
  return { ok: true, words };
}

const wordPattern = /"([^"]*)"|(?<=^|\s)'([^']*)'(?=\s|$)|[^\s"]*"[^\s]*|[^\s"]+/g;

function plainText(raw: string): string {
  return (
    withoutMarkup(raw)
      .replace(/\p{Cf}/gu, '')
      .replace(/[\p{Cc}\p{Z}]/gu, ' ')
      .replace(/[“”„‟«»″]/g, '"')
      .replace(/[‘’‚‛′]/g, "'")
      // Copied from a card, where it is a code span.
      .replace(/(^|\s)`([^`\s]+)`(?=\s|$)/g, '$1$2')
      .replace(/(^|\s)[–—―‒−]+(?=\p{L})/gu, '$1--')
      .replace(/(^|\s)(--[\p{L}-]+)=/gu, '$1$2 ')
  );
}

/** `<@U1|bob>` → `@bob`, `<#C1|deploys>` → `#deploys`, `<https://a.b|a.b>` → `a.b`, then `&amp;` → `&`. */
function withoutMarkup(raw: string): string {
  return raw
    .replace(/<([^<>]*)>/g, (_, inside: string) => plainMarkup(inside))
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}

function plainMarkup(inside: string): string {
  const [reference = '', label] = inside.split('|', 2);
  if (/^[@#]/.test(reference)) return label ? `${reference.charAt(0)}${label}` : reference;
  if (reference.startsWith('!')) return label ?? `@${reference.slice(1)}`;
  // A label that is not the address itself could say anything; the address cannot.
  return label !== undefined && reference.endsWith(label) ? label : reference;
}
