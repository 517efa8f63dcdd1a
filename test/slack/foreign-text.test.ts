// External text at every exit to people: one table of texts, one of exits. A text must not add a second line, an escape
// sequence, a mark that is interpreted there, or a character that is not seen.

import { type AuditRow, inertText } from '@bg/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deploymentLines } from '../../apps/cli/src/show/deployment.ts';
import { createPaint } from '../../apps/cli/src/show/paint.ts';
import { jsonLine, plain, plainDeep } from '../../apps/cli/src/show/plain.ts';
import { deploymentCard } from '../../apps/slack-bot/src/cards/deployment-card.ts';
import { noteCard } from '../../apps/slack-bot/src/cards/lines.ts';
import { mentionFormatter, nameFormatter } from '../../apps/slack-bot/src/cards/people-formatter.ts';
import { refusalCard } from '../../apps/slack-bot/src/cards/refusal-card.ts';
import { view } from '../../apps/slack-bot/src/testing/views.ts';
import type { GithubSettings } from '../../packages/engine/src/config/statuses/statuses.ts';
import { drawMail } from '../../packages/engine/src/notify/mail/draw.ts';
import { factOf } from '../../packages/engine/src/notify/mail/facts.ts';
import { readTemplates } from '../../packages/engine/src/notify/mail/templates.ts';
import type { PagePayload } from '../../packages/engine/src/notify/pages/payload.ts';
import { pageRequest } from '../../packages/engine/src/notify/pages/requests.ts';
import { githubFacts } from '../../packages/engine/src/notify/statuses/github-facts.ts';
import { announce } from '../../packages/engine/src/notify/statuses/testing/scene.ts';
import { eventually, type Newsroom, openNewsroom } from '../../packages/engine/src/notify/testing/news.ts';

