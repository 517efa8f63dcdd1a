// The payloads below payloads/, by hook and name, as bytes.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, 'payloads');

type PayloadHook = 'github' | 'gitlab' | 'bitbucket' | 'cdevents' | 'alertmanager' | 'datadog';

export interface Payload {
  readonly name: string;
  readonly body: Buffer;
}

export function payloadsOf(hook: PayloadHook): readonly Payload[] {
  return readdirSync(join(folder, hook))
    .sort()
    .map((file) => ({ name: file.replace('.json', ''), body: readFileSync(join(folder, hook, file)) }));
}

export function payload(hook: PayloadHook, name: string): Buffer {
  return readFileSync(join(folder, hook, `${name}.json`));
}

/** The name of GitHub's event: `workflow_run` for `workflow-run-success`. */
export function githubEvent(name: string): string {
  const events = ['check_suite', 'deployment_status', 'ping', 'pull_request', 'push', 'release', 'workflow_run'];
  return events.find((event) => name.replaceAll('-', '_').startsWith(event)) ?? name;
}
