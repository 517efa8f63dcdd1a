// Home tabs that people opened recently: each is drawn again when what it shows has changed, at a bounded rate.

import type { Clock, Engine, Log } from '@bg/engine';
import { messageOf } from '@bg/engine';
import type { HomePages } from '../cards/pages.ts';

export interface Homes {
  /** A person looks at the Home tab, which was drawn as `print`. */
  readonly shown: (user: string, seen: { readonly pages: HomePages | undefined; readonly print: string }) => void;
  /** Until `signal` aborts. `draw` publishes where the print differs, and says what is shown then. */
  readonly follow: (signal: AbortSignal, draw: Redraw) => Promise<void>;
}

type Redraw = (
  user: string,
  seen: { readonly pages: HomePages | undefined; readonly print: string },
) => Promise<string | undefined>;

interface Seen {
  readonly pages: HomePages | undefined;
  readonly print: string;
  readonly openedAt: number;
}

/** Slack takes about a hundred views a minute, and people open theirs in between. */
const mostPeople = 30;
/** After this the tab is as it was drawn last; it is drawn again when it is opened. */
export const followMs = 3_600_000;
export const redrawMs = 5_000;
const perRound = 5;

export function createHomes({
  engine,
  clock,
  log,
}: {
  readonly engine: Pick<Engine, 'changed'>;
  readonly clock: Clock;
  readonly log: Log;
}): Homes {
  const homes = new Map<string, Seen>();

  async function round(draw: Redraw): Promise<void> {
    for (const [user, { openedAt }] of homes) if (clock.now() - openedAt >= followMs) homes.delete(user);
    let drawn = 0;
    for (const [user, seen] of [...homes]) {
      const print = await draw(user, seen);
      // Behind the others, so that each gets its turn.
      if (print === undefined || !homes.delete(user)) continue;
      homes.set(user, { ...seen, print });
      drawn += 1;
      if (drawn >= perRound) return;
    }
  }

  return {
    shown: (user, { pages, print }) => {
      homes.delete(user);
      homes.set(user, { pages, print, openedAt: clock.now() });
      const [oldest] = homes.keys();
      if (homes.size > mostPeople && oldest !== undefined) homes.delete(oldest);
    },
    follow: async (signal, draw) => {
      while (!signal.aborted) {
        await clock.sleep(redrawMs, signal).catch(() => {});
        if (signal.aborted) return;
        if (homes.size === 0) {
          await engine.changed(redrawMs, signal);
          continue;
        }
        await round(draw).catch((thrown: unknown) =>
          log.warn({ problem: messageOf(thrown) }, 'the Home tabs could not be drawn again'),
        );
      }
    },
  };
}
