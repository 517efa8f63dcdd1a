// The web page by itself, for a machine without the bot, or for a look without a configuration of it.

import { randomBytes } from 'node:crypto';
import { defaultWebListen, messageOf, parseListen, type WebSettings } from '@bg/engine';
import { exitCodes } from '../exit.ts';
import { onEngine } from '../session.ts';
import { usageError } from '../usage.ts';
import type { Command } from './command.ts';

export const web: readonly Command[] = [
  {
    usage: 'web',
    placeless: true,
    summary:
      'serve a page that shows everything and changes nothing, until Ctrl-C; without `web` in the configuration, with a new token',
    options: [['--listen <address>', `a port, or address:port (that of the configuration, else ${defaultWebListen})`]],
    examples: ['bg web', 'bg web --listen 127.0.0.1:4000'],
    run: onEngine(async ({ engine, screen, log, stop }, _words, options) => {
      const configured = engine.settings.web;
      const settings = { ...(configured ?? withNewToken()), ...readListen(options.listen) };
      // Loaded here alone: no other command needs it.
      const { serveWeb } = await import('@bg/web');
      const served = await serveWeb({ engine, settings, log }).catch((thrown: unknown) => messageOf(thrown));
      if (typeof served === 'string') {
        screen.aside(
          `The page cannot be served: ${served}. Where the bot serves it already, open that one; or choose another port with --listen.`,
        );
        return exitCodes.failed;
      }
      // A token that the reader does not know yet is in the link; the configured one stays where it is.
      const address = configured === undefined ? served.firstAddress : `http://${settings.host}:${served.port}/`;
      screen.answer({ address }, (page) => [`Open ${page.address}`, 'Ctrl-C ends it; what serves users goes on.']);
      await new Promise<void>((resolve) => {
        if (stop.aborted) resolve();
        stop.addEventListener('abort', () => resolve(), { once: true });
      });
      await served.close();
      return exitCodes.done;
    }),
  },
];

const withNewToken = (): WebSettings => ({
  ...parseListen(defaultWebListen),
  token: { value: randomBytes(18).toString('base64url') },
  publicUrl: undefined,
  trustedHeader: undefined,
  trustedProxies: ['loopback'],
});

function readListen(text: string | undefined): Partial<Pick<WebSettings, 'host' | 'port'>> {
  if (text === undefined) return {};
  const listen = parseListen(text);
  if (!/^([^\s/]+:)?\d{1,5}$/.test(text) || listen.port > 65_535)
    throw usageError(`--listen: ${text.slice(0, 80)} is no port and no address:port such as 127.0.0.1:3002`);
  return listen;
}
