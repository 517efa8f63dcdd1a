// Authors are asked for a look: once each, while there is a canary, and their buttons reach the engine.

import type { DeploymentView, Engine, Person } from '@bg/engine';
import { beforeEach, describe, expect, test } from 'vitest';
import { checkBlocks } from '../../../../tools/simulator/validate/blocks.ts';
import { checkView } from '../../../../tools/simulator/validate/view.ts';
import { handleClick } from '../buttons/handle-click.ts';
import { lookCard } from '../cards/look-card.ts';
import type { Modal } from '../modals/inputs.ts';
import { submitStop } from '../modals/submissions.ts';
import type { BotContext } from '../slack/bot-context.ts';
import { everyView, view } from '../testing/views.ts';
import { askAuthors } from './looks.ts';

const person = (id: string, slack: string | undefined, email: string): Person => ({
  ...{ id, name: id, slack, email, codeHost: undefined, osUser: undefined },
});
const people = [person('alice', 'U0ALICE', 'alice@example.com'), person('carol', undefined, 'carol@example.com')];
const by = (email: string) => ({ name: 'A', email, login: undefined });

let put: string[];
let again: string[];
let said: unknown[];
let opened: Modal[];
let engine: Engine;
let bot: BotContext;
const canary = everyView.canary as DeploymentView;

beforeEach(() => {
  [put, again, said, opened] = [[], [], [], []];
  const authors = [by('alice@example.com'), by('alice@example.com'), by('carol@example.com'), by('eve@example.com')];
  engine = {
    settings: { people, targets: [] },
    builds: { ofVersion: () => ({ authors }) },
    outbox: {
      has: (key: string) => put.includes(key),
      put: ({ key }: { readonly key: string }) => put.push(key),
      again: (key: string) => again.push(key),
    },
    deployment: () => canary,
    quickLook: (...given: readonly unknown[]) => {
      said.push(given);
      return { ok: true, value: canary };
    },
  } as unknown as Engine;
  const slack = {
    openView: async (_trigger: string, modal: Modal) => {
      opened.push(modal);
      return { ok: true };
    },
  };
  const alice = { kind: 'person', id: 'alice', door: 'slack' };
  bot = { engine, slack, people: { actor: () => alice, decider: async () => alice } } as unknown as BotContext;
});

describe('the authors of a release', () => {
  test('are asked once each, where they are linked and Slack knows them', () => {
    askAuthors(engine, canary);
    askAuthors(engine, canary);
    expect(put).toEqual(['look:dep_7f3a:U0ALICE']);
    expect(again).toEqual(['look:dep_7f3a:U0ALICE']);
  });

  test('are not asked before it has users, when it is over, or for a rollback', () => {
    for (const none of [everyView.working, everyView.unwinding, everyView.promoted, everyView.failed])
      askAuthors(engine, none as DeploymentView);
    askAuthors(engine, view({ ...canary, mode: 'rollback' }));
    expect(put).toEqual([]);
  });

  test('see buttons while it is a canary, and none afterwards', () => {
    const open = lookCard(canary, 'C0DEPLOYS');
    expect(checkBlocks(open.blocks, 'message')).toMatchObject({ ok: true });
    expect(open.text).toContain('*10 % of the users have shop v2.1*');
    expect(JSON.stringify(open.blocks)).toContain('deploy.author-stop');
    const over = lookCard(everyView.failed as DeploymentView, undefined);
    expect(JSON.stringify(over.blocks)).not.toContain('deploy.author');
    expect(over.text).toContain('is no canary any more: failed');
  });
});

describe('what an author says', () => {
  const click = (action: string) =>
    handleClick(bot, { actionId: `deploy.${action}`, value: 'dep_7f3a:3', user: 'U0ALICE', triggerId: 't' });

  test('good is noted, whatever step it is in by now', async () => {
    expect(JSON.stringify(await click('author-good'))).toContain('It approves nothing');
    expect(said).toEqual([[{ id: 'dep_7f3a' }, expect.objectContaining({ id: 'alice' }), { says: 'good' }]]);
  });

  test('stop asks for words, and hands them on', async () => {
    expect(await click('author-stop')).toBeUndefined();
    expect(opened[0] && checkView(opened[0], 'modal')).toMatchObject({ ok: true });
    const values = { reason: { reason: { type: 'plain_text_input', value: 'prices are wrong' } } } as never;
    const metadata = opened[0]?.private_metadata ?? '';
    expect(await submitStop(bot, { user: 'U0ALICE', metadata, values })).toBeUndefined();
    expect(said).toEqual([
      [{ id: 'dep_7f3a' }, expect.objectContaining({ id: 'alice' }), { says: 'stop', words: 'prices are wrong' }],
    ]);
  });
});
