// One function per form of a command: sorted words in, an intent out.

import { isVersion, suggest } from '@bg/engine';
import { type Input, namesTarget, readTarget, readVersion, sortArguments, tooMany } from './arguments.ts';
import { type DeployIntent, mistake, type Parsed, type SignalName, understood } from './intent.ts';
import type { Word } from './words.ts';

export type Form = (input: Input) => Parsed;

/** `/deploy [service[/target]] version` and `/deploy plan …`. */
export const deployForm =
  (kind: 'deploy' | 'plan'): Form =>
  (input) =>
    readDeploy(kind, input);

function readDeploy(kind: 'deploy' | 'plan', input: Input): Parsed {
  const sorted = sortArguments(input, ['hold', 'redeploy', 'override-freeze', 'first', 'canary', 'reason']);
  if (!sorted.ok) return sorted;
  const { flags, reason, canary } = sorted.value;
  const { positional, when } = timeIn(sorted.value.positional);
  const [first, second] = positional;
  if (first === undefined || (second === undefined && namesTarget(input, first)))
    return withoutVersion(kind, input, first);
  if (positional.length > 2) return tooMany(input, `${input.command} ${first.text} ${second?.text} --reason "…"`);
  if (second !== undefined && isVersion(first.text) && namesTarget(input, second) && !namesTarget(input, first))
    return mistake('The service comes before the version.', `${input.command} ${second.text} ${first.text}`);
  const ref = readTarget(input, second && first);
  if (!ref.ok) return ref;
  const version = readVersion(second ?? first);
  if (!version.ok) return version;
  const request: DeployIntent = {
    ref: ref.value,
    version: version.value,
    hold: flags.has('hold'),
    redeploy: flags.has('redeploy'),
    ...(flags.has('override-freeze') ? { overrideFreeze: true } : {}),
    ...(flags.has('first') ? { first: true } : {}),
    ...(canary === undefined ? {} : { canary }),
    ...when,
    reason,
  };
  const misread = second === undefined ? misspeltService(input, first) : undefined;
  return misread ?? understood({ kind, ...request });
}

/** `… at 22:00`, `… at 2026-12-01 22:00 Europe/Berlin`: what it says is understood by the engine. */
function timeIn(words: readonly Word[]): {
  readonly positional: readonly Word[];
  readonly when: Pick<DeployIntent, 'at' | 'zone'>;
} {
  const index = words.findIndex(({ text, quoted }) => !quoted && text.toLowerCase() === 'at');
  if (index < 1) return { positional: words, when: {} };
  const after = words.slice(index + 1).map(({ text }) => text);
  const length = /^\d{4}-\d{2}-\d{2}$/.test(after[0] ?? '') ? 2 : 1;
  const [zone, ...more] = after.slice(length);
  const at = after.slice(0, length).join(' ');
  return {
    positional: more.length === 0 ? words.slice(0, index) : words,
    when: { at, ...(zone === undefined ? {} : { zone }) },
  };
}

/** The reason is all that follows; `--reason` may stand before it. */
export const cancelForm: Form = (input) => {
  const [word, ...more] = input.words;
  if (word === undefined)
    return mistake('A cancel names what waits, as the queue does.', `${input.command} w_1a2b3c4d "reason"`);
  const isFlag = more[0]?.text === '--reason' && !more[0].quoted;
  const reason = more
    .slice(isFlag ? 1 : 0)
    .map(({ text }) => text)
    .join(' ');
  return understood({ kind: 'cancel', id: word.text.slice(0, 160), ...(reason === '' ? {} : { reason }) });
};

function withoutVersion(kind: 'deploy' | 'plan', input: Input, word: Word | undefined): Parsed {
  const ref = readTarget(input, word);
  if (!ref.ok) return ref;
  if (kind === 'deploy') return understood({ kind: 'deploy-modal', ref: ref.value });
  return mistake(
    'A plan needs the version it is for.',
    `${[input.command, word?.text].filter(Boolean).join(' ')} v2.1`,
  );
}

/** A word without a digit that is nearly a service's name was hardly meant as a version. */
function misspeltService(input: Input, word: Word): Parsed | undefined {
  if (/\d/.test(word.text)) return undefined;
  const meant = suggest(word.text, [...new Set(input.known.map(({ service }) => service))]);
  if (meant === undefined) return undefined;
  return mistake(`\`${word.text}\` is neither a service nor, it seems, a version.`, `${input.command} ${meant}`);
}

/** Forms that take a target and nothing else. */
export const targetForm =
  (kind: 'status' | 'history' | 'unlock' | 'queue' | 'unsuspend'): Form =>
  (input) => {
    const [word, more] = input.words;
    if (more !== undefined) return tooMany(input, `${input.command} ${word?.text}`);
    const ref = readTarget(input, word);
    return ref.ok ? understood({ kind, ref: ref.value }) : ref;
  };

/** The reason is all that follows the target. */
export const suspendForm: Form = (input) => {
  const [first] = input.words;
  const named = first !== undefined && namesTarget(input, first);
  const ref = readTarget(input, named ? first : undefined);
  if (!ref.ok) return ref;
  const reason = input.words
    .slice(named ? 1 : 0)
    .map(({ text }) => text)
    .join(' ');
  if (reason === '') return mistake('Give a reason for suspending the automation.', `${input.command} "reason"`);
  return understood({ kind: 'suspend', ref: ref.value, reason });
};

export const lockForm: Form = (input) => {
  const [first] = input.words;
  const ref = readTarget(input, first !== undefined && namesTarget(input, first) ? first : undefined);
  if (!ref.ok) return ref;
  const rest = ref.value.service === undefined ? input.words : input.words.slice(1);
  const end = lockEnd(rest);
  if (!end.ok) return mistake(end.sentence, `${input.command} "reason" for 2h`);
  const reason = end.reason.map(({ text }) => text).join(' ');
  if (reason === '') return mistake('Give a reason for the lock.', `${input.command} "reason" for 2h`);
  return understood({ kind: 'lock', ref: ref.value, reason, forMs: end.forMs });
};

