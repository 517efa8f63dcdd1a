// The first configuration of a service: what was found out about it, and a comment for each choice that a team may want to
// change soon. Values are written as JSON texts, which YAML reads as they are.

import type { HealthFinding } from './health-finding.ts';

export interface StarterAnswers {
  readonly service: string;
  readonly command: readonly [string, ...string[]];
  /** Relative to the configuration, or absolute. */
  readonly releases: string;
  readonly state: string;
  readonly ports: { readonly blue: number; readonly green: number; readonly front: number };
  readonly loadBalancer: 'embedded' | 'haproxy' | 'nginx';
  readonly person: { readonly id: string; readonly osUser: string };
  readonly portVariable: 'APPLICATION_PORT' | 'PORT';
  /** Undefined: the service was not started; the default format is assumed. */
  readonly health: HealthFinding | undefined;
}

export function starterConfig(answers: StarterAnswers): string {
  const { service, command, releases, state, ports, loadBalancer, person, portVariable } = answers;
  return `# Made by \`bg init\`. docs/configuration.md and bluegreen.example.yaml explain every key; \`bg config check\` names every problem.

# What must never be lost: state, audit log, sockets. At most 60 bytes as an absolute path.
state: ${text(state)}

# Who may act. Add colleagues with their Slack id and login; who is not here may only look.
people:
  - { id: ${text(person.id)}, osUser: ${text(person.osUser)} }

services:
  ${service}:
    # One folder per version: ${releases}/v1, ${releases}/v2, …
    releases: ${text(releases)}
    # Started in the folder of the version. It must run in the foreground, and end its work on SIGTERM.
    command: ${text(command)}
${portVariable === 'PORT' ? portLines : ''}    # Where the Slack bot posts, once there is one.
    channel: "#deploys"
${healthLines(answers.health)}    # Asked before any user reaches a new version. Add what must never break:
    # smokeTests:
    #   - { name: front page, path: /, expect: { text: ["<html"] } }
    targets:
      production:
        slots:
          blue: { port: ${ports.blue} }
          green: { port: ${ports.green} }
        # Where users connect. embedded needs no other program; haproxy and nginx are started or attached to.
        loadBalancer: { driver: ${loadBalancer}, listen: "127.0.0.1:${ports.front}" }
        # Everybody moves at once. With users who can tell a bad version, send a share first and watch it:
        # canary: [{ percent: 10, watch: 1m }, { percent: 50, watch: 1m }]
        canary: []
        # Watched for so long after everybody was moved.
        bake: 30s
`;
}

const portLines = `    # It listens where PORT says.
    env: { PORT: "$\{APPLICATION_PORT}" }
`;

function healthLines(health: HealthFinding | undefined): string {
  if (health === undefined)
    return '    # Asked in each slot: docs/health.md has other formats.\n    health: { path: /health }\n';
  const weaker =
    health.proves === 'answer'
      ? '    # The answer does not name the version, so that it proves less: add "version" with APP_VERSION to it (docs/health.md).\n'
      : '';
  const values = Object.entries({ path: health.path, ...health.settings }).map(
    ([key, value]) => `${key}: ${text(value)}`,
  );
  return `${weaker}    health: { ${values.join(', ')} }\n`;
}

const text = (value: unknown): string => JSON.stringify(value);
