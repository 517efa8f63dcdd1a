// One page as the two kinds of pagers want it. Pure but for the signature, whose time the caller gives.

import { createHash } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import type { PagerSettings } from '../../config/notify/settings.ts';
import type { Trouble } from '../../domain/notices.ts';
import type { Link } from '../links.ts';
import { dedupKey, type PagePayload } from './payload.ts';

export interface PageRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface PageMessage {
  readonly payload: PagePayload;
  readonly link: Link | undefined;
  readonly secret: string;
  /** When it is sent (epoch ms). */
  readonly now: number;
}

export function pageRequest(driver: PagerSettings['driver'], desired: PageMessage): PageRequest {
  return driver === 'pagerduty' ? pagerDutyRequest(desired) : webhookRequest(desired);
}

const severities: Readonly<Record<Trouble, 'critical' | 'error'>> = {
  halted: 'error',
  'rollback-failed': 'critical',
  'both-sides-ill': 'critical',
  'break-glass': 'error',
  'live-side-ill': 'critical',
  'role-ill': 'error',
};

/** Events API v2. */
function pagerDutyRequest({ payload, link, secret }: PageMessage): PageRequest {
  const { action, at, trouble, service, target, summary, details } = payload;
  const event = {
    routing_key: secret,
    event_action: action,
    dedup_key: dedupKey(payload),
    client: 'bluegreen',
    ...(link === undefined ? {} : { client_url: link.url, links: [{ href: link.url, text: link.label }] }),
    payload: {
      summary,
      source: `${service}/${target}`,
      severity: severities[trouble],
      timestamp: new Date(at).toISOString(),
      component: service,
      group: target,
      class: trouble,
      custom_details: details,
    },
  };
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(event) };
}

/** Standard Webhooks: the id is that of the news, so that the receiver recognizes one that arrives twice. */
function webhookRequest({ payload, link, secret, now }: PageMessage): PageRequest {
  const { action, at, trouble, service, target, deploymentId, summary, details } = payload;
  const key = dedupKey(payload);
  const id = `msg_${createHash('sha256').update(`${key} ${action} ${at}`).digest('hex').slice(0, 32)}`;
  const body = JSON.stringify({
    type: action === 'trigger' ? 'bluegreen.page.triggered' : 'bluegreen.page.resolved',
    timestamp: new Date(at).toISOString(),
    data: {
      key,
      trouble,
      severity: severities[trouble],
      service,
      target,
      deployment: deploymentId ?? null,
      summary,
      details,
      link: link?.url ?? null,
    },
  });
  const sentAt = new Date(now);
  return {
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now / 1_000)),
      'webhook-signature': new Webhook(secret).sign(id, sentAt, body),
    },
    body,
  };
}
