import { environmentContract } from '../environment.contract.ts';
import { makeProcessFixture } from './process-fixture.ts';

environmentContract('the process driver', makeProcessFixture);
