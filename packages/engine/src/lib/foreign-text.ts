// Text that others wrote (reasons, commit subjects, names, answers, log lines) on its way to people, at every exit: it
// is one line, shows all its characters, and cannot look like a part of what surrounds it.

/** Control characters and separators of lines: a second line could look like one of this system's lines. */
const breaks = /[\p{Cc}\p{Zl}\p{Zp}]+/gu;
/** What is not seen: marks of direction and of zero width, tags, half characters, letters that are drawn as nothing. */
const unseen = /[\p{Cf}\p{Default_Ignorable_Code_Point}\p{Cs}\u2800]+/gu;
/** A tower of accents covers the lines above it. */
const tower = /(\p{M}{3})\p{M}+/gu;

/** One line without anything that is not seen. Letters, emoji and signs of every script stay. */
export function cleanText(text: string): string {
  return text.replace(breaks, ' ').replace(unseen, '').replace(tower, '$1');
}

/** The same for places that interpret marks (Slack, mail programs, pagers): replaces each with a similar sign. */
export function inertText(text: string): string {
  return cleanText(text)
    .trim()
    .replaceAll('`', "'")
    .replaceAll('*', '∗')
    .replaceAll('~', '∼')
    .replace(emphasis, 'ˍ')
    .replace(emojiCode, '∶$1∶')
    .replace(toEveryone, '＠')
    .replace(slackLink, '‹')
    .replaceAll('](', '] (')
    .replace(/^>[>\s]*/, '› ');
}

/** At the edge of a word; between two letters it is part of a name. */
const emphasis = /(?<![\p{L}\p{N}_])_+|(?<=[\p{L}\p{N}])_+(?![\p{L}\p{N}_])/gu;
/** `:tada:`; the minutes of a time, `14:05:03`, are none. */
const emojiCode = /:(?!\d{1,2}:)([\w+'-]{1,100}):/g;
/** `<!channel>`, `<@U0BOB>`, `<https://…|text>`: a pager may hand a text on to a channel. */
const slackLink = /<(?=[!@#]|https?:|mailto:)/gi;
const toEveryone = /@(?=(?:here|channel|everyone|all)\b)/gi;
