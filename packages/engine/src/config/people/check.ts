// Every person is unique, and it is possible to give the required approvals.

import { groupLists, membersOf } from '../approval/check.ts';
import type { Draft } from '../kit/draft.ts';
import type { Path } from '../kit/path.ts';
import { error, type Finding, warning } from '../kit/problems.ts';
import { knownHint } from '../reading/known-keys.ts';
import type { ConfigFile } from '../schema.ts';
import type { ServiceOptions } from '../service-options.ts';
import type { TargetDraft } from '../target-draft.ts';

const uniqueKeys = ['id', 'slack', 'osUser', 'email', 'codeHost'] as const;

export function checkPeople(draft: Draft<ConfigFile>): readonly Finding[] {
  const people = draft?.people ?? [];
  return uniqueKeys.flatMap((key) => {
    const first = new Map<string, number>();
    return people.flatMap((person, index) => {
      const value = person?.[key]?.toLowerCase();
      if (value === undefined) return [];
      const earlier = first.get(value);
      if (earlier === undefined) first.set(value, index);
      return earlier === undefined
        ? []
        : [error(['people', index, key], `people[${earlier}] has the same ${key} already`)];
    });
  });
}

/** Each list of approvers that is written anywhere, checked once. */
export function checkApprovers(draft: Draft<ConfigFile>, isHidden: (path: Path) => boolean): readonly Finding[] {
  const known = knownIds(draft);
  if (!draft || !known) return [];
  const lists: (readonly [Path, readonly (string | undefined)[] | undefined])[] = [
    [['approvers'], draft.approvers],
    [['slack', 'onCall'], draft.slack?.onCall],
  ];
  for (const [name, service] of Object.entries(draft.services ?? {})) {
    lists.push(...listsOf(['services', name, 'approval'], service?.approval));
    lists.push(...roleLists(['services', name, 'roles'], service?.roles));
    for (const [target, own] of Object.entries(service?.targets ?? {})) {
      const path: Path = ['services', name, 'targets', target];
      lists.push(...listsOf([...path, 'approval'], own?.approval), ...roleLists([...path, 'roles'], own?.roles));
    }
  }
  return lists.flatMap(([path, list]) =>
    (list ?? []).flatMap((id, index) =>
      id === undefined || id.startsWith('group:') || known.includes(id)
        ? []
        : [unknownApprover([...path, index], isHidden([...path, index]) ? undefined : id, known)],
    ),
  );
}

type List = readonly (string | undefined)[] | undefined;

function listsOf(path: Path, approval: Draft<ServiceOptions['approval']>): readonly (readonly [Path, List])[] {
  return [
    [[...path, 'approvers'], approval?.approvers],
    [[...path, 'breakGlass'], approval?.breakGlass],
    [[...path, 'highRisk', 'approvers'], approval?.highRisk?.approvers],
    ...groupLists([...path, 'groups'], approval?.groups),
    ...groupLists([...path, 'highRisk', 'groups'], approval?.highRisk?.groups),
  ];
}

const roleLists = (path: Path, roles: Draft<ServiceOptions['roles']>): readonly (readonly [Path, List])[] => [
  [[...path, 'deployers'], roles?.deployers],
  [[...path, 'operators'], roles?.operators],
];

function unknownApprover(path: Path, id: string | undefined, known: readonly string[]): Finding {
  if (known.length === 0) return error(path, 'people is empty, so no person can be an approver');
  const hint = knownHint(id ?? '', known, 'known people');
  return error(
    path,
    `no person in people has ${id === undefined ? 'the id that the variable holds' : `the id "${id}"`}; ${hint}`,
  );
}

/** As many people as an approval asks for must exist; a group counts as enough. */
export function checkApprovals(draft: Draft<ConfigFile>, target: TargetDraft): readonly Finding[] {
  const { approval, canary } = target.options;
  const list = target.isSaid('approval', 'approvers') ? approval?.approvers : draft?.approvers;
  const listPath = target.isSaid('approval', 'approvers') ? target.saidAt('approval', 'approvers') : ['approvers'];
  const unreadable =
    approval?.count === undefined || (list === undefined && draft && 'approvers' in draft) || list?.includes(undefined);
  const asks =
    approval?.beforeTraffic === true ||
    approval?.afterPromotion === true ||
    target.isSaid('approval', 'count') ||
    canary?.some((step) => step?.approval === true);
  if (unreadable || !asks || list?.some((id) => id?.startsWith('group:'))) return [];
  const members = membersOf(approval.groups);
  if (members.some((id) => id === undefined || id.startsWith('group:'))) return [];
  const approvers = new Set([...(list ?? []), ...members]).size;
  const count = approval.count;
  if (approvers < count) {
    const at = target.isSaid('approval', 'count') ? target.saidAt('approval', 'count') : target.path;
    return [
      error(
        at,
        `asks for ${people(count)} to approve, but ${approvers === 0 ? 'nobody' : `only ${people(approvers)}`} may; see approvers`,
      ),
    ];
  }
  if (approval.fourEyes !== true || approvers > count) return [];
  return [
    warning(
      listPath,
      `with four eyes (approval.fourEyes), ${people(approvers)} to approve leaves too few when one of them deploys; name ${count + 1} or a group`,
    ),
  ];
}

/** As many people as an approval of a release with `risk: high` asks for must exist. */
export function checkHighRisk(draft: Draft<ConfigFile>, target: TargetDraft): readonly Finding[] {
  const { approval } = target.options;
  const { highRisk } = approval ?? {};
  const general = target.isSaid('approval', 'approvers') ? approval?.approvers : draft?.approvers;
  const list = highRisk?.approvers ?? general;
  const count = highRisk?.count ?? approval?.count;
  if (highRisk === undefined || count === undefined || list === undefined || list.includes(undefined)) return [];
  if (list.some((id) => id?.startsWith('group:'))) return [];
  const members = membersOf(highRisk.groups ?? approval?.groups);
  if (members.some((id) => id === undefined || id.startsWith('group:'))) return [];
  const approvers = new Set([...list, ...members]).size;
  const path = target.saidAt('approval', 'highRisk');
  if (approvers < count)
    return [
      error(
        path,
        `asks for ${people(count)} to approve a release of high risk, but only ${people(approvers)} may; see approvers and highRisk.approvers`,
      ),
    ];
  if (approval?.fourEyes !== true || approvers > count) return [];
  return [
    warning(
      path,
      `with four eyes (approval.fourEyes), ${people(approvers)} to approve a release of high risk leaves too few when one of them deploys; name ${count + 1} or a group`,
    ),
  ];
}

const people = (count: number): string => (count === 1 ? '1 person' : `${count} people`);

/** Undefined while the list itself cannot be read: then nothing is known about its members. */
function knownIds(draft: Draft<ConfigFile>): readonly string[] | undefined {
  if (!draft || ('people' in draft && draft.people === undefined)) return undefined;
  const ids = (draft.people ?? []).map((person) => person?.id);
  return ids.includes(undefined) ? undefined : ids.filter((id) => id !== undefined);
}
