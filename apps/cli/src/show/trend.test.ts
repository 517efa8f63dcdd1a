import type { TrendView } from '@bg/engine';
import { describe, expect, it } from 'vitest';
import { createPaint } from './paint.ts';
import { trendLines } from './trend.ts';

const paint = createPaint(false);
const light = { now: 0, paint, width: 60 };

const none = { requests: 0, errors: 0, p50Ms: undefined, p99Ms: undefined };
const side = (errors: number, p99Ms: number) => ({ requests: 100, errors, p50Ms: p99Ms / 2, p99Ms });

function trend(changes: Partial<TrendView> = {}, count = 8): TrendView {
  const points = Array.from({ length: count }, (_, index) => ({
    from: index * 5_000,
    to: (index + 1) * 5_000,
    percent: index < count / 2 ? 10 : 50,
    stable: side(0, 80),
    canary: index === 2 ? none : side(index, 80 + index * 10),
  }));
  return { version: 'v2.1', from: 'v2.0', points, decision: undefined, ...changes };
}

describe('the trend as text', () => {
  it('is a strip for each side on one scale, with the shares, the time and the decision', () => {
    const decision = { at: 40_000, kind: 'reverted' } as const;
    expect(trendLines(trend({ decision }), light, { height: 1 })).toEqual([
      '  errors, up to 7.0 %',
      '  v2.0  ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁',
      '  v2.1  ▁▁▁▁▁▁···▃▃▃▅▅▅▆▆▆▇▇▇███',
      '  p99, up to 150 ms',
      '  v2.0  ▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄',
      '  v2.1  ▄▄▄▅▅▅···▆▆▆▆▆▆▇▇▇▇▇▇███',
      '        10 %        50 %    0:40',
      '  taken back at 0:40',
    ]);
  });

  it('is higher where there is room, and says so without unicode too', () => {
    const lines = trendLines(trend(), { ...light, ascii: true }, { height: 2 });
    expect(lines.slice(0, 5)).toEqual([
      '  errors, up to 7.0 %',
      '',
      '  v2.0  ________________________',
      '                    ___:::+++###',
      '  v2.1  ___...   ***############',
    ]);
    expect(lines.join('\n')).toMatch(/^[\x20-\x7e\n]+$/);
  });

  it('is no wider than the terminal, however long the canary is and however long a name', () => {
    for (const width of [20, 40, 80, 200])
      for (const count of [1, 8, 60])
        for (const line of trendLines(trend({ version: 'v'.repeat(64) }, count), { ...light, width }, { height: 3 }))
          expect(line.length).toBeLessThanOrEqual(Math.max(width, 45));
  });

  it('is nothing where nothing was answered', () => {
    const points = trend().points.map((point) => ({ ...point, stable: none, canary: none }));
    expect(trendLines(trend({ points }), light, { height: 1 })).toEqual([]);
  });
});
