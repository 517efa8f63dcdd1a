// A place in the configuration: a list of keys and list positions.

export type Path = readonly (string | number)[];

const plainKey = /^[A-Za-z0-9_-]{1,64}$/;

/** `services.shop.canary[1].percent`; a key with other characters is quoted: `services["my shop"]`. */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    if (!plainKey.test(part)) return `${text}[${shortText(part)}]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');
}

export function startsWith(path: Path, prefix: Path): boolean {
  return prefix.length <= path.length && prefix.every((part, index) => String(part) === String(path[index]));
}

/** Quoted, never more than 64 characters, and without control characters that a terminal would execute. */
export function shortText(text: string): string {
  const short = text.length > 64 ? `${text.slice(0, 61)}...` : text;
  return JSON.stringify(short).replace(/\p{C}/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}
