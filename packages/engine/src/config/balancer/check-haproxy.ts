// What HAProxy in particular needs, told before anything is started.

import type { Path } from '../kit/path.ts';
import { error, type Finding } from '../kit/problems.ts';
import { parseListen } from '../kit/units.ts';
import type { TargetDraft } from '../target-draft.ts';

/** Characters that mean nothing else in its language. */
const plainName = /^[A-Za-z0-9_-]+$/;
const attachedKeys = {
  folder: 'expected the folder that your HAProxy reads bluegreen.cfg from',
  nodes: 'expected every HAProxy that serves this target',
  check: 'expected a command such as [haproxy, -c, -f, /etc/haproxy/haproxy.cfg, -f, "{file}"]',
  reload: 'expected a command such as [systemctl, reload, haproxy]',
  logListen: 'expected an address that the nodes can reach, such as "127.0.0.1:9514"',
} as const;

export function checkHaproxy({ own, path }: TargetDraft): readonly Finding[] {
  const balancer = own.loadBalancer;
  if (balancer?.driver !== 'haproxy') return [];
  const at = [...path, 'loadBalancer'];
  const { sticky, preview, allow } = balancer;
  const names: readonly { readonly name: string | undefined; readonly at: Path }[] = [
    { name: sticky?.by === 'address' ? undefined : sticky?.name, at: [...at, 'sticky', 'name'] },
    { name: preview?.header, at: [...at, 'preview', 'header'] },
    { name: preview?.cookie, at: [...at, 'preview', 'cookie'] },
    { name: allow?.name, at: [...at, 'allow', 'name'] },
  ];
  return [
    ...names.flatMap((each) =>
      each.name === undefined || plainName.test(each.name)
        ? []
        : [error(each.at, 'cannot be written for HAProxy; expected letters, digits, hyphens and underscores')],
    ),
    ...checkAttached(balancer.haproxy ?? {}, [...at, 'haproxy']),
  ];
}

type Haproxy = NonNullable<NonNullable<TargetDraft['own']['loadBalancer']>['haproxy']>;

function checkAttached(haproxy: Haproxy, at: Path): readonly Finding[] {
  if (haproxy.mode !== 'attached') return [];
  const missing = Object.entries(attachedKeys).flatMap(([key, expected]) =>
    key in haproxy ? [] : [error([...at, key], `is missing; ${expected}`)],
  );
  const blind = haproxy.check && !haproxy.check.some((part) => part?.includes('{file}'));
  const nodes = haproxy.nodes?.map((node) => node?.name) ?? [];
  const twice = nodes.flatMap((name, index) =>
    name !== undefined && nodes.indexOf(name) < index
      ? [error([...at, 'nodes', index, 'name'], 'is the name of another node too; expected another')]
      : [],
  );
  return [
    ...missing,
    ...(blind ? [error([...at, 'check'], 'does not say {file}; expected it where our file is to be checked')] : []),
    ...twice,
  ];
}

export function haproxyTlsPort({ loadBalancer }: TargetDraft['own']): number | undefined {
  const listen = loadBalancer?.driver === 'haproxy' ? loadBalancer.haproxy?.tls?.listen : undefined;
  return listen === undefined ? undefined : parseListen(listen).port;
}
