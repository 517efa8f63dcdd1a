// Sends the trace of a deployment to an OpenTelemetry collector: OTLP over HTTP, in JSON. No SDK: it would keep spans in
// memory until it sends them, and a deployment outlives the process that began it.

import type { TracesSettings } from '../../config/statuses/traces.ts';
import type { Clock } from '../../lib/clock.ts';
import { httpRequest } from '../../lib/http.ts';
import type { Transport } from '../deliver.ts';
import { resultOf } from '../delivery-result.ts';
import { asDeliveryResult, outgoing, readSecret, timeoutMs } from './outgoing.ts';
import type { TraceFact } from './trace-facts.ts';

export const tracesTransportName = 'traces';
const collector = 'the collector of traces';

export function tracesTransport(settings: TracesSettings, clock: Clock): Transport {
  const { url } = settings;
  return {
    ...outgoing(tracesTransportName, collector),
    send: async ({ payload }, signal) => {
      const token = settings.token && readSecret(settings.token);
      const body = JSON.stringify(requestOf(payload as TraceFact));
      const headers = {
        'content-type': 'application/json',
        'user-agent': 'bluegreen',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      };
      // An address may hold a secret too.
      return asDeliveryResult(collector, [token ?? '', url], async () => {
        const answer = await httpRequest({ url, method: 'POST', headers, body, timeoutMs, signal });
        return answer.status >= 200 && answer.status < 300
          ? { kind: 'sent', reference: { status: answer.status } }
          : resultOf(collector, answer, clock.now());
      });
    },
  };
}

function requestOf({ spans }: TraceFact) {
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'bluegreen' } }] };
  return { resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 'bluegreen' }, spans }] }] };
}
