// Lines that are redrawn in place on a terminal, with plain ANSI: up, clear, write. Never wider or higher than the screen,
// since a wrapped line would make the way up wrong.

import { stripVTControlCharacters } from 'node:util';

export interface Terminal {
  write(text: string): void;
  readonly columns: number;
  readonly rows: number;
}

export interface LiveView {
  /** Takes the place of what was drawn before. */
  draw(lines: readonly string[]): void;
  /** A line that stays, above the view. */
  above(line: string): void;
  /** Leaves the last drawing on the screen and gives the cursor back. */
  end(): void;
}

const clearBelow = '\u001b[0J';
const hideCursor = '\u001b[?25l';
const showCursor = '\u001b[?25h';

export function createLiveView(terminal: Terminal): LiveView {
  let drawn: readonly string[] = [];
  terminal.write(hideCursor);

  function put(stay: readonly string[], lines: readonly string[]): void {
    const up = drawn.length === 0 ? '' : `\u001b[${drawn.length}A\r`;
    drawn = lines.slice(0, Math.max(1, terminal.rows - 1)).map((line) => fit(line, terminal.columns));
    terminal.write(`${up}${clearBelow}${[...stay, ...drawn].map((line) => `${line}\n`).join('')}`);
  }

  return {
    draw: (lines) => put([], lines),
    above: (line) => put([line], drawn),
    end: () => terminal.write(showCursor),
  };
}

/** Cut to the width of the screen; colours are dropped from a line that had to be cut. */
export function fit(line: string, columns: number): string {
  const text = stripVTControlCharacters(line);
  return text.length <= columns ? line : `${text.slice(0, Math.max(0, columns - 1))}…`;
}
