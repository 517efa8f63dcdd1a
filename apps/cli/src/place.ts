// The words of a command: which of them is a place (`service` or `service/target`), a version, a slot, a deployment.
// Words in the wrong order are never guessed at: the nearest correct form is shown and nothing is done.

import { isVersion, type SlotName, type TargetRef } from '@bg/engine';
import { usageError } from './usage.ts';

export interface PlaceOptions {
  readonly service?: string | undefined;
  readonly target?: string | undefined;
}

/** `shop/staging` or `--service shop --target staging`; both may be given when they agree. */
export function readPlace(word: string | undefined, options: PlaceOptions): TargetRef {
  const [service, target, more] = word?.split('/') ?? [];
  if (more !== undefined || service === '' || target === '')
    throw usageError(`"${word}" is no place: a place is written service or service/target.`);
  return {
    service: agree('service', service, options.service),
    target: agree('target', target, options.target),
  };
}

function agree(what: 'service' | 'target', word: string | undefined, option: string | undefined): string | undefined {
  if (word !== undefined && option !== undefined && word !== option)
    throw usageError(`The ${what} is given twice: "${word}" and --${what} "${option}".`);
  return word ?? option;
}

/** True for a configured service's name and for everything with a slash, which no version has. */
export function isPlace(word: string, services: readonly string[]): boolean {
  return word.includes('/') || services.includes(word);
}

export function readVersion(word: string): string {
  if (!isVersion(word))
    throw usageError(`"${word}" is no version: letters, digits and . _ + - are allowed, at most 64 of them.`);
  return word;
}

export interface OrderedWords {
  /** The command as typed, `bg deploy`, for the nearest correct form. */
  readonly command: string;
  readonly version: string;
  readonly place: string | undefined;
  readonly services: readonly string[];
}

/** @throws when the place is in the position of the version. */
export function checkOrder({ command, version, place, services }: OrderedWords): void {
  if (!isPlace(version, services)) return;
  if (place === undefined)
    throw usageError(`"${version}" is a service, and the version is missing.`, `${command} <version> ${version}`);
  if (!isPlace(place, services))
    throw usageError(`"${version}" is a service: the version comes first.`, `${command} ${place} ${version}`);
}

export function isSlotName(word: string): word is SlotName {
  return word === 'blue' || word === 'green';
}

/** `rest` are the words that follow, so that swapped ones can be shown in order. */
export function readSlot(command: string, word: string, rest: readonly (string | undefined)[] = []): SlotName {
  if (isSlotName(word)) return word;
  const words = rest.filter((other) => other !== undefined);
  const slot = words.find(isSlotName);
  const others = [word, ...words].filter((other) => other !== slot);
  const nearest = slot === undefined ? undefined : [command, slot, ...others].join(' ');
  throw usageError(`"${word}" is no slot: a slot is blue or green.`, nearest);
}
