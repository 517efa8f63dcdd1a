// When to stop: Ctrl-C, a service manager, a closed terminal, or the death of the process that started us.

/** Aborts once, with the reason in words. */
export function untilSignalled(): AbortSignal {
  const over = new AbortController();
  for (const [signal, why] of [
    ['SIGINT', 'Ctrl-C'],
    ['SIGTERM', 'SIGTERM'],
    ['SIGHUP', 'the terminal was closed'],
  ] as const)
    process.on(signal, () => over.abort(why));
  // The channel to tools/run.mjs: it closes when that is killed.
  process.once('disconnect', () => over.abort('the process that started this is gone'));
  process.channel?.unref();
  // A closed terminal takes no more words.
  process.stdout.on('error', () => undefined);
  process.stderr.on('error', () => undefined);
  return over.signal;
}

/** Nothing that hangs may keep a person waiting. */
export function endWithin(limitMs: number): void {
  const late = setTimeout(() => {
    console.error(`Not everything could be stopped within ${limitMs / 1_000} s.`);
    process.exit(1);
  }, limitMs);
  late.unref();
}
