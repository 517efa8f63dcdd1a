// Asks Prometheus for the past, by its lag: what it has not scraped yet is not missing. A pair of counters comes as raw
// values with the times of their scrapes, never as a rate.

import type { Answer, PairOfCounters, Question, Series, SideFacts } from '../../domain/evidence.ts';
import { BlueGreenError } from '../../lib/errors.ts';
import type { EvidenceParts } from '../driver.ts';
import { answerOf, NoNumberError } from '../no-number.ts';
import { fillIn } from '../placeholders.ts';
import { escaped, type Labels, parseSelector, type Selector, selectorText } from '../selector.ts';
import type { EvidenceSource } from '../source.ts';
import { type Api, type QueryResult, query, type RawSeries } from './api.ts';
import type { PrometheusSettings } from './settings.ts';

/** How far back a metric counts as known to the server. */
const knownWithin = '1h';
/** Of one side; more would be a query that names no side. */
const mostSeries = 1_000;

interface Asking {
  readonly api: Api;
  readonly settings: PrometheusSettings;
  readonly atMs: number;
  readonly signal: AbortSignal;
}

export function createPrometheusSource(parts: EvidenceParts<PrometheusSettings>): EvidenceSource {
  const { settings, authorization, timeoutMs, clock } = parts;
  const api: Api = { url: settings.url, authorization, timeoutMs };
  return {
    ask: (question, signal) => {
      const asking: Asking = { api, settings, atMs: clock.now() - settings.lagMs, signal };
      return answerOf(() => answerTo(asking, question), signal);
    },
    shown: (question) => {
      const { value, bad, all } = settings;
      const ofSide = (side: SideFacts) =>
        [bad, all].flatMap((text) => (text === undefined ? [] : filled(text, side, question)));
      return value === undefined
        ? [...ofSide(question.stable), ...ofSide(question.canary)]
        : [filled(value, question.canary, question)];
    },
  };
}

const filled = (text: string, side: SideFacts, question: Question): string => fillIn(text, side, question, escaped);

async function answerTo(asking: Asking, question: Question): Promise<Answer> {
  const { value } = asking.settings;
  if (value !== undefined)
    return { kind: 'number', value: await numberOf(asking, filled(value, question.canary, question)) };
  const [stable, canary] = await Promise.all(
    [question.stable, question.canary].map((side) => pairOf(asking, side, question)),
  );
  if (!stable || !canary) throw new TypeError('two sides were asked for');
  return { kind: 'counters', stable, canary };
}

async function numberOf(asking: Asking, text: string): Promise<number> {
  const result = await query(asking.api, text, asking.atMs, asking.signal);
  const value = oneNumber(result, text) ?? (await absent(asking, text));
  if (!Number.isFinite(value)) throw new NoNumberError('not-a-number', `${text} is ${value}`);
  return value;
}

function oneNumber(result: QueryResult, text: string): number | undefined {
  if (result.kind === 'number') return result.value;
  const { series } = result;
  if (series.length > 1)
    throw new NoNumberError('several', `${text} returns ${series.length} series, and one number is needed`);
  if (result.kind === 'matrix')
    throw new NoNumberError('several', `${text} returns values of a span of time, and one number is needed`);
  return result.series[0]?.value;
}

/** An expression may have many metrics; the first that the server has never seen explains best why there is none. */
async function absent({ api, atMs, signal }: Asking, text: string): Promise<never> {
  const metrics = [...text.matchAll(/([a-zA-Z_:][a-zA-Z0-9_:]*)\s*[{[]/g)].map(([, metric = '']) => metric);
  for (const metric of new Set(metrics.slice(0, 4))) {
    if (await isKnown(api, metric, atMs, signal)) continue;
    throw new NoNumberError('no-series', `Prometheus has seen no ${metric} within ${knownWithin}`);
  }
  throw new NoNumberError('empty', `${text} returns nothing`);
}

async function isKnown(api: Api, metric: string, atMs: number, signal: AbortSignal): Promise<boolean> {
  const found = await query(api, `count(last_over_time(${metric}[${knownWithin}]))`, atMs, signal);
  return found.kind === 'vector' && found.series.length > 0;
}

async function pairOf(asking: Asking, side: SideFacts, question: Question): Promise<PairOfCounters> {
  const { bad, all } = asking.settings;
  const [failed, asked] = await Promise.all(
    [bad, all].map((text = '') => countersOf(asking, parseSelector(filled(text, side, question)))),
  );
  const [newest] = (asked ?? []).flatMap(({ samples }) => samples.at(-1)?.[0] ?? []).toSorted((a, b) => b - a);
  const selector = parseSelector(filled(all ?? '', side, question));
  if (newest === undefined) return absentSide(asking, selector, side);
  const staleMs = asking.settings.scrapeMs * missedScrapes;
  if (asking.atMs - newest > staleMs)
    throw new NoNumberError(
      'stale',
      `${selectorText(selector)} of ${side.slot} was last read ${Math.round((asking.atMs - newest) / 1000)} s before the time that was asked for`,
    );
  return { bad: failed ?? [], all: asked ?? [] };
}

/** A series that was read longer ago than this many scrapes says nothing of now. */
const missedScrapes = 3;

async function absentSide(asking: Asking, selector: Selector, side: SideFacts): Promise<never> {
  const { api, atMs, signal } = asking;
  const text = selectorText(selector);
  const [ever, metric] = await Promise.all([
    query(api, `count(last_over_time(${text}[${knownWithin}]))`, atMs, signal),
    isKnown(api, selector.metric, atMs, signal),
  ]);
  if (!metric) throw new NoNumberError('no-series', `Prometheus has seen no ${selector.metric} within ${knownWithin}`);
  if (ever.kind === 'vector' && ever.series.length > 0)
    throw new NoNumberError('stale', `${text} of ${side.slot} has not been read lately`);
  throw new NoNumberError('empty', `Prometheus knows ${selector.metric}, but no series is ${text}`);
}

/** Raw values; far enough back that no scrape is missed between two questions. */
async function countersOf(asking: Asking, selector: Selector): Promise<readonly Series[]> {
  const { api, settings, atMs, signal } = asking;
  const text = `${selectorText(selector)}[${Math.ceil(settings.windowMs / 1000)}s]`;
  const result = await query(api, text, atMs, signal);
  if (result.kind !== 'matrix') throw new BlueGreenError('evidence-unreadable', `${text} returned no raw values`);
  const { series } = result;
  if (series.length > 1 && !selector.isSum)
    throw new NoNumberError(
      'several',
      `${selectorText(selector)} is ${series.length} series; name one, or the sum(…) of them`,
    );
  if (series.length > mostSeries)
    throw new NoNumberError(
      'several',
      `${selectorText(selector)} is ${series.length} series; at most ${mostSeries} are read`,
    );
  return series.map(counterOf);
}

function counterOf({ labels, samples }: RawSeries): Series {
  const id = idOf(labels);
  const strange = samples.find(([, value]) => !Number.isFinite(value) || value < 0);
  if (strange) throw new NoNumberError('not-a-number', `${id} has the value ${strange[1]}, and no counter has`);
  return { id, samples };
}

const idOf = (labels: Labels): string =>
  Object.entries(labels)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
