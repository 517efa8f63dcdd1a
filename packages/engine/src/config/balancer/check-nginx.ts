// What nginx in particular cannot do, told before anything is started.

import { error, type Finding, warning } from '../kit/problems.ts';
import { parseListen } from '../kit/units.ts';
import type { TargetDraft } from '../target-draft.ts';

/** nginx reads a header only by a name of these, and has a variable for a cookie only by a name of those. */
const headerName = /^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$/;
const cookieName = /^[A-Za-z0-9_]+$/;

export function checkNginx({ own, path }: TargetDraft): readonly Finding[] {
  const balancer = own.loadBalancer;
  if (balancer?.driver !== 'nginx') return [];
  const at = [...path, 'loadBalancer'];
  const { sticky, preview, allow, nginx, drainSpread } = balancer;
  const notReadable = 'cannot be read by nginx; expected letters, digits and hyphens';
  const headers = [
    { name: sticky?.by === 'header' ? sticky.name : undefined, at: [...at, 'sticky', 'name'] },
    { name: preview?.header, at: [...at, 'preview', 'header'] },
    { name: allow?.by === 'header' ? allow.name : undefined, at: [...at, 'allow', 'name'] },
  ];
  return [
    ...headers.flatMap((each) =>
      each.name !== undefined && !headerName.test(each.name) ? [error(each.at, notReadable)] : [],
    ),
    ...((sticky?.by ?? 'cookie') === 'cookie' && sticky?.name !== undefined && !cookieName.test(sticky.name)
      ? [error([...at, 'sticky', 'name'], 'cannot be read by nginx; expected letters, digits and underscores')]
      : []),
    ...(nginx?.mode === 'attached' && !('include' in nginx)
      ? [error([...at, 'nginx', 'include'], 'is missing; expected the file that your nginx includes within http')]
      : []),
    ...(drainSpread !== undefined && Number.parseInt(drainSpread, 10) > 0
      ? [warning([...at, 'drainSpread'], 'is not followed by nginx, which cannot close single connections')]
      : []),
  ];
}

export function tlsPort({ loadBalancer }: TargetDraft['own']): number | undefined {
  const listen = loadBalancer?.driver === 'nginx' ? loadBalancer.nginx?.tls?.listen : undefined;
  return listen === undefined ? undefined : parseListen(listen).port;
}
