// Native charts: what Slack takes of them, and a workspace that does not know them.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Simulator } from './index.ts';
import { callApi, startWorkspace } from './testing/workspace.ts';

let simulator: Simulator;
beforeEach(async () => {
  simulator = await startWorkspace();
});
afterEach(() => simulator.close());

const categories = ['0:05', '0:10'];
const data = categories.map((label, index) => ({ label, value: index }));
const axis = { categories, x_label: 'time', y_label: '%' };
const line = (changes: object = {}) => ({
  type: 'line',
  series: [
    { name: 'v1', data },
    { name: 'v2', data },
  ],
  axis_config: axis,
  ...changes,
});
const block = (chart: object = line(), changes: object = {}) => ({
  type: 'data_visualization',
  title: 'Errors, %',
  chart,
  ...changes,
});
const post = (...blocks: readonly object[]) =>
  callApi(simulator, 'chat.postMessage', { channel: 'C0DEPLOYS', text: 'x', blocks });

describe('a native chart', () => {
  test('is taken with lines, bars, areas and pies, twice in a message', async () => {
    expect(await post(block(), block(line({ type: 'bar' })))).toMatchObject({ ok: true });
    const pie = { type: 'pie', segments: [{ label: 'old', value: 90 }] };
    expect(await post(block(line({ type: 'area' })), block(pie))).toMatchObject({ ok: true });
  });

  test.each([
    ['three in a message', [block(), block(), block()], 'no more than 2 data_visualization blocks'],
    ['no title', [block(line(), { title: undefined })], 'missing required field: title'],
    [
      'a long title',
      [block(line(), { title: 'x'.repeat(51) })],
      'less than 51 characters [json-pointer:/blocks/0/title]',
    ],
    ['no chart', [block(undefined, { chart: 'x' })], 'missing required field: chart'],
    ['another type', [block(line({ type: 'radar' }))], 'must be one of line, bar, area, pie'],
    [
      'seven series',
      [block(line({ series: Array.from({ length: 7 }, (_, at) => ({ name: `${at}`, data })) }))],
      'no more than 6 items',
    ],
    [
      'two of a name',
      [
        block(
          line({
            series: [
              { name: 'v', data },
              { name: 'v', data },
            ],
          }),
        ),
      ],
      'name `v` already exists',
    ],
    ['a long name', [block(line({ series: [{ name: 'v'.repeat(21), data }] }))], 'less than 21 characters'],
    [
      'a value that is none',
      [block(line({ series: [{ name: 'v', data: [{ label: '0:05', value: null }, data[1]] }] }))],
      'must provide a finite number',
    ],
    ['a value too few', [block(line({ series: [{ name: 'v', data: data.slice(1) }] }))], 'one for each category'],
    ['other labels', [block(line({ series: [{ name: 'v', data: data.toReversed() }] }))], 'must match the categories'],
    [
      'twice the same category',
      [block(line({ axis_config: { ...axis, categories: ['a', 'a'] } }))],
      'categories must be unique',
    ],
    ['no axis', [block(line({ axis_config: undefined }))], 'missing required field: axis_config'],
    ['an empty pie', [block({ type: 'pie', segments: [] })], 'no fewer than 1 items'],
  ])('is refused with %s', async (_, blocks, complaint) => {
    const answer = await post(...blocks);
    expect(answer).toMatchObject({ ok: false, error: 'invalid_blocks' });
    expect(JSON.stringify(answer.response_metadata)).toContain(complaint);
  });

  test('is refused by a workspace that does not know it, until it does', async () => {
    simulator.forgetBlocks(['data_visualization']);
    const answer = await post(block());
    expect(answer).toMatchObject({ ok: false, error: 'invalid_blocks' });
    expect(JSON.stringify(answer.response_metadata)).toContain('unsupported type: data_visualization');
    simulator.forgetBlocks([]);
    expect(await post(block())).toMatchObject({ ok: true });
  });

  test('is refused from the beginning where the workspace was set so', async () => {
    await simulator.close();
    simulator = await startWorkspace({ unknownBlocks: ['data_visualization'] });
    expect(await post(block())).toMatchObject({ ok: false, error: 'invalid_blocks' });
  });
});
