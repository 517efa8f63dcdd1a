// Made-up values by type. Equal numbers make equal values: what refers to row 1 finds row 1, and `id = 1` finds it too.

/** Several forms, since a CHECK or a trigger may want an address, or a text without digits. */
export const forms = ['number', 'address', 'word'] as const;
export type Form = (typeof forms)[number];

const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const day = (n: number): string => new Date(Date.UTC(2001, 0, 1) + n * 86_400_000).toISOString().slice(0, 10);

const byType: readonly (readonly [RegExp, (n: number) => string])[] = [
  [/\[\]$/, () => '{}'],
  [/^bool/, (n) => (n % 2 === 1 ? 'true' : 'false')],
  [/^year/, (n) => String(1970 + (n % 150))],
  [/range$/, () => 'empty'],
  [/^(tiny|small|medium|big)?int|^integer|^(big|small)?serial|^(num|dec|real|double|float|money)/, (n) => String(n)],
  [/^uuid/, uuid],
  [/^(timestamp|datetime)/, (n) => `${day(n)} 00:00:00`],
  [/^date/, day],
  [/^time/, (n) => `00:${String(n % 60).padStart(2, '0')}:00`],
  [/^interval/, (n) => `${n} days`],
  [/^json/, () => '{}'],
  [/^bytea/, (n) => `\\x${String(n).padStart(8, '0')}`],
  [/^(inet|cidr)/, (n) => `10.0.${Math.floor(n / 200)}.${n % 200}`],
  [/^point/, (n) => `(${n},${n})`],
  [/^bit/, () => '1'],
];

/** @param labels of an enum. Without quotes around it */
export function valueFor(type: string, n: number, form: Form, labels?: readonly string[]): string {
  const plain = type.toLowerCase();
  const [first] = labels ?? labelsIn(type);
  if (first !== undefined) return first;
  const make = byType.find(([pattern]) => pattern.test(plain))?.[1];
  if (make) return make(n);
  const text = { number: `${n}`, address: `${n}@example.org`, word: `word-${n}` }[form];
  const size = /char[a-z ]*\((\d+)\)/.exec(plain)?.[1];
  return size === undefined ? text : text.slice(0, Number(size));
}

/** MariaDB writes them into the type: `enum('a','b')`. */
const labelsIn = (type: string): readonly string[] =>
  /^(?:enum|set)\(/i.test(type) ? [...type.matchAll(/'((?:[^']|'')*)'/g)].map(([, label = '']) => label) : [];

export const literal = (value: string): string => `'${value.replaceAll("'", "''")}'`;
