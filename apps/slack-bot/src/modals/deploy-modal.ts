// `/deploy` without a version: choose the target and the release in a form.

import type { DeployRequest, ReleaseView } from '@bg/engine';
import { section } from '../cards/blocks.ts';
import {
  answer,
  type Choice,
  type Modal,
  type ModalBlock,
  maxChoices,
  selectInput,
  textInput,
  ticked,
  tickInput,
  type ViewValues,
  words,
} from './inputs.ts';

export const deployModalId = 'deploy-modal';
/** A click in the form: not one of the `deploy.` buttons of a card. */
export const targetActionId = 'deploy-modal.target';
export const versionBlock = 'version';

export interface DeployForm {
  /** Every target a person may choose, named as people name it. */
  readonly targets: readonly { readonly service: string; readonly target: string; readonly name: string }[];
  readonly chosen: { readonly service: string; readonly target: string };
  readonly releases: readonly ReleaseView[];
}

export function deployModal({ targets, chosen, releases }: DeployForm): Modal {
  const choices = targets.map(({ service, target, name }) => ({ label: name, value: `${service}/${target}` }));
  const key = `${chosen.service}/${chosen.target}`;
  return {
    type: 'modal',
    callback_id: deployModalId,
    private_metadata: key,
    title: words('Deploy', 24),
    submit: words('Deploy', 24),
    close: words('Cancel', 24),
    blocks: [
      ...(choices.length > 1
        ? [selectInput({ id: 'target', label: 'Where', choices, chosen: key, actionId: targetActionId })]
        : []),
      releases.length === 0
        ? section('No release was found for this service. Put one into its releases folder first.')
        : // One block id per service: Slack keeps the chosen value as long as the block id stays.
          selectInput({
            id: `${versionBlock}:${chosen.service}`,
            label: 'Version',
            choices: shownReleases(releases).map(releaseChoice),
          }),
      ...leftOut(releases.length, 'versions: type `/deploy <service>/<target> <version>`'),
      ...leftOut(targets.length, 'targets: name one, `/deploy <service>/<target>`'),
      tickInput('hold', 'Hold', { label: 'Prepare it, but send no users yet', value: 'hold' }),
      textInput({ id: 'reason', label: 'Reason', optional: true }),
    ],
  };
}

/** The newest that a select can hold, and always the live one. */
function shownReleases(releases: readonly ReleaseView[]): readonly ReleaseView[] {
  const newest = newestFirst(releases);
  const active = newest.slice(maxChoices).filter((release) => release.active);
  return [...newest.slice(0, maxChoices - active.length), ...active];
}

const togetherMs = 1_000;

/** By time. Releases that were copied together, each less than a second after the other, are in the order of the engine: by name. */
function newestFirst(byName: readonly ReleaseView[]): readonly ReleaseView[] {
  const byTime = byName.toSorted((one, other) => other.at - one.at);
  const batch = new Map<ReleaseView, number>();
  let current = 0;
  for (const [index, release] of byTime.entries()) {
    const before = byTime[index - 1];
    if (before !== undefined && before.at - release.at >= togetherMs) current += 1;
    batch.set(release, current);
  }
  return byName.toSorted((one, other) => (batch.get(one) ?? 0) - (batch.get(other) ?? 0));
}

function leftOut(count: number, how: string): readonly ModalBlock[] {
  return count <= maxChoices ? [] : [section(`${count - maxChoices} more ${how}.`)];
}

function releaseChoice({ version, active, quarantined }: ReleaseView): Choice {
  const note = quarantined !== undefined ? ' (marked bad)' : active ? ' (live now)' : '';
  return { label: `${version}${note}`, value: version };
}

export type DeployFormAnswer = Omit<DeployRequest, 'actor'>;

/** Undefined when no version was chosen (a service without releases). */
export function readDeployForm(metadata: string, values: ViewValues): DeployFormAnswer | undefined {
  const [service, target] = (answer(values, 'target') ?? metadata).split('/', 2);
  const version = answer(values, `${versionBlock}:${service}`);
  if (version === undefined) return undefined;
  return { service, target, version, hold: ticked(values, 'hold', 'hold'), reason: answer(values, 'reason') };
}
