// What is written around a deployment: the build that announced it, its message, and what came and went meanwhile.

import { createHash } from 'node:crypto';
import type { Row } from './growth-template.ts';

export const hex = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The live release is the last. */
export const versionAt = (index: number): string => `v${index}.0`;

/** What else is written in the time of one deployment: builds, releases that come and go, and what was refused. */
export function aside(index: number, number: number) {
  const version = versionAt(index);
  const common = { actor: 'engine', service: 'shop', target: null, deploymentId: null, code: null };
  const trash = `.pruned-${hex(version).slice(0, 8)}-${versionAt(index - 9)}`;
  const first = [
    {
      ...common,
      action: 'release-fetched',
      sentence: `fetched ${version}`,
      detail: JSON.stringify({
        version,
        source: 'https://ci.example.com',
        bytes: 1_000,
        files: 9,
        sha256: hex(version),
        digest: hex(version),
      }),
    },
    {
      ...common,
      action: 'release-pruned',
      sentence: `the files of shop ${versionAt(index - 9)} are removed from the disk: nothing keeps them`,
      detail: JSON.stringify({ version: versionAt(index - 9), bytes: 1_000, aside: trash }),
    },
  ];
  const refused = Array.from({ length: Math.max(0, number - first.length) }, (_, each) => ({
    ...common,
    actor: each % 2 === 0 ? 'person:alice' : 'machine:ci',
    target: 'production',
    action: 'refused',
    code: 'locked',
    sentence: `production is locked by carol until the end of the week: the database is being moved (${each})`,
    detail: JSON.stringify({ verb: 'deploy', version }),
  }));
  return [...first, ...refused].slice(0, number);
}

/** Messages and deliveries are removed by the engine itself after 90 and 30 days. */
export function aBuild(put: (table: string, row: Row) => void, index: number, at: number): void {
  const isRecent = (days: number): boolean => at > Date.now() - days * 86_400_000;
  const [version, repository, branch, run] = [versionAt(index), 'acme/shop', 'main', `${index}/1`];
  const commit = hex(version).slice(0, 40);
  const facts = { service: 'shop', version, conclusion: 'succeeded', host: 'github', repository, branch, run, commit };
  put('builds', {
    service: 'shop',
    version,
    conclusion: 'succeeded',
    host: 'github',
    repository,
    branch,
    run,
    facts: JSON.stringify({ ...facts, committedAt: at, authors: [{ name: 'Alice Adams' }] }),
    announced_at: at,
  });
  if (isRecent(90))
    put('outbox', {
      key: `card:${hex(`card ${index}`).slice(0, 12)}`,
      transport: 'slack',
      kind: 'card',
      payload: JSON.stringify({ deploymentId: version }),
      version: 9,
      sent_version: 9,
      final: 1,
      created_at: at,
      next_at: at,
      reference: JSON.stringify({ channel: 'C0DEPLOYS', ts: `${at / 1_000}` }),
    });
  if (isRecent(30))
    put('inbox', {
      hook: 'github',
      delivery: hex(`delivery ${index}`).slice(0, 36),
      content: hex(`content ${index}`),
      kind: 'workflow_run',
      received_at: at,
      state: index % 5 === 0 ? 'done' : 'ignored',
      next_at: at,
      settled_at: at,
      sentence: 'no rule is for it',
      bytes: 12_000,
      has_body: 0,
    });
}
