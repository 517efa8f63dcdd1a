// Reads the page of every instance of both sides, and adds them up. Each is asked at its own address, so no label has to
// name the side. One that cannot be read ends the whole answer: a sum without it would look like a restart.

import type { Answer, PairOfCounters, Question, Series, SideFacts } from '../../domain/evidence.ts';
import { BlueGreenError } from '../../lib/errors.ts';
import type { EvidenceParts } from '../driver.ts';
import { bodyOf, placeOf, problemOf } from '../http-source.ts';
import { none } from '../no-number.ts';
import { fillIn } from '../placeholders.ts';
import { escaped, labelsFit, parseSelector, type Selector, selectorText } from '../selector.ts';
import type { EvidenceSource } from '../source.ts';
import { type Sample, samplesOf } from './text-format.ts';

export interface MetricsSettings {
  readonly path: string;
  readonly bad: string;
  readonly all: string;
}

/** A sample that the service itself dates so far back is not of now. */
const staleMs = 60_000;

export function createMetricsSource(parts: EvidenceParts<MetricsSettings>): EvidenceSource {
  const { settings } = parts;
  return {
    ask: async (question, signal) => {
      const [stable, canary] = await Promise.all(
        [question.stable, question.canary].map((side) =>
          pairOf({ ...parts, side, question, signal }).catch((thrown: unknown): Answer => {
            signal.throwIfAborted();
            return { kind: 'none', why: 'failed', sentence: `${side.slot}: ${problemOf(thrown)}` };
          }),
        ),
      );
      if (!stable || !canary) throw new TypeError('two sides were asked for');
      if ('kind' in canary) return canary;
      return 'kind' in stable ? stable : { kind: 'counters', stable, canary };
    },
    shown: (question) =>
      [question.stable, question.canary].flatMap((side) =>
        instancesOf(side).flatMap((instance) =>
          [settings.bad, settings.all].map(
            (text) => `${fillIn(text, instance, question, escaped)} at ${urlOf(instance, settings.path)}`,
          ),
        ),
      ),
  };
}

interface Asking extends EvidenceParts<MetricsSettings> {
  readonly side: SideFacts;
  readonly question: Question;
  readonly signal: AbortSignal;
}

/** Placeholders such as `{{instance}}` are of each. */
const instancesOf = (side: SideFacts): readonly SideFacts[] =>
  side.instances.map(({ host, port }) => ({ ...side, host, port }));

const urlOf = ({ host, port }: SideFacts, path: string): string =>
  `http://${host.includes(':') ? `[${host}]` : host}:${port}${path}`;

type Pair = PairOfCounters | Extract<Answer, { kind: 'none' }>;

async function pairOf(asking: Asking): Promise<Pair> {
  const pairs = await Promise.all(instancesOf(asking.side).map((side) => pairOfInstance({ ...asking, side })));
  const [first, ...others] = pairs;
  const without = pairs.find((pair) => 'kind' in pair);
  if (first === undefined || without !== undefined || others.length === 0) return without ?? first ?? none('empty', '');
  const named = (read: (pair: PairOfCounters) => readonly Series[]) =>
    pairs.flatMap((pair, index) =>
      'kind' in pair ? [] : read(pair).map((series) => ({ ...series, id: `${index + 1}:${series.id}` })),
    );
  return { bad: named(({ bad }) => bad), all: named(({ all }) => all) };
}

async function pairOfInstance(asking: Asking): Promise<Pair> {
  const { settings, side, question, authorization, timeoutMs, signal, clock } = asking;
  const selectors = [settings.bad, settings.all].map((text) => parseSelector(fillIn(text, side, question, escaped)));
  const [bad, all] = selectors;
  if (!bad || !all) throw new TypeError('a pair has two counters');
  const url = urlOf(side, settings.path);
  const accept = { accept: 'text/plain;version=0.0.4' };
  const headers = authorization === undefined ? accept : { ...accept, authorization };
  const page = await bodyOf({ url, headers, timeoutMs, signal });
  const now = clock.now();
  const read = (selector: Selector): readonly Series[] | Extract<Answer, { kind: 'none' }> => {
    const ofMetric = samplesOf(page, selector.metric);
    const fits = labelsFit(selector);
    const found = ofMetric.filter(({ labels }) => fits(labels));
    return problemIn(found, selector, placeOf({ url }), now) ?? found.map((sample) => seriesOf(sample, now));
  };
  const asked = read(all);
  if ('kind' in asked) return asked;
  if (asked.length === 0) {
    const isKnown = samplesOf(page, all.metric).length > 0;
    const what = isKnown ? `has ${all.metric}, but no series is ${selectorText(all)}` : `has no ${all.metric}`;
    return none(isKnown ? 'empty' : 'no-series', `${placeOf({ url })} ${what}`);
  }
  const failed = read(bad);
  return 'kind' in failed ? failed : { bad: failed, all: asked };
}

function problemIn(found: readonly Sample[], selector: Selector, place: string, now: number) {
  const text = selectorText(selector);
  if (found.length > 1 && !selector.isSum)
    return none('several', `${text} at ${place} is ${found.length} series; name one, or the sum(…) of them`);
  const twice = found.length - new Set(found.map(idOf)).size;
  if (twice > 0) throw new BlueGreenError('evidence-unreadable', `${place} has ${text} twice with the same labels`);
  const strange = found.find(({ value }) => !Number.isFinite(value) || value < 0);
  if (strange) return none('not-a-number', `${text} at ${place} has the value ${strange.value}, and no counter has`);
  const old = found.find(({ timestamp }) => timestamp !== undefined && now - msOf(timestamp) > staleMs);
  return (
    old && none('stale', `${text} at ${place} is dated ${Math.round((now - msOf(old.timestamp ?? 0)) / 1000)} s ago`)
  );
}

/** Milliseconds in Prometheus' format, seconds in OpenMetrics. */
const msOf = (timestamp: number): number => (timestamp < 100_000_000_000 ? timestamp * 1000 : timestamp);

const idOf = ({ labels }: Sample): string =>
  Object.entries(labels)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join(',');

const seriesOf = (sample: Sample, now: number): Series => ({ id: idOf(sample), samples: [[now, sample.value]] });
