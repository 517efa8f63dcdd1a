// What all notifications of other programs have in common: how old they are, what the log says when one is given up,
// and that no problem contains a secret.

import { readFileSync } from 'node:fs';
import type { Secret } from '../../config/notify/settings.ts';
import { statusKinds, storedKind } from '../../domain/notices.ts';
import { hasCode, messageOf } from '../../lib/errors.ts';
import type { Transport } from '../deliver.ts';
import type { DeliveryResult } from '../delivery-result.ts';
import { oneLine } from '../text.ts';

/** What every payload says of itself, in addition to what its transport needs. */
export interface About {
  /** When it happened. */
  readonly at: number;
  readonly service: string;
  readonly target: string;
  readonly deploymentId?: string | undefined;
  /** For the sentence when it is given up: `that v1.1 is success at shop/production`. */
  readonly what: string;
}

/** Of a request. */
export const timeoutMs = 15_000;
const giveUpMs = 86_400_000;
const longestProblem = 300;

export function outgoing(name: string, who: string): Pick<Transport, 'name' | 'giveUpMs' | 'bornAt' | 'dropped'> {
  return {
    name,
    giveUpMs,
    bornAt: ({ payload }) => (payload as About).at,
    dropped: ({ key, kind, payload, attempts }, problem) => {
      const { at, service, target, deploymentId, what } = payload as About;
      return {
        actor: 'engine',
        action: 'status-dropped',
        service,
        target,
        deploymentId,
        code: storedKind(statusKinds, kind),
        sentence: `${who} was not notified ${what}: ${problem}`,
        detail: { key, happenedAt: at, attempts: attempts + 1 },
      };
    },
  };
}

/** False when this process was not given the variable. */
export const isGiven = ({ value, file }: Secret): boolean => value !== undefined || file !== undefined;

/** Read again each time, so that a new secret needs no restart. @throws when its file cannot be read */
export function readSecret({ value = '', file }: Secret): string {
  return file === undefined ? value : readFileSync(file, 'utf8').trim();
}

/** Runs `ask`; no answer is a result too. `hidden`: texts that must not be written down. */
export async function asDeliveryResult(
  who: string,
  hidden: readonly string[],
  ask: () => Promise<DeliveryResult>,
): Promise<DeliveryResult> {
  const result = await ask().catch(
    (thrown: unknown): DeliveryResult => ({ kind: 'later', problem: silence(who, thrown), holdsAll: true }),
  );
  return result.kind === 'sent' ? result : { ...result, problem: without(result.problem, hidden) };
}

function silence(who: string, thrown: unknown): string {
  if (hasCode(thrown, 'http-timeout')) return `${who} gave no answer within ${timeoutMs / 1_000} s`;
  // The message of the error itself contains the address.
  return `${who} could not be reached: ${messageOf(hasCode(thrown, 'http-failed') ? thrown.cause : thrown)}`;
}

function without(text: string, hidden: readonly string[]): string {
  const left = hidden.reduce((rest, each) => (each === '' ? rest : rest.replaceAll(each, '[secret]')), text);
  return oneLine(left, longestProblem);
}
