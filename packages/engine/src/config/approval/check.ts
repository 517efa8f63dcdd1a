// Groups of approvers have names, and enough people to approve.

import type { Draft } from '../kit/draft.ts';
import type { Path } from '../kit/path.ts';
import { error, type Finding, warning } from '../kit/problems.ts';
import type { ServiceOptions } from '../service-options.ts';
import type { TargetDraft } from '../target-draft.ts';

type Approval = NonNullable<Draft<ServiceOptions['approval']>>;
type Groups = Approval['groups'];
type List = readonly (string | undefined)[] | undefined;

/** Each list of people, with its place. */
export const groupLists = (path: Path, groups: Groups): readonly (readonly [Path, List])[] =>
  (groups ?? []).map((group, index) => [[...path, index, 'approvers'], group?.approvers]);

/** People of all groups: they are approvers too. */
export const membersOf = (groups: Groups): readonly (string | undefined)[] =>
  (groups ?? []).flatMap((group) => group?.approvers ?? []);

/** Asked when all users have the release, there is nothing left to abort, and no share to hold. */
export function checkAfterPromotion({ options, saidAt }: TargetDraft): readonly Finding[] {
  const { afterPromotion, onTimeout } = options.approval ?? {};
  if (afterPromotion !== true || onTimeout === undefined || onTimeout === 'rollback') return [];
  return [
    error(
      saidAt('approval', 'afterPromotion'),
      `asks when all users have the release, so it needs onTimeout: rollback, which takes it back at the deadline; found ${onTimeout}`,
    ),
  ];
}

export function checkGroups({ options, saidAt }: TargetDraft): readonly Finding[] {
  const { approval } = options;
  if (!approval) return [];
  const { groups, fourEyes, highRisk } = approval;
  return [
    ...ofGroups(groups, saidAt('approval', 'groups'), fourEyes === true),
    ...ofGroups(highRisk?.groups, [...saidAt('approval', 'highRisk'), 'groups'], fourEyes === true),
  ];
}

function ofGroups(groups: Groups, path: Path, fourEyes: boolean): readonly Finding[] {
  return (groups ?? []).flatMap((group, index) => {
    const { name, approvers, count = 1 } = group ?? {};
    const place = [...path, index];
    if (name !== undefined && groups?.findIndex((other) => other?.name === name) !== index)
      return [error([...place, 'name'], `there is a group ${name} already`)];
    if (!approvers || approvers.some((id) => id === undefined || id.startsWith('group:'))) return [];
    const people = new Set(approvers).size;
    if (people < count)
      return [
        error(
          place,
          `asks for ${count} approvals of ${name}, which has ${people === 1 ? 'one person' : `${people} people`}`,
        ),
      ];
    if (!fourEyes || people > count) return [];
    return [
      warning(
        place,
        `with four eyes (approval.fourEyes), no approval can be completed when a person of ${name} deploys; name ${count + 1} people, or a Slack user group`,
      ),
    ];
  });
}
