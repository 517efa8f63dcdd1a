// A person clicks a button or chooses from a menu, in a message, a modal or the Home tab.
import type { Context } from '../context.ts';
import { SimulatorError } from '../errors.ts';
import { isRecord, type Json, parseJson, records, text } from '../json.ts';
import { findMessage, isVisible, toSlackMessage } from '../messages.ts';
import type { Channel, Message, User, View } from '../store.ts';
import { keepsValue } from '../validate/elements.ts';
import { findView, toSlackView } from '../views.ts';
import { channelOf, type DeliveryResult, interactionBase, notSent, personOf, resultOf } from './payloads.ts';
import { chosenState, findElement, optionsOf, type Placed, stateValues } from './values.ts';

export interface ElementInput {
  readonly user: string;
  /** With `messageTs`: a message; never without it. Leave both out with `viewId`. */
  readonly channel?: string | undefined;
  readonly messageTs?: string | undefined;
  readonly viewId?: string | undefined;
  readonly actionId: string;
  readonly blockId?: string | undefined;
  /** A button's value other than the one on the button: a forged click. */
  readonly value?: string | undefined;
  /** What was chosen in a select, overflow, date picker …: an option's value or its object. */
  readonly choice?: unknown;
  /** The person clicked the confirming button of the confirm dialog. */
  readonly confirmed?: boolean | undefined;
  /** Clicks at the same moment: 2 is a double click. Default 1, at most 10. */
  readonly times?: number | undefined;
  /** Also look in what the message showed before its last updates. */
  readonly stale?: boolean | undefined;
  /** The form's other values, by block_id and action_id. */
  readonly values?: Json | undefined;
}

export type Surface =
  | { readonly kind: 'message'; readonly channel: Channel; readonly message: Message }
  | { readonly kind: 'view'; readonly view: View };

/** @throws SimulatorError `element-not-found` when the person cannot see such a thing. */
export async function click(context: Context, input: ElementInput): Promise<DeliveryResult> {
  const user = personOf(context.workspace, input.user);
  const surface = surfaceOf(context, user, input);
  const placed = placedOn(surface, input);
  if (isRecord(placed.element.confirm) && input.confirmed !== true) return notSent('needs_confirm');
  const offered = await offeredBy(context, { user, surface, placed }, input.choice);
  const clicks = Array.from({ length: Math.min(Math.max(input.times ?? 1, 1), 10) }, () =>
    context.deliverer.send({
      kind: 'block_actions',
      summary: `${input.actionId} clicked`,
      user: user.id,
      payload: payloadOf(context, { user, surface, placed, input, offered }),
    }),
  );
  const [first] = await Promise.all(clicks);
  return first === undefined ? notSent('nothing_pressed') : resultOf(first);
}

export interface SuggestInput
  extends Pick<ElementInput, 'user' | 'channel' | 'messageTs' | 'viewId' | 'actionId' | 'blockId'> {
  /** What the person has typed so far. */
  readonly query: string;
}

/** Asks the app for the options of an external select, as Slack does while a person types. */
export async function suggest(
  context: Context,
  input: SuggestInput,
): Promise<DeliveryResult & { readonly options: readonly Json[] }> {
  const user = personOf(context.workspace, input.user);
  const surface = surfaceOf(context, user, input);
  const placed = placedOn(surface, input);
  const delivery = await context.deliverer.send({
    kind: 'block_suggestion',
    summary: `${input.actionId} asked for "${input.query}"`,
    user: user.id,
    payload: {
      type: 'block_suggestion',
      ...interactionBase(context.workspace, user),
      ...containerOf(context, surface),
      action_id: input.actionId,
      block_id: placed.blockId,
      value: input.query,
    },
  });
  const answer = parseJson(delivery.ackBody);
  return { ...resultOf(delivery), options: optionsOf(isRecord(answer) ? answer : {}).slice(0, 100) };
}

/** An external select can only hold what the app offered for the typed text. */
async function offeredBy(
  context: Context,
  { user, surface, placed }: { readonly user: User; readonly surface: Surface; readonly placed: Placed },
  choice: unknown,
): Promise<readonly Json[]> {
  const type = String(placed.element.type);
  if (!type.endsWith('external_select')) return [];
  if (isRecord(choice)) return [choice];
  const where =
    surface.kind === 'view'
      ? { viewId: surface.view.id }
      : { channel: surface.channel.id, messageTs: surface.message.ts };
  const queries = [choice].flat().filter((each) => typeof each === 'string');
  const answers = await Promise.all(
    queries.map((query) =>
      suggest(context, {
        user: user.id,
        ...where,
        actionId: String(placed.element.action_id),
        blockId: placed.blockId,
        query,
      }),
    ),
  );
  return answers.flatMap((answer) => answer.options);
}

