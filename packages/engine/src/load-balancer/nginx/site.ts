// The configuration of nginx as text, made from the spec. Pure: equal values give equal text.

import { createHash } from 'node:crypto';
import { ownFile } from '../../lib/own-files.ts';
import { loadTemplate } from '../../lib/template.ts';
import { shareKey } from '../buckets.ts';
import { forwardedHeaders, hopByHopHeaders, previewReferrerPolicy, usualHeaderBytes } from '../header-rules.ts';
import { hasSeveral, instanceHeader } from '../instances/checks.ts';
import type { BalancerSpec, PreviewRoute } from '../load-balancer.ts';
import { instanceValues, poolOf } from './instance-values.ts';
import {
  address,
  exactly,
  headerVariable,
  hostName,
  inQuotes,
  literally,
  nameOfCookie,
  nameOfHeader,
  nameOfPlainCookie,
  network,
  plainPath,
  prefixOf,
  quoted,
  remark,
} from './nginx-text.ts';
import type { NginxPlaces } from './places.ts';
import type { NginxTls } from './settings.ts';

export interface SiteParts {
  readonly spec: BalancerSpec;
  readonly places: NginxPlaces;
  readonly nonce: string;
  readonly tls: NginxTls | undefined;
  /** Absolute path of the operator's `add_header` lines. */
  readonly headers?: string | undefined;
}

export interface Site {
  readonly text: string;
  /** sha256 of the rest: with it nginx reports which configuration it follows. */
  readonly digest: string;
}

export const probeHeader = 'x-bluegreen-probe';
export const bucketHeader = 'x-bluegreen-bucket';

const setByNginx = new Set(['connection', 'transfer-encoding', 'upgrade']);

/** Below this path nginx answers the engine about itself. */
export const controlPath = (nonce: string): string => `/.bluegreen/${nonce}`;

/** Set by the balancer itself, whatever the request contained. */
const madeHere = new Set(['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip']);
/** Of one connection: what nginx itself sets for the next one is left out. */
const dropped = [probeHeader, bucketHeader, ...hopByHopHeaders.filter((name) => !setByNginx.has(name))];

const siteTemplate = loadTemplate<object>(ownFile(import.meta.url, 'site.conf.hbs'));
const mainTemplate = loadTemplate<object>(ownFile(import.meta.url, 'nginx.conf.hbs'));

/** What is included within `http`. @throws `config-invalid` for a value that cannot be written safely */
export function siteText(parts: SiteParts): Site {
  const values = siteValues(parts);
  const digest = createHash('sha256')
    .update(siteTemplate({ ...values, digest: '' }))
    .digest('hex');
  return { text: siteTemplate({ ...values, digest }), digest };
}

/** What the machine allows a managed nginx. */
export interface WorkerLimits {
  /** For nginx that is started by root; undefined where it is not. */
  readonly user: string | undefined;
  /** The most files that a worker may be allowed to open. */
  readonly openFiles: number;
}

/** The whole of a managed nginx. */
export function mainText(
  { spec, places }: Pick<SiteParts, 'spec' | 'places'>,
  site: Site,
  limits: WorkerLimits,
): string {
  const openFiles = Math.min(65_536, limits.openFiles);
  return mainTemplate({
    title: remark(`${spec.service}/${spec.target}`),
    user: limits.user ?? false,
    openFiles,
    // A request needs one connection to the user and one to the service.
    connections: Math.min(8_192, Math.floor(openFiles / 2)),
    pid: quoted({ what: 'the state folder', value: places.pid }),
    errorLog: quoted({ what: 'the state folder', value: places.errorLog }),
    temp: quoted({ what: 'the state folder', value: places.temp }),
    site: site.text.trimEnd().replaceAll(/^(?=.)/gm, '    '),
  });
}

