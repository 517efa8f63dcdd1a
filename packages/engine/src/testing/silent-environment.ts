// An environment that does not answer while a test says so: what needs its answer throws, as a Docker host does that is
// not reached.

import type { Environment } from '../environment/environment.ts';
import { BlueGreenError } from '../lib/errors.ts';

export function silentWhile(isSilent: () => boolean, environment: Environment): Environment {
  const unlessSilent =
    <Args extends readonly unknown[], Result>(ask: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      if (isSilent()) throw new BlueGreenError('environment-unreachable', 'the machine of the slots does not answer');
      return ask(...args);
    };
  const { actedBy } = environment;
  return {
    ...environment,
    ...(actedBy ? { actedBy: (acting) => silentWhile(isSilent, actedBy(acting)) } : {}),
    start: unlessSilent(environment.start),
    stop: unlessSilent(environment.stop),
    inspect: unlessSilent(environment.inspect),
  };
}
