// What leaves the machine in a bug report is cleaned twice: of the secrets that the configuration knows, wherever they
// are, and of everything that looks like one. Rather too much is removed than too little.

export type Redact = (text: string) => string;

const removed = '***';

/** Names whose value is removed, in `name: value`, `name=value`, `"name": "value"` and as keys of JSON. */
const secretName =
  /secret|token|passw|passphrase|pwd|api[-_]?key|private[-_]?key|access[-_]?key|routing[-_]?key|credential|authorization|cookie|dsn|connection[-_]?string|database[-_]?url|signature|webhook[-_]?url/i;

const assigned = new RegExp(
  `((?:^|[^\\w-])["']?[\\w.-]*(?:${secretName.source})[\\w.-]*["']?\\s*[:=]\\s*)(?:(?:bearer|basic|digest|token)\\s+)?("[^"]*"|'[^']*'|[^\\s,;&})\\]]+)`,
  'gi',
);
/** The rest of the line: a header may have several values. */
const header = /\b((?:proxy-)?authorization|set-cookie|cookie|x-[\w-]*(?:token|key|secret)[\w-]*)(["']?\s*[:=]\s*).+/gi;
const userInfo = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@"'<>]+@/gi;
const known = [
  /\b(?:bearer|basic)\s+[\w.~+/=-]{8,}/gi,
  /\bxox[a-z]-[\w-]+|\bxapp-[\w-]+/g,
  /\bgh[a-z]_\w{20,}|\bgithub_pat_\w+|\bglpat-[\w-]+/g,
  /\bAKIA[0-9A-Z]{12,}/g,
  /\beyJ[\w-]+\.[\w-]+\.[\w-]+/g,
  /\bhttps:\/\/hooks\.slack\.com\/\S+/g,
];
const pem = /-----BEGIN [A-Z ]+-----[\s\S]*?(?:-----END [A-Z ]+-----|$)/g;

export function createRedact(secrets: readonly string[]): Redact {
  return (text) => {
    const withoutKnown = secrets.reduce((rest, secret) => rest.replaceAll(secret, removed), text);
    const shaped = withoutKnown
      .replace(pem, removed)
      .replace(userInfo, `$1${removed}@`)
      .replace(header, `$1$2${removed}`)
      .replace(assigned, `$1${removed}`);
    return known.reduce((rest, pattern) => rest.replace(pattern, removed), shaped);
  };
}

/** The same value with every text in it cleaned; what has the name of a secret is removed as a whole. */
export function redactDeep(value: unknown, redact: Redact): unknown {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map((item) => redactDeep(item, redact));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      redact(key),
      secretName.test(key) && typeof inner === 'string' ? removed : redactDeep(inner, redact),
    ]),
  );
}

/** Blocks of the configuration in which every value may be a secret. */
const secretBlock = /^(\s*)(?:- )?["']?(env|headers|[\w-]*(?:secret|token|password|key)[\w-]*)["']?\s*:(.*)$/i;

/** The configuration line by line: it may be damaged, so nothing parses it. Keys stay, and so do the line numbers. */
export function redactYaml(text: string, redact: Redact): string {
  let within: number | undefined;
  const lines = text.replace(pem, (block) => block.replace(/[^\n]+/g, removed)).split('\n');
  return lines.map((line) => cleanLine(line)).join('\n');

  function cleanLine(line: string): string {
    const indent = line.length - line.trimStart().length;
    if (within !== undefined && line.trim() !== '' && indent <= within) within = undefined;
    if (within !== undefined) return line.replace(/^(\s*(?:- )?(?:[\w."'-]+\s*:)?).*$/, `$1 ${removed}`);
    const [, space = '', name = '', rest = ''] = secretBlock.exec(line) ?? [];
    if (name === '') return redact(line).replace(/\b(env|headers)(["']?\s*:\s*)\{.*/gi, `$1$2${removed}`);
    within = space.length;
    return rest.trim() === '' ? line : `${line.slice(0, line.length - rest.length)} ${removed}`;
  }
}
