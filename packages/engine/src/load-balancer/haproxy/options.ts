// The driver's options, and where all files of one target are.

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../../lib/clock.ts';
import type { SocketAddress } from '../../lib/command-socket.ts';
import { BlueGreenError } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import type { BalancerSpec } from '../load-balancer.ts';

export interface HaproxyOptions {
  readonly spec: BalancerSpec;
  readonly settings: HaproxySettings;
  /** Absolute; shared by all targets. Its path may have 80 bytes at most. */
  readonly folder: string;
  /** Absolute path of Node, which runs the collector. */
  readonly node: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** `managed`: the engine's own instance. `attached`: the user's, in which the engine owns one included file. */
export type HaproxySettings = ManagedSettings | AttachedSettings;

export interface TlsSettings {
  readonly listen: { readonly host: string; readonly port: number };
  /** Absolute path: certificate and key in one PEM file. */
  readonly certificate: string;
}

export interface ManagedSettings {
  readonly mode: 'managed';
  /** Name or absolute path. */
  readonly program: string;
  readonly tls: TlsSettings | undefined;
}

export interface AttachedSettings {
  readonly mode: 'attached';
  /** Absolute; receives the included file `bluegreen.cfg` and `routing.map`. */
  readonly folder: string;
  readonly nodes: readonly AttachedNode[];
  /** Tests the user's configuration with the file `{file}` in the place of ours. */
  readonly check: readonly [string, ...string[]];
  readonly reload: readonly [string, ...string[]];
  /** Where the nodes send their log lines, and where we listen for them. */
  readonly logAddress: { readonly host: string; readonly port: number };
  readonly tls: TlsSettings | undefined;
}

export interface AttachedNode {
  readonly name: string;
  /** Runtime socket with `level admin`. */
  readonly socket: SocketAddress;
  /** `http://host:port` where only this node answers. */
  readonly entrypoint: string;
}

export interface Place {
  /** `bg_shop_production`: the beginning of every name in HAProxy. */
  readonly name: string;
  readonly folder: string;
  /** Ours to write: the whole site. */
  readonly siteFile: string;
  /** Global settings and defaults of a managed instance. */
  readonly managedFile: string;
  readonly errorFile: string;
  readonly log: string;
  readonly accessLog: string;
  readonly pidFile: string;
  readonly leavingFile: string;
  readonly lockFile: string;
  readonly nonceFile: string;
  readonly runtimeSocket: string;
  readonly collector: CollectorPlace;
}

export interface CollectorPlace {
  readonly spec: string;
  /** Of the process that counts for all targets of the folder. */
  readonly log: string;
  /** The socket where it accepts further targets. */
  readonly host: string;
  /** Held while a target is added to a process, so that two engines do not start two processes. */
  readonly startLock: string;
  readonly control: string;
  /** Where HAProxy sends its lines in a managed instance. */
  readonly lines: string;
  readonly counted: string;
}

const maxSocketPathBytes = 100;

/** @throws `config-invalid` for a folder too long for a socket. */
export function placeOf({ spec, settings, folder }: HaproxyOptions): Place {
  const name = `bg_${spec.service}_${spec.target}`;
  const own = join(folder, `${spec.service}.${spec.target}`);
  const short = createHash('sha256').update(`${spec.service}/${spec.target}`).digest('hex').slice(0, 10);
  const socket = (kind: string) => {
    const path = join(folder, `${short}.${kind}`);
    // HAProxy binds under a longer name first, and renames.
    if (Buffer.byteLength(path) <= maxSocketPathBytes) return path;
    throw new BlueGreenError('config-invalid', `the state folder's path is too long for a unix socket: ${path}`);
  };
  const files = settings.mode === 'attached' ? settings.folder : own;
  return {
    name,
    folder: files,
    siteFile: join(files, 'bluegreen.cfg'),
    managedFile: join(own, 'managed.cfg'),
    errorFile: join(files, 'unreachable.http'),
    log: join(own, 'haproxy.log'),
    accessLog: join(own, 'access.log'),
    pidFile: join(own, 'haproxy.pid.json'),
    leavingFile: join(own, 'leaving.json'),
    lockFile: join(own, 'start.lock'),
    nonceFile: join(own, 'nonce'),
    runtimeSocket: socket('run'),
    collector: {
      spec: join(own, 'collector.json'),
      log: join(folder, 'collectors.log'),
      host: join(folder, 'collectors'),
      startLock: join(folder, 'collectors.starting'),
      control: socket('col'),
      lines: socket('log'),
      counted: join(own, 'counted.json'),
    },
  };
}
