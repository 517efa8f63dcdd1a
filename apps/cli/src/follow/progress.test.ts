import { describe, expect, it } from 'vitest';
import { canaryView, step } from '../testing/view.ts';
import { changesBetween } from './changes.ts';
import { createLiveView, fit } from './live-view.ts';

describe('progress without a terminal', () => {
  it('begins with what already happened', () => {
    expect(changesBetween(undefined, canaryView)).toEqual([
      'shop: deploy v2.0 → v2.1 (d-1), asked by alice',
      '✓ start v2.1 (500 ms)',
      '▶ watch 10 % for 60 s',
      'Inconclusive: 100 of at least 200 requests seen on the new side',
    ]);
  });

  it('says nothing while nothing changes', () => {
    expect(changesBetween(canaryView, { ...canaryView, stateVersion: 5 })).toEqual([]);
  });

  it('reports a step that ended, why it goes back, and the end', () => {
    const outcome = {
      kind: 'aborted',
      code: 'canary-failed',
      sentence: 'back on v2.0',
      actor: 'engine',
      at: 9,
    } as const;
    const cause = { code: 'canary-failed', sentence: '20 of 100 requests failed', actor: 'engine' } as const;
    const after = {
      ...canaryView,
      direction: 'unwinding' as const,
      steps: [step(0, 'undone', 'start v2.1'), step(1, 'failed', 'watch')],
      cause,
      outcome,
    };
    expect(changesBetween(canaryView, after)).toEqual([
      '↩ undone: start v2.1',
      '✗ watch (500 ms)',
      'going back: 20 of 100 requests failed',
      'aborted: back on v2.0',
    ]);
  });
});

const esc = '\u001b';
const written = new RegExp(String.raw`${esc}\[(\?25[lh]|\d+[AJ])|\r|\n|[^${esc}\r\n]+`, 'g');
const upward = new RegExp(String.raw`^${esc}\[(\d+)A$`);

describe('progress on a terminal', () => {
  /** What a screen of this size shows after the bytes: just enough of a terminal for what the view writes. */
  function screenOf(bytes: string): readonly string[] {
    const lines: string[] = [''];
    let row = 0;
    for (const [part] of bytes.matchAll(written)) {
      const up = upward.exec(part)?.[1];
      if (up !== undefined) row -= Number(up);
      else if (part === '\u001b[0J') lines.splice(row, lines.length, '');
      else if (part === '\n') {
        row += 1;
        lines[row] ??= '';
      } else if (!part.startsWith('\u001b') && part !== '\r') lines[row] += part;
    }
    return lines.filter((line) => line !== '');
  }

  function terminal(columns = 40, rows = 10) {
    let bytes = '';
    const view = createLiveView({
      write: (text) => {
        bytes += text;
      },
      columns,
      rows,
    });
    return { view, shown: () => screenOf(bytes), bytes: () => bytes };
  }

  it('takes the place of the last drawing, also when it becomes shorter', () => {
    const { view, shown } = terminal();
    view.draw(['one', 'two', 'three']);
    view.draw(['four']);
    expect(shown()).toEqual(['four']);
  });

  it('lets a line stay above', () => {
    const { view, shown } = terminal();
    view.draw(['one', 'two']);
    view.above('a warning');
    view.draw(['three']);
    expect(shown()).toEqual(['a warning', 'three']);
  });

  it('never writes more than the screen holds, or the way up would be wrong', () => {
    const { view, shown } = terminal(10, 4);
    view.draw(Array.from({ length: 20 }, (_, line) => `line number ${line}`));
    view.draw(['end']);
    expect(shown()).toEqual(['end']);
    expect(fit('12345678901', 10)).toBe('123456789…');
  });

  it('gives the cursor back', () => {
    const { view, bytes } = terminal();
    view.draw(['one']);
    view.end();
    expect(bytes().endsWith('\u001b[?25h')).toBe(true);
  });
});
