// Which headers cross a balancer, the same for every driver: one list for each question. All names in lower case.

/** RFC 9110, 7.6.1, and what older software still sends: they belong to one connection. */
export const hopByHopHeaders: readonly string[] = [
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
];

/** The user and the request, as a proxy in front reports them. Replaced unless that proxy is trusted. */
export const forwardedHeaders: readonly string[] = [
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-prefix',
  'x-forwarded-proto',
  'x-forwarded-server',
  'x-forwarded-ssl',
  'x-real-ip',
];

/** A `Connection` that names one of these does not remove it: it was meant for the service, or for the user. */
export const endToEndHeaders: readonly string[] = [
  ...forwardedHeaders,
  'accept',
  'accept-encoding',
  'accept-language',
  'age',
  'allow',
  'authorization',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-length',
  'content-location',
  'content-range',
  'content-security-policy',
  'content-type',
  'cookie',
  'date',
  'etag',
  'expect',
  'expires',
  'host',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'last-modified',
  'location',
  'origin',
  'pragma',
  'range',
  'referer',
  'referrer-policy',
  'retry-after',
  'server',
  'set-cookie',
  'strict-transport-security',
  'user-agent',
  'vary',
  'www-authenticate',
  'x-request-id',
];

/** On every answer of the preview: the address may hold the token, and other sites must not get it as `Referer`. */
export const previewReferrerPolicy = 'same-origin';

/** The most that the head of a request or of an answer may have, unless the configuration says so. */
export const usualHeaderBytes = 16_384;

/** The name for services that treat `-`, `_` and `.` as the same, as CGI does: `X_Real_IP` is `x-real-ip`. */
export const headerAsServicesReadIt = (name: string): string => name.toLowerCase().replaceAll(/[_.]/g, '-');

interface PreviewSecret {
  readonly token: string;
  readonly host?: string | undefined;
}

/**
 * A header's value without the preview token, wherever it hides: `<token>.<host>` becomes `<host>`, also for a wrong
 * token, and undefined means that the header must go. Referer, Origin, Forwarded, X-Forwarded-Host and all others alike.
 */
export function withoutPreviewToken(value: string, { token, host }: PreviewSecret): string | undefined {
  const shown = host === undefined ? value : value.replace(belowHost(host), host);
  return shown.toLowerCase().includes(token.toLowerCase()) ? undefined : shown;
}

const patterns = new Map<string, RegExp>();

/** `anything.preview.example.com`, with or without a final dot, as a host or within an address. */
function belowHost(host: string): RegExp {
  const known = patterns.get(host);
  if (known !== undefined) return known;
  const escaped = host.replaceAll(/[^a-z0-9-]/gi, String.raw`\$&`);
  const made = new RegExp(
    String.raw`(?<![a-z0-9_.-])[a-z0-9_.-]{1,300}\.${escaped}\.?(?![a-z0-9_-]|\.[a-z0-9_-])`,
    'gi',
  );
  patterns.clear();
  patterns.set(host, made);
  return made;
}
