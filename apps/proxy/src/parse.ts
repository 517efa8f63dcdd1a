// Parses unknown JSON to typed values once, at the entry point. An error names the place and the value, never a secret.

import { readFileSync } from 'node:fs';
import type { ProxySpec, ProxyTargetFiles, ProxyTargetsFile, Routing, RoutingOrder, SlotName } from '@bg/engine';
import { messageOf } from './log.ts';

/** What was handed in is not what it must be. */
export class InvalidInput extends Error {}

type Fields = Readonly<Record<string, unknown>>;

/** @throws InvalidInput naming the file and the key. */
export function readSpec(path: string): ProxySpec {
  try {
    return parseSpec(JSON.parse(readFileSync(path, 'utf8')));
  } catch (thrown) {
    // The text of a JSON error quotes the file, which holds secrets.
    const what = thrown instanceof SyntaxError ? 'not valid JSON' : messageOf(thrown);
    throw new InvalidInput(`spec file ${path}: ${what}`, { cause: thrown });
  }
}

function parseSpec(value: unknown): ProxySpec {
  const spec = fields(value, 'spec');
  const upstreams = fields(spec.upstreams, 'upstreams');
  const probe = fields(spec.probe, 'probe');
  return {
    service: text(spec.service, 'service'),
    target: text(spec.target, 'target'),
    listen: address(spec.listen, 'listen'),
    upstreams: {
      blue: instances(upstreams.blue, 'upstreams.blue'),
      green: instances(upstreams.green, 'upstreams.green'),
    },
    admitted: spec.admitted === undefined ? undefined : admitted(spec.admitted),
    checks: spec.checks === undefined ? undefined : checks(spec.checks),
    sticky: sticky(spec.sticky),
    preview: spec.preview === undefined ? undefined : preview(spec.preview),
    allow: spec.allow === undefined ? undefined : allowList(spec.allow),
    requestTimeoutMs: whole(spec.requestTimeoutMs, 'requestTimeoutMs', { least: 1, most: 86_400_000 }),
    drainSpreadMs: whole(spec.drainSpreadMs, 'drainSpreadMs', { least: 0, most: 86_400_000 }),
    trustedProxies: spec.trustedProxies === undefined ? undefined : addresses(spec.trustedProxies),
    maxHeaderBytes: limit(spec.maxHeaderBytes, 'maxHeaderBytes', { least: 1_024, most: 1 << 20 }),
    healthPath: spec.healthPath === undefined ? undefined : text(spec.healthPath, 'healthPath'),
    userIdleMs: limit(spec.userIdleMs, 'userIdleMs', { least: 1, most: 86_400_000 }),
    digest: text(spec.digest, 'digest'),
    socket: text(spec.socket, 'socket'),
    accessLog: spec.accessLog === undefined ? undefined : text(spec.accessLog, 'accessLog'),
    routingFile: text(spec.routingFile, 'routingFile'),
    probe: {
      header: text(probe.header, 'probe.header').toLowerCase(),
      nonce: secret(probe.nonce, 'probe.nonce'),
      bucketHeader: text(probe.bucketHeader, 'probe.bucketHeader').toLowerCase(),
    },
  };
}

/** @throws InvalidInput */
export function parseTargetFiles(value: unknown): ProxyTargetFiles {
  const { spec, log } = fields(value, 'target');
  return { spec: text(spec, 'spec'), log: text(log, 'log') };
}

/** @throws InvalidInput */
export function parseTargetsFile(value: unknown): ProxyTargetsFile {
  const { targets } = fields(value, 'list of targets');
  if (!Array.isArray(targets)) throw new InvalidInput(`targets must be a list, not ${shown(targets)}`);
  return {
    targets: targets.map((each) => {
      const { spec, log } = fields(each, 'target');
      return { spec: text(spec, 'spec'), log: log === undefined ? undefined : text(log, 'log') };
    }),
  };
}

/** @throws InvalidInput */
export function parseOrder(value: unknown): RoutingOrder {
  const order = fields(value, 'order');
  return {
    routing: parseRouting(order.routing),
    fence: whole(order.fence, 'fence', { least: 0, most: Number.MAX_SAFE_INTEGER }),
  };
}

function parseRouting(value: unknown): Routing {
  const routing = fields(value, 'routing');
  return {
    generation: whole(routing.generation, 'routing.generation', { least: 0, most: Number.MAX_SAFE_INTEGER }),
    active: slotIfAny(routing.active, 'routing.active'),
    canary: routing.canary === undefined ? undefined : canary(routing.canary),
    preview: slotIfAny(routing.preview, 'routing.preview'),
  };
}

function canary(value: unknown): Routing['canary'] {
  const { slot, percent } = fields(value, 'routing.canary');
  if (typeof percent !== 'number' || !(percent >= 0 && percent <= 100))
    throw new InvalidInput(`routing.canary.percent must be a number from 0 to 100, not ${shown(percent)}`);
  return { slot: slotNamed(slot, 'routing.canary.slot'), percent };
}

