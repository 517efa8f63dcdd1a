import { instancesContract } from '../contract/instances.ts';
import { balancerContract } from '../load-balancer.contract.ts';
import { haproxy } from './descriptor.ts';
import { haproxyFixture } from './testing-fixture.ts';

balancerContract({ name: 'HAProxy', driver: haproxy }, haproxyFixture);
instancesContract({ name: 'HAProxy', driver: haproxy }, haproxyFixture);
