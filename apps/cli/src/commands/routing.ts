// Drift: the load balancer does something else than was decided. An approver puts it back, or decides for what is.

import type { RoutingConfiguration } from '@bg/engine';
import { exitCodes } from '../exit.ts';
import { readPlace } from '../place.ts';
import { answered } from '../refused.ts';
import { onEngine } from '../session.ts';
import type { Light } from '../show/light.ts';
import { targetLines } from '../show/status.ts';
import type { Command } from './command.ts';

export const routing: readonly Command[] = [
  {
    group: 'routing',
    usage: 'restore [place]',
    summary: 'put the routing back that was decided; for approvers',
    examples: ['bg routing restore', 'bg routing restore shop/staging'],
    run: onEngine(async ({ engine, actor, screen }, [place], options) =>
      answered(screen, await engine.restoreRouting({ ...readPlace(place, options), actor }), targetLines),
    ),
  },
  {
    group: 'routing',
    usage: 'adopt [place]',
    summary: 'decide for what the load balancer does now; no user is moved; for approvers',
    examples: ['bg routing adopt', 'bg routing adopt shop/staging'],
    run: onEngine(async ({ engine, actor, screen }, [place], options) =>
      answered(screen, await engine.adoptRouting({ ...readPlace(place, options), actor }), targetLines),
    ),
  },
  {
    group: 'routing',
    usage: 'config [place]',
    summary: 'print what is generated for nginx or HAProxy, without its secrets; 5 when --test finds it refused',
    options: [['--test', 'ask the program itself whether it takes it; nothing is put in force']],
    examples: ['bg routing config', 'bg routing config shop/staging --test'],
    run: onEngine(async ({ engine, screen }, [place], options) => {
      const found = await engine.routingConfiguration(readPlace(place, options), options.test === true);
      const code = answered(screen, found, configurationLines);
      return found.ok && found.value.test?.passed === false ? exitCodes.configInvalid : code;
    }),
  },
];

function configurationLines(
  { target, driver, files, test }: RoutingConfiguration,
  { paint }: Light,
): readonly string[] {
  if (files.length === 0)
    return [`${target} is served by the ${driver} balancer, for which nothing is generated: see bg config check`];
  const state = { same: 'as it is on the disk', differs: 'the file on the disk differs', missing: 'not written yet' };
  return [
    ...files.flatMap(({ path, text, onDisk }) => [`# ${path}: ${state[onDisk]}`, ...text.trimEnd().split('\n'), '']),
    ...(test === undefined
      ? []
      : [test.passed ? `${paint.green('✓')} ${driver} takes it` : `${paint.red('✗')} ${test.problem}`]),
  ];
}
