// GitHub's deployments as its REST documentation describes them: required fields, maximum lengths, answers.

import { type Answer, type Heard, type LocalServer, localServer } from './local-server.ts';

export interface GithubDeployment {
  readonly id: number;
  readonly ref: string;
  readonly environment: string;
  readonly payload: unknown;
  readonly description: string;
  readonly production_environment: boolean;
  readonly statuses: GithubStatus[];
}

export interface GithubStatus {
  readonly state: string;
  readonly description: string;
  readonly log_url?: string;
  readonly environment_url?: string;
}

export interface GithubServer extends LocalServer {
  readonly deployments: readonly GithubDeployment[];
  /** How GitHub answers before it reads a request; undefined: it reads the request. */
  disturb: ((heard: Heard) => Answer | undefined) | undefined;
  /** Like `disturb`, after the request was carried out: the answer that is lost. */
  lose: ((heard: Heard) => Answer | undefined) | undefined;
}

export interface GithubOptions {
  readonly token: string;
  /** `owner/name` → the commits that it has. */
  readonly repositories: Readonly<Record<string, readonly string[]>>;
  readonly port?: number;
  readonly deployments?: GithubDeployment[];
}

const states = ['error', 'failure', 'inactive', 'in_progress', 'queued', 'pending', 'success'];

export async function githubServer(options: GithubOptions): Promise<GithubServer> {
  const deployments = options.deployments ?? [];
  const switches: Pick<GithubServer, 'disturb' | 'lose'> = { disturb: undefined, lose: undefined };
  const server = await localServer((heard) => {
    const disturbed = switches.disturb?.(heard);
    if (disturbed !== undefined) return disturbed;
    const answer = admit(options, heard) ?? carryOut(options, deployments, heard);
    return switches.lose?.(heard) ?? answer;
  }, options.port);
  return Object.assign(switches, { ...server, deployments });
}

const problem = (status: number, message: string, headers = {}): Answer => ({ status, headers, body: { message } });

function admit({ token }: GithubOptions, { headers, method }: Heard): Answer | undefined {
  if (headers['user-agent'] === undefined) return problem(403, 'Request forbidden by administrative rules.');
  if (headers.authorization !== `Bearer ${token}`) return problem(401, 'Bad credentials');
  if (method === 'POST' && !headers['content-type']?.startsWith('application/json'))
    return problem(415, 'Unsupported media type');
  return undefined;
}

function carryOut(options: GithubOptions, deployments: GithubDeployment[], { method, url, body }: Heard): Answer {
  const [, repository = '', id] =
    /^\/repos\/([^/]+\/[^/]+)\/deployments(?:\/(\d+)\/statuses)?$/.exec(url.pathname) ?? [];
  const commits = options.repositories[decodeURIComponent(repository).toLowerCase()];
  if (!commits) return problem(404, 'Not Found');
  const found = deployments.find((each) => each.id === Number(id));
  if (id !== undefined && !found) return problem(404, 'Not Found');
  if (method === 'GET')
    return { status: 200, body: found ? [...found.statuses].reverse() : listed(deployments, url.searchParams) };
  const fields = JSON.parse(body) as Record<string, unknown>;
  return found ? addStatus(found, fields) : addDeployment(deployments, fields, commits);
}

function listed(deployments: readonly GithubDeployment[], query: URLSearchParams): readonly unknown[] {
  const perPage = Math.min(Number(query.get('per_page') ?? 30), 100);
  return [...deployments]
    .reverse()
    .filter(({ ref }) => !query.has('ref') || query.get('ref') === ref)
    .filter(({ environment }) => !query.has('environment') || query.get('environment') === environment)
    .slice(0, perPage)
    .map(({ statuses: _, ...rest }) => rest);
}

function addDeployment(deployments: GithubDeployment[], fields: Record<string, unknown>, commits: readonly string[]) {
  const { ref, environment, description, payload, auto_merge, required_contexts, production_environment } = fields;
  if (typeof ref !== 'string' || ref === '') return problem(422, 'Invalid request: "ref" was not supplied.');
  if (!commits.includes(ref)) return problem(422, `No ref found for: ${ref}`);
  if (auto_merge !== false) return problem(409, 'Conflict merging main into the ref');
  if (!Array.isArray(required_contexts)) return problem(409, 'Conflict: Commit status checks failed');
  if (typeof environment !== 'string' || environment === '' || environment.length > 255)
    return problem(422, 'Invalid environment');
  const wrong = wrongDescription(description);
  if (wrong) return wrong;
  const made: GithubDeployment = {
    id: 4_000_000_000 + deployments.length,
    ref,
    environment,
    payload,
    description: String(description ?? ''),
    production_environment: production_environment === true,
    statuses: [],
  };
  deployments.push(made);
  const { statuses: _, ...shown } = made;
  return { status: 201, body: shown };
}

function addStatus({ statuses }: GithubDeployment, fields: Record<string, unknown>): Answer {
  const { state, description } = fields;
  if (!states.includes(String(state))) return problem(422, 'Validation Failed: state is not included in the list');
  const wrong = wrongDescription(description) ?? wrongUrl(fields.log_url) ?? wrongUrl(fields.environment_url);
  if (wrong) return wrong;
  const { auto_inactive: _, ...shown } = fields;
  statuses.push(shown as unknown as GithubStatus);
  return { status: 201, body: { id: statuses.length, ...shown } };
}

function wrongDescription(description: unknown): Answer | undefined {
  if (description === undefined || (typeof description === 'string' && description.length <= 140)) return undefined;
  return problem(422, 'Validation Failed: description is too long (maximum is 140 characters)');
}

function wrongUrl(url: unknown): Answer | undefined {
  return url === undefined || (typeof url === 'string' && URL.canParse(url))
    ? undefined
    : problem(422, 'Validation Failed: url must use http(s) scheme');
}
