// Modals (a stack per person, three at most) and the app's Home tab.
import { secretPart, slackId } from './ids.ts';
import type { Json } from './json.ts';
import { announce, type View, type Workspace } from './store.ts';

export const MODAL_STACK_LIMIT = 3;

interface NewView {
  readonly user: string;
  readonly content: Json;
  readonly blocks: readonly Json[];
}

/** Opens a modal as the only one on the person's screen. */
export function openModal(workspace: Workspace, fresh: NewView): View {
  const view = createView(fresh, null);
  setStack(workspace, fresh.user, [view]);
  return view;
}

/** Puts a modal above the open ones. */
export function pushModal(workspace: Workspace, fresh: NewView): View {
  const stack = modalsOf(workspace, fresh.user);
  const view = createView(fresh, stack.at(-1) ?? null);
  setStack(workspace, fresh.user, [...stack, view]);
  return view;
}

export function replaceView(workspace: Workspace, old: View, content: Json, blocks: readonly Json[]): View {
  const externalId = typeof content.external_id === 'string' ? content.external_id : old.externalId;
  const view: View = { ...old, content, blocks, externalId, hash: newHash() };
  const stack = modalsOf(workspace, old.user);
  if (stack.some((open) => open.id === old.id)) {
    setStack(
      workspace,
      old.user,
      stack.map((open) => (open.id === old.id ? view : open)),
    );
  } else {
    workspace.homes.set(old.user, view);
    announce(workspace, 'home');
  }
  return view;
}

/** Closes the visible modal; the one below shows again. */
export function popModal(workspace: Workspace, user: string): void {
  setStack(workspace, user, modalsOf(workspace, user).slice(0, -1));
}

export function clearModals(workspace: Workspace, user: string): void {
  setStack(workspace, user, []);
}

export function publishHome(workspace: Workspace, fresh: NewView): View {
  const old = workspace.homes.get(fresh.user);
  if (old !== undefined) return replaceView(workspace, old, fresh.content, fresh.blocks);
  const view = createView(fresh, null);
  workspace.homes.set(fresh.user, view);
  announce(workspace, 'home');
  return view;
}

export function modalsOf(workspace: Workspace, user: string): readonly View[] {
  return workspace.modals.get(user) ?? [];
}

export function findView(
  workspace: Workspace,
  by: { readonly id?: string | undefined; readonly externalId?: string | undefined },
): View | undefined {
  const all = [...[...workspace.modals.values()].flat(), ...workspace.homes.values()];
  return all.find((view) => (by.id === undefined ? view.externalId === by.externalId : view.id === by.id));
}

/** A view as Slack puts it into payloads and API answers. */
export function toSlackView(workspace: Workspace, view: View, values: Json = {}): Json {
  const { content } = view;
  return {
    id: view.id,
    team_id: workspace.team.id,
    type: content.type,
    title: content.title ?? { type: 'plain_text', text: '' },
    submit: content.submit ?? null,
    close: content.close ?? null,
    blocks: view.blocks,
    private_metadata: content.private_metadata ?? '',
    callback_id: content.callback_id ?? '',
    state: { values },
    hash: view.hash,
    clear_on_close: content.clear_on_close ?? false,
    notify_on_close: content.notify_on_close ?? false,
    root_view_id: view.rootId,
    previous_view_id: view.previousId,
    app_id: workspace.app.id,
    external_id: view.externalId,
    app_installed_team_id: workspace.team.id,
    bot_id: workspace.app.botId,
  };
}

function createView({ user, content, blocks }: NewView, previous: View | null): View {
  const id = slackId('V');
  return {
    id,
    user,
    content,
    blocks,
    hash: newHash(),
    rootId: previous?.rootId ?? id,
    previousId: previous?.id ?? null,
    externalId: typeof content.external_id === 'string' ? content.external_id : '',
  };
}

function newHash(): string {
  return `${Math.floor(Date.now() / 1000)}.${secretPart(4)}`;
}

function setStack(workspace: Workspace, user: string, stack: readonly View[]): void {
  workspace.modals.set(user, stack);
  announce(workspace, 'modals');
}
