// An author's word about a canary: only authors have it, a stop keeps the share, and no approval comes of it.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addBuild } from '../../state/builds.ts';
import { readDeployment } from '../../state/deployments.ts';
import { intendRouting, readRouting } from '../../state/targets.ts';
import { aBuild } from '../../testing/a-build.ts';
import { alice, bob, ci, codeOf, eve, startTestEngine, type TestEngine } from './testing/test-engine.ts';

const key = { service: 'shop', target: 'production' };
const authors = [{ name: 'Bob', email: 'bob@acme.example', login: undefined }];

let testEngine: TestEngine;
let ref: { readonly id: string };
beforeEach(() => {
  testEngine = startTestEngine();
  testEngine.serving();
  testEngine.store.write((tx) => {
    addBuild(tx, { ...aBuild('v2.1'), authors });
    tx.audit({ actor: 'engine', action: 'resumed', sentence: 'laid out for a test' });
  });
  const { id } = testEngine.running('await-approval');
  ref = { id };
  share(10);
});
afterEach(() => testEngine.remove());

function share(percent: number): void {
  testEngine.store.write((tx) => {
    intendRouting(tx, key, {
      active: 'blue',
      canary: percent === 0 ? undefined : { slot: 'green', percent },
      preview: undefined,
    });
    tx.audit({ actor: 'engine', action: 'resumed', sentence: 'laid out for a test' });
  });
}

const look = (actor = bob, words?: string) =>
  testEngine.engine.quickLook(ref, actor, words === undefined ? { says: 'good' } : { says: 'stop', words });
const row = () => readDeployment(testEngine.store.db, ref.id);
const lastRows = () =>
  testEngine.engine.audit
    .after(0, 1_000)
    .filter(({ action }) => action.startsWith('author-') || action === 'paused')
    .map(({ action, actor, sentence }) => `${actor} ${action}: ${sentence}`);

describe('an author who looks', () => {
  it('and finds it good leaves a word in the log, and changes nothing', () => {
    const before = row();
    expect(look().ok).toBe(true);
    expect(lastRows()).toEqual(['person:bob author-good: bob, an author, finds v2.1 at 10 % good']);
    expect(row()).toEqual(before);
  });

  it('and stops it pauses it at its share, with the words', () => {
    expect(look(bob, ' prices are wrong ').ok).toBe(true);
    expect(row()).toMatchObject({ pausedBy: 'person:bob', direction: 'forward' });
    expect(readRouting(testEngine.store.db, key).intent.canary?.percent).toBe(10);
    expect(lastRows()).toEqual([
      'person:bob paused: bob pauses v2.1 at 10 % after a look',
      'person:bob author-stopped: bob, an author, stops v2.1 at 10 %: prices are wrong',
    ]);
  });

  it('may say why also where it is paused already, and must say why', () => {
    expect(codeOf(look(bob, '  '))).toBe('reason-missing');
    expect(row()?.pausedAt).toBeNull();
    testEngine.engine.pause(ref, alice);
    expect(look(bob, 'slow').ok).toBe(true);
    expect(row()?.pausedBy).toBe('person:alice');
  });
});

describe('refused, with a row in the log, is', () => {
  it.each([
    ['a person who did not contribute', alice, 'not-author'],
    ['a machine', ci, 'not-in-team'],
    ['a person outside the list', eve, 'not-in-team'],
  ] as const)('%s', (_, actor, code) => {
    const answer = look(actor as typeof bob, 'no');
    expect(answer.ok).toBe(false);
    expect(row()?.pausedAt).toBeNull();
    expect(lastRows()).toEqual([]);
    if (code === 'not-author') expect(codeOf(answer)).toBe(code);
  });

  it.each([0, 100])('a look while %i percent of the users have it', (percent) => {
    share(percent);
    expect(codeOf(look(bob, 'no'))).toBe('not-allowed-now');
  });

  it('an approval by an author who found it good', () => {
    expect(look().ok).toBe(true);
    expect(codeOf(testEngine.engine.approve(ref, bob))).toBe('four-eyes');
  });
});
