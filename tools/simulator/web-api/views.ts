// views.*: modals behind a fresh trigger, and the Home tab.
import { type Json, text } from '../json.ts';
import type { View } from '../store.ts';
import { checkView, type ViewResult } from '../validate/view.ts';
import {
  findView,
  MODAL_STACK_LIMIT,
  modalsOf,
  openModal,
  publishHome,
  pushModal,
  replaceView,
  toSlackView,
} from '../views.ts';
import { type ApiAnswer, type ApiMethods, type ApiRequest, refuse } from './method.ts';

export const viewsMethods: ApiMethods = {
  'views.open': { scopes: [], run: (request) => show(request, 'open') },
  'views.push': { scopes: [], run: (request) => show(request, 'push') },
  'views.update': { scopes: [], run: update },
  'views.publish': { scopes: [], run: publish },
};

function show(request: ApiRequest, how: 'open' | 'push'): ApiAnswer {
  const { context, args } = request;
  const checked = checkView(args.view, 'modal');
  if (!checked.ok) return invalid(checked);
  const externalId = text(checked.content.external_id);
  if (externalId !== undefined && externalId !== '' && findView(context.workspace, { externalId }) !== undefined)
    return refuse('duplicate_external_id');
  const trigger = context.triggers.use(args.trigger_id ?? args.interactivity_pointer);
  if (!trigger.ok) return refuse(trigger.error);
  const fresh = { user: trigger.user, content: checked.content, blocks: checked.blocks };
  if (how === 'open') return answer(request, openModal(context.workspace, fresh));
  const open = modalsOf(context.workspace, trigger.user).length;
  if (open === 0) return refuse('not_found');
  if (open >= MODAL_STACK_LIMIT) return refuse('push_limit_reached');
  return answer(request, pushModal(context.workspace, fresh));
}

function update(request: ApiRequest): ApiAnswer {
  const { context, args } = request;
  const view = findView(context.workspace, { id: text(args.view_id), externalId: text(args.external_id) ?? '' });
  if (view === undefined) return refuse('not_found');
  const checked = checkView(args.view, view.content.type === 'home' ? 'home' : 'modal');
  if (!checked.ok) return invalid(checked);
  if (isOutdated(view, args)) return refuse('hash_conflict');
  return answer(request, replaceView(context.workspace, view, checked.content, checked.blocks));
}

function publish(request: ApiRequest): ApiAnswer {
  const { context, args } = request;
  const { workspace } = context;
  if (workspace.manifest.features?.app_home?.home_tab_enabled !== true) return refuse('not_enabled');
  const user = workspace.users.get(text(args.user_id) ?? '');
  if (user === undefined || user.isBot) return refuse('user_not_found');
  const checked = checkView(args.view, 'home');
  if (!checked.ok) return invalid(checked);
  const before = workspace.homes.get(user.id);
  if (before !== undefined && isOutdated(before, args)) return refuse('hash_conflict');
  return answer(request, publishHome(workspace, { user: user.id, content: checked.content, blocks: checked.blocks }));
}

function isOutdated(view: View, args: Json): boolean {
  return args.hash !== undefined && args.hash !== view.hash;
}

function invalid(checked: ViewResult & { readonly ok: false }): ApiAnswer {
  return refuse('invalid_arguments', checked.messages);
}

function answer({ context }: ApiRequest, view: View): ApiAnswer {
  return { ok: true, view: toSlackView(context.workspace, view) };
}
