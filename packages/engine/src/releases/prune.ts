// Which releases leave the disk. Pure: the caller collects beforehand what holds a release.

export interface StoredRelease {
  readonly version: string;
  /** When it was registered, fetched, deployed or left: the latest of these. */
  readonly usedAt: number;
  /** Why it must stay, whatever its age: `active in blue of shop`, `pinned by alice: audit`. */
  readonly held: readonly string[];
}

export interface KeepRule {
  readonly count: number;
  readonly ageMs: number;
}

export interface Decided extends StoredRelease {
  /** Undefined: nothing retains it. */
  readonly kept: string | undefined;
}

/** Newest use first. What either rule retains is retained; without a rule for one of the targets everything is. */
export function decideRetention(
  releases: readonly StoredRelease[],
  rules: readonly (KeepRule | undefined)[],
  now: number,
): readonly Decided[] {
  const known = rules.filter((rule) => rule !== undefined);
  const isRuled = known.length > 0 && known.length === rules.length;
  const count = Math.max(0, ...known.map((rule) => rule.count));
  const ageMs = Math.max(0, ...known.map((rule) => rule.ageMs));
  const byUse = releases.toSorted((one, other) => other.usedAt - one.usedAt || compare(other.version, one.version));
  return byUse.map((release, index) => ({ ...release, kept: reason(release, index) }));

  function reason({ held, usedAt }: StoredRelease, index: number): string | undefined {
    if (held.length > 0) return held.join('; ');
    if (!isRuled) return 'nothing is removed without `keepReleases`';
    if (index < count) return `one of the ${count} used last`;
    return now - usedAt < ageMs ? 'used not long ago' : undefined;
  }
}

const compare = (one: string, other: string): number => one.localeCompare(other, 'en', { numeric: true });
