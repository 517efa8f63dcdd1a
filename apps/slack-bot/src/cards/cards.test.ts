// Every card this app can draw, held against Slack's own limits, with friendly and with hostile contents.

import type { DeliveryRecord, DeploymentView } from '@bg/engine';
import { describe, expect, test } from 'vitest';
import { checkBlocks } from '../../../../tools/simulator/validate/blocks.ts';
import { checkView } from '../../../../tools/simulator/validate/view.ts';
import { announcedOf, build, reaction } from '../testing/builds.ts';
import { hostileTexts, poisoned } from '../testing/hostile.ts';
import { planView, targetView } from '../testing/target-views.ts';
import { everyView, noon, people, view } from '../testing/views.ts';
import { approvalDirectCard } from './approval-direct-card.ts';
import type { Card } from './blocks.ts';
import { type BuildShown, buildCard } from './build-card.ts';
import { buildAlertCard } from './build-lines.ts';
import { actionButtons } from './buttons.ts';
import { changesIn } from './changes.ts';
import { deliveryCard } from './delivery-card.ts';
import { deploymentCard } from './deployment-card.ts';
import { helpCard } from './help-card.ts';
import { historyCard } from './history-card.ts';
import { homeView } from './home-view.ts';
import { type IncidentFacts, incidentCard, incidentLine } from './incident-card.ts';
import { directCard, headCard, lineText, noteCard } from './lines.ts';
import { mentionFormatter, nameFormatter } from './people-formatter.ts';
import { planCard } from './plan-card.ts';
import { faultCard, refusalCard } from './refusal-card.ts';
import { statusCard, targetCard } from './status-card.ts';

const formatter = mentionFormatter(people);
const status = { at: noon, driver: 'bot@host', targets: [targetView()], warnings: ['disk is nearly full'] };
const line = { seq: 7, at: noon, actor: 'person:bob', sentence: 'approved at 10 %' };
const refusal = { code: 'four-eyes', sentence: 'You asked for it', hint: 'Ask bob: `/deploy approve`' } as const;

const others: Readonly<Record<string, (change: <T>(value: T) => T) => Card>> = {
  status: (change) => statusCard(change(status), formatter),
  'status of nothing': () => statusCard({ ...status, targets: [] }, formatter),
  'status of many': (change) =>
    statusCard(change({ ...status, targets: Array.from({ length: 80 }, () => targetView()) }), formatter),
  target: (change) => targetCard(change(targetView()), status, formatter),
  plan: (change) => planCard(change(planView)),
  history: (change) =>
    historyCard(change({ name: 'shop', deployments: Object.values(everyView), active: 'v2.1' }), formatter),
  'empty history': () => historyCard({ name: 'shop', deployments: [], active: undefined }, formatter),
  help: () => helpCard({ deploy: '/deploy', switch: '/switch', rollback: '/rollback', status: '/deploy-status' }),
  refusal: (change) => refusalCard(change(refusal)),
  fault: () => faultCard('abc'),
  note: (change) => noteCard(change({ ...line, name: 'shop', emoji: '💥' }), formatter),
  direct: (change) =>
    directCard(
      {
        view: change(everyView.failed as DeploymentView),
        about: change(line),
        address: 'https://example.slack.com/archives/C1/p1',
      },
      formatter,
    ),
  incident: (change) => incidentCard(change(incident), around, formatter),
  'incident that is over': (change) =>
    incidentCard(change({ ...incident, wellSince: noon, over: { how: 'stable', at: noon } }), around, formatter),
  'line of an incident': (change) =>
    incidentLine(change({ incident, sentence: 'users go back to v1.9', mention: true }), around.onCall, formatter),
  'live and in trouble': (change) =>
    deploymentCard(change(everyView.promoted as DeploymentView), formatter, { incident: change(incident) }),
  'to an approver': (change) =>
    approvalDirectCard(
      { view: change(everyView.approval as DeploymentView), id: 'dep_7f3a.5', address: 'https://example.slack.com/a' },
      formatter,
    ),
  'to an approver, decided': (change) =>
    approvalDirectCard(
      { view: change(everyView.promoted as DeploymentView), id: 'dep_7f3a.5', address: undefined },
      formatter,
    ),
  head: () => headCard({ seq: 12, hash: 'abc' }),
  'build, ready': (change) => buildCard(change(builtShown()), formatter),
  'build, older, for a pull request': (change) =>
    buildCard(
      change(builtShown({ newer: 'v2.2', facts: announcedOf(build({ pullRequest: 12 }), { older: true }) })),
      formatter,
    ),
  'build, on its way and ended elsewhere': (change) =>
    buildCard(
      change(
        builtShown({ sides: [side(everyView.canary), side(everyView.failed, 'eu'), side(everyView.promoted, 'us')] }),
      ),
      formatter,
    ),
  'build, for targets that are gone': (change) => buildCard(change(builtShown({ sides: [] })), formatter),
  'build, for many targets': (change) =>
    buildCard(
      change(builtShown({ sides: Array.from({ length: 60 }, (_, index) => side(undefined, `t${index}`)) })),
      formatter,
    ),
  'broken build': (change) => buildAlertCard(change({ ...announcements, action: 'build-failed' }), formatter),
  'build conflict': (change) => buildAlertCard(change({ ...announcements, action: 'build-conflict' }), formatter),
  'parked delivery': (change) => deliveryCard(change(delivery)),
  'delivery on its way again': (change) => deliveryCard({ ...change(delivery), state: 'waiting' }),
  'deployment with changes': (change) =>
    deploymentCard(
      change(view({ change: { bytes: 1234, files: 1, bytesBefore: 5_600_000, filesBefore: 12 }, notes: 'New prices' })),
      formatter,
      { changes: changesShown(change) },
    ),
};

