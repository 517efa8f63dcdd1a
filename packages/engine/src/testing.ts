// What other workspaces may use in their tests: fakes, and the contracts that drivers sign.

export { ask, type EnvironmentFixture, refusalOf, talkingServer } from './environment/contract-fixture.ts';
export { environmentContract } from './environment/environment.contract.ts';
export { type BalancerFixture, balancerContract } from './load-balancer/load-balancer.contract.ts';
