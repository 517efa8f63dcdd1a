// What the processes of a side take of the machine: one number of the new side with limits, or a comparison of both.

import { z } from 'zod';
import { choice, matching } from '../../config/kit/values.ts';
import type { EvidenceDriver } from '../driver.ts';
import { createMachineSource, kinds, type MachineSettings, nameOf } from './source.ts';

const keys = z
  .strictObject({
    of: choice(kinds).describe(
      'cpu: in percent of one core. memory: in MB. restarts: in a row. openFiles and threads: how many. Of all instances together.',
    ),
    worse: matching(/^(?!0+(\.0+)?%$)\d{1,4}(\.\d{1,3})?%$/, 'a percentage above 0%, such as 50% or 200%')
      .describe('In place of max and min: how much more than the stable side is still good.')
      .optional(),
  })
  .describe('What the processes of both sides take of the machine.');

export const machine: EvidenceDriver<typeof keys, MachineSettings> = {
  name: 'machine',
  summary: 'CPU, memory, restarts, open files or threads of the processes of a side',
  keys,
  takesAuthorization: false,
  isNumber: (own) => own?.worse === undefined,
  resolve: ({ of, worse }) => ({
    of,
    worse: worse === undefined ? undefined : Number.parseFloat(worse) / 100,
  }),
  describe: ({ of, worse }) =>
    worse === undefined
      ? `${nameOf(of)} of the new side`
      : `${nameOf(of)}, at most ${Number((worse * 100).toPrecision(6))} % more than on the stable side`,
  create: createMachineSource,
};
