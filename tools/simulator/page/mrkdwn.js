// Slack's mrkdwn as a small tree: strings and { tag, ...attributes, children }. No HTML is ever read or written, so what
// a commit message says cannot become an element. Links other than http, https and mailto stay text.
import { emojiFor } from './emoji.js';

/** `directory` turns ids into names: { user(id), channel(id), group(id) }. `now` is in milliseconds. */
export function parseMrkdwn(text, directory = {}) {
  const parts = String(text).split(/```/);
  return parts.flatMap((part, index) => {
    const isCode = index % 2 === 1 && index < parts.length - 1;
    if (isCode) return [{ tag: 'pre', children: [decode(part.replace(/^\n|\n$/g, ''))] }];
    const isOpenFence = index % 2 === 1;
    return quotes(isOpenFence ? `\`\`\`${part}` : part, directory);
  });
}

/** plain_text: only emoji shortcodes mean something. */
export function parsePlain(text) {
  return emojiOnly(String(text));
}

function quotes(text, directory) {
  const nodes = [];
  let quoted = [];
  const endQuote = () => {
    if (quoted.length > 0) nodes.push({ tag: 'blockquote', children: lines(quoted, directory) });
    quoted = [];
  };
  let plain = [];
  const endPlain = () => {
    if (plain.length > 0) nodes.push(...lines(plain, directory));
    plain = [];
  };
  for (const line of text.split('\n')) {
    const quote = /^(?:&gt;|>) ?(.*)$/.exec(line);
    if (quote === null) {
      endQuote();
      plain.push(line);
    } else {
      endPlain();
      quoted.push(quote[1]);
    }
  }
  endQuote();
  endPlain();
  return nodes;
}

function lines(list, directory) {
  return list.flatMap((line, index) => [
    ...(index > 0 ? [{ tag: 'br', children: [] }] : []),
    ...inline(line, directory),
  ]);
}

const INLINE = new RegExp(
  [
    '`(?<code>[^`\\n]+)`',
    '<(?<token>[^<>\\n]+)>',
    ":(?<emoji>[a-z0-9_+'-]+(?:::skin-tone-[2-6])?):",
    '(?<![\\w*])\\*(?<bold>[^\\s*](?:[^*\\n]*[^\\s*])?)\\*(?![\\w*])',
    '(?<![\\w])_(?<italic>[^\\s_](?:[^\\n]*?[^\\s_])?)_(?![\\w])',
    '(?<![\\w~])~(?<strike>[^\\s~](?:[^~\\n]*[^\\s~])?)~(?![\\w~])',
  ].join('|'),
  'g',
);

function inline(text, directory) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > end) nodes.push(decode(text.slice(end, match.index)));
    nodes.push(inlineNode(match, directory));
    end = match.index + match[0].length;
  }
  if (end < text.length) nodes.push(decode(text.slice(end)));
  return nodes;
}

function inlineNode(match, directory) {
  const { code, token, emoji, bold, italic, strike } = match.groups;
  if (code !== undefined) return { tag: 'code', children: [decode(code)] };
  if (token !== undefined) return tokenNode(token, directory);
  if (emoji !== undefined) return emojiFor(emoji) ?? match[0];
  if (bold !== undefined) return { tag: 'strong', children: inline(bold, directory) };
  if (italic !== undefined) return { tag: 'em', children: inline(italic, directory) };
  return { tag: 's', children: inline(strike, directory) };
}

function tokenNode(token, directory) {
  const [target, ...rest] = token.split('|');
  const label = rest.length > 0 ? rest.join('|') : undefined;
  const mention = (text, extra = '') => ({ tag: 'span', class: `mention${extra}`, children: [decode(text)] });
  if (target.startsWith('@')) return mention(`@${directory.user?.(target.slice(1)) ?? label ?? target.slice(1)}`);
  if (target.startsWith('#')) return mention(`#${directory.channel?.(target.slice(1)) ?? label ?? target.slice(1)}`);
  if (target.startsWith('!subteam^')) {
    const name = directory.group?.(target.slice('!subteam^'.length)) ?? label ?? 'group';
    return mention(`@${name.replace(/^@/, '')}`);
  }
  if (/^!(here|channel|everyone)$/.test(target)) return mention(`@${target.slice(1)}`, ' ping');
  if (target.startsWith('!date^')) return dateNode(target, label);
  return linkNode(target, label);
}

function linkNode(target, label) {
  const url = decode(target);
  const children = emojiOnly(label === undefined || label === '' ? url : decode(label));
  if (!/^(https?:\/\/|mailto:)/i.test(url)) return { tag: 'span', children };
  return { tag: 'a', href: url, children };
}

function dateNode(target, fallback) {
  const [, seconds, format, link] = target.split('^');
  const date = new Date(Number(seconds) * 1000);
  if (Number.isNaN(date.getTime()) || format === undefined) return decode(fallback ?? target);
  const shown = format.replace(/\{(\w+)\}/g, (whole, name) => dateWord(name, date) ?? whole);
  const time = { tag: 'time', datetime: date.toISOString(), title: date.toLocaleString(), children: [decode(shown)] };
  return link === undefined ? time : { ...linkNode(link), children: [time] };
}

function dateWord(name, date) {
  const time = (options) => date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', ...options });
  const day = (options) => date.toLocaleDateString([], options);
  if (name === 'time') return time({});
  if (name === 'time_secs') return time({ second: '2-digit' });
  if (name === 'date_num') return date.toISOString().slice(0, 10);
  if (name === 'ago') return ago(date);
  if (name.endsWith('_pretty')) return prettyDay(date) ?? dateWord(name.replace('_pretty', ''), date);
  if (name === 'date') return day({ year: 'numeric', month: 'long', day: 'numeric' });
  if (name === 'date_short') return day({ year: 'numeric', month: 'short', day: 'numeric' });
  if (name === 'date_long') return day({ weekday: 'long', year: 'numeric', month: 'long', day: 'numeric' });
  return undefined;
}

function prettyDay(date) {
  const days = Math.round((new Date(date).setHours(0, 0, 0, 0) - new Date().setHours(0, 0, 0, 0)) / 86_400_000);
  return { 0: 'today', 1: 'tomorrow', '-1': 'yesterday' }[days];
}

function ago(date) {
  const seconds = Math.round((date.getTime() - Date.now()) / 1000);
  const words = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
  const size = Math.abs(seconds);
  if (size < 60) return words.format(seconds, 'second');
  if (size < 3600) return words.format(Math.round(seconds / 60), 'minute');
  if (size < 86_400) return words.format(Math.round(seconds / 3600), 'hour');
  return words.format(Math.round(seconds / 86_400), 'day');
}

function emojiOnly(text) {
  return [text.replace(/:([a-z0-9_+'-]+):/g, (whole, name) => emojiFor(name) ?? whole)];
}

/** Slack escapes exactly three characters. */
function decode(text) {
  return text.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&');
}
