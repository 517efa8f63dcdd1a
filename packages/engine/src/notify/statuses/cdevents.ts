// Sends an event to one receiver: a CloudEvent over HTTP in binary mode, signed as Standard Webhooks specifies where a
// secret is configured.

import { Webhook } from 'standardwebhooks';
import type { EventSink } from '../../config/statuses/statuses.ts';
import type { Clock } from '../../lib/clock.ts';
import { httpRequest } from '../../lib/http.ts';
import type { Transport } from '../deliver.ts';
import { resultOf } from '../delivery-result.ts';
import type { CdEvent, EventFact } from './cdevents-facts.ts';
import { asDeliveryResult, outgoing, readSecret, timeoutMs } from './outgoing.ts';

export const sinkTransport = (sink: Pick<EventSink, 'name'>): string => `cdevents:${sink.name}`;

export function cdeventsTransport(sink: EventSink, clock: Clock): Transport {
  const { name, url } = sink;
  return {
    ...outgoing(sinkTransport(sink), name),
    send: async ({ payload }, signal) => {
      const token = sink.token && readSecret(sink.token);
      const secret = sink.secret && readSecret(sink.secret);
      const { event } = payload as EventFact;
      const body = JSON.stringify(event);
      const headers = {
        ...cloudEventHeaders(event),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(secret === undefined ? {} : signed({ secret, id: event.context.id, body, now: clock.now() })),
      };
      // An address may hold a secret too.
      return asDeliveryResult(name, [token ?? '', secret ?? '', url], async () => {
        const answer = await httpRequest({ url, method: 'POST', headers, body, timeoutMs, signal });
        return answer.status >= 200 && answer.status < 300
          ? { kind: 'sent', reference: { status: answer.status } }
          : resultOf(name, answer, clock.now());
      });
    },
  };
}

/** All of plain characters: names, times, and what the schema of the configuration lets be a source. */
function cloudEventHeaders({ context, subject }: CdEvent): Record<string, string> {
  return {
    'content-type': 'application/json; charset=utf-8',
    'user-agent': 'bluegreen',
    'ce-specversion': '1.0',
    'ce-id': context.id,
    'ce-source': context.source,
    'ce-type': context.type,
    'ce-subject': subject.id,
    'ce-time': context.timestamp,
  };
}

/** The id is the event's, however often it is tried. */
function signed(signing: {
  readonly secret: string;
  readonly id: string;
  readonly body: string;
  readonly now: number;
}): Record<string, string> {
  const { secret, id, body, now } = signing;
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now / 1_000)),
    'webhook-signature': new Webhook(secret).sign(id, new Date(now), body),
  };
}
