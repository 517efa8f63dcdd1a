// What people and processes wait for, once each.

import { homeView } from '../../apps/slack-bot/src/cards/home-view.ts';
import { nameFormatter } from '../../apps/slack-bot/src/cards/people-formatter.ts';
import { pruneReleases } from '../../packages/engine/src/orchestrator/releases/prune.ts';
import { walkPage } from '../../packages/engine/src/state/audit-chain.ts';
import { createOutbox } from '../../packages/engine/src/state/outbox.ts';
import { settleState } from '../../packages/engine/src/state/rest.ts';
import { alice, type GrownEngine, production } from './growth-engine.ts';

export interface Question {
  readonly name: string;
  ask(engine: GrownEngine): unknown;
}

let deliveries = 0;

export const questions: readonly Question[] = [
  { name: 'status', ask: ({ engine }) => engine.status() },
  { name: 'history of 50', ask: ({ engine }) => engine.history(production, 50) },
  { name: 'releases on the disk', ask: ({ engine }) => engine.storedReleases.list(production) },
  { name: 'plan', ask: ({ engine, next }) => engine.plan({ ...production, version: next, actor: alice }) },
  {
    name: 'lock, a refused deployment, unlock',
    ask: (grown) => {
      grown.lock();
      grown.refused();
      grown.unlock();
    },
  },
  { name: 'an accepted deployment', ask: accepted },
  {
    name: 'an accepted rollback',
    ask: ({ engine, store }) => undone(store, () => engine.rollback({ ...production, actor: alice })),
  },
  { name: 'bot: the last 50 rows and their cards', ask: catchUp },
  { name: 'bot: home view', ask: home },
  {
    name: 'bot: messages left by a process before',
    ask: ({ store }) => createOutbox(store).unfinished('slack', 2_000),
  },
  { name: 'webhook: 20 deliveries taken', ask: takeDeliveries },
  { name: 'webhook: a build taken', ask: takeBuild },
  {
    name: 'controller: releases pruned',
    ask: ({ core, store }) => pruneReleases({ core, store, actor: 'engine', service: 'shop', atMost: 5 }),
  },
  { name: 'controller: the state written back', ask: ({ store }) => settleState(store.db) },
  { name: 'controller: 200 rows verified', ask: ({ store, from }) => walkPage(store.db, { from, limit: 200 }) },
  { name: 'audit: the last 100 rows', ask: ({ engine, lastSeq }) => engine.audit.after(lastSeq - 100, 100) },
  { name: 'audit: verified since the last time', ask: ({ engine }) => engine.audit.verifySinceLast() },
];

function accepted({ engine, store, next }: GrownEngine): void {
  undone(store, () => engine.deploy({ ...production, version: next, actor: alice }));
}

/** Whole, with what it decides, as the worker on the inbox does it. */
async function takeBuild({ builds, store, next }: GrownEngine): Promise<void> {
  const document = {
    event: 'build',
    service: 'shop',
    version: next,
    repository: 'acme/shop',
    branch: 'main',
    run: 'r/1',
    commit: 'f'.repeat(40),
  };
  const ending = await builds.take({ hook: 'generic', kind: '', document });
  undone(store, () => (typeof ending === 'function' ? ending() : ending));
}

/** What is accepted leaves no deployment: this measures all of the verb except its sync of the disk. */
function undone(store: GrownEngine['store'], act: () => unknown): void {
  const { $client: client } = store.db;
  client.exec('BEGIN IMMEDIATE');
  try {
    const answer = act();
    if ((answer as { readonly ok?: boolean } | undefined)?.ok === false) throw new Error(JSON.stringify(answer));
  } finally {
    client.exec('ROLLBACK');
  }
}

function catchUp({ engine, lastSeq }: GrownEngine): void {
  const seen = new Set<string>();
  for (const { seq, deploymentId } of engine.audit.after(lastSeq - 50, 50)) {
    engine.moveCursor('bench', seq);
    if (deploymentId !== null && !seen.has(deploymentId)) engine.deployment(deploymentId);
    if (deploymentId !== null) seen.add(deploymentId);
  }
}

function home({ engine, core }: GrownEngine): void {
  homeView({ status: engine.status(), mine: [], formatter: nameFormatter(core.settings.people) });
}

async function takeDeliveries({ inbox }: GrownEngine): Promise<void> {
  const taken = Array.from({ length: 20 }, () => {
    deliveries += 1;
    const name = `bench ${process.pid} ${Date.now()} ${deliveries}`;
    return inbox.take({
      hook: 'github',
      delivery: name,
      content: name,
      kind: 'workflow_run',
      body: Buffer.alloc(2_000),
    });
  });
  const all = await Promise.all(taken);
  inbox.ignore(all.flatMap((each) => (each.kind === 'taken' ? [{ id: each.delivery.id, sentence: 'no rule' }] : [])));
}
