// GitLab sends its secret along in X-Gitlab-Token and signs nothing: anyone who has seen one delivery can make others.
// Newer instances can sign with a signing token, as Standard Webhooks specifies it. The README describes both.
// https://docs.gitlab.com/user/project/integrations/webhooks/

import { readJsonObject } from '@bg/engine';
import { type Delivery, type Hook, maxIdLength, one, type Proof } from './hook.ts';
import { anyEquals, digestOf } from './secrets.ts';
import { isSignedStandardly, verifyStandard } from './standard.ts';

export interface GitlabSecrets {
  /** Plain, in X-Gitlab-Token. */
  readonly tokens: readonly string[];
  readonly keys: readonly Buffer[];
}

export function gitlabHook(secrets: GitlabSecrets): Hook {
  return { name: 'gitlab', tellsResult: false, verify: (delivery) => verify(secrets, delivery) };
}

function verify({ tokens, keys }: GitlabSecrets, delivery: Delivery): Proof {
  if (keys.length > 0 && isSignedStandardly(delivery)) {
    const signed = verifyStandard(keys, delivery, Date.now());
    return signed.proved ? read(delivery.body, signed.id) : signed;
  }
  const { headers, body } = delivery;
  const token = one(headers['x-gitlab-token']);
  if (token === undefined) return { proved: false, problem: 'there is no X-Gitlab-Token' };
  if (!anyEquals(token, tokens)) return { proved: false, problem: 'X-Gitlab-Token is none of the tokens' };
  return read(body, idOf(delivery));
}

/** Instances before 17.4 send no Idempotency-Key, and an X-Gitlab-Event-UUID that events caused by one another share. */
function idOf({ headers, body }: Delivery): string | undefined {
  const event = one(headers['x-gitlab-event-uuid']);
  return one(headers['idempotency-key']) ?? (event && `${event}.${digestOf(body)}`);
}

function read(body: Buffer, id: string | undefined): Proof {
  if ((id ?? '').length > maxIdLength)
    return { proved: true, problem: `Idempotency-Key or X-Gitlab-Event-UUID is longer than ${maxIdLength} characters` };
  const reading = readJsonObject(body);
  if (!reading.ok) return { proved: true, problem: reading.problem };
  // A push that is reverted and made again has the same body, and no time in it: where there is an id, it decides.
  // Without one, the content decides.
  const content = id === undefined ? digestOf(body) : `id:${id}`;
  const { object_kind: kind } = reading.value;
  return {
    proved: true,
    delivery: id ?? content,
    content,
    kind: typeof kind === 'string' ? kind.slice(0, 64) : '',
    body,
  };
}
