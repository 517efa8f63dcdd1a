// A health rule for tests, which say only what they are about.

import type { HealthSettings } from '../../config/health/settings.ts';

/** Over HTTP, with every field of the answer left unchecked. */
export const healthRule: HealthSettings = {
  type: 'http',
  grpcService: '',
  command: undefined,
  acceptDegraded: false,
  path: '/health',
  scheme: 'http',
  tls: { ca: undefined, insecure: false },
  headers: {},
  statuses: [[200, 299]],
  intervalMs: 5_000,
  timeoutMs: 10_000,
  failures: 3,
  successes: 2,
  startupMs: 60_000,
  check: 'fields',
  fields: {
    status: undefined,
    okValues: [],
    environment: undefined,
    version: undefined,
    databaseConnected: undefined,
  },
};
