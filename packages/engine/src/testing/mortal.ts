// A process that a test kills at a chosen write: from then on it writes nothing, starts nothing, and routes no users.

import type { Environment } from '../environment/environment.ts';
import { BlueGreenError } from '../lib/errors.ts';
import type { LoadBalancer } from '../load-balancer/capabilities.ts';
import type { Migrator } from '../migrator/migrator.ts';
import type { Store } from '../state/store.ts';

export interface Life {
  /** Decisions that it has written. */
  readonly writes: () => number;
  readonly isDead: () => boolean;
  kill(): void;
  /** Called once, at the moment at which it dies. */
  whenDead(act: () => void): void;
  /** It dies after so many calls of drivers have had their effect, before it learns the result. Counted from now on. */
  dieAtCall(call: number): void;
  /** `before`: that write is never made. `after`: it is the last that is made. Counted from 1, from now on. */
  dieAt(write: number, moment: 'before' | 'after'): void;
  /** @throws when it is dead, before or after `act` */
  write<T>(act: () => T): T;
  /** A call of a driver that has begun. @throws when it is dead by its end */
  call<T>(running: Promise<T>): Promise<T>;
  alive(): void;
}

export function createLife(): Life {
  let writes = 0;
  let calls = 0;
  let isDead = false;
  let end: { readonly write: number; readonly moment: 'before' | 'after' } | undefined;
  let lastCall: number | undefined;
  let dead = (): void => undefined;
  const die = (): void => {
    if (isDead) return;
    isDead = true;
    dead();
  };
  const alive = (): void => {
    // What a process that lost its lease gets too: it ends its work at once, and turns nothing back.
    if (isDead) throw new BlueGreenError('fenced-out', 'this process was killed by its test');
  };
  const dieIf = (moment: 'before' | 'after'): void => {
    if (end?.write === writes && end.moment === moment) die();
    alive();
  };
  return {
    writes: () => writes,
    isDead: () => isDead,
    kill: die,
    whenDead: (act) => {
      dead = act;
    },
    dieAtCall: (call) => {
      lastCall = calls + call;
    },
    dieAt: (write, moment) => {
      end = { write: writes + write, moment };
    },
    write: (act) => {
      alive();
      writes += 1;
      dieIf('before');
      const value = act();
      dieIf('after');
      return value;
    },
    call: async (running) => {
      calls += 1;
      const own = calls;
      const value = await running;
      if (lastCall === own) die();
      alive();
      return value;
    },
    alive,
  };
}

export function mortalStore(store: Store, life: Life): Store {
  const guarded = <Args extends readonly unknown[], T>(act: (...args: Args) => T) => {
    return (...args: Args): T => {
      life.alive();
      return act(...args);
    };
  };
  return {
    ...store,
    write: (work) => life.write(() => store.write(work)),
    note: guarded(store.note) as Store['note'],
    tell: guarded(store.tell) as Store['tell'],
    receive: guarded(store.receive) as Store['receive'],
    under: (lease) => mortalStore(store.under(lease), life),
  };
}

/** Nothing that a dead process asks for is done, by a capability of the driver either. */
export function mortalDriver<Driver extends Environment | LoadBalancer | Migrator>(driver: Driver, life: Life): Driver {
  return mortal(driver, life);
}

function mortal<Part extends object>(part: Part, life: Life): Part {
  return new Proxy(part, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (acts(value)) return mortal(value, life);
      if (typeof value !== 'function') return value;
      return (...args: readonly unknown[]): unknown => {
        life.alive();
        const result: unknown = Reflect.apply(value, target, args);
        return result instanceof Promise ? life.call(result) : result;
      };
    },
  });
}

function acts(value: unknown): value is object {
  const isObject = typeof value === 'object' && value !== null;
  return isObject && Object.values(value).some((each) => typeof each === 'function');
}
