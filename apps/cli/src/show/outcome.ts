// How a deployment ended, in one word with its sign.

import type { OutcomeView } from '@bg/engine';
import type { Paint } from './paint.ts';

export function outcomeWord({ kind }: Pick<OutcomeView, 'kind'>, paint: Paint): string {
  if (kind === 'promoted') return paint.green('✓ promoted');
  if (kind === 'failed' || kind === 'halted') return paint.red(`✗ ${kind}`);
  return paint.yellow(`↩ ${kind}`);
}
