// Block Kit's limits, as the Web API enforces them: a complaint with a JSON pointer for each.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Simulator } from './index.ts';
import { callApi, startWorkspace } from './testing/workspace.ts';

let simulator: Simulator;

beforeEach(async () => {
  simulator = await startWorkspace();
});

afterEach(() => simulator.close());

const plain = (text: string) => ({ type: 'plain_text', text });
const header = (text: string) => ({ type: 'header', text: plain(text) });
const post = (args: object) => callApi(simulator, 'chat.postMessage', { channel: 'C0DEPLOYS', ...args });

describe('blocks', () => {
  const button = (more: object) => ({ type: 'button', text: plain('Go'), ...more });
  const cases: readonly (readonly [string, unknown, string])[] = [
    [
      'a header over 150 characters',
      [header('x'.repeat(151))],
      'must be less than 151 characters [json-pointer:/blocks/0/text/text]',
    ],
    [
      'a header in mrkdwn',
      [{ type: 'header', text: { type: 'mrkdwn', text: 'x' } }],
      'must be one of plain_text [json-pointer:/blocks/0/text/type]',
    ],
    [
      'a section over 3000',
      [{ type: 'section', text: { type: 'mrkdwn', text: 'x'.repeat(3001) } }],
      'less than 3001 characters [json-pointer:/blocks/0/text/text]',
    ],
    [
      'eleven fields',
      [{ type: 'section', fields: Array(11).fill(plain('x')) }],
      'no more than 10 items allowed [json-pointer:/blocks/0/fields]',
    ],
    ['fifty-one blocks', Array(51).fill({ type: 'divider' }), 'no more than 50 items allowed [json-pointer:/blocks]'],
    [
      'eleven context parts',
      [{ type: 'context', elements: Array(11).fill(plain('x')) }],
      'no more than 10 items allowed [json-pointer:/blocks/0/elements]',
    ],
    [
      'a long button text',
      [{ type: 'actions', elements: [button({ text: plain('x'.repeat(76)) })] }],
      'less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]',
    ],
    [
      'a long button value',
      [{ type: 'actions', elements: [button({ value: 'x'.repeat(2001) })] }],
      'less than 2001 characters [json-pointer:/blocks/0/elements/0/value]',
    ],
    [
      'twenty-six elements',
      [{ type: 'actions', elements: Array.from({ length: 26 }, (_, index) => button({ action_id: `a${index}` })) }],
      'no more than 25 items allowed',
    ],
    [
      'one action_id twice',
      [{ type: 'actions', elements: [button({ action_id: 'a' }), button({ action_id: 'a' })] }],
      'action_id `a` already exists [json-pointer:/blocks/0/elements/1/action_id]',
    ],
    [
      'one block_id twice',
      [
        { type: 'divider', block_id: 'b' },
        { type: 'divider', block_id: 'b' },
      ],
      'block_id `b` already exists',
    ],
    [
      'six overflow options',
      [
        {
          type: 'actions',
          elements: [
            {
              type: 'overflow',
              options: Array.from({ length: 6 }, (_, index) => ({ text: plain('x'), value: `${index}` })),
            },
          ],
        },
      ],
      'no more than 5 items allowed',
    ],
    [
      'a long confirm text',
      [
        {
          type: 'actions',
          elements: [
            button({
              confirm: { title: plain('t'), text: plain('x'.repeat(301)), confirm: plain('y'), deny: plain('n') },
            }),
          ],
        },
      ],
      'less than 301 characters [json-pointer:/blocks/0/elements/0/confirm/text/text]',
    ],
    [
      'an unknown style',
      [{ type: 'actions', elements: [button({ style: 'green' })] }],
      'must be one of primary, danger [json-pointer:/blocks/0/elements/0/style]',
    ],
    [
      'a misspelt field',
      [{ type: 'section', txet: plain('x') }],
      'invalid additional property: txet [json-pointer:/blocks/0]',
    ],
    ['an unknown block', [{ type: 'sektion' }], 'unsupported type: sektion [json-pointer:/blocks/0/type]'],
    [
      'an input in actions',
      [{ type: 'actions', elements: [{ type: 'plain_text_input' }] }],
      'unsupported type: plain_text_input',
    ],
  ];

  test.each(cases)('%s is invalid_blocks with a pointer', async (_name, blocks, complaint) => {
    const answer = await post({ text: 'x', blocks });
    expect(answer).toMatchObject({ ok: false, error: 'invalid_blocks' });
    const { messages } = answer.response_metadata as { messages: string[] };
    expect(messages.join('\n')).toContain(complaint);
    expect(simulator.messages({ user: 'alice', channel: 'deploys' })).toEqual([]);
  });

  test('at their limits are accepted, and get the ids they lack', async () => {
    const blocks = [
      header('x'.repeat(150)),
      { type: 'actions', elements: [button({ value: 'x'.repeat(2000) })] },
      ...Array(48).fill({ type: 'divider' }),
    ];
    const { message } = (await post({ text: 'x', blocks })) as {
      message: { blocks: { block_id: string; elements?: { action_id: string }[] }[] };
    };
    expect(new Set(message.blocks.map((block) => block.block_id)).size).toBe(50);
    expect(message.blocks[1]?.elements?.[0]?.action_id).toBeTruthy();
  });

  test('may repeat an action_id in another block', async () => {
    const row = { type: 'actions', elements: [button({ action_id: 'again' })] };
    expect(await post({ text: 'x', blocks: [row, row] })).toMatchObject({ ok: true });
  });

  test('can be validated without posting them, as a message or as a view', async () => {
    expect(await callApi(simulator, 'blocks.validate', { blocks: [header('x')] })).toMatchObject({ ok: true });
    expect(await callApi(simulator, 'blocks.validate', { message: { blocks: [header('')] } })).toMatchObject({
      ok: false,
      errors: [{ message: 'must be more than 0 characters', pointer: '/blocks/0/text/text' }],
    });
    const view = { type: 'modal', title: plain('x'.repeat(25)), blocks: [] };
    expect(await callApi(simulator, 'blocks.validate', { view })).toMatchObject({ ok: false });
  });

  test('without top-level text are shown, and noted', async () => {
    await post({ blocks: [header('x')] });
    expect(simulator.violations()).toMatchObject([{ rule: 'no_top_level_text' }]);
  });
});
