import { describe } from 'vitest';
import { environmentContract } from '../environment.contract.ts';
import { dockerForTests } from './testing/docker-for-tests.ts';
import { makeDockerFixture } from './testing/fixture.ts';

const { socket, why } = await dockerForTests();

describe.skipIf(socket === undefined)(`with Docker${why === undefined ? '' : ` (skipped: ${why})`}`, () => {
  environmentContract({ name: 'the docker driver', capabilities: ['adoption', 'instances'] }, () =>
    makeDockerFixture(socket ?? ''),
  );
});
