// What the load balancer of a target cannot do of what the file says, and ports that two would listen on.

import { driverCannot } from '../../domain/capabilities.ts';
import { parseListen } from '../../lib/units.ts';
import { type Drivers, driverNamed, ownOf } from '../drivers.ts';
import { countedPorts } from '../instances/check.ts';
import { portsOfSlot, type SharedCounts } from '../instances/instances.ts';
import { formatPath, type Path } from '../kit/path.ts';
import { error, type Finding, warning } from '../kit/problems.ts';
import { portsOfRoles } from '../process-roles/check.ts';
import type { TargetDraft } from '../target-draft.ts';
import { defaultPreview, defaultStickyCookie } from './keys.ts';

export function checkBalancer(target: TargetDraft, drivers: Drivers['balancers']): readonly Finding[] {
  return [...checkNames(target), ...checkAbilities(target, drivers), ...checkByDriver(target, drivers)];
}

/** What the file asks of a load balancer that cannot do it. */
function checkAbilities(target: TargetDraft, drivers: Drivers['balancers']): readonly Finding[] {
  const { own, path, options, saidAt, isSaid } = target;
  const balancer = own.loadBalancer;
  const driver = driverOf(own, drivers);
  if (!driver || !balancer) return [];
  const { name } = driver;
  const at = [...path, 'loadBalancer'];
  const spread = balancer.drainSpread;
  return [
    ...checkSticky(balancer.sticky, driver, [...at, 'sticky']),
    ...checkPreview(balancer.preview, driver, [...at, 'preview']),
    ...checkAdmission(target, driver),
    ...(!driver.weights && 'allow' in balancer ? [error([...at, 'allow'], driverCannot(name, 'weights'))] : []),
    ...(!driver.drain && spread !== undefined && Number.parseInt(spread, 10) > 0
      ? [warning([...at, 'drainSpread'], `is not followed: ${driverCannot(name, 'drain')}`)]
      : []),
    ...(isSaid('canary') ? checkCanary(options.canary, driver, saidAt('canary')) : []),
    ...(!driver.weights && !isSaid('canary')
      ? [
          warning(
            at,
            `${driverCannot(name, 'weights')}: all users move at once, without the default canary and its approval; write canary: []`,
          ),
        ]
      : []),
    ...(driver.counts || isSaid('bake')
      ? []
      : [warning(at, `${driverCannot(name, 'counts')}: a bake watches only health`)]),
  ];
}

/** Where `bg scale` may change the number of instances. */
function checkAdmission({ own, path, options }: TargetDraft, { name, admission }: Driver): readonly Finding[] {
  return (['blue', 'green'] as const).flatMap((slot) => {
    const draft = own.slots?.[slot];
    const { all, wanted } = draft ? countedPorts(draft, options) : { all: 0, wanted: 0 };
    if (all <= wanted) return [];
    const at = [...path, 'slots', slot];
    if (!admission) return [error(at, `has a maxInstances, but ${driverCannot(name, 'admission')}`)];
    const few = `${name} leaves out instances of sides with ${admission.most} at most`;
    return all > admission.most ? [error(at, `has a maxInstances of ${all}, but ${few}`)] : [];
  });
}

type BalancerDraft = NonNullable<TargetDraft['own']['loadBalancer']>;
type Driver = Drivers['balancers'][number];

function checkSticky(sticky: BalancerDraft['sticky'], driver: Driver, at: Path): readonly Finding[] {
  if (sticky === undefined) return [];
  if (!driver.sticky) return [error(at, driverCannot(driver.name, 'sticky'))];
  const { by = 'cookie' } = sticky;
  const known = driver.sticky.by;
  return known.includes(by)
    ? []
    : [error([...at, 'by'], `${driver.name} recognises users by ${known.join(', ')} only`)];
}

function checkPreview(preview: BalancerDraft['preview'], driver: Driver, at: Path): readonly Finding[] {
  if (preview === undefined) return [];
  if (!driver.preview) return [error(at, driverCannot(driver.name, 'preview'))];
  return 'host' in preview && !driver.preview.by.includes('host')
    ? [error([...at, 'host'], `${driver.name} reads the preview token from ${driver.preview.by.join(', ')} only`)]
    : [];
}

