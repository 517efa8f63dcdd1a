// The proxy's own supervisor: a shell that starts the proxy again when a signal has ended it. It belongs to no engine
// and needs no lease, so users have a listener again before the next controller comes. It takes one megabyte.

import { readFileIfAny, writeFileAtomic } from '../../lib/files.ts';
import { isGone, ownMark, type ProcessMark, startTicksOf } from '../../lib/process-mark.ts';

/** What the proxy is given as its last argument when it is started again. */
const again = 'again';

/**
 * The proxy has its own session, so that a signal to its process group does not reach the watcher. The watcher ends too
 * when the end was requested (0, INT, TERM, HUP) or the first start failed. Time comes from the kernel's uptime.
 */
const script = `
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
apart=
command -v setsid >/dev/null && apart=setsid
again= wait=0 tries=0
while [ $tries -lt 40 ]; do
  read -r began rest < /proc/uptime
  $apart "$@" $again
  ended=$?
  read -r now rest < /proc/uptime
  case $ended in
    0|129|130|143) exit $ended ;;
    129|1[3-9]?) again=${again} ;;
    *) [ "$again" ] || exit $ended ;;
  esac
  if [ $((\${now%.*} - \${began%.*})) -gt 60 ]; then wait=0 tries=0; fi
  [ $wait -gt 0 ] && sleep $wait
  wait=$((wait * 2 + 1)) tries=$((tries + 1))
  [ $wait -gt 30 ] && wait=30
done
exit 1
`;

export const watched = (argv: readonly string[]): readonly [string, ...string[]] => [
  '/bin/sh',
  '-c',
  script,
  'bluegreen-proxy-watcher',
  ...argv,
];

/** Called under the start lock, as everything here. */
export function rememberWatcher(file: string, pid: number): void {
  const startTicks = startTicksOf(pid);
  if (startTicks !== undefined) writeFileAtomic(file, JSON.stringify({ ...ownMark(), pid, startTicks }), 0o600);
}

export const isWatched = (file: string): boolean => watcherIn(file) !== undefined;

export function endWatcher(file: string): void {
  const watcher = watcherIn(file);
  if (watcher === undefined) return;
  try {
    process.kill(watcher.pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

function watcherIn(file: string): ProcessMark | undefined {
  try {
    const mark = JSON.parse(readFileIfAny(file) ?? 'null') as ProcessMark | null;
    return mark === null || mark.bootId !== ownMark().bootId || isGone(mark) ? undefined : mark;
  } catch {
    return undefined;
  }
}
