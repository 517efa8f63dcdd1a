// Where a contract is and what to do about it: every command, view and refusal reads it here, so that they agree.

import { shortName } from '../../domain/actor.ts';
import { clockTime } from '../../domain/times.ts';
import type { ContractRow } from '../../state/contracts.ts';
import { liveController } from '../controller/live-controller.ts';
import type { Core } from '../core.ts';

export interface ContractState {
  /** A contract whose deadline has passed is expired, whether or not a controller has written that. */
  readonly status: ContractRow['status'];
  readonly endedAt: number | undefined;
  /** Approved or begun, and no controller is alive to end it. */
  readonly isCutOff: boolean;
  /** One sentence for people; undefined once it has ended. */
  readonly next: string | undefined;
}

export function contractState(core: Core, row: ContractRow): ContractState {
  const { status, deadlineAt, endedAt } = row;
  if (endedAt !== null) return { status, endedAt, isCutOff: false, next: undefined };
  if (status === 'pending' && deadlineAt <= core.clock.now())
    return { status: 'expired', endedAt: deadlineAt, isCutOff: false, next: undefined };
  const controller = liveController(core);
  const isCutOff = status !== 'pending' && controller === undefined;
  return { status, endedAt: undefined, isCutOff, next: nextSentence(row, controller) };
}

function nextSentence({ id, status, deadlineAt }: ContractRow, controller: string | undefined): string {
  if (status === 'pending')
    return `It waits for approval until ${clockTime(deadlineAt)}: \`bg migrate approve ${id}\` or \`bg migrate reject ${id}\`.`;
  if (controller !== undefined)
    return `The controller ${shortName(controller)} runs it; \`bg migrate status\` shows how far it is.`;
  const was = status === 'running' ? 'It was begun and cut off' : 'It is approved and not begun';
  return `${was}, and no controller is alive: \`bg migrate approve ${id}\` runs it to its end, and so does \`bg drive\`.`;
}

/** Such as `the contract c_4f1c2a9e of 003_cents is running`. */
export function contractSentence(core: Core, row: ContractRow): string {
  return `the contract ${row.id} of ${row.migrations.join(', ')} is ${contractState(core, row).status}`;
}
