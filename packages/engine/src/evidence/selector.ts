// Which time series a counter is: `http_requests_total{code=~"5.."}`, or the `sum(…)` of those that fit. Nothing else is
// taken for a counter: the engine needs raw values, and a function over time would hide a restart.

import { BlueGreenError } from '../lib/errors.ts';

export interface Matcher {
  readonly label: string;
  readonly is: '=' | '!=' | '=~' | '!~';
  readonly value: string;
}

export interface Selector {
  readonly metric: string;
  readonly matchers: readonly Matcher[];
  /** Several series may fit, and are added up. */
  readonly isSum: boolean;
}

const longest = 2_000;
const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*/;
const matcherPattern =
  /^\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')\s*(,|$)/;

/** @throws BlueGreenError `evidence-unreadable` with what is expected */
export function parseSelector(text: string): Selector {
  const trimmed = text.trim();
  if (trimmed.length > longest) throw unreadable(`is longer than ${longest} characters`);
  const [, inside] = /^sum\s*\(([\s\S]*)\)$/.exec(trimmed) ?? [];
  const body = (inside ?? trimmed).trim();
  const [metric] = metricName.exec(body) ?? [];
  if (metric === undefined) throw unreadable(expected);
  const rest = body.slice(metric.length).trim();
  if (rest !== '' && !(rest.startsWith('{') && rest.endsWith('}'))) throw unreadable(expected);
  return { metric, matchers: matchersOf(rest.slice(1, -1)), isSum: inside !== undefined };
}

const expected =
  'expected the name of a counter with its labels, such as http_requests_total{code=~"5.."}, or the sum(…) of such';

const unreadable = (sentence: string): BlueGreenError => new BlueGreenError('evidence-unreadable', sentence);

function matchersOf(text: string): readonly Matcher[] {
  const found: Matcher[] = [];
  let rest = text.trim();
  while (rest !== '') {
    const match = matcherPattern.exec(rest);
    if (!match) throw unreadable(expected);
    const [whole, label = '', is = '=', quoted = ''] = match;
    found.push({ label, is: is as Matcher['is'], value: unescaped(quoted.slice(1, -1)) });
    rest = rest.slice(whole.length).trim();
  }
  return found.map(checked);
}

const unescaped = (text: string): string => text.replace(/\\(.)/g, (_, each: string) => (each === 'n' ? '\n' : each));

function checked(matcher: Matcher): Matcher {
  if (matcher.is === '=~' || matcher.is === '!~') regexOf(matcher);
  return matcher;
}

function regexOf({ label, value }: Matcher): RegExp {
  try {
    return new RegExp(`^(?:${value})$`, 's');
  } catch {
    throw unreadable(`the pattern of the label ${label} is no regular expression: ${value}`);
  }
}

export type Labels = Readonly<Record<string, string>>;

/** As Prometheus matches: whole values, and a missing label is an empty one. */
export function labelsFit({ matchers }: Selector): (labels: Labels) => boolean {
  const tests = matchers.map((matcher) => {
    const regex = matcher.is.endsWith('~') ? regexOf(matcher) : undefined;
    const isEqual = (value: string) => (regex ? regex.test(value) : value === matcher.value);
    return { label: matcher.label, isEqual, isNegated: matcher.is.startsWith('!') };
  });
  return (labels) =>
    tests.every(
      ({ label, isEqual, isNegated }) =>
        isEqual(Object.hasOwn(labels, label) ? (labels[label] ?? '') : '') !== isNegated,
    );
}

/** The raw selector, as the source takes it. */
export function selectorText({ metric, matchers }: Selector): string {
  if (matchers.length === 0) return metric;
  return `${metric}{${matchers.map(({ label, is, value }) => `${label}${is}${quoted(value)}`).join(',')}}`;
}

export const quoted = (value: string): string => `"${escaped(value)}"`;

export const escaped = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
