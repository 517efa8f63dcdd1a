// No command waits for a contract that was approved elsewhere, so the controller prints its result.

import type { ContractView } from '@bg/engine';
import type { Session } from '../session.ts';

const lookMs = 1_000;

/** Until the process is to stop: what was approved, begun, or cut off before, and how it ended. */
export async function announceContracts({
  engine,
  screen,
  stop,
}: Pick<Session, 'engine' | 'screen' | 'stop'>): Promise<void> {
  const contracts = (): readonly ContractView[] =>
    engine.status().targets.flatMap(({ schema }) => (schema?.contract ? [schema.contract] : []));
  const known = new Map(
    contracts().flatMap(({ id, status, endedAt }) => (endedAt === undefined ? [] : [[id, status]])),
  );
  while (!stop.aborted) {
    for (const view of contracts()) {
      if (known.get(view.id) === view.status) continue;
      const isFirst = !known.has(view.id);
      known.set(view.id, view.status);
      if (view.status !== 'pending') screen.aside(newsOf(view, isFirst));
    }
    await engine.changed(lookMs, stop);
  }
}

function newsOf({ id, name, migrations, status, problem }: ContractView, isFirst: boolean): string {
  const was = isFirst && status === 'running' ? ' and was cut off: it goes on as soon as this process drives' : '';
  return `${name}: the contract ${id} of ${migrations.join(', ')} is ${status}${was}${problem === undefined ? '' : `: ${problem}`}`;
}
