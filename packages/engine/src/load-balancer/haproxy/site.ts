// The text of our part of HAProxy's configuration. No value from outside reaches it unchecked: names have a narrow
// alphabet, secrets and user names are compared by their hash, paths and hosts are checked. Other values are errors.

import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { ownFile } from '../../lib/own-files.ts';
import { loadTemplate } from '../../lib/template.ts';
import { shareKey } from '../buckets.ts';
import { forwardedHeaders, hopByHopHeaders, previewReferrerPolicy, usualHeaderBytes } from '../header-rules.ts';
import { hasSeveral, instanceHeader } from '../instances/checks.ts';
import type { AllowList, BalancerSpec, PreviewRoute } from '../load-balancer.ts';
import { address, fitting, hostName, path, whole, word } from './haproxy-text.ts';
import type { TlsSettings } from './options.ts';
import { sideValues } from './side-values.ts';

export interface SiteValues {
  readonly spec: BalancerSpec;
  readonly name: string;
  readonly mapFile: string;
  readonly errorFile: string;
  readonly tls: TlsSettings | undefined;
  /** Of a unix socket, or where the nodes reach the collector. */
  readonly logServer: { readonly path: string } | { readonly host: string; readonly port: number };
  /** Known to HAProxy, the engine and the collector: it marks probes and log lines. */
  readonly nonce: string;
}

export interface Site {
  /** sha256 over the rest of the text: HAProxy itself can report which site it runs. */
  readonly digest: string;
  readonly text: string;
}

export const probeHeader = 'x-bluegreen-probe';
export const bucketHeader = 'x-bluegreen-bucket';
/** An idle connection may be used again for this long; after a reload, those of the old process too. */
export const keepAliveMs = 50_000;

export const unreachableAnswer = [
  'HTTP/1.1 502 Bad Gateway',
  'content-type: text/plain; charset=utf-8',
  'cache-control: no-store',
  'content-length: 28',
  '',
  'The service did not answer.\n',
].join('\r\n');

/** Of one connection: what HAProxy itself makes for the next one is left out. */
const dropped = hopByHopHeaders.filter((name) => !['connection', 'transfer-encoding', 'upgrade'].includes(name));
/** What HAProxy reserves for headers that it adds, and the most headers that it can count. */
const rewriteBytes = 1024;
const mostHeaders = 32_767;
/** Where the name of the preview's host may occur with the token before it. */
const carriers = ['host', 'referer', 'origin', 'x-forwarded-host', 'forwarded'];
/** How many proxies in front of one another are followed to find the user. */
const hops = Array.from({ length: 8 }, (_, hop) => -1 - hop);

const siteTemplate = loadTemplate<Record<string, unknown>>(ownFile(import.meta.url, 'site.cfg.hbs'));
const managedTemplate = loadTemplate<Readonly<Record<'runtimeSocket' | 'bufferBytes' | 'headers', string | number>>>(
  ownFile(import.meta.url, 'managed.cfg.hbs'),
);

/** @throws `config-invalid` naming the value that has no place in a configuration. */
export function siteOf(values: SiteValues): Site {
  const digest = createHash('sha256').update(render(values, '')).digest('hex');
  return { digest, text: render(values, digest) };
}

/** Next to the routing map: the bucket of each token, and the token of each bucket. */
export function bucketPaths(mapFile: string): Readonly<Record<'bucketOf' | 'tokenOf', string>> {
  const folder = dirname(mapFile);
  return { bucketOf: join(folder, 'bucket-of.map'), tokenOf: join(folder, 'token-of.map') };
}

export function managedText(runtimeSocket: string, headerBytes: number = usualHeaderBytes): string {
  return managedTemplate({
    runtimeSocket: path(runtimeSocket, 'the runtime socket'),
    bufferBytes: 3 * whole(headerBytes, 'maxHeaderBytes') + rewriteBytes,
    // As many as may have something in them.
    headers: Math.min(mostHeaders, Math.floor(headerBytes / 8)),
  });
}

/** The beginning of a log line: not a probe's secret, but as hard to guess. */
export const lineKeyOf = (nonce: string): string => sha256(`line ${nonce}`).slice(0, 16);

