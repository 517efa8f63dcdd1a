// CloudEvents 1.0 over HTTP, and CDEvents as their payload: proved by a Standard Webhooks signature, or by a bearer
// token, which signs nothing. With a signature, the hook trusts only what the signature covers.
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md

import { type CloudEvent, readCloudEvent } from './cloud-event.ts';
import { type Delivery, type Hook, one, type Proof } from './hook.ts';
import { anyEquals, digestOf } from './secrets.ts';
import { isSignedStandardly, verifyStandard } from './standard.ts';

export interface CdeventsSecrets {
  readonly keys: readonly Buffer[];
  /** Plain, in `Authorization: Bearer`. */
  readonly tokens: readonly string[];
}

export function cdeventsHook(secrets: CdeventsSecrets): Hook {
  return { name: 'cdevents', tellsResult: false, verify: (delivery) => verify(secrets, delivery) };
}

function verify({ keys, tokens }: CdeventsSecrets, delivery: Delivery): Proof {
  if (keys.length > 0 && isSignedStandardly(delivery)) {
    const signed = verifyStandard(keys, delivery, Date.now());
    return signed.proved ? read(delivery, true) : signed;
  }
  const token = /^Bearer +([^\s]+)$/i.exec(one(delivery.headers.authorization) ?? '')?.[1];
  if (token === undefined)
    return { proved: false, problem: 'there is neither a Standard Webhooks signature nor a bearer token' };
  if (!anyEquals(token, tokens)) return { proved: false, problem: 'the bearer token is none of the tokens' };
  return read(delivery, false);
}

function read(delivery: Delivery, isSigned: boolean): Proof {
  const reading = readCloudEvent(delivery, isSigned);
  if (!reading.ok) return { proved: true, problem: reading.problem };
  const id = idOf(reading.event);
  // A source and an id are one event by the rules of CloudEvents, whatever else differs when it is sent again.
  return { proved: true, delivery: id, content: id, kind: reading.event.type, body: reading.envelope };
}

function idOf({ source, id }: CloudEvent): string {
  return digestOf(JSON.stringify([source, id]));
}