type LockEnd =
  | { readonly ok: true; readonly reason: readonly Word[]; readonly forMs: number | undefined }
  | { readonly ok: false; readonly sentence: string };

function lockEnd(words: readonly Word[]): LockEnd {
  const before = words.at(-2);
  const last = words.at(-1);
  const timed = before !== undefined && !before.quoted && before.text.toLowerCase() === 'for' && last?.quoted === false;
  if (!timed) return { ok: true, reason: words, forMs: undefined };
  const forMs = durationMs(last.text);
  if (forMs !== undefined) return { ok: true, reason: words.slice(0, -2), forMs };
  // "waiting for data" is a reason; "for 2x" is a mistyped time.
  if (!/^\d/.test(last.text)) return { ok: true, reason: words, forMs: undefined };
  return { ok: false, sentence: `\`${last.text}\` is not a time such as 30m, 2h or 1d, at most 30 days.` };
}

const unitMs: Readonly<Record<string, number>> = { m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 };

function durationMs(text: string): number | undefined {
  const [, amount, unit = ''] = /^(\d{1,4})(m|min|h|d)$/i.exec(text) ?? [];
  const ms = Number(amount) * (unitMs[unit.toLowerCase()] ?? Number.NaN);
  return ms > 0 && ms <= 30 * 86_400_000 ? ms : undefined;
}

/** What a person says to the running deployment of a target. */
export const signalForm =
  (name: SignalForm): Form =>
  (input) =>
    takesReason(name) ? readSignalWithReason(name, input) : readSignal(name, input);

type SignalForm = Exclude<SignalName, 'promote-full'>;

function readSignal(name: SignalForm, input: Input): Parsed {
  const sorted = sortArguments(input, name === 'promote' ? ['full'] : []);
  if (!sorted.ok) return sorted;
  const { positional, flags } = sorted.value;
  const [first, more] = positional;
  const ref = readTarget(input, first);
  if (!ref.ok) return ref;
  if (more !== undefined) return tooMany(input, `${input.command} ${first?.text}`);
  return understood({
    kind: 'signal',
    name: flags.has('full') ? 'promote-full' : name,
    ref: ref.value,
    reason: undefined,
  });
}

/** The reason needs no `--reason`: it may be all the words after the target. */
function readSignalWithReason(name: SignalForm, input: Input): Parsed {
  const sorted = sortArguments(input, ['reason']);
  if (!sorted.ok) return sorted;
  const { positional, reason } = sorted.value;
  const [first] = positional;
  const place = first !== undefined && namesTarget(input, first) ? first : undefined;
  const ref = readTarget(input, place);
  if (!ref.ok) return ref;
  const words = positional.slice(place === undefined ? 0 : 1).map(({ text }) => text);
  const why = reason ?? (words.join(' ') || undefined);
  if (name !== 'abort' && why === undefined)
    return mistake(`Give a reason for the ${name}.`, `${input.command} "reason"`);
  return understood({ kind: 'signal', name, ref: ref.value, reason: why });
}

const takesReason = (name: SignalName): boolean => ['reject', 'abort', 'break-glass', 'continue'].includes(name);

export const contractForm: Form = (input) => {
  const sorted = sortArguments(input, ['reason']);
  if (!sorted.ok) return sorted;
  const { positional, reason } = sorted.value;
  if (positional.length > 1) return tooMany(input, `${input.command} ${positional[0]?.text}`);
  const ref = readTarget(input, positional[0]);
  return ref.ok ? understood({ kind: 'contract', ref: ref.value, reason }) : ref;
};

/** A service may be called like a slot: then the word is the service, and a second one the slot. */
export const switchForm: Form = (input) => {
  const sorted = sortArguments(input, ['reason']);
  if (!sorted.ok) return sorted;
  const { positional, reason } = sorted.value;
  const [first, second] = positional;
  const firstIsPlace = first !== undefined && (namesTarget(input, first) || slotOf(first) === undefined);
  const place = firstIsPlace ? first : undefined;
  const word = firstIsPlace ? second : first;
  const to = word === undefined ? undefined : slotOf(word);
  if (positional.length > (firstIsPlace ? 2 : 1) || (word !== undefined && to === undefined))
    return tooMany(input, `${input.command} ${first?.text}`);
  const ref = readTarget(input, place);
  return ref.ok ? understood({ kind: 'switch', ref: ref.value, to, reason }) : ref;
};

const slotOf = ({ text, quoted }: Word): 'blue' | 'green' | undefined =>
  quoted ? undefined : (['blue', 'green'] as const).find((slot) => slot === text.toLowerCase());

export const rollbackForm: Form = (input) => {
  const sorted = sortArguments(input, ['reason']);
  if (!sorted.ok) return sorted;
  const { positional, reason } = sorted.value;
  const [first, second] = positional;
  if (positional.length > 2) return tooMany(input, `${input.command} ${first?.text} ${second?.text} --reason "…"`);
  const named = first !== undefined && (second !== undefined || namesTarget(input, first));
  const ref = readTarget(input, named ? first : undefined);
  if (!ref.ok) return ref;
  const word = named ? second : first;
  if (word === undefined) return understood({ kind: 'rollback', ref: ref.value, version: undefined, reason });
  const version = readVersion(word);
  if (!version.ok) return version;
  const misread = named ? undefined : misspeltService(input, word);
  return misread ?? understood({ kind: 'rollback', ref: ref.value, version: version.value, reason });
};

export const helpForm: Form = () => understood({ kind: 'help' });
