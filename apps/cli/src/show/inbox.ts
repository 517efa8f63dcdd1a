// Deliveries for people. An external sender wrote the body: it is shown only as text, and no more of it than requested.

import type { DeliveryRecord, DeliveryState } from '@bg/engine';
import { durationText, timeText } from './amounts.ts';
import type { Light } from './light.ts';
import type { Paint } from './paint.ts';
import { visible } from './plain.ts';
import { tableLines } from './table.ts';

export interface InboxView {
  readonly deliveries: readonly DeliveryRecord[];
  readonly waiting: number;
  readonly workedOnBy: string | undefined;
}

/** Beyond it a line of a body is cut. */
const maxColumns = 300;
const maxSentence = 100;
const maxDepth = 100;

export function inboxLines({ deliveries, waiting, workedOnBy }: InboxView, { now, paint }: Light): readonly string[] {
  const nobody = paint.yellow('no process (waiting deliveries do not move: start the webhook receiver)');
  return [
    ...tableLines(
      deliveries.map(({ id, receivedAt, hook, kind, state, sentence }) => [
        String(id),
        timeText(receivedAt, now),
        hook,
        kind,
        stateText(state, paint),
        cut(sentence ?? '', maxSentence),
      ]),
    ),
    ...(deliveries.length === 0 ? ['no deliveries'] : []),
    `${waiting} waiting, worked on by ${workedOnBy ?? nobody}`,
  ];
}

export function deliveryLines(delivery: DeliveryRecord, { now, paint }: Light): readonly string[] {
  const { id, hook, kind, state, sentence, attempts, receivedAt, settledAt, nextAt, bytes } = delivery;
  const next = nextAt > now ? `, again in ${durationText(nextAt - now)}` : '';
  const tries = attempts === 0 ? '' : ` after ${attempts} ${attempts === 1 ? 'try' : 'tries'}`;
  return [
    `${paint.bold(`delivery ${id}`)}  ${hook}${kind === '' ? '' : ` ${kind}`}`,
    ...tableLines([
      ['  state', `${stateText(state, paint)}${state === 'waiting' ? `${tries}${next}` : ''}`],
      ...(sentence === undefined ? [] : [[state === 'waiting' ? '  before' : '  became', sentence]]),
      ['  received', timeText(receivedAt, now)],
      ...(settledAt === undefined ? [] : [['  settled', timeText(settledAt, now)]]),
      ['  sender’s id', delivery.delivery],
      ['  content', delivery.content],
      ['  body', `${bytes} bytes`],
    ]),
  ];
}

/** As text where it is text, otherwise in base64. */
export function bodyText(body: Buffer): { readonly encoding: 'utf8' | 'base64'; readonly text: string } {
  const text = textOf(body);
  return text === undefined ? { encoding: 'base64', text: body.toString('base64') } : { encoding: 'utf8', text };
}

/** JSON is formatted; what a terminal would execute is escaped. */
export function bodyLines(body: Buffer, most: number): readonly string[] {
  const text = textOf(body);
  if (text === undefined)
    return ['', `no text: ${body.subarray(0, 200).toString('hex')}${body.length > 200 ? '…' : ''}`];
  const lines = laidOut(text).split('\n');
  const more = lines.length - most;
  return [
    '',
    ...lines.slice(0, most).map((line) => cut(visible(line), maxColumns)),
    ...(more > 0 ? [`… and ${more} ${more === 1 ? 'line' : 'lines'} more: --lines ${lines.length}`] : []),
  ];
}

function textOf(body: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return undefined;
  }
}

/** Deeper nesting is an attack: formatted, it would be a thousand times as long. */
function laidOut(text: string): string {
  if (depthOf(text) > maxDepth) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** Brackets in texts count too: that is more than there are, never less. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const character of text) {
    if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') depth -= 1;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

function stateText(state: DeliveryState, paint: Paint): string {
  if (state === 'parked') return paint.red(state);
  if (state === 'waiting') return paint.yellow(state);
  return state === 'done' ? paint.green(state) : paint.dim(state);
}

const cut = (text: string, most: number): string => (text.length <= most ? text : `${text.slice(0, most - 1)}…`);