/** What each tries, and what of it must not be left. */
const attacks: readonly (readonly [name: string, text: string, obeyed: RegExp])[] = [
  ['emphasis', 'fine *approved by bob* now', /\*approved/],
  ['emphasis of other kinds', 'fine _approved_ ~denied~', /_approved_|~denied~/],
  ['a code of an emoji', 'fine :white_check_mark: and :100:', /:white_check_mark:|:100:/],
  ['a call to everyone', 'fine @here <!channel> <!subteam^S1|x>', /@here|<!channel>|<!subteam/],
  ['a code span', 'fine `rm -rf` ```x```', /`rm|```/],
  ['a link of Slack', 'fine <https://evil.example|Approve>', /<https:\/\/evil\.example\|/],
  ['a link of Markdown', 'fine [Approve](https://evil.example)', /\[Approve\]\(/],
  ['a second line', 'fine\n✅ approved by bob\r\nBcc: eve@evil.example\u2028x', /[\r\n\u2028]✅|[\r\n\u2028]Bcc/],
  ['an escape sequence', 'fine \u001b[2J\u001b]0;owned\u0007\u009b2J', /(?!\n)\p{Cc}/u],
  ['a mark of direction', 'fine \u202egnp.exe \u2066a\u2069 \u061cb', /[\u202a-\u202e\u2066-\u2069\u061c]/],
  ['characters of zero width', 'fi\u200bne v\u200d2\u2060.\ufeff1\u00ad', /[\u200b-\u200d\u2060\ufeff\u00ad]/],
  ['tags and fillers', 'fine \u{e0041}\u{e0042}\u3164\u115f', /[\u{e0041}\u{e0042}\u3164\u115f]/u],
  ['a tower of accents', `fine a${'\u0301'.repeat(60)}`, /\u0301{4}/],
  ['a quotation', '> fine, said bob', /^(>|&gt;) fine/m],
];

const now = Date.UTC(2026, 2, 7);
let room: Newsroom;
let news = 0;
beforeAll(() => {
  room = openNewsroom({
    notify: `{ pages: [{ name: on-call, driver: pagerduty, url: "http://127.0.0.1:1/", secret: "\${PAGER}" }] }`,
    environment: { PAGER: 'integration-key-0123456789' },
  });
  announce(room.store, 'v2.1');
  room.notify();
});
afterAll(() => room.close());

/** The row of a deployment that halts with this text as its cause and its reason. */
function halted(text: string): AuditRow {
  news += 1;
  room.ends({ id: `d${news}`, outcome: 'halted', sentence: text, reason: text });
  const row = room.engine.audit.after(0, 10_000).findLast(({ action }) => action === 'deployment-finished');
  if (row === undefined) throw new Error('nothing has happened');
  return row;
}

interface Exit {
  readonly name: string;
  /** Programs there interpret marks in a text. */
  readonly marks: boolean;
  readonly draw: (text: string) => string | Promise<string>;
}

const exits: readonly Exit[] = [
  {
    name: 'a note in Slack',
    marks: true,
    draw: (text) => wordsOf(noteCard({ ...noteOf(text), name: text }, nameFormatter([]))),
  },
  {
    name: 'a refusal in Slack',
    marks: true,
    draw: (text) => wordsOf(refusalCard({ code: 'four-eyes', sentence: text, hint: '' })),
  },
  {
    name: 'a card in Slack',
    marks: true,
    draw: (text) =>
      wordsOf(deploymentCard(view({ reason: text, notes: text, warnings: [text] }), mentionFormatter([]))),
  },
  ...(['subject', 'text', 'html'] as const).map((part) => ({
    name: `the ${part} of a mail`,
    marks: true,
    draw: (text: string) => mailOf(text)[part],
  })),
  { name: 'a page', marks: true, draw: pageOf },
  { name: 'a status at the code host', marks: true, draw: statusOf },
  {
    name: 'the shell',
    marks: false,
    draw: (text) =>
      deploymentLines(plainDeep(view({ reason: text, warnings: [text] })), { now, paint: createPaint(false) }).join(
        '|',
      ),
  },
  { name: 'a line of the log in the shell', marks: false, draw: plain },
  { name: 'JSON in the shell', marks: false, draw: (text) => jsonLine({ text }).trimEnd() },
];

const noteOf = (sentence: string) => ({ seq: 7, at: now, actor: 'person:bob', sentence, emoji: '💥' });

/** Every text inside, each on a separate line. */
function wordsOf(value: unknown): string {
  if (typeof value === 'string') return `${value}\n`;
  if (typeof value !== 'object' || value === null) return '';
  return Object.values(value).map(wordsOf).join('');
}

function mailOf(text: string) {
  const detail = { repository: text, branch: text, subject: text, authors: [{ name: text }] };
  const row = { ...halted(text), action: 'build-failed', detail, target: null };
  const fact = factOf(row, { view: undefined, place: 'shop', nameOf: (name) => name });
  return drawMail(readTemplates(undefined), { facts: fact ? [fact] : [], more: 0, roles: ['authors'] }, () => []);
}

async function pageOf(text: string): Promise<string> {
  const { deploymentId } = halted(text);
  const waiting = room.store.db.$client.prepare('SELECT payload FROM outbox WHERE transport = ?');
  const pages = () =>
    (waiting.all('page:on-call') as { payload: string }[]).map((row) => JSON.parse(row.payload) as PagePayload);
  const mine = () => pages().find((page) => page.deploymentId === deploymentId);
  await eventually(() => mine() !== undefined);
  const { body } = pageRequest('pagerduty', { payload: mine() as PagePayload, link: undefined, secret: 'x', now });
  return wordsOf(JSON.parse(body).payload);
}

function statusOf(text: string): string {
  const settings = { repositories: [{ service: 'shop', repository: 'acme/shop' }] } as unknown as GithubSettings;
  return githubFacts(room.store.db, settings, halted(text))
    .map(({ description }) => description)
    .join('');
}

describe.each(exits)('$name', ({ marks, draw }) => {
  it.each(attacks)('shows a text with %s as text', async (name, text, obeyed) => {
    const shown = await draw(text);
    expect(shown).toMatch(/fine|fi\\u200bne/);
    if (marks || unseen.has(name)) expect(shown).not.toMatch(obeyed);
  });
});

/** Nothing interprets marks in a shell; what is not seen is not shown there either. */
const unseen = new Set([
  'a second line',
  'an escape sequence',
  'a mark of direction',
  'characters of zero width',
  'tags and fillers',
]);

it('leaves names, times, paths and letters of every script as they are', () => {
  for (const text of [
    'feature/new_prices_v2',
    'at 14:05:03 UTC',
    'naïve приве́т 日本 👍',
    'a < b > c',
    'bob@example.com',
    '-5 % #12',
  ])
    expect(inertText(text)).toBe(text);
});

it('costs no more than its length', () => {
  for (const piece of ['_', '*', ':a', '\u0301', ' ', '@here', '[x](', '>', 'a_', '\u200b']) {
    const text = `a${piece.repeat(200_000)}b`;
    const before = performance.now();
    inertText(text);
    expect(performance.now() - before, piece).toBeLessThan(5_000);
  }
});
