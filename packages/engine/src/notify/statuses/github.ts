// Sends a fact to GitHub: looks for the deployment before it creates one, and for a status before it adds one, so that
// a try that was cut off in the middle leaves no duplicates.

import type { NotifySettings } from '../../config/notify/settings.ts';
import { environmentOf, type GithubEnvironment, type GithubSettings } from '../../config/statuses/statuses.ts';
import type { Outbox, OutboxMessage } from '../../domain/outbox.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Transport } from '../deliver.ts';
import { type DeliveryResult, resultOf } from '../delivery-result.ts';
import { linkToCard } from '../links.ts';
import { type Asked, type GithubApi, githubApi } from './github-api.ts';
import { type GithubFact, githubName } from './github-facts.ts';
import { asDeliveryResult, outgoing, readSecret } from './outgoing.ts';

interface GithubParts {
  readonly outbox: Outbox;
  readonly notify: Pick<NotifySettings, 'workspace' | 'link'>;
  readonly clock: Clock;
}

export function githubTransport(parts: GithubParts, settings: GithubSettings): Transport {
  return {
    ...outgoing(githubName, 'GitHub'),
    send: (message, stop) => {
      const fact = message.payload as GithubFact;
      // Looked up again: what waits must not go to a repository that the configuration no longer names.
      const found = settings.repositories.find(({ service }) => service === fact.service);
      if (!found)
        return Promise.resolve({
          kind: 'refused',
          problem: `the configuration names no repository for ${fact.service}`,
        });
      const { repository, environments } = found;
      const environment =
        environments.find(({ target }) => target === fact.target) ?? environmentOf(fact.service, fact.target);
      const log = linkToCard(parts.notify, parts.outbox, [`card:${fact.deploymentId}`])?.url;
      const token = readSecret(settings.token);
      const api = githubApi({ api: settings.api, token, repository }, stop);
      return asDeliveryResult(`GitHub (${repository})`, [token], () =>
        bring({ ...parts, api, message, fact, environment, repository, log }),
      );
    },
  };
}

/** Where a deployment is: stored with its message. */
interface Place {
  readonly repository: string;
  readonly id: number;
  /** `seq` of the last fact that was reported to it; 0 before the first. */
  readonly told: number;
}

interface Sending extends GithubParts {
  readonly api: GithubApi;
  readonly message: OutboxMessage;
  readonly fact: GithubFact;
  readonly environment: GithubEnvironment;
  readonly repository: string;
  readonly log: string | undefined;
}

async function bring(sending: Sending): Promise<DeliveryResult> {
  const { api, message, fact, environment, repository, log, outbox } = sending;
  const { state, description } = fact;
  const place = placeIn(message.reference, repository);
  if (place && place.told >= fact.seq) return { kind: 'sent', reference: place };
  let id = place?.id;
  if (id === undefined) {
    const there = await findOrMake(sending);
    if (!('value' in there)) return unexpected(sending, there);
    if (there.value === undefined) return { kind: 'sent', reference: null };
    id = there.value;
    // The place is stored at once; its status still has to be sent.
    outbox.sent(message.key, message.version - 1, { repository, id, told: 0 } satisfies Place);
  }
  const told = await api.statuses(id);
  if (!('value' in told)) return unexpected(sending, told);
  const reference: Place = { repository, id, told: fact.seq };
  const last = told.value[0];
  if (last?.state === state && last.description === description) return { kind: 'sent', reference };
  const added = await api.addStatus(id, { state, description, log, url: environment.url });
  return 'value' in added ? { kind: 'sent', reference } : unexpected(sending, added);
}

async function findOrMake({ api, fact, environment }: Sending): Promise<Asked<number | undefined>> {
  const { commit, deploymentId: mark, description } = fact;
  const wanted = { commit, environment: environment.name, mark };
  const found = await api.find(wanted);
  if (!('value' in found) || found.value !== undefined || fact.onlyIfThere) return found;
  return api.create({ ...wanted, production: environment.production, description });
}

function unexpected(
  { clock, repository }: Sending,
  { answer }: Exclude<Asked<unknown>, { value: unknown }>,
): DeliveryResult {
  const who = `GitHub (${repository})`;
  if (answer.status >= 200 && answer.status < 300)
    return {
      kind: 'later',
      problem: `${who} answered ${answer.status} with something else than asked`,
      holdsAll: true,
    };
  return resultOf(who, answer, clock.now());
}

/** A service that has moved to another repository has no deployment there yet. */
function placeIn(reference: unknown, repository: string): Place | undefined {
  const place = reference as Place | null;
  return place?.repository === repository ? place : undefined;
}
