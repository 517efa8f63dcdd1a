// What the configuration says about traces of deployments.

import { z } from 'zod';
import { secretOf } from '../notify/resolve.ts';
import type { Secret } from '../notify/settings.ts';
import { address, secret } from './values.ts';

export const traces = z
  .strictObject({
    url: address('an address such as http://127.0.0.1:4318/v1/traces').describe(
      'Where traces are posted: OTLP over HTTP, in JSON.',
    ),
    token: secret()
      .describe(`Sent as a bearer token; from the environment: \${OTLP_TOKEN}; or file:path. Default: none.`)
      .optional(),
  })
  .describe('A trace of OpenTelemetry for each deployment that has ended, one span a step. Default: none.');

export interface TracesSettings {
  readonly url: string;
  /** Undefined where none is configured. */
  readonly token: Secret | undefined;
}

export const resolveTraces = (given: z.infer<typeof traces>, folder: string): TracesSettings => ({
  url: given.url,
  // Configured, but with a variable that this process was not given: the key is there, its value is not.
  token: 'token' in given ? secretOf(given.token, folder) : undefined,
});
