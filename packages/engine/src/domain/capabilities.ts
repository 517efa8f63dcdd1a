// What drivers may lack, and the sentence for people about it.

/** Of a load balancer. */
const balancerActs = {
  weights: 'send a share of the users to one side',
  sticky: 'keep a user on one side',
  counts: 'count what a side answers',
  preview: 'show a side to testers before it gets users',
  drain: 'close single connections',
  admission: 'leave out instances while it runs',
};

/** Of an environment. */
const environmentActs = {
  accounts: 'run a side under another account',
  quota: 'limit what a side takes of the machine',
  instances: 'run several instances in a slot',
  adoption: 'take over what runs already',
  processRoles: 'run processes that are no web servers',
};

const acts = { ...balancerActs, ...environmentActs };

export type BalancerCapability = keyof typeof balancerActs;
export type EnvironmentCapability = keyof typeof environmentActs;

/** `switch cannot send a share of the users to one side (it has no weights)`. */
export const driverCannot = (driver: string, capability: BalancerCapability | EnvironmentCapability): string =>
  `${driver} cannot ${acts[capability]} (it has no ${capability})`;