function sticky(value: unknown): ProxySpec['sticky'] {
  const { by, name, instance } = fields(value, 'sticky');
  if (by !== 'cookie' && by !== 'header' && by !== 'address')
    throw new InvalidInput(`sticky.by must be cookie, header or address, not ${shown(by)}`);
  const given = by === 'address' && name === undefined ? '' : text(name, 'sticky.name', by === 'address');
  return { by, name: given, instance: instance === true };
}

function checks(value: unknown): ProxySpec['checks'] {
  const { path, headers, statuses, ...numbers } = fields(value, 'checks');
  const count = (name: string, most: number) => whole(numbers[name], `checks.${name}`, { least: 1, most });
  if (!Array.isArray(statuses)) throw new InvalidInput(`checks.statuses must be a list, not ${shown(statuses)}`);
  return {
    path: path === undefined ? undefined : text(path, 'checks.path'),
    headers: texts(headers, 'checks.headers'),
    statuses: statuses.map((each) => {
      const status = (at: number) => whole((each as unknown[])?.[at], 'checks.statuses', { least: 100, most: 599 });
      return [status(0), status(1)] as const;
    }),
    intervalMs: count('intervalMs', 86_400_000),
    timeoutMs: count('timeoutMs', 86_400_000),
    failures: count('failures', 1_000),
    successes: count('successes', 1_000),
  };
}

function admitted(value: unknown): ProxySpec['admitted'] {
  const { blue, green } = fields(value, 'admitted');
  const count = (number: unknown, where: string) => whole(number, where, { least: 1, most: 1_000 });
  return { blue: count(blue, 'admitted.blue'), green: count(green, 'admitted.green') };
}

/** Their values may be secrets, and are shown in no error. */
function texts(value: unknown, where: string): Readonly<Record<string, string>> {
  const given = Object.entries(fields(value, where));
  return Object.fromEntries(
    given.map(([name, each]) => {
      if (typeof each !== 'string') throw new InvalidInput(`${where}.${name} must be a text`);
      return [name, each];
    }),
  );
}

function preview(value: unknown): NonNullable<ProxySpec['preview']> {
  const { header, cookie, token, host } = fields(value, 'preview');
  const names = { header: text(header, 'preview.header'), cookie: text(cookie, 'preview.cookie') };
  const door = host === undefined ? undefined : text(host, 'preview.host').toLowerCase();
  return { ...names, token: secret(token, 'preview.token'), host: door };
}

function allowList(value: unknown): ProxySpec['allow'] {
  const { by, name, values } = fields(value, 'allow');
  if (by !== 'cookie' && by !== 'header') throw new InvalidInput(`allow.by must be cookie or header, not ${shown(by)}`);
  if (!Array.isArray(values)) throw new InvalidInput(`allow.values must be a list, not ${shown(values)}`);
  return { by, name: text(name, 'allow.name'), values: values.map((each) => text(each, 'allow.values')) };
}

/** An address alone is that of the only instance: all that an earlier version writes. */
function instances(value: unknown, where: string): ProxySpec['upstreams'][SlotName] {
  if (!Array.isArray(value)) return [address(value, where)];
  const [first, ...others] = value.map((each, at) => address(each, `${where}[${at}]`));
  if (first === undefined) throw new InvalidInput(`${where} must have an address`);
  return [first, ...others];
}

function addresses(value: unknown): readonly string[] {
  if (!Array.isArray(value)) throw new InvalidInput(`trustedProxies must be a list, not ${shown(value)}`);
  return value.map((each) => text(each, 'trustedProxies'));
}

function fields(value: unknown, where: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new InvalidInput(`${where} must be an object, not ${shown(value)}`);
  return value as Fields;
}

function text(value: unknown, where: string, mayBeEmpty = false): string {
  if (typeof value !== 'string' || (value === '' && !mayBeEmpty))
    throw new InvalidInput(`${where} must be a text, not ${shown(value)}`);
  return value;
}

function secret(value: unknown, where: string): string {
  if (typeof value !== 'string' || value.length < 8)
    throw new InvalidInput(`${where} must be a text of at least 8 characters`);
  return value;
}

function whole(value: unknown, where: string, { least, most }: { least: number; most: number }): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least || value > most)
    throw new InvalidInput(`${where} must be a whole number from ${least} to ${most}, not ${shown(value)}`);
  return value;
}

const limit = (value: unknown, where: string, bounds: { least: number; most: number }): number | undefined =>
  value === undefined ? undefined : whole(value, where, bounds);

function address(value: unknown, where: string): { readonly host: string; readonly port: number } {
  const { host, port } = fields(value, where);
  return { host: text(host, `${where}.host`), port: whole(port, `${where}.port`, { least: 1, most: 65_535 }) };
}

const slotIfAny = (value: unknown, where: string): SlotName | undefined =>
  value === undefined || value === null ? undefined : slotNamed(value, where);

function slotNamed(value: unknown, where: string): SlotName {
  if (value !== 'blue' && value !== 'green')
    throw new InvalidInput(`${where} must be blue or green, not ${shown(value)}`);
  return value;
}

const shown = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 80);
