// The smallest sound configuration, for tests that break one thing in it.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkConfig } from '../testing/small-drivers.ts';
import type { ConfigCheck } from './check.ts';
import { type ConfigProblem, formatProblem } from './kit/problems.ts';

export const smallConfig = `state: state
people:
  - { id: bob, slack: U0BOB }
  - { id: carol, slack: U0CAROL }
approvers: [bob, carol]
services:
  shop:
    releases: releases
    command: [node, server.mjs]
    channel: "#deploys"
    smokeTests:
      - { name: one, path: / }
      - { name: two, path: / }
      - { name: three, path: / }
    targets:
      production:
        slots:
          blue: { port: 8001 }
          green: { port: 8002 }
        loadBalancer:
          listen: 8080
`;

export interface Bench {
  /** A folder that has the releases folder of the small configuration. */
  readonly folder: string;
  readonly file: string;
  check(text: string, environment?: Readonly<Record<string, string>>): ConfigCheck;
  /** Every problem as one line, with the file's name left out: `12:5 services.shop…: expected …`. */
  problems(text: string, environment?: Readonly<Record<string, string>>): readonly string[];
  remove(): void;
}

export function makeBench(): Bench {
  const folder = mkdtempSync(join(tmpdir(), 'bg-config-'));
  mkdirSync(join(folder, 'releases', 'shop'), { recursive: true });
  const file = join(folder, 'bluegreen.yaml');
  const check: Bench['check'] = (text, environment = {}) => checkConfig({ file, text, environment });
  return {
    folder,
    file,
    check,
    problems: (text, environment) => check(text, environment).problems.map(asLine),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The small configuration with each `from` replaced; a text that is not in it is a mistake of the test. */
export function edited(...edits: readonly (readonly [from: string, to: string])[]): string {
  return edits.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`the small configuration does not hold ${from}`);
    return text.replace(from, () => to);
  }, smallConfig);
}

const asLine = (problem: ConfigProblem): string => formatProblem('', problem).replace(/^:/, '').trim();