export function surfaceOf(
  context: Context,
  user: User,
  input: Pick<ElementInput, 'channel' | 'messageTs' | 'viewId'>,
): Surface {
  const { workspace } = context;
  if (input.viewId !== undefined) {
    const view = findView(workspace, { id: input.viewId });
    if (view === undefined || view.user !== user.id)
      throw new SimulatorError('element-not-found', `${user.name} has no open view ${input.viewId}`);
    return { kind: 'view', view };
  }
  const channel = channelOf(workspace, input.channel ?? '');
  const message = findMessage(workspace, channel.id, input.messageTs ?? '');
  const canSee = channel.kind === 'public' || channel.members.includes(user.id);
  if (message === undefined || !canSee || !isVisible(message, user.id)) {
    throw new SimulatorError(
      'element-not-found',
      `${user.name} sees no message ${input.messageTs} in #${channel.name}`,
    );
  }
  return { kind: 'message', channel, message };
}

function placedOn(surface: Surface, input: Pick<ElementInput, 'actionId' | 'blockId' | 'stale'>): Placed {
  const shown = surface.kind === 'view' ? surface.view.blocks : records(surface.message.blocks);
  const earlier = surface.kind === 'message' && input.stale === true ? surface.message.earlier : [];
  for (const blocks of [shown, ...earlier]) {
    const placed = findElement(blocks, input);
    if (placed !== undefined) return placed;
  }
  const where = surface.kind === 'view' ? `view ${surface.view.id}` : `message ${surface.message.ts}`;
  throw new SimulatorError('element-not-found', `${where} shows nothing with action_id "${input.actionId}"`);
}

interface Clicked {
  readonly user: User;
  readonly surface: Surface;
  readonly placed: Placed;
  readonly input: ElementInput;
  readonly offered: readonly Json[];
}

function payloadOf(context: Context, { user, surface, placed, input, offered }: Clicked): Json {
  const choices = {
    ...input.values,
    ...(input.choice !== undefined && { [placed.blockId]: { [input.actionId]: input.choice } }),
  };
  const blocks = surface.kind === 'view' ? surface.view.blocks : records(surface.message.blocks);
  const values = stateValues(blocks, choices, offered);
  return {
    type: 'block_actions',
    ...interactionBase(context.workspace, user),
    ...containerOf(context, surface, values),
    trigger_id: context.triggers.create(user.id),
    ...(surface.kind === 'message' && { state: { values }, response_url: responseUrl(context, user, surface) }),
    actions: [actionOf(context, placed, input, offered)],
  };
}

function actionOf(context: Context, { element, blockId }: Placed, input: ElementInput, offered: readonly Json[]): Json {
  const common = {
    action_id: element.action_id,
    block_id: blockId,
    type: element.type,
    action_ts: context.workspace.nextTs(),
  };
  if (element.type === 'button') {
    const value = input.value ?? text(element.value);
    return {
      ...common,
      text: element.text,
      ...(value !== undefined && { value }),
      ...(element.style !== undefined && { style: element.style }),
    };
  }
  const state = chosenState(element, input.choice, offered);
  return {
    ...common,
    ...state,
    ...(keepsValue(element.type) && element.placeholder !== undefined && { placeholder: element.placeholder }),
  };
}

function containerOf(context: Context, surface: Surface, values: Json = {}): Json {
  const { workspace } = context;
  if (surface.kind === 'view') {
    return {
      container: { type: 'view', view_id: surface.view.id },
      view: toSlackView(workspace, surface.view, values),
    };
  }
  const { message, channel } = surface;
  const isEphemeral = message.onlyFor !== undefined;
  const thread = message.threadTs === undefined ? {} : { thread_ts: message.threadTs };
  return {
    container: {
      type: 'message',
      message_ts: message.ts,
      channel_id: channel.id,
      is_ephemeral: isEphemeral,
      ...thread,
    },
    channel: { id: channel.id, name: channel.name },
    ...(!isEphemeral && { message: toSlackMessage(workspace, message) }),
  };
}

function responseUrl(context: Context, user: User, surface: Surface & { readonly kind: 'message' }): string {
  const { channel, message } = surface;
  return (
    context.baseUrl() +
    context.responseUrls.create({ kind: 'button', user: user.id, channel: channel.id, messageTs: message.ts })
  );
}
