// The first requests that failed on a side that was taken back, as the load balancer logged them without queries.

import { cleanText, type FailedRequest, failedRequestText } from '@bg/engine';
import { type Block, section } from './blocks.ts';
import { cut, escapeMarkup } from './text.ts';

const mostLines = 10;
const longestLine = 200;
/** Characters that are escaped take five; a section has 3,000, and its fence must be closed. */
const longestText = 2_700;

export function failingPart(version: string, requests: readonly FailedRequest[]): Block | undefined {
  const lines = fitting(requests.slice(0, mostLines).map(lineOf));
  if (lines.length === 0) return undefined;
  const title = `First requests that failed on ${escapeMarkup(cut(cleanText(version), 64))}:`;
  return section(`${title}\n\`\`\`\n${lines.join('\n')}\n\`\`\``);
}

/** The first lines. */
function fitting(lines: readonly string[]): readonly string[] {
  let length = 0;
  return lines.filter((line) => {
    length += line.length + 1;
    return length <= longestText;
  });
}

/** A long path is cut in the middle of the line, so that the id behind it can be read. A fence would end the quote. */
function lineOf(request: FailedRequest): string {
  const { at, id, path } = request;
  const short = { ...request, path: path && cut(path, 60), id: id && cut(id, 64) };
  const time = new Date(at).toISOString().slice(11, 19);
  return escapeMarkup(cut(cleanText(`${time} UTC ${failedRequestText(short)}`).replaceAll('`', "'"), longestLine));
}
