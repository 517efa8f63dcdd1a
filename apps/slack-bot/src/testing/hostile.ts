// Text as an attacker would write it, put in place of every text of a view.

export const hostileTexts: Readonly<Record<string, string>> = {
  ping: 'hello <!channel> <@U0BOB> <!subteam^S1|@all> <https://evil.example|click here>',
  entities: '&lt;!here&gt; &amp;amp; <script>alert(1)</script>',
  code: '``` `x` ``` ` *bold* _it_ ~no~ > quote',
  long: 'x'.repeat(5000),
  emoji: '🧨👩‍👩‍👧‍👦'.repeat(900),
  escapes: '<<<<>>>>&&&&'.repeat(500),
  lines: 'one\n⛔ *Refused*\r\n\u2028two\u0000\u0007\u001b[31m',
  marks: '*approved* _by_ ~nobody~ :white_check_mark: :100: @here [Approve](https://evil.example)',
  quote: '> quoted',
  invisible: '\u202egnp.exe\u200b\u2066abc',
};

/** Every string inside is replaced, but those whose key decides what is drawn. */
export function poisoned<T>(value: T, text: string): T {
  if (Array.isArray(value)) return value.map((entry) => poisoned(entry, text)) as T;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, poison(key, inner, text)]);
  return Object.fromEntries(entries) as T;
}

const deciding = new Set(
  'id mode phase direction status kind verdict slot role health proof readiness onTimeout active name service target emoji state reaction became action conclusion'.split(
    ' ',
  ),
);

function poison(key: string, inner: unknown, text: string): unknown {
  if (typeof inner !== 'string') return poisonedList(key, inner, text);
  return deciding.has(key) ? inner : text;
}

function poisonedList(key: string, inner: unknown, text: string): unknown {
  const texts = Array.isArray(inner) && inner.every((entry) => typeof entry === 'string');
  return texts && !deciding.has(key) ? inner.map(() => text) : poisoned(inner, text);
}
