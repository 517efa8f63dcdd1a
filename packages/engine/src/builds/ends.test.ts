// Every build that a rule deploys comes to an end that people see: deployed, superseded by another, or refused because of
// something. One that waits is in the queue until then.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { readEvent } from '../domain/audit-events.ts';
import { buildAnnouncedIn } from '../domain/events/builds.ts';
import type { TestEngine } from '../orchestrator/verbs/testing/test-engine.ts';
import { putSnapshot, waitingKey } from '../state/snapshots.ts';
import { shop } from '../state/testing/state.ts';
import { buildBody, deliver, reported, setCi } from './testing/ci.ts';
import { endLive, look } from './testing/look.ts';

const everyBranch = '      - { host: generic, branch: "*", targets: { production: deploy } }\n';

let testEngine: TestEngine;
afterEach(() => testEngine.remove());

function busy(): void {
  testEngine = setCi(everyBranch);
  testEngine.serving();
  testEngine.running('watch');
}

/** With its files. */
function build(version: string, digit: number, branch = 'main') {
  const [target] = testEngine.settings.targets;
  mkdirSync(join(target?.releasesFolder ?? '', version), { recursive: true });
  return deliver(testEngine.engine, buildBody(version, digit, { branch }));
}
const queue = () => {
  const found = testEngine.engine.waiting({});
  if (!found.ok) throw new Error(found.refusal.sentence);
  return found.value.now;
};
const inOrder = () => queue().map(({ place, version }) => `${place} ${version}`);

/** What became of each build: `v2.1 superseded by v2.2`. */
const ends = () =>
  reported(testEngine.engine).flatMap(({ action, code, detail }) => {
    const by = detail.supersededBy === undefined ? '' : ` by ${String(detail.supersededBy)}`;
    if (action === 'build-not-deployed') return [`${String(detail.version)} ${code}${by}`];
    return action === 'deployment-requested' ? [`${String(detail.version)} deployed`] : [];
  });

describe('builds of several branches', () => {
  it('wait one behind the other, and only a newer one of the same branch takes the place of one', async () => {
    busy();
    await build('v2.0', 2);
    await build('hot-1', 3, 'hotfix');
    expect(inOrder()).toEqual(['1 v2.0', '2 hot-1']);
    await build('v2.1', 4);
    expect(inOrder()).toEqual(['1 hot-1', '2 v2.1']);
    expect(ends()).toEqual(['v2.0 superseded by v2.1']);
    expect(queue()[0]).toMatchObject({ build: 2, requestedBy: 'machine:generic', reason: 'newest build of hotfix' });
  });

  it('wait behind the requests of people', async () => {
    busy();
    await build('v2.0', 2);
    testEngine.store.write((tx) => {
      tx.db.$client
        .prepare(
          "INSERT INTO waiting (id, service, target, version, hold, redeploy, requested_by, requested_at, status) VALUES ('w_1', 'shop', 'production', 'v2.1', 0, 0, 'person:alice', 1, 'queued')",
        )
        .run();
      tx.audit({ actor: 'engine', action: 'resumed', sentence: 'arranged' });
    });
    expect(inOrder()).toEqual(['1 v2.1', '2 v2.0']);
    expect(testEngine.engine.target({})).toMatchObject({ value: { waiting: [{ place: 1 }, { place: 2, build: 1 }] } });
  });

  it('are at most twenty; the next branch is refused with a reason', async () => {
    busy();
    for (let at = 0; at < 21; at += 1) await build(`b${at}`, 2 + (at % 8), `branch-${at}`);
    expect(queue()).toHaveLength(20);
    expect(ends()).toEqual(['b20 queue-full']);
  });

  it('the one that a version before stored still waits', async () => {
    busy();
    await build('v2.0', 2);
    testEngine.store.note((db, now) => putSnapshot(db, waitingKey(shop), { build: 1 }, now));
    expect(inOrder()).toEqual(['1 v2.0']);
  });
});

it('every build ends once: deployed, superseded by another, or refused because of something', async () => {
  busy();
  await build('v2.0', 3);
  await build('old', 1);
  await deliver(testEngine.engine, buildBody('nowhere', 4));
  await build('hot-1', 4, 'hotfix');
  await build('v2.1', 5);
  await build('late', 6, 'feature');
  for (let round = 0; round < 6; round += 1) {
    endLive(testEngine, 'engine', 'failed');
    look(testEngine);
  }
  endLive(testEngine, 'engine', 'failed');
  expect(queue()).toEqual([]);
  const atOnce = reported(testEngine.engine).flatMap((row) => {
    const event = readEvent(row);
    const read = event?.action === 'build-announced' ? buildAnnouncedIn(event) : undefined;
    return (read?.reactions ?? []).flatMap(({ reaction, became, code }) =>
      reaction === 'deploy' && became === 'announced' ? [`${read?.version} ${code}`] : [],
    );
  });
  const all = [...atOnce, ...ends()];
  expect(all.toSorted()).toEqual(
    [
      'nowhere release-unknown',
      'old superseded by v2.0',
      'v2.0 superseded by v2.1',
      'hot-1 deployed',
      'v2.1 deployed',
      'late deployed',
    ].toSorted(),
  );
});
