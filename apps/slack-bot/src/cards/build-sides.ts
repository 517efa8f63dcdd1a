// The present state of an announced build on each of its targets: read again for each drawing and each click.

import type { BuildAnnounced, DeploymentView, Engine, TargetReaction, TargetSettings, TargetView } from '@bg/engine';

export interface BuildSide {
  readonly reaction: TargetReaction;
  readonly settings: TargetSettings;
  /** What users of the target get now. */
  readonly live: string | undefined;
  /** The latest deployment of this version there. */
  readonly last: DeploymentView | undefined;
}

type Source = Pick<Engine, 'history' | 'settings' | 'target'>;

export function sidesOf(source: Source, service: string, { version, reactions }: BuildAnnounced): readonly BuildSide[] {
  return reactions.flatMap((reaction) => {
    const settings = source.settings.targets.find((one) => one.service === service && one.target === reaction.target);
    if (settings === undefined || reaction.reaction === 'ignore') return [];
    return [{ reaction, settings, ...sideOf(source, settings, version) }];
  });
}

const recent = 20;

export function sideOf(
  source: Source,
  { service, target }: Pick<TargetSettings, 'service' | 'target'>,
  version: string,
): Pick<BuildSide, 'live' | 'last'> {
  const found = source.target({ service, target });
  const history = source.history({ service, target }, recent);
  return {
    live: found.ok ? activeVersion(found.value) : undefined,
    last: history.ok ? history.value.find((view) => view.version === version) : undefined,
  };
}

const activeVersion = ({ slots }: TargetView): string | undefined =>
  slots.find(({ role }) => role === 'active')?.version;
