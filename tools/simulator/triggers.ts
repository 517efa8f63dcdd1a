// trigger_id: proof that a person did something a moment ago. Three seconds, one use.
import type { SimulatorClock } from './clock.ts';
import { secretPart } from './ids.ts';

const TRIGGER_LIFE_MS = 3000;
const KEPT = 1000;

export type TriggerResult =
  | { readonly ok: true; readonly user: string }
  | { readonly ok: false; readonly error: 'expired_trigger_id' | 'exchanged_trigger_id' | 'invalid_trigger_id' };

export interface Triggers {
  create(user: string): string;
  use(id: unknown): TriggerResult;
}

export function createTriggers(clock: SimulatorClock): Triggers {
  const issued = new Map<string, { readonly user: string; readonly expiresAt: number; used: boolean }>();
  return {
    create: (user) => {
      const id = `${clock.now()}.1.${secretPart()}`;
      issued.set(id, { user, expiresAt: clock.now() + TRIGGER_LIFE_MS, used: false });
      for (const old of [...issued.keys()].slice(0, Math.max(0, issued.size - KEPT))) issued.delete(old);
      return id;
    },
    use: (id) => {
      const trigger = typeof id === 'string' ? issued.get(id) : undefined;
      if (trigger === undefined) return { ok: false, error: 'invalid_trigger_id' };
      if (trigger.used) return { ok: false, error: 'exchanged_trigger_id' };
      if (clock.now() > trigger.expiresAt) return { ok: false, error: 'expired_trigger_id' };
      trigger.used = true;
      return { ok: true, user: trigger.user };
    },
  };
}
