// The last lines of a side that failed, as the journal noted them without secrets.

import { cleanText } from '@bg/engine';
import { type Block, section } from './blocks.ts';
import { cut, escapeMarkup } from './text.ts';

const mostLines = 10;
const longestLine = 160;

export function logPart(version: string, lines: readonly string[]): Block | undefined {
  const quoted = lines.slice(-mostLines).map(quotedLine);
  if (quoted.length === 0) return undefined;
  const title = `Last lines of ${escapeMarkup(cut(cleanText(version), 64))}:`;
  return section(`${title}\n\`\`\`\n${quoted.join('\n')}\n\`\`\``);
}

/** A query may hold what a user typed, or a token; a fence in a line would end the quote. */
const quotedLine = (line: string): string =>
  escapeMarkup(cut(cleanText(withoutQueries(line.slice(0, 2_000))).replaceAll('`', "'"), longestLine));

const withoutQueries = (line: string): string => line.replace(/([/\w-])\?[^\s"'<>]+/g, '$1?…');
