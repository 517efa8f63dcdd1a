// Slack's mrkdwn, as the page reads it.
import { expect, test } from 'vitest';
import { parseMrkdwn, parsePlain } from './page/mrkdwn.js';

const directory = {
  user: (id: string) => ({ U0BOB: 'bob' })[id],
  channel: (id: string) => ({ C0DEPLOYS: 'deploys' })[id],
  group: (id: string) => ({ S0APPROVERS: 'approvers' })[id],
};

const cases: readonly (readonly [string, unknown])[] = [
  [
    '*bold* _italic_ ~gone~ `code`',
    [
      { tag: 'strong', children: ['bold'] },
      ' ',
      { tag: 'em', children: ['italic'] },
      ' ',
      { tag: 's', children: ['gone'] },
      ' ',
      { tag: 'code', children: ['code'] },
    ],
  ],
  ['snake_case_name 2*3*4', ['snake_case_name 2*3*4']],
  ['*_both_*', [{ tag: 'strong', children: [{ tag: 'em', children: ['both'] }] }]],
  ['`*not bold*`', [{ tag: 'code', children: ['*not bold*'] }]],
  ['a\n&gt; quoted\nb', ['a', { tag: 'blockquote', children: ['quoted'] }, 'b']],
  ['```\nx *y*\n```', [{ tag: 'pre', children: ['x *y*'] }]],
  [
    '<https://ci.example.com/?a=1&amp;b=2|build>',
    [{ tag: 'a', href: 'https://ci.example.com/?a=1&b=2', children: ['build'] }],
  ],
  [
    '<@U0BOB> <#C0DEPLOYS> <!subteam^S0APPROVERS>',
    [{ class: 'mention', children: ['@bob'] }, ' ', { children: ['#deploys'] }, ' ', { children: ['@approvers'] }],
  ],
  ['<!channel>', [{ tag: 'span', class: 'mention ping', children: ['@channel'] }]],
  ['&lt;!channel&gt; &amp;amp;', ['<!channel> &amp;']],
  [':white_check_mark: :no_such_thing:', ['✅', ' ', ':no_such_thing:']],
  ['<javascript:alert(1)|click me>', [{ tag: 'span', children: ['click me'] }]],
  [
    '<!date^0^{date_num} at noon|then>',
    [{ tag: 'time', datetime: '1970-01-01T00:00:00.000Z', children: ['1970-01-01 at noon'] }],
  ],
  ['<!date^soon^{time}|a fallback>', ['a fallback']],
];

test.each(cases)('%s', (text, nodes) => {
  expect(parseMrkdwn(text, directory).filter((node) => node !== '')).toMatchObject(nodes as object[]);
});

test('markup of another kind is nothing but text', () => {
  const hostile = '&lt;img src=x onerror=alert(1)&gt;';
  expect(parseMrkdwn(hostile)).toEqual(['<img src=x onerror=alert(1)>']);
  expect(parseMrkdwn('<img src=x onerror=alert(1)>')).toMatchObject([{ tag: 'span' }]);
});

test('plain text knows emoji and nothing else', () => {
  expect(parsePlain(':rocket: *v2*')).toEqual(['🚀 *v2*']);
});
