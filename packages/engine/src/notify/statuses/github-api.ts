// The few requests of GitHub's REST API that deployments need. A repository is only ever one of the configuration.

import { type HttpAnswer, httpRequest } from '../../lib/http.ts';
import { withoutMark } from '../../lib/text-file.ts';
import { timeoutMs } from './outgoing.ts';

export type DeploymentState = 'in_progress' | 'success' | 'failure' | 'error' | 'inactive';

export interface NewDeployment {
  readonly commit: string;
  readonly environment: string;
  readonly production: boolean;
  readonly description: string;
  /** Our own id: it identifies a deployment whose creator was killed right after the request. */
  readonly mark: string;
}

export interface NewStatus {
  readonly state: DeploymentState;
  readonly description: string;
  readonly log: string | undefined;
  readonly url: string | undefined;
}

/** The result of a request: a value, or the answer that was not expected. */
export type Asked<T> = { readonly value: T } | { readonly answer: HttpAnswer };

export interface GithubApi {
  /** The id of the deployment with this mark; undefined when there is none. */
  find(deployment: Pick<NewDeployment, 'commit' | 'environment' | 'mark'>): Promise<Asked<number | undefined>>;
  create(deployment: NewDeployment): Promise<Asked<number>>;
  /** The last one, or none. */
  statuses(id: number): Promise<Asked<readonly Pick<NewStatus, 'state' | 'description'>[]>>;
  addStatus(id: number, status: NewStatus): Promise<Asked<true>>;
}

/** A limit of GitHub's, for both descriptions. */
export const longestDescription = 140;
const looksBack = 30;

export function githubApi(
  { api, token, repository }: { readonly api: string; readonly token: string; readonly repository: string },
  signal: AbortSignal,
): GithubApi {
  const [owner = '', name = ''] = repository.split('/');
  const place = `${api}/repos/${encodeURIComponent(owner)}/${encodeURIComponent(name)}/deployments`;
  const ask = (method: string, url: string, body?: unknown) =>
    httpRequest({
      url,
      method,
      headers: headersWith(token, body !== undefined),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      timeoutMs,
      signal,
    });
  return {
    find: async ({ commit, environment, mark }) => {
      const query = new URLSearchParams({ ref: commit, environment, per_page: String(looksBack) });
      const answer = await ask('GET', `${place}?${query}`);
      const list = answer.status === 200 ? listIn(answer.body) : undefined;
      return list ? { value: idOf(list.find(({ payload }) => markIn(payload) === mark)) } : { answer };
    },
    create: async (deployment) => {
      const answer = await ask('POST', place, bodyOf(deployment));
      const id = answer.status === 201 ? idOf(objectIn(answer.body)) : undefined;
      return id === undefined ? { answer } : { value: id };
    },
    statuses: async (id) => {
      const answer = await ask('GET', `${place}/${id}/statuses?per_page=1`);
      const list = answer.status === 200 ? listIn(answer.body) : undefined;
      return list ? { value: list as unknown as readonly NewStatus[] } : { answer };
    },
    addStatus: async (id, { state, description, log, url }) => {
      const answer = await ask('POST', `${place}/${id}/statuses`, {
        state,
        description,
        // We report the result of each deployment; GitHub would guess it for some environments only.
        auto_inactive: false,
        ...(log === undefined ? {} : { log_url: log }),
        ...(url === undefined ? {} : { environment_url: url }),
      });
      return answer.status === 201 ? { value: true } : { answer };
    },
  };
}

function headersWith(token: string, hasBody: boolean): Record<string, string> {
  return {
    accept: 'application/vnd.github+json',
    authorization: `Bearer ${token}`,
    'user-agent': 'bluegreen',
    'x-github-api-version': '2022-11-28',
    ...(hasBody ? { 'content-type': 'application/json' } : {}),
  };
}

/** The commit as it is: GitHub merges nothing into it, and requires none of its checks for what our gates permit. */
function bodyOf({ commit, environment, production, description, mark }: NewDeployment) {
  return {
    ref: commit,
    task: 'deploy',
    auto_merge: false,
    required_contexts: [],
    payload: { bluegreen: mark },
    environment,
    production_environment: production,
    transient_environment: false,
    description,
  };
}

interface Found {
  readonly id?: unknown;
  readonly payload?: unknown;
}

function idOf(found: Found | undefined): number | undefined {
  return typeof found?.id === 'number' && Number.isSafeInteger(found.id) && found.id > 0 ? found.id : undefined;
}

/** GitHub gives a payload back as it was sent; older servers as a text of JSON. */
function markIn(payload: unknown): unknown {
  const held = typeof payload === 'string' ? parse(payload) : payload;
  return typeof held === 'object' && held !== null && 'bluegreen' in held ? held.bluegreen : undefined;
}

function listIn(body: string): readonly Found[] | undefined {
  const parsed = parse(body);
  return Array.isArray(parsed) ? parsed.filter((item) => typeof item === 'object' && item !== null) : undefined;
}

function objectIn(body: string): Found | undefined {
  const parsed = parse(body);
  return typeof parsed === 'object' && parsed !== null ? parsed : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(withoutMark(text));
  } catch {
    return undefined;
  }
}
