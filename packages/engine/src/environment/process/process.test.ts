import { environmentContract } from '../environment.contract.ts';
import { makeProcessFixture } from './process-fixture.ts';

environmentContract({ name: 'the process driver', capabilities: ['adoption', 'instances'] }, makeProcessFixture);
