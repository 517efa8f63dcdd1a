// Text for Slack. All text from outside passes `outside` or `code` before it is part of a message:
// escaped, on one line, short. Nothing else in this app may put foreign text into mrkdwn.

import { cleanText, inertText } from '@bg/engine';

/** Text from outside, inert in mrkdwn: no mention, link, emphasis, emoji code, code span or second line. At most `max` characters. */
export function outside(text: string, max = 300): string {
  return escapeMarkup(cut(inertText(short(text, max)), max));
}

/** The same as a code span, in which marks are only text; an empty text shows as `–`. */
export function code(text: string, max = 80): string {
  const inner = cut(cleanText(short(text, max)).trim().replaceAll('`', "'"), max);
  return `\`${escapeMarkup(inner) || '–'}\``;
}

/** For plain_text fields, where Slack interprets only emoji codes; look-alikes leave nothing to interpret. */
export function plain(text: string, max: number): string {
  return cut(inertText(short(text, max)).replaceAll('<', '‹').replaceAll('>', '›').replaceAll('&', '＆'), max);
}

/** A text may be megabytes long; the part that is not shown is not processed. */
const short = (text: string, max: number): string => text.slice(0, max * 8);

export function escapeMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Slack counts UTF-16 units; no character is cut in two. */
export function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  let kept = '';
  for (const character of text) {
    if (kept.length + character.length > max - 1) break;
    kept += character;
  }
  return `${kept.trimEnd()}…`;
}

/** Shortens composed mrkdwn at a line's end where it can, and never inside an entity or a `<…>`. */
export function cutLines(mrkdwn: string, max: number): string {
  if (mrkdwn.length <= max) return mrkdwn;
  const end = mrkdwn.lastIndexOf('\n', max - 2);
  if (end > 0) return `${mrkdwn.slice(0, end)}\n…`;
  return `${mrkdwn.slice(0, max - 1).replace(/[<&][^<>;]*$|[\ud800-\udbff]$/, '')}…`;
}

/** A link to an address that was checked to be http or https; nothing in it can end the link early. */
export function link(url: string, label: string): string {
  const safe = encodeURI(decodeSafely(url)).replaceAll('|', '%7C').replaceAll('>', '%3E').replaceAll('<', '%3C');
  return `<${escapeMarkup(safe)}|${outside(label, 80)}>`;
}

function decodeSafely(url: string): string {
  try {
    return decodeURI(url);
  } catch {
    return url;
  }
}

export function time(ms: number): string {
  return date(ms, '{time}');
}

export function dateTime(ms: number): string {
  return date(ms, '{date_short_pretty} at {time}');
}

/** In the reader's own time zone; the part after `|` is for clients that cannot. */
function date(ms: number, format: string): string {
  return `<!date^${Math.floor(ms / 1000)}^${format}|${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC>`;
}

/** `1 204`, with a narrow space that does not break. */
export function count(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, '\u202f');
}

/** `1.2 MB`, in steps of a thousand. */
export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const step = value < 1000 ? 0 : Math.min(Math.floor(Math.log10(value) / 3), units.length - 1);
  const scaled = value / 1000 ** step;
  return `${step === 0 || scaled >= 100 ? Math.round(scaled) : scaled.toFixed(1)} ${units[step]}`;
}

export function duration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.round(hours / 24)} days`;
}

export function share(part: number, whole: number): string {
  if (whole === 0) return '–';
  const percent = (part / whole) * 100;
  return `${percent.toFixed(percent < 10 ? 2 : 1)} %`;
}

/** `████░░░░░░ 40 %`; anything above nothing shows at least one full cell. */
export function bar(percent: number, cells = 20): string {
  const full = percent <= 0 ? 0 : Math.max(1, Math.round((Math.min(percent, 100) / 100) * cells));
  return `\`${'█'.repeat(full)}${'░'.repeat(cells - full)}\` ${percent} %`;
}

export const join = (...parts: readonly (string | undefined | false)[]): string =>
  parts.filter((part) => typeof part === 'string' && part !== '').join(' · ');
