// Every port of the file belongs to one listener.

import type { Path } from '../kit/path.ts';
import { formatPath } from '../kit/path.ts';
import { error, type Finding } from '../kit/problems.ts';
import { parseListen } from '../kit/units.ts';
import type { TargetDraft } from '../target-draft.ts';
import { haproxyTlsPort } from './check-haproxy.ts';
import { tlsPort } from './check-nginx.ts';

export function checkPorts(targets: readonly TargetDraft[]): readonly Finding[] {
  const takenBy = new Map<number, Path>();
  return targets.flatMap(portsOf).flatMap(({ port, path }) => {
    const taken = takenBy.get(port);
    if (taken) return [error(path, `port ${port} is already taken by ${formatPath(taken)}`)];
    takenBy.set(port, path);
    return [];
  });
}

function portsOf({ own, path }: TargetDraft): readonly { readonly port: number; readonly path: Path }[] {
  const listen = own.loadBalancer?.listen;
  const ports = [
    { port: own.slots?.blue?.port, path: [...path, 'slots', 'blue', 'port'] },
    { port: own.slots?.green?.port, path: [...path, 'slots', 'green', 'port'] },
    { port: tlsPort(own), path: [...path, 'loadBalancer', 'nginx', 'tls', 'listen'] },
    { port: haproxyTlsPort(own), path: [...path, 'loadBalancer', 'haproxy', 'tls', 'listen'] },
    { port: listen === undefined ? undefined : parseListen(listen).port, path: [...path, 'loadBalancer', 'listen'] },
  ];
  return ports.flatMap(({ port, path: at }) => (port === undefined ? [] : [{ port, path: at }]));
}
