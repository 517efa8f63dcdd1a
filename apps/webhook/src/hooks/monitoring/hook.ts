// Monitoring systems. Alertmanager and Datadog can sign nothing: they are proved by a bearer token, or by the name of the
// caller and a password. Each request shows the secret, so they must send over TLS or from this machine. A script signs as Standard Webhooks specifies.
// https://prometheus.io/docs/alerting/latest/configuration/#http_config

import { type MonitoringCaller, readJsonObject } from '@bg/engine';
import { type Delivery, type Hook, one, type Proof } from '../hook.ts';
import { anyEquals, digestOf } from '../secrets.ts';
import { verifyStandard } from '../standard.ts';

export interface CallerSecrets {
  /** Of a script. */
  readonly keys: readonly Buffer[];
  /** Of Alertmanager and Datadog. */
  readonly tokens: readonly string[];
}

const prefix = 'monitoring/';

/** The name of the caller whose hook this is; undefined for another hook. */
export const callerOf = (hook: string): string | undefined =>
  hook.startsWith(prefix) ? hook.slice(prefix.length) : undefined;

export function monitoringHook({ name, sender }: MonitoringCaller, secrets: CallerSecrets): Hook {
  return {
    name: `${prefix}${name}`,
    tellsResult: true,
    verify: (delivery) =>
      sender === 'script' ? verifySigned(secrets, delivery) : verifyToken(name, secrets, delivery),
  };
}

function verifySigned({ keys }: CallerSecrets, delivery: Delivery): Proof {
  const signed = verifyStandard(keys, delivery, Date.now());
  if (!signed.proved) return signed;
  return { proved: true, delivery: signed.id, content: signed.id, kind: '', body: delivery.body };
}

function verifyToken(name: string, { tokens }: CallerSecrets, { headers, body }: Delivery): Proof {
  const given = credentials(one(headers.authorization) ?? '');
  if (given === undefined)
    return { proved: false, problem: 'there is neither a bearer token nor a name with a password' };
  // Both are compared, so that the time does not say which of them is wrong.
  const [named, fits] = [anyEquals(given.user ?? name, [name]), anyEquals(given.token, tokens)];
  if (!named || !fits) return { proved: false, problem: 'the token or password is none of the secrets of this caller' };
  const reading = readJsonObject(body);
  if (!reading.ok) return { proved: true, problem: reading.problem };
  // Neither sends an id: what says the same is the same.
  const content = digestOf(body);
  const { status, transition } = reading.value;
  const kind = [status, transition].find((word) => typeof word === 'string') ?? '';
  return { proved: true, delivery: content, content, kind: String(kind).slice(0, 64), body };
}

function credentials(header: string): { readonly user: string | undefined; readonly token: string } | undefined {
  const [, scheme = '', value = ''] = /^(Bearer|Basic) +([^\s]+)$/i.exec(header) ?? [];
  if (scheme.toLowerCase() === 'bearer') return { user: undefined, token: value };
  if (scheme.toLowerCase() !== 'basic') return undefined;
  const text = Buffer.from(value, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { user: text.slice(0, colon), token: text.slice(colon + 1) };
}
