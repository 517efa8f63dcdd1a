// Builds in the channels of their service: a card for each that can be deployed, and a message when a build fails, is
// fixed, or differs from what was announced before.

import type { AuditRead, Engine, Settings } from '@bg/engine';
import { authorIn } from '../cards/people-formatter.ts';
import { type Payloads, putOnce, transport } from '../outbox/messages.ts';
import { announces } from './announcements.ts';

/** The cards, which are right however late they are drawn. */
export function showBuild(engine: Engine, event: AuditRead): void {
  const { service } = event;
  if (service === null || !announces(event, 'builds', true)) return;
  if (event.action === 'build-announced') putBuild(engine, event, service);
  redrawBuilds(engine, service);
}

function putBuild({ outbox, settings }: Engine, event: AuditRead<'build-announced'>, service: string): void {
  const { seq } = event;
  const { build, reactions = [] } = event.detail;
  if (build === undefined) return;
  const targets = reactions.filter(({ reaction }) => reaction !== 'ignore').map(({ target }) => target);
  for (const channel of channelsOf(settings, service, targets)) {
    const payload: Payloads['build'] = { seq, build, service, channel };
    outbox.put({ key: buildKey(build, channel), transport, kind: 'build', payload, urgent: true });
  }
}

const recent = 10;

/** A picture that is the same is not sent again, so that this costs Slack nothing. */
export function redrawBuilds({ builds, outbox, settings }: Engine, service: string): void {
  const channels = channelsOf(settings, service);
  for (const { id } of builds.latest(service, recent))
    for (const channel of channels) outbox.again(buildKey(id, channel));
}

/** A failed and a fixed build, once; a late row is not announced. */
export function announceBuild({ outbox, settings }: Engine, event: AuditRead): void {
  const { seq, service } = event;
  if (service === null || !announces(event, 'message', 'build-alert')) return;
  for (const channel of channelsOf(settings, service))
    putOnce(outbox, {
      key: `build-news:${seq}:${channel}`,
      kind: 'build-news',
      payload: { seq, channel },
      urgent: true,
    });
  const { authors = [] } = event.detail;
  const users = new Set(authors.flatMap((author) => authorIn(settings.people, author)?.slack ?? []));
  for (const user of users)
    putOnce(outbox, { key: `build-direct:${seq}:${user}`, kind: 'build-direct', payload: { seq, user }, urgent: true });
}

const buildKey = (id: number, channel: string): string => `build:${id}:${channel}`;

/** Each once, in the order of the configuration. */
export function channelsOf({ targets }: Settings, service: string, only?: readonly string[]): readonly string[] {
  const ofService = targets.filter((one) => one.service === service && (only?.includes(one.target) ?? true));
  return [...new Set(ofService.map(({ channel }) => channel))];
}
