// Variables without which no slot is started, by name only or with a required format.

import { z } from 'zod';
import { choice, listOf, matching, yesNo } from '../kit/values.ts';

export const variablePattern = /^[A-Za-z_][A-Za-z0-9_]*$/;

const expected = 'the name of a variable, or a mapping with name and format';
const variable = () => matching(variablePattern, 'the name of a variable');

export const requiredEnv = listOf(
  z.union(
    [
      matching(variablePattern, expected),
      z.strictObject({
        name: variable().describe('Name of the variable.'),
        format: choice(['text', 'url', 'integer', 'number', 'port', 'boolean', 'json'])
          .describe('What its value must look like. Default: text.')
          .optional(),
        reachable: yesNo()
          .describe('Of a url: whether something must accept connections at its host and port. Default: false.')
          .optional(),
      }),
    ],
    { error: expected },
  ),
  200,
);

export interface VariableFormat {
  readonly name: string;
  readonly format: 'text' | 'url' | 'integer' | 'number' | 'port' | 'boolean' | 'json';
  /** Whether something must accept connections at the host and port of the url. */
  readonly reachable: boolean;
}

export interface RequiredEnv {
  readonly requiredEnv: readonly string[];
  readonly envFormats: readonly VariableFormat[];
}

export function resolveRequiredEnv(listed: z.infer<typeof requiredEnv>): RequiredEnv {
  return {
    requiredEnv: listed.map((each) => (typeof each === 'string' ? each : each.name)),
    envFormats: listed.flatMap((each) =>
      typeof each === 'string'
        ? []
        : [{ name: each.name, format: each.format ?? 'text', reachable: each.reachable ?? false }],
    ),
  };
}
