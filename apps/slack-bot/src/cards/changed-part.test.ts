import { expect, test } from 'vitest';
import { checkBlocks } from '../../../../tools/simulator/validate/blocks.ts';
import { everyView, people, trend, view } from '../testing/views.ts';
import { changedPart } from './changed-part.ts';
import { deploymentCard } from './deployment-card.ts';
import { mentionFormatter } from './people-formatter.ts';

const mark = (sentence: string, at = Date.UTC(2026, 2, 7, 12, 4)) => ({ at, kind: 'restart', sentence }) as const;

test('the latest three are named with their times, and the others counted; text from outside is inert', () => {
  const part = changedPart(['a', 'b', 'c', 'd', '<!channel> green was restarted'].map((text) => mark(text)));
  expect(checkBlocks([part], 'message')).toMatchObject({ ok: true });
  const text = JSON.stringify(part);
  expect(text).toContain('2 earlier; ');
  expect(text).toContain('green was restarted');
  expect(text).not.toContain('<!channel>');
  expect(changedPart([])).toBeUndefined();
  expect(changedPart(undefined)).toBeUndefined();
});

test('a card of a canary says it', () => {
  const words = JSON.stringify(
    deploymentCard(view(everyView.canary), mentionFormatter(people), {
      trend: trend({ marks: [mark('green was restarted')] }),
    }).blocks,
  );
  expect(words).toContain('Changed meanwhile');
  expect(words).toContain('green was restarted');
});
