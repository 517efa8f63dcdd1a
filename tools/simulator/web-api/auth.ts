import { type ApiMethods, refuse } from './method.ts';

export const authMethods: ApiMethods = {
  'auth.test': {
    scopes: [],
    run: ({ context: { workspace, baseUrl } }) => ({
      ok: true,
      // Where the links to its messages lead.
      url: `${baseUrl()}/`,
      team: workspace.team.name,
      user: workspace.users.get(workspace.app.botUserId)?.name,
      team_id: workspace.team.id,
      user_id: workspace.app.botUserId,
      bot_id: workspace.app.botId,
      ...(workspace.enterpriseId !== undefined && { enterprise_id: workspace.enterpriseId }),
      is_enterprise_install: false,
    }),
  },
  'api.test': { scopes: [], run: ({ args }) => ({ ok: true, args }) },
  'team.info': {
    scopes: ['team:read'],
    run: ({ context: { workspace } }) => ({ ok: true, team: workspace.team }),
  },
  'bots.info': {
    scopes: ['users:read'],
    run: ({ context: { workspace }, args }) => {
      if (args.bot !== workspace.app.botId) return refuse('bot_not_found');
      const name = workspace.users.get(workspace.app.botUserId)?.name;
      return {
        ok: true,
        bot: {
          id: workspace.app.botId,
          app_id: workspace.app.id,
          user_id: workspace.app.botUserId,
          name,
          deleted: false,
        },
      };
    },
  },
};
