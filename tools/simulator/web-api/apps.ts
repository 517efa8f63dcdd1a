import { SOCKET_PATH } from '../socket-mode.ts';
import { type ApiMethods, refuse } from './method.ts';

export const appsMethods: ApiMethods = {
  'apps.connections.open': {
    scopes: [],
    token: 'app',
    run: ({ context }) => {
      if (context.workspace.manifest.settings?.socket_mode_enabled !== true) return refuse('not_allowed');
      const base = context.baseUrl().replace(/^http/, 'ws');
      return {
        ok: true,
        url: `${base}${SOCKET_PATH}?ticket=${context.sockets.ticket()}&app_id=${context.workspace.app.id}`,
      };
    },
  },
};
