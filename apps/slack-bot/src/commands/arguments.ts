// Words sorted into positional arguments and options, with the nearest correct form for every mistake.

import { isVersion, suggest, type TargetRef } from '@bg/engine';
import { type KnownTarget, mistake } from './intent.ts';
import type { Word } from './words.ts';

type Mistake = ReturnType<typeof mistake>;
type Understood<T> = { readonly ok: true; readonly value: T } | Mistake;

export type OptionName = 'hold' | 'redeploy' | 'full' | 'override-freeze' | 'first' | 'canary' | 'reason';

/** Everything a form needs to understand its words. */
export interface Input {
  /** As typed, with the slash and the subcommand: `/deploy lock`. */
  readonly command: string;
  readonly words: readonly Word[];
  readonly known: readonly KnownTarget[];
}

export interface Arguments {
  readonly positional: readonly Word[];
  readonly flags: ReadonlySet<OptionName>;
  readonly reason: string | undefined;
  /** Steps for one deployment, as the engine reads them. */
  readonly canary: string | undefined;
}

export function sortArguments(input: Input, allowed: readonly OptionName[]): Understood<Arguments> {
  const positional: Word[] = [];
  const flags = new Set<OptionName>();
  let reason: string | undefined;
  let canary: string | undefined;
  for (let index = 0; index < input.words.length; index += 1) {
    const word = input.words[index] as Word;
    if (word.quoted || !word.text.startsWith('-')) {
      positional.push(word);
      continue;
    }
    const name = optionNamed(word.text, allowed);
    if (name === undefined) return unknownOption(input, index, allowed);
    if (name === 'canary') {
      index += 1;
      canary = input.words[index]?.text;
      if (canary === undefined)
        return mistake('--canary needs its steps after it.', `${input.command} … --canary 5:1m,20:5m`);
    } else if (name !== 'reason') flags.add(name);
    else {
      const value = reasonAfter(input.words, index);
      if (value.length === 0) return mistake('--reason needs a text after it.', `${input.command} … --reason "why"`);
      reason = value.map(({ text }) => text).join(' ');
      index += value.length;
    }
  }
  return { ok: true, value: { positional, flags, reason, canary } };
}

function optionNamed(text: string, allowed: readonly OptionName[]): OptionName | undefined {
  return allowed.find((name) => text.toLowerCase() === `--${name}`);
}

/** One quoted text, or every bare word up to the next option: people forget quotation marks. */
function reasonAfter(words: readonly Word[], index: number): readonly Word[] {
  const rest = words.slice(index + 1);
  if (rest[0]?.quoted) return rest.slice(0, 1);
  const end = rest.findIndex(({ text, quoted }) => quoted || text.startsWith('--'));
  return end === -1 ? rest : rest.slice(0, end);
}

function unknownOption(input: Input, index: number, allowed: readonly OptionName[]): Mistake {
  const typed = (input.words[index] as Word).text;
  const meant = suggest(typed.replace(/^-+/, ''), allowed);
  const sentence = `\`${typed}\` is not an option of \`${input.command}\`.`;
  if (meant !== undefined) return mistake(sentence, withWord(input, index, `--${meant}`));
  return allowed.length === 0 ? mistake(sentence) : mistake(sentence, `${input.command} … --${allowed.join(' --')}`);
}

/** The command as it was typed, with one word put right. */
export function withWord(input: Input, index: number, text: string): string {
  return [input.command, ...input.words.map((word, at) => (at === index ? text : asTyped(word)))].join(' ');
}

export const asTyped = ({ text, quoted }: Word): string => (quoted ? `"${text}"` : text);

export function readTarget(input: Input, word: Word | undefined): Understood<TargetRef> {
  if (word === undefined) return { ok: true, value: {} };
  const [service = '', target] = word.text.toLowerCase().split('/', 2);
  const ofService = input.known.filter((known) => known.service === service);
  if (ofService.length === 0) return unknownTarget(input, word, 'service', { service, target });
  if (target === undefined) return { ok: true, value: { service } };
  if (!ofService.some((known) => known.target === target))
    return unknownTarget(input, word, 'target', { service, target });
  return { ok: true, value: { service, target } };
}

function unknownTarget(
  input: Input,
  word: Word,
  what: 'service' | 'target',
  { service, target }: { readonly service: string; readonly target: string | undefined },
): Mistake {
  const names = [...new Set(input.known.map(({ service: name }) => name))];
  const targets = input.known.filter((known) => known.service === service).map((known) => known.target);
  const wrong = what === 'service' ? service : (target ?? '');
  const meant = suggest(wrong, what === 'service' ? names : targets);
  const list = (what === 'service' ? names : targets).join(', ');
  const sentence = `There is no ${what} \`${wrong}\`; there is: ${list}.`;
  if (meant === undefined) return mistake(sentence);
  const right = what === 'target' ? `${service}/${meant}` : target === undefined ? meant : `${meant}/${target}`;
  return mistake(sentence, withWord(input, input.words.indexOf(word), right));
}

export const namesTarget = (input: Input, { text, quoted }: Word): boolean =>
  !quoted && (text.includes('/') || input.known.some(({ service }) => service === text.toLowerCase()));

export function readVersion(word: Word): Understood<string> {
  if (isVersion(word.text)) return { ok: true, value: word.text };
  return mistake(
    `\`${word.text}\` is not a version: 1 to 64 letters, digits, dots, dashes, plus signs and underscores.`,
  );
}

export function tooMany(input: Input, usage: string): Mistake {
  return mistake(`\`${input.command}\` was given more words than it understands.`, usage);
}
