// A fact brought to GitHub: the deployment is looked for before it is made, and a status before it is added, so that a
// try that was cut off in the middle leaves nothing there twice.

import { environmentOf, type GithubSettings } from '../../config/resolve-statuses.ts';
import type { Clock } from '../../lib/clock.ts';
import type { OutboxMessage } from '../outbox.ts';
import { type Fate, fateOf } from './fate.ts';
import { type Asked, type GithubApi, githubApi } from './github-api.ts';
import type { GithubFact } from './github-facts.ts';
import type { Transport } from './send.ts';

/** Where a deployment is: kept with its message. */
interface Place {
  readonly repository: string;
  readonly id: number;
}

export function githubTransport(settings: GithubSettings, clock: Clock): Transport {
  return {
    name: 'github',
    who: 'GitHub',
    redact: (text) => text.replaceAll(settings.token, '[secret]'),
    send: async (message, { keep, signal }) => {
      const fact = message.payload as GithubFact;
      // Read anew: what waits must not go to a repository that the configuration names no more.
      const found = settings.repositories.find(({ service }) => service === fact.service);
      if (!found) return { kind: 'refused', problem: `the configuration names no repository for ${fact.service}` };
      const environment =
        found.environments.find(({ target }) => target === fact.target) ?? environmentOf(fact.service, fact.target);
      const log = settings.log?.replaceAll('{id}', encodeURIComponent(fact.deploymentId));
      const api = githubApi(settings, found, signal);
      const { repository } = found;
      return bring({ api, clock, fact, environment, repository, log, keep }, message);
    },
  };
}

interface Bringing {
  readonly api: GithubApi;
  readonly clock: Clock;
  readonly fact: GithubFact;
  readonly environment: ReturnType<typeof environmentOf>;
  readonly repository: string;
  readonly log: string | undefined;
  readonly keep: (reference: unknown) => void;
}

async function bring(bringing: Bringing, message: OutboxMessage): Promise<Fate> {
  const { api, fact, environment, repository, log, keep } = bringing;
  const { state, description } = fact;
  let id = placeIn(message.reference, repository)?.id;
  if (id === undefined) {
    const there = await findOrMake(bringing);
    if (!('value' in there)) return unexpected(bringing, there);
    if (there.value === undefined) return { kind: 'sent', reference: null };
    id = there.value;
    keep({ repository, id } satisfies Place);
  }
  const told = await api.statuses(id);
  if (!('value' in told)) return unexpected(bringing, told);
  const reference: Place = { repository, id };
  if (told.value.some((each) => each.state === state && each.description === description))
    return { kind: 'sent', reference };
  const added = await api.addStatus(id, { state, description, log, url: environment.url });
  return 'value' in added ? { kind: 'sent', reference } : unexpected(bringing, added);
}

async function findOrMake({ api, fact, environment }: Bringing): Promise<Asked<number | undefined>> {
  const { commit, deploymentId: mark, description } = fact;
  const wanted = { commit, environment: environment.name, mark };
  const found = await api.find(wanted);
  if (!('value' in found) || found.value !== undefined || fact.onlyIfThere) return found;
  return api.create({ ...wanted, production: environment.production, description });
}

function unexpected({ clock, repository }: Bringing, { answer }: Exclude<Asked<unknown>, { value: unknown }>): Fate {
  if (answer.status >= 200 && answer.status < 300)
    return {
      kind: 'later',
      problem: `GitHub answered ${answer.status} with something else than asked`,
      holdsAll: true,
    };
  return fateOf(`GitHub (${repository})`, answer, clock.now());
}

/** A service that has moved to another repository has no deployment there yet. */
function placeIn(reference: unknown, repository: string): Place | undefined {
  const place = reference as Place | null;
  return place?.repository === repository ? place : undefined;
}
