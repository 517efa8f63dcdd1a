// users.*, usergroups.* and reactions.*.
import { isTrue, type Json, text } from '../json.ts';
import { changeMessage, findMessage } from '../messages.ts';
import { hasScope, type User, type UserGroup, type Workspace } from '../store.ts';
import { type ApiAnswer, type ApiMethods, type ApiRequest, page, readableChannel, refuse } from './method.ts';

export const peopleMethods: ApiMethods = {
  'users.info': { scopes: ['users:read'], run: userInfo },
  'users.list': { scopes: ['users:read'], run: userList },
  'users.lookupByEmail': { scopes: ['users:read.email'], run: userByEmail },
  'usergroups.list': { scopes: ['usergroups:read'], run: groupList },
  'usergroups.users.list': { scopes: ['usergroups:read'], run: groupUsers },
  'reactions.add': { scopes: ['reactions:write'], run: addReaction },
  'reactions.remove': { scopes: ['reactions:write'], run: removeReaction },
};

function userInfo({ context: { workspace }, args }: ApiRequest): ApiAnswer {
  const user = workspace.users.get(text(args.user) ?? '');
  return user === undefined ? refuse('user_not_found') : { ok: true, user: toSlackUser(workspace, user) };
}

function userList({ context: { workspace }, args }: ApiRequest): ApiAnswer {
  const { items, nextCursor } = page([...workspace.users.values()], args, 1000);
  return {
    ok: true,
    members: items.map((user) => toSlackUser(workspace, user)),
    response_metadata: { next_cursor: nextCursor },
  };
}

function userByEmail({ context: { workspace }, args }: ApiRequest): ApiAnswer {
  const user = [...workspace.users.values()].find((each) => each.email !== undefined && each.email === args.email);
  return user === undefined ? refuse('users_not_found') : { ok: true, user: toSlackUser(workspace, user) };
}

function groupList({ context: { workspace }, args }: ApiRequest): ApiAnswer {
  const withUsers = isTrue(args.include_users);
  return {
    ok: true,
    usergroups: [...workspace.groups.values()].map((group) => toSlackGroup(workspace, group, withUsers)),
  };
}

function groupUsers({ context: { workspace }, args }: ApiRequest): ApiAnswer {
  const group = workspace.groups.get(text(args.usergroup) ?? '');
  return group === undefined ? refuse('no_such_subteam') : { ok: true, users: group.users };
}

function addReaction(request: ApiRequest): ApiAnswer {
  return react(request, (users, bot) => (users.includes(bot) ? 'already_reacted' : [...users, bot]));
}

function removeReaction(request: ApiRequest): ApiAnswer {
  return react(request, (users, bot) => (users.includes(bot) ? users.filter((user) => user !== bot) : 'no_reaction'));
}

type Change = (users: readonly string[], bot: string) => readonly string[] | string;

function react(request: ApiRequest, change: Change): ApiAnswer {
  const { workspace } = request.context;
  const channel = readableChannel(request);
  if (!channel.ok) return channel;
  const message = findMessage(workspace, channel.value.id, text(request.args.timestamp) ?? '');
  const name = text(request.args.name) ?? '';
  if (message === undefined) return refuse('message_not_found');
  if (!/^[a-z0-9_+'-]+(::skin-tone-[2-6])?$/.test(name)) return refuse('invalid_name');
  const before = message.reactions.find((reaction) => reaction.name === name)?.users ?? [];
  const users = change(before, workspace.app.botUserId);
  if (typeof users === 'string') return refuse(users);
  const others = message.reactions.filter((reaction) => reaction.name !== name);
  changeMessage(workspace, message, { reactions: users.length === 0 ? others : [...others, { name, users }] });
  return { ok: true };
}

function toSlackUser(workspace: Workspace, user: User): Json {
  const withEmail = hasScope(workspace, 'users:read.email') && user.email !== undefined ? { email: user.email } : {};
  return {
    id: user.id,
    team_id: user.teamId,
    name: user.name,
    deleted: false,
    real_name: user.realName,
    tz: 'Etc/UTC',
    tz_offset: 0,
    profile: { display_name: user.name, real_name: user.realName, title: user.title, team: user.teamId, ...withEmail },
    is_admin: false,
    is_bot: user.isBot,
    is_app_user: false,
    is_stranger: user.teamId !== workspace.team.id,
  };
}

function toSlackGroup(workspace: Workspace, group: UserGroup, withUsers: boolean): Json {
  return {
    id: group.id,
    team_id: workspace.team.id,
    is_usergroup: true,
    name: group.name,
    handle: group.handle,
    description: '',
    date_delete: 0,
    user_count: group.users.length,
    ...(withUsers && { users: group.users }),
  };
}
