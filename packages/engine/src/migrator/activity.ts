// The activity of a database: which sessions work, which wait for which, and how much of it is in use. Bounded, and
// without the values that a service sends.

export interface DatabaseActivity {
  /** Undefined where that cannot be seen. */
  readonly connections: { readonly used: number; readonly most: number } | undefined;
  /** Sessions that work, wait or hold a transaction open: those that wait first, then the longest. */
  readonly sessions: readonly SessionActivity[];
  /** Beyond those that are named. */
  readonly moreSessions: number;
  readonly replicas: readonly ReplicaActivity[];
  readonly indexBuilds: readonly IndexBuild[];
  /** What could not be seen, and what it takes to see it. */
  readonly notSeen: readonly string[];
}

export interface SessionActivity {
  /** Of the server's process or connection. */
  readonly id: string;
  readonly who: string;
  /** `active`, `idle in transaction`, … */
  readonly state: string;
  /** Of the transaction, or of the statement where there is none. */
  readonly seconds: number;
  /** What it waits for, in the server's words; undefined while it waits for no lock. */
  readonly waitsFor: string | undefined;
  /** Ids of the sessions that block it, where that can be seen. */
  readonly blockedBy: readonly string[];
  /** How many wait before it, one behind the other: 1 waits for one that works. */
  readonly depth: number;
  /** How many wait for it, directly or behind others. */
  readonly blocks: number;
  /** Literals are masked, and it is cut. */
  readonly query: string;
}

export interface ReplicaActivity {
  readonly name: string;
  readonly state: string;
  /** Undefined where the server does not say. */
  readonly lagMs: number | undefined;
}

export interface IndexBuild {
  readonly table: string;
  readonly phase: string;
  readonly percent: number | undefined;
}

export type SeenSession = Omit<SessionActivity, 'depth' | 'blocks'>;

const mostSessions = 25;

/** Orders and bounds what a driver saw. Pure. */
export function sessionsOf(seen: readonly SeenSession[]): Pick<DatabaseActivity, 'sessions' | 'moreSessions'> {
  const byId = new Map(seen.map((session) => [session.id, session]));
  const depths = depthsOf(byId);
  const blocks = new Map<string, number>();
  for (const { id } of seen) {
    for (const other of allBefore(id, byId)) blocks.set(other, (blocks.get(other) ?? 0) + 1);
  }
  const sessions = seen
    .map((session) => ({ ...session, depth: depths.get(session.id) ?? 0, blocks: blocks.get(session.id) ?? 0 }))
    .sort((one, other) => rank(other) - rank(one) || other.blocks - one.blocks || other.seconds - one.seconds);
  return { sessions: sessions.slice(0, mostSessions), moreSessions: Math.max(0, sessions.length - mostSessions) };
}

/** Those at the head of a queue, then those in it, then the others. */
const rank = ({ blocks, waitsFor }: SessionActivity): number => (blocks > 0 ? 2 : waitsFor === undefined ? 0 : 1);

type Seen = ReadonlyMap<string, SeenSession>;

/** The longest path to a session that waits for no other; a cycle, which the server ends soon, is followed once. */
function depthsOf(seen: Seen): ReadonlyMap<string, number> {
  const depths = new Map<string, number>();
  const depthOf = (id: string): number => {
    const known = depths.get(id);
    if (known !== undefined) return known;
    depths.set(id, 0);
    const ahead = (seen.get(id)?.blockedBy ?? []).filter((other) => other !== id);
    const depth = ahead.length === 0 ? 0 : 1 + Math.max(...ahead.map(depthOf));
    depths.set(id, depth);
    return depth;
  };
  for (const id of seen.keys()) depthOf(id);
  return depths;
}

function allBefore(id: string, seen: Seen): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [...(seen.get(id)?.blockedBy ?? [])];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next === id || found.has(next)) continue;
    found.add(next);
    open.push(...(seen.get(next)?.blockedBy ?? []));
  }
  return found;
}

/** One sentence for a step that waits or that a lock made fail; undefined while no session waits or idles. */
export function shortActivity({ connections, sessions }: DatabaseActivity): string | undefined {
  const waiting = sessions.filter(({ waitsFor }) => waitsFor !== undefined);
  const [head] = sessions.filter(({ blocks }) => blocks > 0);
  const idle = sessions.filter(({ state }) => state.startsWith('idle in transaction'));
  const deepest = Math.max(0, ...waiting.map(({ depth }) => depth));
  const parts = [
    ...(waiting.length === 0 ? [] : [`${waiting.length} wait for locks${deepest > 1 ? `, ${deepest} deep` : ''}`]),
    ...(head === undefined
      ? []
      : [`${head.id} of ${head.who} (${head.state} for ${head.seconds} s) keeps ${head.blocks} waiting`]),
    ...(idle.length === 0 ? [] : [`${idle.length} idle in a transaction`]),
    ...(connections === undefined ? [] : [`${connections.used} of ${connections.most} connections`]),
  ];
  return waiting.length + idle.length === 0 && head === undefined ? undefined : parts.join('; ');
}
