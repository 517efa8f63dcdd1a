import { instancesContract } from '../contract/instances.ts';
import { balancerContract } from '../load-balancer.contract.ts';
import { nginx } from './descriptor.ts';
import { nginxFixture } from './testing-fixture.ts';

balancerContract({ name: 'nginx', driver: nginx }, nginxFixture);
instancesContract({ name: 'nginx', driver: nginx }, nginxFixture);
