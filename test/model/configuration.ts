// What the people, the plans and the freezes of the model are, as the configuration says them.

/** By its approvals: none, one person's, or two people's with a hold at the deadline. */
export const plans = ['plain', 'approval', 'two-approvals', 'no-canary'] as const;
export type Plan = (typeof plans)[number];

export const versions = ['v1', 'v2', 'v3', 'v4'] as const;

export interface Rules {
  /** How many people must approve; 0: nobody is asked. */
  readonly needed: number;
  readonly deadlineMs: number;
  readonly onTimeout: 'abort' | 'hold';
  readonly hasCanary: boolean;
}

export const rulesOf: Readonly<Record<Plan, Rules>> = {
  plain: { needed: 0, deadlineMs: 0, onTimeout: 'abort', hasCanary: true },
  approval: { needed: 1, deadlineMs: 30 * 60_000, onTimeout: 'abort', hasCanary: true },
  'two-approvals': { needed: 2, deadlineMs: 10 * 60_000, onTimeout: 'hold', hasCanary: true },
  'no-canary': { needed: 0, deadlineMs: 0, onTimeout: 'abort', hasCanary: false },
};

/** Weekly, in UTC, in milliseconds since Monday 00:00. `noon` may be overridden by approvers, `night` by nobody. */
const hour = 3_600_000;
export const freezes = [
  { name: 'noon', from: 12 * hour, to: 14 * hour, override: 'approvers' },
  { name: 'night', from: 24 * hour, to: 30 * hour, override: 'nobody' },
] as const;

interface Place {
  readonly folder: string;
  readonly ports: { readonly blue: number; readonly green: number; readonly listen: number };
  readonly plan: Plan;
}

export const configOf = ({ folder, ports: { blue, green, listen }, plan }: Place): string => `
state: ${folder}/state
people: [{ id: alice, name: Alice }, { id: bob, name: Bob }, { id: carol, name: Carol }, { id: dave, name: Dave }]
approvers: [bob, carol]
services:
  shop:
    releases: ${folder}/releases
    command: [node, server.mjs]
    channel: "#deploys"
    smokeTests: [{ name: front page, path: / }]
    health: { interval: 5s, timeout: 20s, failures: 2, successes: 1, startup: 10s }
    roles: { deployers: [alice, bob], operators: [carol] }
    bake: 2s
    judge: { patience: 10s, atEnd: abort }
    freezes:
      - { name: noon, zone: UTC, weekly: { from: mon 12:00, to: mon 14:00 } }
      - { name: night, zone: UTC, weekly: { from: tue 00:00, to: tue 06:00 }, override: nobody }
${stepsOf(plan)}
    targets:
      production:
        slots: { blue: { port: ${blue} }, green: { port: ${green} } }
        loadBalancer: { listen: "127.0.0.1:${listen}", receiptProbes: 2 }
`;

function stepsOf(plan: Plan): string {
  const { needed, deadlineMs, onTimeout, hasCanary } = rulesOf[plan];
  if (!hasCanary) return '    canary: []';
  if (needed === 0) return '    canary: [{ percent: 10, watch: 2s }]';
  return `    canary: [{ percent: 10, watch: 2s }, { percent: 10, approval: true }]
    approval: { count: ${needed}, deadline: ${deadlineMs / 60_000}m, onTimeout: ${onTimeout}, reminder: 2m }`;
}
