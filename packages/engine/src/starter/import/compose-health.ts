// A health check of compose is a command in the container. The engine asks over HTTP from outside; the path is taken where
// the command names it.

import { type ImportedHealth, notTaken, type Taken } from './imported.ts';
import { durationIn, mappingIn, shapedIn, shapes, textIn, textsIn, wholeIn } from './values.ts';

export function healthOf(value: unknown): Taken {
  const { test, disable, interval, timeout, retries, start_period: startup, ...others } = mappingIn(value);
  if (disable === true)
    return notTaken('a side without any check could not be trusted: the port is asked for a connection');
  const words = test === undefined ? [] : Array.isArray(test) ? textsIn(test) : [textIn(test)];
  const found = pathIn(words.join(' '));
  const path = found === undefined ? undefined : shapedIn(found, shapes.healthPath);
  const health: ImportedHealth = {
    ...(path === undefined ? {} : { path }),
    ...(interval === undefined ? {} : { intervalMs: durationIn(interval) }),
    ...(timeout === undefined ? {} : { timeoutMs: durationIn(timeout) }),
    ...(retries === undefined ? {} : { failures: wholeIn(retries, { max: 100 }) }),
    ...(startup === undefined ? {} : { startupMs: durationIn(startup) }),
  };
  const left = [
    ...(path === undefined && test !== undefined
      ? ['test: the command names no address of the service: the port is asked for a connection, name `health.path`']
      : []),
    ...Object.keys(others).map((key) => `${key}: has no counterpart`),
  ];
  return { value: { health }, left };
}

/** Of `curl -f http://localhost:3000/up || exit 1`: `/up`. */
function pathIn(command: string): string | undefined {
  const [, path] =
    /https?:\/\/(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::\d{1,5})?(\/[^\s"'`|;&)]*)?/.exec(command) ?? [];
  if (path !== undefined) return path;
  return /https?:\/\/(?:localhost|127\.0\.0\.1)/.test(command) ? '/' : undefined;
}
