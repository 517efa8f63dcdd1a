import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Inbox, NewDelivery } from '../domain/inbox.ts';
import { auditAfter } from './audit.ts';
import { verifyAudit } from './audit-verification.ts';
import { createInbox, deliverAgain } from './inbox.ts';
import { inboxLimits } from './inbox-taking.ts';
import { movableClock, setState, type TestState } from './testing/state.ts';

const clock = movableClock();
let state: TestState;
let inbox: Inbox;

beforeEach(() => {
  state = setState({ clock });
  inbox = createInbox(state.store);
});
afterEach(() => state.remove());

const delivery = (name: string, more: Partial<NewDelivery> = {}): NewDelivery => ({
  hook: 'github',
  delivery: name,
  content: `content of ${name}`,
  kind: 'workflow_run',
  body: Buffer.from(`{"name":"${name}"}`),
  ...more,
});
const facts = () => auditAfter(state.store.db, 0, 100).map(({ action }) => action);
const replayed = (id: number) => ({ id, hook: 'github', kind: 'workflow_run', delivery: 'a' });
const takenId = async (name: string) => {
  const taken = await inbox.take(delivery(name));
  return taken.kind === 'full' ? 0 : taken.delivery.id;
};

describe('the inbox', () => {
  it('keeps a delivery with its bytes as they came', async () => {
    const body = Buffer.from([0, 255, 10, 123]);
    const taken = await inbox.take(delivery('a', { body }));
    expect(taken).toMatchObject({ kind: 'taken', delivery: { id: 1, state: 'waiting', attempts: 0 } });
    expect(inbox.body(1)).toEqual(body);
    expect(inbox.show(1)).toMatchObject({ bytes: 4 });
    expect(inbox.due(10).map(({ id }) => id)).toEqual([1]);
  });

  it('takes a delivery once, however many arrive at once, by its id and by what was signed', async () => {
    const sent = [
      ...Array.from({ length: 50 }, () => delivery('a')),
      ...Array.from({ length: 50 }, (_, index) => delivery(`other id ${index}`, { content: 'content of a' })),
      ...Array.from({ length: 50 }, (_, index) => delivery('a', { content: `other content ${index}` })),
    ];
    const taken = await Promise.all(sent.map((each) => inbox.take(each)));
    expect(taken.filter(({ kind }) => kind === 'taken')).toHaveLength(1);
    expect(taken.filter(({ kind }) => kind === 'known')).toHaveLength(149);
    expect(inbox.waiting()).toBe(1);
  });

  it('distinguishes hooks', async () => {
    await inbox.take(delivery('a'));
    expect(await inbox.take(delivery('a', { hook: 'gitlab' }))).toMatchObject({ kind: 'taken' });
  });

  it('accepts no more than its limit, reports that it is full, and accepts again when there is room', async () => {
    inbox = createInbox(state.store, { ...inboxLimits, waiting: 100 });
    const sent = Array.from({ length: 150 }, (_, index) => inbox.take(delivery(String(index))));
    const taken = await Promise.all(sent);
    expect(taken.filter(({ kind }) => kind === 'taken')).toHaveLength(100);
    expect(taken.filter(({ kind }) => kind === 'full')).toHaveLength(50);
    expect(await inbox.take(delivery('1'))).toMatchObject({ kind: 'known' });
    inbox.settle(1, { state: 'ignored', sentence: 'no rule' });
    clock.advance(1_000);
    expect(await inbox.take(delivery('101'))).toMatchObject({ kind: 'taken' });
  });

  it('settles once, and answers a repeated delivery with what became of the first', async () => {
    const id = await takenId('a');
    inbox.settle(id, { state: 'done', sentence: 'deployed', answer: { status: 202 } });
    inbox.settle(id, { state: 'parked', sentence: 'too late' });
    expect(await inbox.take(delivery('a'))).toMatchObject({
      kind: 'known',
      delivery: { state: 'done', sentence: 'deployed', answer: { status: 202 } },
    });
    expect(inbox.due(10)).toEqual([]);
    expect(facts()).toEqual(['delivery-done']);
  });

  it('writes parked deliveries to the audit log, but not ignored ones', async () => {
    inbox.settle(await takenId('a'), { state: 'ignored', sentence: 'no rule wants it' });
    inbox.settle(await takenId('b'), { state: 'parked', sentence: 'there is no service "shp"' });
    expect(facts()).toEqual(['delivery-parked']);
    expect(verifyAudit(state.store.db)).toMatchObject({ intact: true, rows: 1 });
  });

  it('writes to the audit log when a parked delivery is ignored after a replay', async () => {
    const id = await takenId('a');
    inbox.settle(id, { state: 'parked', sentence: 'there is no service "shp"' });
    state.store.write((tx) => {
      deliverAgain(tx, id);
      tx.audit({ actor: 'person:alice', action: 'delivery-replayed', sentence: 'again', detail: replayed(id) });
    });
    inbox.settle(id, { state: 'ignored', sentence: 'no rule wants it' });
    expect(facts()).toEqual(['delivery-parked', 'delivery-replayed', 'delivery-ignored']);
  });

  it('waits before it tries again, and says why', async () => {
    const id = await takenId('a');
    inbox.retry(id, 60_000, 'the engine was busy');
    expect(inbox.due(10)).toEqual([]);
    expect(inbox.show(id)).toMatchObject({ attempts: 1, sentence: 'the engine was busy', state: 'waiting' });
    clock.advance(60_001);
    expect(inbox.due(10)).toHaveLength(1);
  });

  it('handles a settled delivery again on request', async () => {
    const id = await takenId('a');
    inbox.settle(id, { state: 'parked', sentence: 'no' });
    state.store.write((tx) => {
      deliverAgain(tx, id);
      tx.audit({ actor: 'person:alice', action: 'delivery-replayed', sentence: 'again', detail: replayed(id) });
    });
    expect(inbox.due(10)).toMatchObject([{ id, attempts: 0, state: 'waiting' }]);
    inbox.settle(id, { state: 'done', sentence: 'yes' });
    expect(inbox.list({ state: 'done', limit: 5 })).toHaveLength(1);
  });

  it('forgets settled deliveries after a month, and none that waits', async () => {
    inbox.settle(await takenId('old'), { state: 'done', sentence: 'yes' });
    const waiting = await takenId('waiting');
    clock.advance(31 * 86_400_000);
    await Promise.all(Array.from({ length: 600 }, (_, index) => inbox.take(delivery(`new ${index}`))));
    await inbox.take(delivery('last'));
    expect(inbox.show(1)).toBeUndefined();
    expect(inbox.show(waiting)).toMatchObject({ state: 'waiting' });
  });
});