function render({ spec, name, mapFile, errorFile, tls, logServer, nonce }: SiteValues, digest: string): string {
  return siteTemplate({
    digest,
    name: word(name, 'the name'),
    service: word(spec.service, 'the service'),
    target: word(spec.target, 'the target'),
    key: lineKeyOf(nonce),
    mapFile: path(mapFile, 'the map file'),
    bucketOf: path(bucketPaths(mapFile).bucketOf, 'the map file'),
    tokenOf: path(bucketPaths(mapFile).tokenOf, 'the map file'),
    shareKey: Buffer.from(shareKey(nonce), 'hex').toString('base64'),
    errorFile: path(errorFile, 'the error file'),
    logServer: 'path' in logServer ? `unix@${path(logServer.path, 'the log socket')}` : address(logServer),
    requestTimeoutMs: whole(spec.requestTimeoutMs, 'the request timeout'),
    keepAliveMs,
    binds: [address(spec.listen), ...(tls ? [tlsBind(tls)] : [])],
    probe: { header: probeHeader, bucketHeader, hash: sha256(nonce) },
    sticky: stickyValues(spec),
    trusted: spec.trustedProxies?.length ? spec.trustedProxies.map(network).join(' ') : false,
    headerBytes: whole(spec.maxHeaderBytes ?? usualHeaderBytes, 'maxHeaderBytes'),
    mistaken: mistakenNames(spec),
    healthPath: spec.healthPath !== undefined && fitting(spec.healthPath, /^\/[A-Za-z0-9._~/-]{1,200}$/, 'healthPath'),
    hops,
    forwarded: forwardedHeaders,
    dropped,
    carriers,
    allow: spec.allow === undefined ? false : allowValues(spec.allow),
    preview: spec.preview === undefined ? false : previewValues(spec.preview),
    instanceHeader: hasSeveral(spec.upstreams) && instanceHeader,
    sides: (['blue', 'green'] as const).map((slot) => sideValues(slot, spec)),
  });
}

/** Patterns of names with at least one `_` or `.` in the place of a hyphen. */
function mistakenNames({ preview, upstreams }: BalancerSpec): readonly string[] {
  const ofInstances = hasSeveral(upstreams) ? [instanceHeader] : [];
  const own = [probeHeader, bucketHeader, ...ofInstances];
  const ours = [...forwardedHeaders, ...hopByHopHeaders, ...own, 'content-length', 'x-request-id'];
  const names = [...ours, ...(preview ? [word(preview.header, 'the preview header').toLowerCase()] : [])];
  return names.flatMap((name) => {
    const parts = name.split(/[-_]/);
    const places = parts.slice(1).map((_, at) => at);
    const pattern = (other: number) =>
      parts.reduce((text, part, at) => `${text}${at - 1 === other ? '[._]' : '[-._]'}${part}`);
    return places.map((other) => `^${pattern(other)}$`);
  });
}

function stickyValues({ sticky: { by, name } }: BalancerSpec) {
  return {
    cookie: by === 'cookie' && word(name, 'the sticky cookie'),
    header: by === 'header' && word(name, 'the sticky header'),
    address: by === 'address',
  };
}

function allowValues({ by, name, values }: AllowList) {
  const fetch = by === 'header' ? 'req.fhdr' : 'req.cook';
  return { fetch: `${fetch}(${word(name, `the allow list's ${by}`)})`, hashes: values.map(sha256) };
}

function previewValues({ header, cookie, token, host }: PreviewRoute) {
  const door = host === undefined ? undefined : hostName(host.toLowerCase(), 'the preview host');
  return {
    header: word(header, 'the preview header'),
    cookie: word(cookie, 'the preview cookie'),
    hash: sha256(token),
    referrerPolicy: previewReferrerPolicy,
    host: door ?? false,
    hostPattern: door?.replaceAll('.', '[.]') ?? false,
    hostHash: door !== undefined && sha256(`${token.toLowerCase()}.${door}`),
  };
}

function tlsBind({ listen, certificate }: TlsSettings): string {
  return `${address(listen)} ssl crt ${path(certificate, 'the certificate')} alpn h2,http/1.1`;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex').toUpperCase();

/** The configuration's own check is stricter. */
const network = (text: string): string => fitting(text, /^[0-9A-Fa-f:.]{2,45}(\/\d{1,3})?$/, 'trustedProxies');
