// The kinds of health checks besides HTTP: a gRPC call, a connection, a command. Each returns nothing or the problem.

import type { HealthSettings } from '../config/health/settings.ts';
import type { SlotName } from '../domain/target.ts';
import { hasCode, messageOf } from '../lib/errors.ts';
import { askGrpcHealth } from '../lib/grpc-health.ts';
import { runAs } from '../lib/run-as.ts';
import { openTcp } from '../lib/tcp.ts';
import { fillCommand } from './env-files.ts';
import { excerpt } from './json-path.ts';

interface Asked {
  /** Of the slot. */
  readonly url: string;
  readonly expected: {
    readonly slot: SlotName;
    readonly version: string | undefined;
    readonly instance?: number | undefined;
  };
  readonly settings: HealthSettings;
  readonly signal?: AbortSignal;
}

const mostOutputBytes = 65_536;

/** @throws what cannot be reached, and the signal's reason when it aborts */
export async function problemByKind(kind: Exclude<HealthSettings['type'], 'http'>, asked: Asked) {
  switch (kind) {
    case 'tcp':
      return problemOfTcp(asked);
    case 'grpc':
      return problemOfGrpc(asked);
    case 'command':
      return problemOfCommand(asked);
    default:
      return kind satisfies never;
  }
}

async function problemOfTcp({ url, settings: { timeoutMs }, signal }: Asked): Promise<undefined> {
  const { hostname, port } = new URL(url);
  await openTcp({ host: hostname, port: Number(port), timeoutMs, ...(signal ? { signal } : {}) });
}

async function problemOfGrpc({ url, settings, signal }: Asked): Promise<string | undefined> {
  const { scheme, grpcService, headers, tls, timeoutMs } = settings;
  const { host } = new URL(url);
  const origin = `${scheme}://${host}`;
  const given = { origin, service: grpcService, headers, tls, timeoutMs };
  const status = await askGrpcHealth({ ...given, ...(signal ? { signal } : {}) });
  const whose = grpcService === '' ? '' : ` of ${grpcService}`;
  return status === 'SERVING' ? undefined : `expected the gRPC health${whose} to be SERVING, got ${status}`;
}

/** The command gets only the environment that is made here, nothing of the engine's own. */
async function problemOfCommand({ url, expected, settings, signal }: Asked): Promise<string | undefined> {
  const { command, timeoutMs } = settings;
  if (!command) return 'the health rule has no command';
  const env = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    LANG: 'C.UTF-8',
    ENVIRONMENT_COLOR: expected.slot,
    APPLICATION_PORT: new URL(url).port,
    INSTANCE: String(expected.instance ?? 1),
    ...(expected.version === undefined ? {} : { APP_VERSION: expected.version }),
  };
  const { argv, unknown } = fillCommand(command.argv, { APP_VERSION: '', ...env });
  if (unknown.length > 0) return `health.${unknown.join('; ')}`;
  try {
    await runAs(command.account, {
      argv,
      cwd: command.cwd,
      env,
      timeoutMs,
      group: true,
      maxOutputBytes: mostOutputBytes,
      ...(signal ? { signal } : {}),
    });
    return undefined;
  } catch (thrown) {
    if (signal?.aborted) throw signal.reason;
    if (hasCode(thrown, 'exec-failed') || hasCode(thrown, 'account-refused')) return excerpt(messageOf(thrown), 400);
    throw thrown;
  }
}
