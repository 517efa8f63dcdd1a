// WebSockets and event streams by side. They do not end by themselves. So when a side gets no users any more, the proxy
// closes them one by one over a while: their users reconnect to the other side, and not all at once.

import type { Routing, SlotName } from '@bg/engine';

export interface Streams {
  /** Returns what to call when it has ended by itself. */
  add(slot: SlotName, close: () => void): () => void;
  /** Called with every routing that comes into force. */
  routed(routing: Routing): void;
}

interface Side {
  /** In the order of their beginning. */
  readonly closers: Set<() => void>;
  /** When the last is to be closed, on `performance.now()`; undefined while the side gets users. */
  end: number | undefined;
  timer: NodeJS.Timeout | undefined;
}

/** `spreadMs` is called when a side is left without users; 0 leaves its streams open. */
export function createStreams(spreadMs: () => number): Streams {
  const sides: Readonly<Record<SlotName, Side>> = { blue: emptySide(), green: emptySide() };
  return {
    add: (slot, close) => {
      const side = sides[slot];
      side.closers.add(close);
      // One whose request was on its way when the side was left.
      closeNext(side);
      return () => side.closers.delete(close);
    },
    routed: (routing) => {
      for (const slot of ['blue', 'green'] as const) {
        if (getsUsers(slot, routing)) keep(sides[slot]);
        else if (spreadMs() > 0) {
          sides[slot].end ??= performance.now() + spreadMs();
          closeNext(sides[slot]);
        }
      }
    },
  };
}

const emptySide = (): Side => ({ closers: new Set(), end: undefined, timer: undefined });

const getsUsers = (slot: SlotName, { active, canary, preview }: Routing): boolean =>
  slot === active || slot === canary?.slot || slot === preview;

function keep(side: Side): void {
  clearTimeout(side.timer);
  side.timer = undefined;
  side.end = undefined;
}

/** The oldest first, evenly over what is left of the time. */
function closeNext(side: Side): void {
  if (side.end === undefined || side.timer !== undefined || side.closers.size === 0) return;
  const waitMs = Math.max(0, side.end - performance.now()) / side.closers.size;
  side.timer = setTimeout(() => {
    side.timer = undefined;
    const [oldest] = side.closers;
    if (oldest !== undefined) side.closers.delete(oldest);
    oldest?.();
    closeNext(side);
  }, waitMs);
}
