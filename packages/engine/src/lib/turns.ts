// One at a time per name, within this process: what two parts of the flow must not do at the same moment.

export type Turns = <T>(name: string, work: () => Promise<T>) => Promise<T>;

/** `work` begins when everybody who asked for the same name before has ended, well or badly. Never nest one name. */
export function createTurns(): Turns {
  const last = new Map<string, Promise<unknown>>();
  return async (name, work) => {
    const before = last.get(name) ?? Promise.resolve();
    const mine = before.then(work);
    const settled = mine.catch(() => undefined);
    last.set(name, settled);
    try {
      return await mine;
    } finally {
      if (last.get(name) === settled) last.delete(name);
    }
  };
}
