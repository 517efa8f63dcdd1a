// Where words go: answers on stdout, everything else on stderr. For programs (`--json`) an answer is one line of JSON,
// for people it is lines of plain text, rendered from a copy in which no text can steer the terminal.

import type { DeploymentView, TrendView } from '@bg/engine';
import { changesBetween } from './follow/changes.ts';
import { createLiveView } from './follow/live-view.ts';
import { clockText } from './show/amounts.ts';
import { deploymentLines } from './show/deployment.ts';
import type { Light } from './show/light.ts';
import { createPaint } from './show/paint.ts';
import { jsonLine, plain, plainDeep } from './show/plain.ts';

/** As much of a stream as is needed; `process.stdout` and `process.stderr` are some. */
export type Stream = Pick<NodeJS.WriteStream, 'write' | 'once' | 'isTTY' | 'columns' | 'rows'>;

export interface Screen {
  readonly json: boolean;
  answer<T>(value: T, render: (value: T, light: Light) => readonly string[]): void;
  /** A long answer, piece by piece, no faster than its reader; `text` is written as it is. */
  write(text: string): Promise<void>;
  /** One line for people on stderr, also while something is redrawn above. */
  aside(line: string): void;
  progress(kind: ProgressKind): Progress;
}

/** For programs: `full` is a line of JSON per change, `quiet` none, since one answer comes at the end. */
export type ProgressKind = 'full' | 'quiet';

export interface Progress {
  /** `trend`: asked where it is drawn. */
  show(view: DeploymentView, trend: () => TrendView | undefined): void;
  /** Gives the terminal back; what was shown last stays. */
  end(): void;
}

export interface ScreenOptions {
  readonly out: Stream;
  readonly err: Stream;
  readonly json: boolean;
  readonly colored: boolean;
  /** The terminal shows no other characters. */
  readonly ascii?: boolean;
}

export function createScreen({ out, err, json, colored, ascii = false }: ScreenOptions): Screen {
  const light = (): Light => ({
    now: Date.now(),
    paint: createPaint(colored && out.isTTY === true),
    width: out.isTTY === true ? out.columns : undefined,
    ascii,
  });
  const toErr = (line: string): void => void err.write(`${plain(line)}\n`);
  let aside = toErr;

  return {
    json,
    answer: (value, render) =>
      void out.write(
        json
          ? jsonLine(value)
          : render(plainDeep(value), light())
              .map((line) => `${line}\n`)
              .join(''),
      ),
    write: (text) =>
      new Promise((resolve) => {
        if (out.write(text)) resolve();
        else out.once('drain', resolve);
      }),
    aside: (line) => aside(line),
    progress: (kind) => {
      if (json) return kind === 'full' ? jsonProgress(out) : silence;
      if (out.isTTY !== true) return lineProgress(out);
      const live = createLiveView({ write: (text) => void out.write(text), columns: out.columns, rows: out.rows });
      aside = (line) => live.above(plain(line));
      const end = (): void => {
        aside = toErr;
        live.end();
      };
      const draw: Progress['show'] = (view, trend) =>
        live.draw(deploymentLines(plainDeep(view), light(), plainDeep(trend())));
      return { show: throttled(draw), end };
    },
  };
}

const silence: Progress = { show: () => {}, end: () => {} };

function jsonProgress(out: Stream): Progress {
  let last: string | undefined;
  const show = (view: DeploymentView): void => {
    const line = jsonLine(view);
    if (line !== last) out.write(line);
    last = line;
  };
  return { show, end: () => {} };
}

function lineProgress(out: Stream): Progress {
  let last: DeploymentView | undefined;
  const show = (view: DeploymentView): void => {
    const lines = changesBetween(last, plainDeep(view));
    out.write(lines.map((line) => `${clockText(Date.now())} ${line}\n`).join(''));
    last = view;
  };
  return { show, end: () => {} };
}

const redrawMs = 100;

/** A busy deployment changes faster than a person reads; its end is always drawn. */
function throttled(draw: Progress['show']): Progress['show'] {
  let drawnAt = 0;
  return (view, trend) => {
    if (!view.outcome && Date.now() - drawnAt < redrawMs) return;
    drawnAt = Date.now();
    draw(view, trend);
  };
}
