import { instancesContract } from '../contract/instances.ts';
import { balancerContract } from '../load-balancer.contract.ts';
import { embedded } from './descriptor.ts';
import { embeddedFixture } from './testing-fixture.ts';

balancerContract({ name: 'embedded', driver: embedded }, embeddedFixture);
instancesContract({ name: 'embedded', driver: embedded }, embeddedFixture);