function checkCanary(canary: TargetDraft['options']['canary'], driver: Driver, at: Path): readonly Finding[] {
  if (!canary || canary.length === 0) return [];
  if (!driver.weights) return [error(at, `${driverCannot(driver.name, 'weights')}; expected []`)];
  if (driver.counts) return [];
  return canary.flatMap((step, index) =>
    step && 'watch' in step ? [error([...at, index, 'watch'], driverCannot(driver.name, 'counts'))] : [],
  );
}

function checkNames({ own, path }: TargetDraft): readonly Finding[] {
  const { sticky, preview } = own.loadBalancer ?? {};
  const by = sticky?.by ?? 'cookie';
  const at = [...path, 'loadBalancer', 'sticky'];
  if (sticky && by === 'header' && !('name' in sticky))
    return [error([...at, 'name'], 'is missing; expected the header that identifies users, such as x-user-id')];
  if (sticky && by === 'address' && sticky.name !== undefined)
    return [warning([...at, 'name'], 'has no effect, since users are recognised by address')];
  const cookie =
    by === 'cookie' && preview && (sticky?.name ?? defaultStickyCookie) === (preview.cookie ?? defaultPreview.cookie);
  return cookie
    ? [
        error(
          [...path, 'loadBalancer', 'preview', 'cookie'],
          'is the same cookie as that of sticky; expected another name',
        ),
      ]
    : [];
}

function checkByDriver({ own, path }: TargetDraft, drivers: Drivers['balancers']): readonly Finding[] {
  const driver = driverOf(own, drivers);
  const balancer = own.loadBalancer;
  if (!driver?.check || !balancer) return [];
  return driver.check(balancer, ownOf(balancer, driver.name) as Parameters<typeof driver.check>[1], [
    ...path,
    'loadBalancer',
  ]);
}

function driverOf({ loadBalancer }: TargetDraft['own'], drivers: Drivers['balancers']) {
  if (!loadBalancer) return undefined;
  return driverNamed(drivers, 'driver' in loadBalancer ? loadBalancer.driver : drivers[0].name);
}

/** Every port of the file belongs to one listener. */
export function checkPorts(targets: readonly TargetDraft[], drivers: Drivers['balancers']): readonly Finding[] {
  const takenBy = new Map<number, Path>();
  return targets
    .flatMap((target) => portsOf(target, drivers))
    .flatMap(({ port, path }) => {
      const taken = takenBy.get(port);
      if (taken) return [error(path, `port ${port} is already taken by ${formatPath(taken)}`)];
      takenBy.set(port, path);
      return [];
    });
}

function portsOf(
  target: TargetDraft,
  drivers: Drivers['balancers'],
): readonly { readonly port: number; readonly path: Path }[] {
  const { own, path, options } = target;
  const at = [...path, 'loadBalancer'];
  const listen = own.loadBalancer?.listen;
  const driver = driverOf(own, drivers);
  const others = driver?.listens?.(ownOf(own.loadBalancer, driver.name) as never) ?? [];
  const ports = [
    ...(['blue', 'green'] as const).flatMap((slot) => slotPorts(own.slots?.[slot], options, [...path, 'slots', slot])),
    ...portsOfRoles(target),
    ...others.map((other) => ({ port: parseListen(other.listen).port, path: [...at, ...other.key] })),
    { port: listen === undefined ? undefined : parseListen(listen).port, path: [...at, 'listen'] },
  ];
  return ports.flatMap(({ port, path: found }) => (port === undefined ? [] : [{ port, path: found }]));
}

function slotPorts(
  slot: NonNullable<TargetDraft['own']['slots']>['blue'],
  shared: SharedCounts,
  at: Path,
): readonly { readonly port: number; readonly path: Path }[] {
  if (!slot) return [];
  if (slot.ports)
    return slot.ports.flatMap((port, index) => (port === undefined ? [] : [{ port, path: [...at, 'ports', index] }]));
  return portsOfSlot({ port: slot.port, instances: slot.instances, maxInstances: slot.maxInstances }, shared).map(
    (port) => ({
      port,
      path: [...at, 'port'],
    }),
  );
}
