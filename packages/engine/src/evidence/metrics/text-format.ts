// The samples of a page in Prometheus' text format (0.0.4) or OpenMetrics, read line by line in one pass. A line that is
// none is an error with its number: half a page is no measurement.

import { BlueGreenError } from '../../lib/errors.ts';
import type { Labels } from '../selector.ts';

export interface Sample {
  readonly metric: string;
  readonly labels: Labels;
  readonly value: number;
  /** As written; undefined: now. */
  readonly timestamp: number | undefined;
}

const mostLines = 200_000;
const mostLabels = 100;
const name = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const labelName = /[a-zA-Z_][a-zA-Z0-9_]*/y;
const spaces = /[ \t]*/y;
const textOfLabel = /"((?:[^"\\]|\\["\\n])*)"/y;
/** Value, and perhaps a timestamp, and perhaps an exemplar of OpenMetrics. */
const ending = /^([^\s#]+)(?:[ \t]+([-+]?[0-9.]+(?:e[-+]?[0-9]+)?))?[ \t]*(?:#[ \t]*\{.*)?$/i;

/** Only samples of `metric`; the other lines are checked no further than they must be. @throws BlueGreenError `evidence-unreadable` */
export function samplesOf(page: string, metric: string): readonly Sample[] {
  const lines = page.split('\n');
  if (lines.length > mostLines) throw unreadable(`the page has more than ${mostLines} lines`);
  return lines.flatMap((line, index) => {
    const text = line.replace(/\r$/, '').trim();
    if (text === '' || text.startsWith('#')) return [];
    const found = readAt(name, text, 0)?.[0];
    if (found === undefined) throw unreadable(`line ${index + 1} is no sample`);
    return found === metric ? [sampleIn(text, found, index + 1)] : [];
  });
}

const unreadable = (sentence: string): BlueGreenError => new BlueGreenError('evidence-unreadable', sentence);

function readAt(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}

const skip = (text: string, at: number): number => at + (readAt(spaces, text, at)?.[0].length ?? 0);

function sampleIn(text: string, metric: string, line: number): Sample {
  let at = skip(text, metric.length);
  let labels: Labels = {};
  if (text[at] === '{') [labels, at] = labelsIn(text, at + 1, line);
  const match = ending.exec(text.slice(skip(text, at)));
  const [, value = '', timestamp] = match ?? [];
  const number = numberIn(value);
  if (!match || number === undefined) throw unreadable(`line ${line} has no value`);
  return { metric, labels, value: number, timestamp: timestamp === undefined ? undefined : Number(timestamp) };
}

function labelsIn(text: string, from: number, line: number): [Labels, number] {
  const labels: Record<string, string> = Object.create(null);
  let at = skip(text, from);
  for (let count = 0; text[at] !== '}'; count += 1) {
    const label = readAt(labelName, text, at)?.[0];
    const equals = label === undefined ? -1 : skip(text, at + label.length);
    const value = text[equals] === '=' ? readAt(textOfLabel, text, skip(text, equals + 1)) : undefined;
    if (label === undefined || value === undefined || count >= mostLabels)
      throw unreadable(`line ${line} has labels that cannot be read`);
    if (label in labels) throw unreadable(`line ${line} has the label ${label} twice`);
    labels[label] = (value[1] ?? '').replace(/\\(.)/g, (_, each: string) => (each === 'n' ? '\n' : each));
    at = skip(text, value.index + value[0].length);
    if (text[at] === ',') at = skip(text, at + 1);
    else if (text[at] !== '}') throw unreadable(`line ${line} has labels that cannot be read`);
  }
  return [labels, at + 1];
}

function numberIn(text: string): number | undefined {
  if (/^[-+]?inf$/i.test(text)) return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (/^nan$/i.test(text)) return Number.NaN;
  return /^[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?$/i.test(text) ? Number(text) : undefined;
}