function siteValues({ spec, places, nonce, tls, headers }: SiteParts) {
  quoted({ what: 'the state folder', value: places.routing });
  const headerBytes = Math.floor(spec.maxHeaderBytes ?? usualHeaderBytes);
  return {
    v: prefixOf(spec.service, spec.target),
    /** Begin of a variable that a letter follows: its name ends at `}`. */
    braced: `\${${prefixOf(spec.service, spec.target)}`,
    title: remark(`${spec.service}/${spec.target}`),
    remarkedRouting: remark(places.routing),
    routing: inQuotes(places.routing),
    bucketOf: inQuotes(places.bucketOf),
    tokenOf: inQuotes(places.tokenOf),
    shareKey: shareKey(nonce),
    accessLog: quoted({ what: 'the state folder', value: places.accessLog }),
    blue: { address: address('the address of blue', spec.upstreams.blue[0]), pool: poolOf('blue', spec) },
    green: { address: address('the address of green', spec.upstreams.green[0]), pool: poolOf('green', spec) },
    ...instanceValues(spec),
    listen: address('loadBalancer.listen', spec.listen),
    headerBytes,
    moreThanHeaderBytes: above(headerBytes),
    reachedHost: spec.listen.host.includes(':') ? '[$server_addr]' : '$server_addr',
    headers: headers !== undefined && quoted({ what: 'loadBalancer.nginx.headers', value: headers }),
    healthPath: spec.healthPath !== undefined && plainPath('loadBalancer.healthPath', spec.healthPath),
    tls: tlsValues(tls),
    timeout: `${Math.max(1, Math.floor(spec.requestTimeoutMs))}ms`,
    nonce: exactly({ what: 'the nonce', value: nonce }),
    control: controlPath(nonce),
    preview: previewValues(spec.preview),
    allow: allowValues(spec.allow),
    sticky: stickyValues(spec.sticky),
    shares: Array.from({ length: 99 }, (_, share) => String(share).padStart(2, '0')),
    trusted:
      (spec.trustedProxies?.length ?? 0) > 0 && spec.trustedProxies?.map((each) => network('trustedProxies', each)),
    believed: forwardedHeaders.filter((name) => !madeHere.has(name)).map((name) => passed(spec, name)),
    carriers: spec.preview === undefined ? [] : ['referer', 'origin'].map((name) => passed(spec, name)),
    dropped: hasSeveral(spec.upstreams) ? [...dropped, instanceHeader] : dropped,
    marked: [
      { name: 'marked', long: false },
      { name: 'marked_stream', long: true },
    ],
  };
}

/** A regular expression for whole numbers above this one: nginx compares numbers in no other way. */
function above(limit: number): string {
  const digits = String(limit);
  const sameLength = [...digits].flatMap((digit, at) =>
    digit === '9' ? [] : [`${digits.slice(0, at)}[${Number(digit) + 1}-9]\\d{${digits.length - at - 1}}`],
  );
  return [...sameLength, `\\d{${digits.length + 1},}`].join('|');
}

/** A header, where nginx keeps what came, and where the configuration keeps what is sent on. */
function passed({ service, target }: BalancerSpec, name: string) {
  const word = name.replaceAll('-', '_');
  return { name, word, received: `$http_${word}`, sent: `$${prefixOf(service, target)}_${word}` };
}

function previewValues(preview: PreviewRoute | undefined) {
  if (preview === undefined) return { header: false, host: false };
  const header = { what: 'loadBalancer.preview.header', value: preview.header };
  const cookie = { what: 'loadBalancer.preview.cookie', value: preview.cookie };
  const token = { what: 'loadBalancer.preview.token', value: preview.token };
  const host = preview.host && hostName({ what: 'loadBalancer.preview.host', value: preview.host });
  return {
    header: nameOfHeader(header),
    headerVariable: headerVariable(header),
    token: exactly(token),
    tokenPattern: literally(token),
    cookiePattern: literally({ ...cookie, value: nameOfCookie(cookie) }),
    referrerPolicy: previewReferrerPolicy,
    host: host ?? false,
    barePattern: host ? literally({ ...token, value: host }) : false,
    hostPattern: host ? literally({ ...token, value: `${preview.token}.${host}` }) : false,
  };
}

function allowValues(allow: BalancerSpec['allow']) {
  if (allow === undefined) return { by: false };
  const name = { what: 'loadBalancer.allow.name', value: allow.name };
  const values = allow.values.map((value) => ({ what: 'loadBalancer.allow.values', value }));
  if (allow.by === 'header')
    return { by: 'header', variable: headerVariable(name), patterns: values.map((value) => exactly(value)) };
  const cookie = literally({ ...name, value: nameOfCookie(name) });
  const patterns = values.map((value) => `"~(?:^|;)[ \\t]*${cookie}=[ \\t]*${literally(value)}[ \\t]*(?:;|$)"`);
  return { by: 'cookie', variable: '$http_cookie', patterns };
}

function stickyValues({ by, name }: BalancerSpec['sticky']) {
  const named = { what: 'loadBalancer.sticky.name', value: name };
  if (by === 'address') return { cookie: false, variable: '$remote_addr', otherwise: false };
  if (by === 'header') return { cookie: false, variable: headerVariable(named), otherwise: '$remote_addr' };
  const cookie = nameOfPlainCookie(named);
  return {
    cookie,
    cookiePattern: literally({ ...named, value: cookie }),
    variable: `$cookie_${cookie}`,
    otherwise: 'new',
  };
}

function tlsValues(tls: NginxTls | undefined) {
  if (tls === undefined) return { listen: false };
  return {
    listen: address('loadBalancer.nginx.tls.listen', tls.listen),
    certificate: quoted({ what: 'loadBalancer.nginx.tls.certificate', value: tls.certificate }),
    key: quoted({ what: 'loadBalancer.nginx.tls.key', value: tls.key }),
  };
}
