// A freeze has one rule, which has a length.

import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Draft } from '../kit/draft.ts';
import type { Path } from '../kit/path.ts';
import { error, type Finding, warning } from '../kit/problems.ts';
import type { ServiceOptions } from '../service-options.ts';
import type { TargetDraft } from '../target-draft.ts';
import { isUrl } from './settings.ts';

type FreezeDraft = NonNullable<NonNullable<Draft<ServiceOptions>>['freezes']>[number];

export function checkFreezes({ options, saidAt }: TargetDraft, folder: string): readonly Finding[] {
  const path = saidAt('freezes');
  const first = new Map<string, number>();
  return (options.freezes ?? []).flatMap((freeze, index) => {
    if (!freeze) return [];
    const at = [...path, index];
    const earlier = freeze.name === undefined ? undefined : first.get(freeze.name);
    if (freeze.name !== undefined && earlier === undefined) first.set(freeze.name, index);
    return [
      ...(earlier === undefined ? [] : [error([...at, 'name'], `freezes[${earlier}] has the same name already`)]),
      ...checkRule(freeze, at, folder),
    ];
  });
}

function checkRule(freeze: NonNullable<FreezeDraft>, at: Path, folder: string): readonly Finding[] {
  const rules = [
    ...('weekly' in freeze ? ['weekly'] : []),
    ...('from' in freeze || 'to' in freeze ? ['from and to'] : []),
    ...('calendar' in freeze ? ['calendar'] : []),
  ];
  if (rules.length !== 1)
    return [
      error(
        at,
        `expected one of weekly, from and to, or calendar; found ${rules.length === 0 ? 'none' : rules.join(', ')}`,
      ),
    ];
  return [...checkDates(freeze, at), ...checkWeek(freeze, at), ...checkCalendar(freeze, at, folder)];
}

function checkDates(freeze: NonNullable<FreezeDraft>, at: Path): readonly Finding[] {
  if (!('from' in freeze) && !('to' in freeze)) return [];
  if (!('from' in freeze)) return [error(at, 'has to without from')];
  if (!('to' in freeze)) return [error(at, 'has from without to')];
  const { from, to } = freeze;
  if (from === undefined || to === undefined || from.replace('T', ' ') < to.replace('T', ' ')) return [];
  return [error([...at, 'to'], `is not after from (${from})`)];
}

function checkWeek({ weekly }: NonNullable<FreezeDraft>, at: Path): readonly Finding[] {
  if (weekly?.from === undefined || weekly.from !== weekly.to) return [];
  return [error([...at, 'weekly', 'to'], 'is the same moment as from: expected a window that ends')];
}

/** A warning: until it is there, deployments are refused, which is not what anybody wants, and a rollback is not. */
function checkCalendar({ calendar }: NonNullable<FreezeDraft>, at: Path, folder: string): readonly Finding[] {
  if (calendar === undefined || isUrl(calendar)) return [];
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(calendar))
    return [error([...at, 'calendar'], 'expected a path, or a URL that begins with http:// or https://')];
  const found = statSync(resolve(folder, calendar), { throwIfNoEntry: false });
  return found?.isFile()
    ? []
    : [warning([...at, 'calendar'], 'there is no such file yet; deployments are refused until it is there')];
}
