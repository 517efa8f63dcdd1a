// Variables without which no slot is started, by name alone or with what they must look like.

import { z } from 'zod';
import { choice, listOf, matching, yesNo } from './schema-values.ts';

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
