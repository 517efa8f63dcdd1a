// That a release starts, is recognised and is replaced; the whole contract, which takes minutes, is in docker.hostile.ts.

import { describe } from 'vitest';
import { startsContract } from '../environment.contract.ts';
import { dockerForTests } from './testing/docker-for-tests.ts';
import { makeDockerFixture } from './testing/fixture.ts';

const { socket, why } = await dockerForTests();

describe.skipIf(socket === undefined)(`with Docker${why === undefined ? '' : ` (skipped: ${why})`}`, () => {
  startsContract('the docker driver', () => makeDockerFixture(socket ?? ''));
});
