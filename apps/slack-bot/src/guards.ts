// What stands before every handler: nothing is handled twice, from the future, or for people of other workspaces;
// and the process waits for what it has begun.

import { type Clock, type Engine, findPerson, type Log, type Refusal } from '@bg/engine';
import type { AnyMiddlewareArgs, Middleware } from '@slack/bolt';
import type { KnownIdentity } from './identity.ts';

type Guard = Middleware<AnyMiddlewareArgs>;

/** What the receiver knows of a delivery: Slack's signature over HTTP, the envelope in Socket Mode. */
export interface DeliveryProof {
  readonly signature?: string | undefined;
  /** Seconds since the epoch, as signed. */
  readonly timestamp?: number | undefined;
  readonly envelopeId?: string | undefined;
}

/** Answered with 401: the request is not what Slack sent just now. */
export class DeliveryRefused extends Error {
  override readonly name = 'DeliveryRefused';
}

const toleranceMs = 300_000;
const rememberMs = 3_600_000;

/** Bolt takes a timestamp from the future and takes the same signed request twice; both are refused here. */
export function replayGuard(engine: Pick<Engine, 'firstTime'>, clock: Clock, log: Log): Guard {
  return async ({ context, body, ack, next }: GuardArgs) => {
    const { signature, timestamp, envelopeId } = (context.delivery ?? {}) as DeliveryProof;
    if (timestamp !== undefined && !(Math.abs(clock.now() - timestamp * 1000) <= toleranceMs))
      throw new DeliveryRefused('the timestamp is more than five minutes off');
    if (signature !== undefined && !engine.firstTime(`slack:${signature}`, rememberMs))
      throw new DeliveryRefused('the same signed request came before');
    const id = deliveryId(body) ?? envelopeId;
    if (id !== undefined && !engine.firstTime(`slack:${id}`, rememberMs)) {
      log.info({ id }, 'Slack delivered this twice; it was handled the first time');
      await ack?.();
      return;
    }
    await next();
  };
}

type GuardArgs = Parameters<Guard>[0] & {
  readonly ack?: (() => Promise<void>) | undefined;
  readonly respond?: ((message: Readonly<Record<string, unknown>>) => Promise<unknown>) | undefined;
};

/** One id per thing that a person did, whatever number of times Slack tells us about it. */
function deliveryId(body: unknown): string | undefined {
  const { trigger_id: trigger, event_id: event } = body as Readonly<Record<string, unknown>>;
  return typeof trigger === 'string' ? trigger : typeof event === 'string' ? event : undefined;
}

export interface TeamGuardOptions {
  readonly engine: Pick<Engine, 'countStranger' | 'refusedAtDoor' | 'settings'>;
  /** From the configuration; otherwise the workspace of the token. */
  readonly team: string | undefined;
  readonly identity: KnownIdentity;
}

/** In a shared channel people of other companies see the buttons too. They may not press them. */
export function sameTeamOnly({ engine, team, identity }: TeamGuardOptions): Guard {
  return async ({ body, ack, respond, next }: GuardArgs) => {
    const request = body as Body;
    const teams = teamsIn(request);
    // Before Slack answered once, the workspace that the request itself came through stands in.
    const own = team ?? identity.get()?.teamId ?? teams[0];
    if (teams.every((one) => one === own)) return next();
    const person = findPerson(engine.settings, { slack: request.user?.id ?? request.user_id });
    // On Enterprise Grid `team_id` is the workspace of the person, or the organisation, and not that of the app.
    if (person !== undefined && isSameOrganisation(request, identity.get()?.enterpriseId)) return next();
    if (person === undefined) engine.countStranger('slack');
    else engine.refusedAtDoor({ kind: 'person', id: person.id, door: 'slack' }, otherWorkspace);
    const text = `⛔ ${otherWorkspace.sentence} Nothing was changed.`;
    if (request.type === 'view_submission')
      return void (await (ack as FormAck | undefined)?.(formErrors(request, text)));
    await ack?.();
    await respond?.({ text, response_type: 'ephemeral', replace_original: false });
  };
}

const otherWorkspace: Refusal = {
  code: 'not-in-team',
  sentence: 'Only people of this workspace can steer its deployments.',
  hint: 'On Enterprise Grid the bot has to be installed in the same organisation.',
};

interface Body {
  readonly type?: string;
  readonly team_id?: unknown;
  readonly user_id?: string;
  readonly enterprise_id?: unknown;
  readonly team?: { readonly id?: unknown } | null;
  readonly enterprise?: { readonly id?: unknown } | null;
  readonly user?: { readonly id?: string; readonly team_id?: unknown } | null;
  readonly view?: { readonly blocks?: readonly { readonly type?: string; readonly block_id?: string }[] };
}

function teamsIn({ team_id, team, user }: Body): readonly string[] {
  return [team_id, team?.id, user?.team_id].filter((one): one is string => typeof one === 'string');
}

function isSameOrganisation({ enterprise, enterprise_id }: Body, own: string | undefined): boolean {
  return own !== undefined && (enterprise?.id ?? enterprise_id) === own;
}

type FormAck = (answer: ReturnType<typeof formErrors>) => Promise<void>;

/** A form closes without a word unless an error belongs to one of its inputs. */
function formErrors({ view }: Body, text: string) {
  const block = view?.blocks?.find(({ type }) => type === 'input')?.block_id ?? '';
  return { response_action: 'errors', errors: { [block]: text } };
}

export interface Drain {
  readonly track: Guard;
  /** True when everything that had begun was finished within the limit. */
  finished(limitMs: number): Promise<boolean>;
}

/** Bolt's own stop does not wait for handlers that have acknowledged already. */
export function createDrain(clock: Clock): Drain {
  const running = new Set<Promise<unknown>>();
  return {
    track: async ({ next }) => {
      const handled = next();
      running.add(handled);
      try {
        await handled;
      } finally {
        running.delete(handled);
      }
    },
    finished: async (limitMs) => {
      const over = new AbortController();
      const late = clock.sleep(limitMs, over.signal).then(
        () => false,
        () => false,
      );
      const done = await Promise.race([Promise.allSettled([...running]).then(() => true), late]);
      over.abort();
      return done;
    },
  };
}
