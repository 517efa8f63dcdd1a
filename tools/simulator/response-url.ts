// response_url: how an app answers one interaction without any permission. Five uses within thirty minutes.
import type { SimulatorClock } from './clock.ts';
import { secretPart } from './ids.ts';
import type { Journal } from './journal.ts';
import { isTrue, type Json, text } from './json.ts';
import { addMessage, changeMessage, findMessage, removeMessage } from './messages.ts';
import type { Message, Workspace } from './store.ts';
import { checkBlocks } from './validate/blocks.ts';

const MOST_USES = 5;
const LIFE_MS = 30 * 60_000;
const KEPT = 2000;

export interface ResponseOrigin {
  readonly kind: 'command' | 'button';
  readonly user: string;
  readonly channel: string;
  /** The message that was clicked. */
  readonly messageTs?: string | undefined;
}

export interface ResponseUrlAnswer {
  readonly status: number;
  readonly body: Json | 'ok';
}

export interface ResponseUrls {
  /** A path below the simulator's own address. */
  create(origin: ResponseOrigin): string;
  post(secret: string, body: Json): ResponseUrlAnswer;
}

interface Issued {
  readonly origin: ResponseOrigin;
  readonly expiresAt: number;
  uses: number;
}

interface Dependencies {
  readonly workspace: Workspace;
  readonly clock: SimulatorClock;
  readonly journal: Journal;
  readonly strict: boolean;
}

export function createResponseUrls(dependencies: Dependencies): ResponseUrls {
  const { workspace, clock } = dependencies;
  const issued = new Map<string, Issued>();
  return {
    create: (origin) => {
      const secret = secretPart();
      issued.set(secret, { origin, expiresAt: clock.now() + LIFE_MS, uses: 0 });
      for (const old of [...issued.keys()].slice(0, Math.max(0, issued.size - KEPT))) issued.delete(old);
      const kind = origin.kind === 'command' ? 'commands' : 'actions';
      return `/response/${kind}/${workspace.team.id}/${secret}`;
    },
    post: (secret, body) => {
      const entry = issued.get(secret);
      if (entry === undefined || clock.now() > entry.expiresAt) return refused(404, 'expired_url');
      if (entry.uses >= MOST_USES) return refused(404, 'used_url');
      entry.uses += 1;
      return answerTo(dependencies, entry.origin, body);
    },
  };
}

function answerTo({ workspace, journal, strict }: Dependencies, origin: ResponseOrigin, body: Json): ResponseUrlAnswer {
  const source = origin.messageTs === undefined ? undefined : findMessage(workspace, origin.channel, origin.messageTs);
  const deletes = isTrue(body.delete_original);
  const hasContent = body.text !== undefined || body.blocks !== undefined;
  if (origin.kind === 'button' && !deletes && body.replace_original === undefined) {
    journal.violation({
      rule: 'replace_original_not_explicit',
      detail: `an answer to a button click by ${origin.user}`,
    });
    if (strict) return refused(400, 'simulator_replace_original_must_be_explicit');
  }
  if (deletes && origin.kind === 'button' && source !== undefined) removeMessage(workspace, source);
  if (!hasContent) return deletes ? { status: 200, body: 'ok' } : refused(400, 'no_text');
  const checked = body.blocks === undefined ? undefined : checkBlocks(body.blocks, 'message');
  if (checked !== undefined && !checked.ok) {
    return {
      status: 400,
      body: { ok: false, error: 'invalid_blocks', response_metadata: { messages: checked.messages } },
    };
  }
  const content = { text: text(body.text) ?? '', blocks: checked?.blocks };
  const replaces = origin.kind === 'button' && !deletes && isTrue(body.replace_original) && source !== undefined;
  if (replaces) changeMessage(workspace, source, content);
  else addAnswer(workspace, origin, body, content);
  return { status: 200, body: 'ok' };
}

function addAnswer(
  workspace: Workspace,
  origin: ResponseOrigin,
  body: Json,
  content: Pick<Message, 'text' | 'blocks'>,
): void {
  addMessage(workspace, {
    channel: origin.channel,
    user: workspace.app.botUserId,
    ...content,
    threadTs: text(body.thread_ts),
    onlyFor: body.response_type === 'in_channel' ? undefined : origin.user,
  });
}

function refused(status: number, error: string): ResponseUrlAnswer {
  return { status, body: { ok: false, error } };
}
