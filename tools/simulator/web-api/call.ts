// One call of the Web API: who asks, with which arguments, and what Slack would say.
import type { Context } from '../context.ts';
import { isRecord, type Json, parseJson, text } from '../json.ts';
import { hasScope } from '../store.ts';
import { appsMethods } from './apps.ts';
import { authMethods } from './auth.ts';
import { blocksMethods } from './blocks.ts';
import { chatMethods } from './chat.ts';
import { conversationsMethods } from './conversations.ts';
import { filesMethods } from './files.ts';
import { type ApiAnswer, type ApiMethod, type ApiMethods, refuse } from './method.ts';
import { peopleMethods } from './people.ts';
import { viewsMethods } from './views.ts';

const METHODS: ApiMethods = {
  ...appsMethods,
  ...authMethods,
  ...blocksMethods,
  ...chatMethods,
  ...conversationsMethods,
  ...filesMethods,
  ...peopleMethods,
  ...viewsMethods,
};

const JSON_FIELDS = ['attachments', 'blocks', 'files', 'message', 'metadata', 'view'];

export interface RawCall {
  readonly method: string;
  /** The body as form fields or JSON. */
  readonly body: unknown;
  readonly authorization: string | undefined;
}

/** Never throws for what an app may send; the answer goes out with HTTP 200. */
export function callApi(context: Context, { method, body, authorization }: RawCall): ApiAnswer {
  const known = Object.hasOwn(METHODS, method) ? METHODS[method] : undefined;
  if (known === undefined) return { ...refuse('unknown_method'), req_method: method };
  const args = argumentsOf(body);
  const problem = authProblem(context, known, tokenOf(args, authorization));
  if (problem !== undefined) return problem;
  const broken = JSON_FIELDS.find((key) => typeof args[key] === 'string');
  if (broken !== undefined)
    return refuse(broken === 'blocks' ? 'invalid_blocks_format' : 'invalid_arguments', [
      `[ERROR] ${broken} is not JSON`,
    ]);
  return known.run({ context, args });
}

/** Form fields whose value is JSON in disguise become values; what cannot be read stays a string. */
export function argumentsOf(body: unknown): Json {
  const given = Object.entries(isRecord(body) ? body : {}).filter(([, value]) => value !== null);
  const args: Record<string, unknown> = Object.fromEntries(given);
  for (const key of JSON_FIELDS) {
    const value = args[key];
    if (typeof value === 'string') args[key] = value === '' ? undefined : (parseJson(value) ?? value);
  }
  return args;
}

/** For the journal: what was asked, without the token. */
export function withoutToken(args: Json): Json {
  const { token: _token, ...rest } = args;
  return rest;
}

function tokenOf(args: Json, authorization: string | undefined): string | undefined {
  return /^Bearer\s+(\S+)$/i.exec(authorization ?? '')?.[1] ?? text(args.token);
}

function authProblem(context: Context, method: ApiMethod, token: string | undefined): ApiAnswer | undefined {
  const { bot, app } = context.tokens;
  if (token === undefined || token === '') return refuse('not_authed');
  if (token !== bot && token !== app) return refuse('invalid_auth');
  if (token !== (method.token === 'app' ? app : bot)) return refuse('not_allowed_token_type');
  const { workspace } = context;
  if (method.scopes.length === 0 || method.scopes.some((scope) => hasScope(workspace, scope))) return undefined;
  const provided = workspace.manifest.oauth_config?.scopes?.bot?.join(',') ?? '';
  return { ...refuse('missing_scope'), needed: method.scopes[0], provided };
}
