// Pages: follows the audit log, checks the targets, and calls the person on call; each pager works separately.

import { readFileSync } from 'node:fs';
import type { PagerSettings } from '../../config/notify/settings.ts';
import { pause } from '../../lib/clock.ts';
import { hasCode, messageOf } from '../../lib/errors.ts';
import { httpRequest } from '../../lib/http.ts';
import { together } from '../../lib/tasks.ts';
import { deliver, type Transport } from '../deliver.ts';
import { type DeliveryResult, resultOf } from '../delivery-result.ts';
import { follow } from '../follow.ts';
import { linkToCard } from '../links.ts';
import type { Notifier } from '../notify.ts';
import { oneLine } from '../text.ts';
import { type PageParts, type PagePayload, pagerTransport } from './payload.ts';
import { lookForIllness, putTroubles } from './put.ts';
import { pageRequest } from './requests.ts';

const consumer = 'pages';
const lookEveryMs = 2_000;
const oneTryMs = 10_000;
/** The longest pause, even if the pager asks for more: a person has to be called. */
const longestWaitMs = 5 * 60_000;
/** A person who was not called within a day has heard of it. */
const giveUpMs = 86_400_000;

/** Empty where this process was not given the secret of any pager. */
export function pageNotifiers(parts: PageParts): readonly Notifier[] {
  const { pagers } = parts.engine.settings.notify;
  const missing = pagers.filter(({ secret }) => secret.value === undefined && secret.file === undefined);
  for (const { name } of missing)
    parts.log.error(`notify.pages: the variable of the secret of ${name} is not set, so this process sends no pages`);
  if (pagers.length === 0 || missing.length > 0) return [];
  return [{ name: consumer, work: (signal) => together(worksOf(parts, pagers), signal) }];
}

function worksOf(
  parts: PageParts,
  pagers: readonly PagerSettings[],
): readonly ((stop: AbortSignal) => Promise<void>)[] {
  return [
    (stop) => follow(parts, { consumer, take: putTroubles(parts) }, stop),
    (stop) => keepLooking(parts, stop),
    ...pagers.map((pager) => (stop: AbortSignal) => deliver(parts, transportTo(parts, pager), stop)),
  ];
}

async function keepLooking(parts: PageParts, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    lookForIllness(parts);
    await pause(parts.clock, lookEveryMs, stop);
  }
}

function transportTo(parts: PageParts, pager: PagerSettings): Transport {
  return {
    name: pagerTransport(pager.name),
    giveUpMs,
    send: ({ payload }, stop) => send(parts, pager, payload as PagePayload, stop),
    bornAt: ({ payload }) => (payload as PagePayload).at,
    dropped: ({ payload, attempts }, problem) => {
      const { service, target, deploymentId, trouble, action, summary } = payload as PagePayload;
      return {
        actor: 'engine',
        action: 'page-dropped',
        service,
        target,
        deploymentId,
        code: trouble,
        sentence: `the page "${summary}" was given up: ${problem}`,
        detail: { pager: pager.name, trouble, action, attempts: attempts + 1 },
      };
    },
  };
}

async function send(
  parts: PageParts,
  pager: PagerSettings,
  payload: PagePayload,
  stop: AbortSignal,
): Promise<DeliveryResult> {
  const { engine, clock } = parts;
  const { deploymentId } = payload;
  const who = `the pager ${pager.name}`;
  const secret =
    pager.secret.file === undefined ? (pager.secret.value ?? '') : readFileSync(pager.secret.file, 'utf8').trim();
  const cards = deploymentId === undefined ? [] : [`card:${deploymentId}`];
  const link = linkToCard(engine.settings.notify, engine.outbox, cards);
  const { headers, body } = pageRequest(pager.driver, { payload, link, secret, now: clock.now() });
  try {
    const request = { url: pager.url, method: 'POST', headers, body, timeoutMs: oneTryMs, signal: stop };
    const answer = await httpRequest(request);
    if (answer.status >= 200 && answer.status < 300) return { kind: 'sent', reference: { at: clock.now() } };
    const result = resultOf(who, answer, clock.now());
    if (result.kind === 'sent') return result;
    const problem = without(result.problem, [secret, pager.url]);
    if (result.kind === 'refused' || result.afterMs === undefined) return { ...result, problem };
    return { ...result, problem, afterMs: Math.min(result.afterMs, longestWaitMs) };
  } catch (thrown) {
    const problem = hasCode(thrown, 'http-timeout')
      ? `${who} gave no answer within ${oneTryMs / 1_000} s`
      : `${who} could not be reached: ${messageOf(hasCode(thrown, 'http-failed') ? thrown.cause : thrown)}`;
    return { kind: 'later', problem: without(problem, [secret, pager.url]), holdsAll: true };
  }
}

/** An address may hold a secret too. */
const without = (text: string, secrets: readonly string[]): string =>
  oneLine(
    secrets.reduce((left, secret) => (secret === '' ? left : left.replaceAll(secret, '[secret]')), text),
    300,
  );
