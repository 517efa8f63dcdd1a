// The web page: nobody reads it without a proof, and the proof is not for all to read.

import type { Draft } from '../kit/draft.ts';
import { error, type Finding, warning } from '../kit/problems.ts';
import { hostOf, isThisMachine } from '../notify/check.ts';
import type { ConfigFile } from '../schema.ts';

export function checkWeb(draft: Draft<ConfigFile>): readonly Finding[] {
  const web = draft?.web;
  if (!web) return [];
  const findings: Finding[] = [];
  if (!('token' in web) && !('trustedHeader' in web))
    findings.push(error(['web'], 'expected a token, or a trustedHeader of a proxy that signs people in'));
  if (web.publicUrl?.startsWith('http:') && !isThisMachine(hostOf(web.publicUrl)))
    findings.push(warning(['web', 'publicUrl'], 'is not encrypted: readers would send their token in the clear'));
  if ('trustedProxies' in web && !('trustedHeader' in web))
    findings.push(error(['web', 'trustedProxies'], 'is only for trustedHeader, which is missing'));
  return findings;
}