const incident: IncidentFacts = {
  ...{ service: 'shop', target: 'production', name: 'shop', channel: '#deploys', slot: 'blue', version: 'v2.0' },
  ...{ isLive: true, firstSeq: 7, lastSeq: 19, firstAt: noon, lastAt: noon + 240_000, crashes: 4, restarts: 4 },
  ...{ sentence: 'v2.0 in blue (active) crashed (exit code 1)', acted: 'users go back', wellSince: undefined },
  over: undefined,
};
const around = { target: targetView(), deployment: everyView.promoted, onCall: ['bob', 'group:S0APPROVERS'] };

function changesShown(change: <T>(value: T) => T) {
  const builds = Array.from({ length: 9 }, (_, index) => build({ id: 9 - index, version: `v2.${9 - index}` }));
  const changes = changesIn(builds, { from: 'v2.1', to: 'v2.9' });
  return changes && { ...change(changes), names: nameFormatter(people) };
}

function side(last: DeploymentView | undefined, target = 'production'): BuildShown['sides'][number] {
  const settings = { canary: [{ percent: 10, watchMs: 1, approval: true }], approval: { beforeTraffic: true } };
  return { reaction: reaction({ target }), settings: settings as never, live: 'v2.0', last };
}

function builtShown(changes: Partial<BuildShown> = {}): BuildShown {
  return {
    service: 'shop',
    facts: announcedOf(build()),
    host: 'github',
    at: noon,
    sides: [side(undefined)],
    newer: undefined,
    isFoundSince: false,
    cardOf: () => 'https://example.slack.com/archives/C1/p1',
    ...changes,
  };
}

const announcements = {
  service: 'shop',
  sentence: 'the build of v2.1 failed',
  facts: announcedOf(build()),
  host: 'github',
  approvers: ['bob', 'group:S0APPROVERS'],
};

const delivery: DeliveryRecord = {
  ...{ id: 7, hook: 'github', delivery: 'abc', content: 'c', kind: 'workflow_run', receivedAt: noon, attempts: 1 },
  ...{ state: 'parked', bytes: 900, nextAt: noon, settledAt: noon, sentence: 'no rule knows this', answer: undefined },
};

const same = <T>(value: T): T => value;

function drawAll(change: <T>(value: T) => T): ReadonlyMap<string, Card> {
  const cards = new Map<string, Card>();
  for (const [name, one] of Object.entries(everyView))
    cards.set(`deployment, ${name}`, deploymentCard(change(one), formatter));
  for (const [name, draw] of Object.entries(others)) cards.set(name, draw(change));
  return cards;
}

const buttonsOf = (card: Card) =>
  card.blocks
    .flatMap((block) => (block.type === 'actions' ? block.elements : []))
    .filter(({ type }) => type === 'button');

