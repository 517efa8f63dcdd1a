// Where a release comes from, when it says nothing itself: as CI announced it.

import { afterEach, expect, it } from 'vitest';
import { announcedOrigin } from '../orchestrator/plan/origin.ts';
import type { TestEngine } from '../orchestrator/verbs/testing/test-engine.ts';
import { announceAll, buildBody, commitOf, deliver, setCi } from './testing/ci.ts';

let testEngine: TestEngine;
afterEach(() => testEngine.remove());

it('a release without release.json comes from the commit that was announced with it', async () => {
  testEngine = setCi(announceAll);
  const { engine, store } = testEngine;
  await deliver(engine, buildBody('v2.1', 1, { subject: 'Empty baskets', url: 'https://ci.example/7' }));
  expect(announcedOrigin(store.db, { service: 'shop', version: 'v2.1' })).toEqual({
    commit: commitOf(1),
    author: 'Alice Adams',
    subject: 'Empty baskets',
    url: 'https://ci.example/7',
  });
  await deliver(engine, buildBody('v2.2', 2, { commit: undefined }));
  for (const version of ['v2.2', 'v9']) expect(announcedOrigin(store.db, { service: 'shop', version })).toBeUndefined();
});
