// A person sends or closes a modal.
import type { Context } from '../context.ts';
import { SimulatorError } from '../errors.ts';
import { isRecord, type Json, parseJson, record } from '../json.ts';
import type { View } from '../store.ts';
import { checkView } from '../validate/view.ts';
import { clearModals, MODAL_STACK_LIMIT, modalsOf, popModal, pushModal, replaceView, toSlackView } from '../views.ts';
import { suggest } from './click.ts';
import { type DeliveryResult, interactionBase, personOf, resultOf } from './payloads.ts';
import { elementsIn, isEmptyState, stateValues } from './values.ts';

const TROUBLE = 'We had some trouble connecting. Try again?';

export interface SubmitInput {
  readonly user: string;
  readonly viewId: string;
  /** By block_id, then action_id; or only by block_id, since an input block holds one element. */
  readonly values?: Json | undefined;
}

export interface SubmitResult extends DeliveryResult {
  /** What the person sees below the inputs, by block_id. The modal stays open. */
  readonly errors?: Readonly<Record<string, string>>;
  /** The banner over the modal when the app did not answer well. */
  readonly banner?: string;
}

export async function submitView(context: Context, input: SubmitInput): Promise<SubmitResult> {
  const user = personOf(context.workspace, input.user);
  const view = visibleModal(context, user.id, input.viewId);
  const values = stateValues(view.blocks, input.values ?? {}, await offeredOptions(context, view, input));
  const missing = clientErrors(view, values);
  if (Object.keys(missing).length > 0)
    return { status: null, ms: 0, ackBody: '', error: 'not_submitted', errors: missing };
  const delivery = await context.deliverer.send({
    kind: 'view_submission',
    summary: `${String(view.content.callback_id ?? 'modal')} submitted`,
    user: user.id,
    payload: {
      type: 'view_submission',
      ...interactionBase(context.workspace, user),
      trigger_id: context.triggers.create(user.id),
      view: toSlackView(context.workspace, view, values),
      response_urls: [],
    },
  });
  if (delivery.error !== undefined) return { ...resultOf(delivery), banner: TROUBLE };
  return { ...resultOf(delivery), ...applyAnswer(context, view, delivery.ackBody) };
}

export async function closeView(
  context: Context,
  input: { readonly user: string; readonly viewId: string; readonly all?: boolean | undefined },
): Promise<void> {
  const user = personOf(context.workspace, input.user);
  const view = visibleModal(context, user.id, input.viewId);
  if (input.all === true) clearModals(context.workspace, user.id);
  else popModal(context.workspace, user.id);
  if (view.content.notify_on_close !== true) return;
  await context.deliverer.send({
    kind: 'view_closed',
    summary: `${String(view.content.callback_id ?? 'modal')} closed`,
    user: user.id,
    payload: {
      type: 'view_closed',
      ...interactionBase(context.workspace, user),
      view: toSlackView(context.workspace, view),
      is_cleared: input.all === true,
    },
  });
}

function visibleModal(context: Context, user: string, viewId: string): View {
  const top = modalsOf(context.workspace, user).at(-1);
  if (top?.id !== viewId) throw new SimulatorError('element-not-found', `${user} does not see the modal ${viewId}`);
  return top;
}

/** Typed choices of external selects are looked up with the app first: nothing else can be chosen in Slack. */
async function offeredOptions(
  context: Context,
  view: View,
  { user, values = {} }: SubmitInput,
): Promise<readonly Json[]> {
  const offered: Json[] = [];
  for (const { blockId, element } of elementsIn(view.blocks)) {
    if (!String(element.type).endsWith('external_select')) continue;
    const forBlock = values[blockId];
    const choice =
      isRecord(forBlock) && String(element.action_id) in forBlock ? forBlock[String(element.action_id)] : forBlock;
    if (isRecord(choice)) offered.push(choice);
    if (typeof choice !== 'string') continue;
    const answer = await suggest(context, {
      user,
      viewId: view.id,
      actionId: String(element.action_id),
      blockId,
      query: choice,
    });
    offered.push(...answer.options);
  }
  return offered;
}

/** What Slack's own client refuses before anything is sent. */
function clientErrors(view: View, values: Json): Record<string, string> {
  const errors: Record<string, string> = {};
  for (const { block, blockId, element } of elementsIn(view.blocks)) {
    if (block.type !== 'input') continue;
    const state = record(record(values[blockId])[String(element.action_id)]);
    if (isEmptyState(state)) {
      if (block.optional !== true) errors[blockId] = 'Please complete this required field.';
      continue;
    }
    const length = typeof state.value === 'string' ? state.value.length : 0;
    if (typeof element.min_length === 'number' && length < element.min_length)
      errors[blockId] = `Please enter at least ${element.min_length} characters.`;
    if (typeof element.max_length === 'number' && length > element.max_length)
      errors[blockId] = `Please enter at most ${element.max_length} characters.`;
  }
  return errors;
}

function applyAnswer(context: Context, view: View, ackBody: string): Pick<SubmitResult, 'errors' | 'banner'> {
  const { workspace } = context;
  if (ackBody.trim() === '') {
    closeSubmitted(context, view);
    return {};
  }
  const answer = parseJson(ackBody);
  const action = isRecord(answer) ? answer.response_action : undefined;
  if (!isRecord(answer) || action === undefined) {
    closeSubmitted(context, view);
    return {};
  }
  if (action === 'errors') return errorsOf(view, record(answer.errors));
  if (action === 'clear') {
    clearModals(workspace, view.user);
    return {};
  }
  const checked = checkView(answer.view, 'modal');
  const isFull = action === 'push' && modalsOf(workspace, view.user).length >= MODAL_STACK_LIMIT;
  if (!checked.ok || isFull || (action !== 'push' && action !== 'update')) return { banner: TROUBLE };
  if (action === 'update') replaceView(workspace, view, checked.content, checked.blocks);
  else pushModal(workspace, { user: view.user, content: checked.content, blocks: checked.blocks });
  return {};
}

function closeSubmitted(context: Context, view: View): void {
  const stack = modalsOf(context.workspace, view.user);
  if (stack.at(-1)?.id === view.id) popModal(context.workspace, view.user);
}

/** Errors may only name input blocks; Slack shows its banner otherwise. */
function errorsOf(view: View, errors: Json): Pick<SubmitResult, 'errors' | 'banner'> {
  const inputs = new Set(view.blocks.filter((block) => block.type === 'input').map((block) => block.block_id));
  const entries = Object.entries(errors).map(([blockId, sentence]) => [blockId, String(sentence)] as const);
  if (entries.length === 0 || entries.some(([blockId]) => !inputs.has(blockId))) return { banner: TROUBLE };
  return { errors: Object.fromEntries(entries) };
}