describe('every card', () => {
  for (const [name, card] of drawAll(same))
    test(`${name} is valid Block Kit and says its state in words`, () => {
      expect(checkBlocks(card.blocks, 'message')).toMatchObject({ ok: true });
      expect(card.text.length).toBeGreaterThan(10);
      expect(JSON.stringify(card)).not.toMatch(/undefined|\[object|NaN/);
      expect(JSON.stringify(card.blocks).length).toBeLessThan(12_000);
    });

  for (const [kind, text] of Object.entries(hostileTexts))
    test(`stays whole and inert with hostile text: ${kind}`, () => {
      for (const [name, card] of drawAll((value) => poisoned(value, text))) {
        expect(checkBlocks(card.blocks, 'message'), name).toMatchObject({ ok: true });
        expect(card.text.length, name).toBeLessThanOrEqual(4000);
        // Slack interprets nothing in the address of a link, nor in a code span.
        const drawn = JSON.stringify(card).replaceAll(/<[^<>|]*\||`[^`]*`/g, '');
        expect(JSON.stringify(card), name).not.toContain('<https://evil');
        for (const live of [
          '<!channel',
          '<!here',
          '<script',
          '<!subteam^S1',
          '\\u001b',
          '\u202e',
          '\\u0000',
          '*approved*',
          '~nobody~',
          ':white_check_mark:',
          ':100:',
          '@here',
          '\u200b',
        ])
          expect(drawn, name).not.toContain(live);
      }
    });
});

describe('a deployment card', () => {
  test('shows who wrote what since the live version, with links and sizes, and mentions no person for it', () => {
    const drawn = JSON.stringify(others['deployment with changes']?.(same).blocks);
    expect(drawn).toContain('*Changes* since `v2.1` · <https://github.com/acme/shop/compare/');
    expect(drawn).toContain('… and 3 more commits that CI announced');
    expect(drawn).toContain('1 file, 1.2 kB; `v2.0` has 12, 5.6 MB');
    expect(drawn).toContain('New prices 9 · Alice Moreau');
    expect(drawn).toContain('🗒️ New prices');
    expect(drawn).not.toContain('from <https://code.example.com');
  });

  test('offers exactly the legal actions and the timeline of what has ended, one primary at most, and asks before dangerous ones', () => {
    for (const [name, one] of Object.entries(everyView)) {
      const buttons = buttonsOf(deploymentCard(one, formatter)) as readonly {
        action_id: string;
        style?: string;
        confirm?: { text: { text: string } };
      }[];
      expect(
        buttons.map((button) => button.action_id),
        name,
      ).toEqual([
        ...one.actions.map((action) => `deploy.${action.name}`),
        ...(one.outcome === undefined ? [] : [`deploy.timeline:${one.id}`]),
      ]);
      expect(buttons.filter(({ style }) => style === 'primary').length, name).toBeLessThanOrEqual(1);
      for (const [index, action] of one.actions.entries()) {
        if (!action.danger || action.name === 'reject') continue;
        const isBesideReject = action.name === 'abort' && one.actions.some((other) => other.name === 'reject');
        expect(buttons[index]?.style, name).toBe(isBesideReject ? undefined : 'danger');
        expect(buttons[index]?.confirm?.text.text, name).toBe(action.effect);
      }
    }
  });

  test('carries the deployment and the state it was drawn for in every button', () => {
    const values = buttonsOf(deploymentCard(everyView.approval as DeploymentView, formatter)).map(
      (button) => 'value' in button && button.value,
    );
    expect(new Set(values)).toEqual(new Set(['dep_7f3a:12']));
    const restore = buttonsOf(deploymentCard(everyView.failed as DeploymentView, formatter))[0];
    expect(restore).toMatchObject({ value: 'shop/production:dep_7f3a' });
  });

  test('gets new block ids with every state and every observation', () => {
    const ids = (one: DeploymentView) =>
      deploymentCard(one, formatter)
        .blocks.map((block) => block.block_id)
        .filter(Boolean);
    const first = ids(view());
    expect(ids(view())).toEqual(first);
    for (const changed of [view({ stateVersion: 13 }), view({ observation: everyView.canary?.observation })])
      expect(ids(changed).some((id) => first.includes(id))).toBe(false);
  });

  test('shows both sides next to each other, and the whole state in one sentence', () => {
    const card = deploymentCard(everyView.canary as DeploymentView, formatter);
    const drawn = JSON.stringify(card.blocks);
    expect(drawn).toContain('2 (0.17 %) errors');
    expect(drawn).toContain('11 (0.10 %) errors');
    expect(drawn).toContain('`██░░░░░░░░░░░░░░░░░░` 10 %');
    expect(card.text).toBe(
      'shop v2.1: canary 10 %. 1\u202f204 requests, 0.17 % errors against 0.10 % on v2.0, verdict Successful.',
    );
  });

  test('mentions people by their Slack id, and escapes the names of those who have none', () => {
    const drawn = JSON.stringify(deploymentCard(everyView.approval as DeploymentView, formatter).blocks);
    expect(drawn).toContain('from <@U0BOB> or *Carol &amp; &lt;Co&gt;* or <!subteam^S0APPROVERS>');
    expect(drawn).toContain('Requested by <@U0ALICE>, who cannot approve.');
  });

  test('proposes to skip what is watched nowhere, and to go on where it waits', () => {
    const watched = { ...(everyView.canary as DeploymentView), paused: undefined };
    const promote = { name: 'promote', effect: '', danger: false } as const;
    const styleOf = (view: DeploymentView) => actionButtons(view, [promote])[0]?.style;
    expect(styleOf(watched)).toBeUndefined();
    expect(styleOf({ ...watched, observation: undefined })).toBe('primary');
  });

  test('says which group an approval still waits for', () => {
    const waiting = everyView.approval as DeploymentView;
    if (waiting.approval === undefined) throw new Error('this view waits for approval');
    const approval = { ...waiting.approval, needed: 2, given: ['bob'], missing: '1 more, of dba' };
    const card = deploymentCard({ ...waiting, approval }, formatter);
    expect(JSON.stringify(card.blocks)).toContain('*Needs 1 more, of dba* from ');
    expect(card.text).toContain('Needs 1 more, of dba.');
  });
});

test('a refusal names the sentence, the way on, the rule, and that nothing was changed', () => {
  const drawn = JSON.stringify(refusalCard(refusal));
  expect(drawn).toContain('⛔ *You asked for it.*\\nAsk bob: `/deploy approve`');
  expect(drawn).toContain('Rule: `four-eyes` · Nothing was changed.');
});

test('a thread line is person and sentence; Slack shows the time', () => {
  expect(lineText(line, formatter)).toBe('<@U0BOB>: approved at 10 %');
  expect(lineText({ ...line, sentence: 'bob approves v2.1' }, formatter)).toBe('<@U0BOB> approves v2.1');
  expect(lineText({ ...line, actor: 'engine', sentence: 'watch: all good' }, formatter)).toBe('watch: all good');
  const hash = 'a1'.repeat(32);
  expect(lineText({ ...line, seq: 412, head: hash }, formatter)).toContain(`\n🧷 audit head \`412:${hash}\``);
});

test('the Home tab is valid with nothing, with much, and with hostile text', () => {
  const mine = Array.from({ length: 30 }, () => everyView.approval as DeploymentView);
  const targets = Array.from({ length: 40 }, () => targetView());
  for (const facts of [
    { status: { ...status, targets: [] }, mine: [], formatter },
    { status: { ...status, targets }, mine: mine.map((one, index) => ({ ...one, id: `d${index}` })), formatter },
  ]) {
    expect(checkView(homeView(facts), 'home')).toMatchObject({ ok: true });
    for (const text of Object.values(hostileTexts))
      expect(
        checkView(homeView({ ...poisoned({ ...facts, formatter: undefined }, text), formatter }), 'home'),
      ).toMatchObject({
        ok: true,
      });
  }
});

test('a card links to the web page where people reach it, and nowhere else', () => {
  const deployment = everyView.approval as DeploymentView;
  const address = `https://deploy.example.com/deployments/${deployment.id}`;
  const drawn = JSON.stringify(deploymentCard(deployment, formatter, { webUrl: 'https://deploy.example.com' }));
  expect(drawn).toContain(`<${address}|web page>`);
  expect(JSON.stringify(deploymentCard(deployment, formatter))).not.toContain('web page');
});
