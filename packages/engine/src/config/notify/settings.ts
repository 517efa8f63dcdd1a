// How people are notified outside of Slack, and who about what: checked, defaults filled in.

import type { MailFact } from '../../domain/notices.ts';

export interface NotifySettings {
  /** Address of the Slack workspace, without a slash at its end. */
  readonly workspace: string | undefined;
  readonly link: string | undefined;
  readonly mail: MailSettings | undefined;
  readonly pagers: readonly PagerSettings[];
}

export interface MailSettings {
  readonly host: string;
  readonly port: number;
  readonly tls: 'starttls' | 'implicit' | 'none';
  /** Absolute path. */
  readonly ca: string | undefined;
  readonly login: { readonly user: string | undefined; readonly password: Secret } | undefined;
  readonly from: { readonly name: string; readonly address: string };
  readonly authorDomains: readonly string[];
  /** Absolute path of a folder. */
  readonly templates: string | undefined;
  readonly giveUpMs: number;
  readonly digest: { readonly after: number; readonly withinMs: number };
}

export interface PagerSettings {
  readonly name: string;
  readonly driver: 'pagerduty' | 'webhook';
  readonly url: string;
  readonly secret: Secret;
}

/** A value, or the absolute path of a file that holds it; neither when this process was not given the variable. */
export interface Secret {
  readonly value?: string | undefined;
  readonly file?: string | undefined;
}

export type Role = 'requester' | 'authors' | 'approvers' | 'developers' | 'productManagers';

/** Of a target; ids of people. */
export interface RecipientSettings {
  readonly developers: readonly string[];
  readonly productManagers: readonly string[];
  readonly mail: Readonly<Record<MailFact, readonly Role[]>>;
}

/** What must never be written down. What is short or a number would be found, and masked, where it means something else. */
export function secretsIn({ mail, pagers }: NotifySettings): readonly string[] {
  const all = [mail?.login?.password, ...pagers.map(({ secret }) => secret)].flatMap((secret) => secret?.value ?? []);
  return all.filter((secret) => secret.length >= 8 && !/^\d+$/.test(secret));
}
