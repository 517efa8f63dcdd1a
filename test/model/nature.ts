// What time and bad luck do to the system. A fault that can change how a deployment ends is noted in the model.

import { otherSlot, type SlotName } from '../../packages/engine/src/domain/target.ts';
import { BlueGreenError } from '../../packages/engine/src/lib/errors.ts';
import { type Act, type Fault, faultNames } from './acts.ts';
import { versions } from './configuration.ts';
import type { Model } from './model.ts';
import type { System } from './system.ts';

/** @returns whether the act was one of these */
export async function happen(model: Model, system: System, act: Act): Promise<boolean> {
  const { environments, balancers, clock } = system;
  switch (act.kind) {
    case 'pass':
      await system.pass(act.seconds * 1_000);
      return true;
    case 'clock':
      clock.jump(act.minutes * 60_000);
      return true;
    case 'die':
      system.die(
        act.how === 'now'
          ? { kind: 'now' }
          : act.how === 'call'
            ? { kind: 'call', at: act.at }
            : { kind: 'write', at: act.at, moment: act.how },
      );
      return true;
    case 'fault':
      setFault(model, system, act.what, act.version);
      return true;
    case 'crash':
    case 'sicken': {
      trouble(model);
      const slot = slotOf(model, act.side);
      if (act.kind === 'crash') await environments.crash(system.place(slot));
      else environments.machine.sicken(system.place(slot));
      return true;
    }
    case 'drift': {
      const { active } = model;
      if (active === undefined) return true;
      trouble(model);
      model.drifted = true;
      balancers.change({ active: otherSlot(active.slot), canary: undefined });
      return true;
    }
    case 'kill-balancer':
      trouble(model);
      // Until the controller has started it again.
      model.faults.add('dead-balancer');
      await balancers.kill();
      return true;
    default:
      return false;
  }
}

function trouble({ live }: Model): void {
  if (live) live.troubled = true;
}

const slotOf = ({ active }: Model, side: 'live' | 'other'): SlotName => {
  const slot = active?.slot ?? 'blue';
  return side === 'live' ? slot : otherSlot(slot);
};

function setFault(model: Model, { environments, balancers }: System, what: Fault, version: string): void {
  const { machine } = environments;
  if (what === 'none') {
    heal(model, { environments, balancers });
    return;
  }
  trouble(model);
  model.faults.add(what);
  switch (what) {
    case 'start':
      environments.refuseStart(version, new BlueGreenError('resources-short', 'the machine has no memory left'));
      return;
    case 'unhealthy':
    case 'cut':
      machine.behave(version, { health: what });
      return;
    case 'smoke':
      machine.behave(version, { status: 500 });
      return;
    case 'ends':
      machine.behave(version, { endsAtOnce: { exit: 'exit code 1', lines: ['it broke'] } });
      return;
    case 'errors':
      for (const slot of ['blue', 'green'] as const)
        if (slot !== model.active?.slot) balancers.busy(slot, { requests: 1_000, errors: 300 });
      return;
    case 'balancer':
      balancers.refuse(new BlueGreenError('balancer-refused', 'the load balancer takes no change'));
      return;
    default:
      what satisfies never;
  }
}

/** All but what was done to a side that runs, to the load balancer's routing, and to processes. */
export function heal(model: Model, { environments, balancers }: Pick<System, 'environments' | 'balancers'>): void {
  trouble(model);
  for (const fault of faultNames) model.faults.delete(fault);
  for (const version of versions) {
    environments.refuseStart(version);
    environments.machine.behave(version, {});
  }
  for (const slot of ['blue', 'green'] as const) balancers.busy(slot, { requests: 1_000 });
  balancers.refuse();
}
