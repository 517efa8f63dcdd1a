import { expect, test } from 'vitest';
import { checkBlocks } from '../../../../tools/simulator/validate/blocks.ts';
import { everyView, people, view } from '../testing/views.ts';
import { deploymentCard } from './deployment-card.ts';
import { failingPart } from './failing-part.ts';
import { mentionFormatter } from './people-formatter.ts';

const request = {
  at: Date.UTC(2026, 2, 7, 12, 4, 5),
  id: 'r-1',
  method: 'GET',
  path: '/basket',
  status: 500,
  failure: undefined,
  ms: 12.4,
} as const;

test('each request is one line with time, path, status and id, bounded in number and length', () => {
  const many = Array.from({ length: 30 }, (_, at) => ({
    ...request,
    id: `${at}-${'i'.repeat(128)}`,
    path: `/${'p'.repeat(199)}`,
  }));
  const part = failingPart('v2.1', many);
  expect(checkBlocks([part], 'message')).toMatchObject({ ok: true });
  expect(JSON.stringify(part)).not.toContain('10-iii');
  expect(JSON.stringify(part)).toContain('9-iii');
  expect(JSON.stringify(failingPart('v2.1', [request]))).toContain(
    '12:04:05 UTC GET /basket 500 in 12 ms, request r-1',
  );
  expect(failingPart('v2.1', [])).toBeUndefined();
});

test('what is escaped to many characters costs lines, and never the end of the quote', () => {
  const part = failingPart(
    'v2.1',
    Array.from({ length: 10 }, () => ({ ...request, path: '&'.repeat(200), id: undefined })),
  );
  expect(checkBlocks([part], 'message')).toMatchObject({ ok: true });
  expect(JSON.stringify(part).match(/```/g)).toHaveLength(2);
  expect(JSON.stringify(part).match(/12:04:05/g)?.length).toBeGreaterThan(5);
});

test('nothing in it ends the quote or calls a person; what is not known is left out', () => {
  const text = JSON.stringify(
    failingPart('v2.1', [
      { ...request, path: '/```<!channel>', id: '<@U0BOB>' },
      { ...request, path: undefined, method: undefined, id: undefined, status: undefined, failure: 'cut' },
    ]),
  );
  expect(text).not.toMatch(/<!channel>|<@U0BOB>/);
  expect(text.match(/```/g)).toHaveLength(2);
  expect(text).toContain('a request no answer (it dropped the connection) in 12 ms');
});

test('a failed card shows them, and one that is live does not', () => {
  const words = (name: string) => {
    const shown = view(everyView[name]);
    return JSON.stringify(deploymentCard(shown, mentionFormatter(people), { failing: [request] }).blocks);
  };
  for (const name of ['failed', 'rolled back', 'aborted', 'halted']) expect(words(name), name).toContain('GET /basket');
  for (const name of ['canary', 'promoted']) expect(words(name), name).not.toContain('GET /basket');
});
