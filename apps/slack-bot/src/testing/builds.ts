// Builds as CI would have announced them, written into the state as the engine writes them: what the bot makes of the
// rows is tested here, what becomes of a delivery elsewhere.

import type { BuildAnnounced, Settings, StoredBuild, TargetReaction } from '@bg/engine';
import { systemClock } from '../../../../packages/engine/src/lib/clock.ts';
import { addBuild } from '../../../../packages/engine/src/state/builds.ts';
import { openDatabase } from '../../../../packages/engine/src/state/database.ts';
import { createInbox } from '../../../../packages/engine/src/state/inbox.ts';
import { createStore, type Store, type Tx } from '../../../../packages/engine/src/state/store.ts';

export const commitOf = (number: number): string => String(number).padStart(40, 'a');

export function build(changes: Partial<StoredBuild> = {}): StoredBuild {
  const { id = 1 } = changes;
  return {
    id,
    service: 'shop',
    version: 'v2.1',
    conclusion: 'succeeded',
    host: 'github',
    repository: 'acme/shop',
    branch: 'main',
    tag: undefined,
    commit: commitOf(id),
    committedAt: 1_795_200_000_000 + id * 60_000,
    subject: `New prices ${id}`,
    url: 'https://github.com/acme/shop/actions/runs/77',
    authors: [{ name: 'Alice Moreau', email: 'alice@example.com', login: 'alice-codes' }],
    run: `${id}.1`,
    artifact: { kind: 'url', url: 'https://ci.example.com/shop.tar.gz', sha256: 'a'.repeat(64) },
    endedAt: undefined,
    pullRequest: undefined,
    announcedAt: 1_795_200_000_000,
    ...changes,
  };
}

export function reaction(changes: Partial<TargetReaction> = {}): TargetReaction {
  return {
    target: 'production',
    reaction: 'announce',
    became: 'announced',
    older: false,
    deployment: undefined,
    code: undefined,
    sentence: 'people decide',
    ...changes,
  };
}

export function announcedOf(stored: StoredBuild, changes: Partial<BuildAnnounced> = {}): BuildAnnounced {
  const { id, version, repository, branch, tag, commit, subject, url, authors, pullRequest } = stored;
  return {
    ...{ build: id, version, repository, branch, tag, commit, subject, url, authors, pullRequest },
    artifact: { kind: 'url', place: 'https://ci.example.com/shop.tar.gz' },
    reactions: [reaction()],
    older: false,
    ...changes,
  };
}

export interface Ci {
  announce(given?: Partial<StoredBuild>, changes?: Partial<BuildAnnounced>): StoredBuild;
  /** A failed build, and what is reported about it. */
  fail(given: Partial<StoredBuild>, action: 'build-failed' | 'build-conflict', sentence: string): void;
  /** A delivery that no worker could process. */
  park(sentence: string): Promise<number>;
  close(): void;
}

/** In addition to the engine, on the same state. */
export function ciOf({ stateFolder }: Pick<Settings, 'stateFolder'>): Ci {
  const db = openDatabase(stateFolder);
  let number = 0;
  const next = () => {
    number += 1;
    return { id: number };
  };
  const store = createStore({ db, clock: systemClock, redact: (text) => text, committed: () => undefined });
  return {
    announce: (given, changes) => announce(store, build({ ...next(), ...given }), changes),
    fail: (given, action, sentence) =>
      store.write((tx) => {
        const stored = add(tx, build({ ...next(), conclusion: 'failed', ...given }));
        const { service } = stored;
        tx.audit({ actor: 'machine:github', action, service, sentence, detail: { ...announcedOf(stored) } });
      }),
    park: async (sentence) => {
      const inbox = createInbox(store);
      const delivery = {
        hook: 'github',
        delivery: 'd-1',
        content: 'c-1',
        kind: 'workflow_run',
        body: Buffer.from('{}'),
      };
      const taken = await inbox.take(delivery);
      if (taken.kind === 'full') throw new Error('the inbox is full');
      inbox.settle(taken.delivery.id, { state: 'parked', sentence });
      return taken.delivery.id;
    },
    close: () => db.$client.close(),
  };
}

function add(tx: Tx, { id: _, announcedAt: __, ...facts }: StoredBuild): StoredBuild {
  return addBuild(tx, facts);
}

function announce(store: Store, given: StoredBuild, changes?: Partial<BuildAnnounced>): StoredBuild {
  return store.write((tx) => {
    const stored = add(tx, given);
    const { service, version } = stored;
    const detail = { ...announcedOf(stored, changes) };
    tx.audit({ actor: 'machine:github', action: 'build-announced', service, sentence: `${version} is built`, detail });
    return stored;
  });
}
