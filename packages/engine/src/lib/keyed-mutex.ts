// A mutex per name, within this process.

export type KeyedMutex = <T>(name: string, work: () => Promise<T>) => Promise<T>;

/** `work` begins when all earlier work under the same name has ended, well or badly. Nesting one name is a deadlock. */
export function createKeyedMutex(): KeyedMutex {
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
