// Who did it: a person on the configured list, a known machine, a monitoring system, the engine itself, or an unknown user with read access.

export type Door = 'slack' | 'cli' | 'webhook' | 'web';

export type Actor =
  | {
      readonly kind: 'person';
      readonly id: string;
      readonly door: Door;
      /** Slack user groups of this person, as far as the entry point knows them. */
      readonly groups?: readonly string[];
      /** Groups of the approvers that the entry point could not read now, and why. */
      readonly unreadGroups?: readonly { readonly group: string; readonly why: string }[];
    }
  | { readonly kind: 'machine'; readonly name: string; readonly door: Door }
  /** A monitoring system of the configuration, by whose alerts something is taken back, paused or locked. */
  | { readonly kind: 'monitor'; readonly name: string; readonly door: Door }
  | { readonly kind: 'engine' }
  | { readonly kind: 'stranger'; readonly name: string; readonly door: Door };

/** As stored in rows: `person:alice`, `machine:ci`, `monitor:prometheus`, `engine`, `stranger:U0EVE`. */
export function actorName(actor: Actor): string {
  switch (actor.kind) {
    case 'person':
      return `person:${actor.id}`;
    case 'machine':
      return `machine:${actor.name}`;
    case 'monitor':
      return `monitor:${actor.name}`;
    case 'stranger':
      return `stranger:${actor.name}`;
    case 'engine':
      return 'engine';
    default:
      return actor satisfies never;
  }
}

/** `person:alice` → `alice`; undefined for anybody who is not a person of the list. */
export function personOf(name: string): string | undefined {
  return name.startsWith('person:') ? name.slice('person:'.length) : undefined;
}

/** Of a name as it is stored in rows. */
export const isMachine = (name: string): boolean => name.startsWith('machine:');

/** Likewise. */
export const isMonitor = (name: string): boolean => name.startsWith('monitor:');

/** The short name for a sentence: `alice`, `ci`, `the engine`. */
export function shortName(name: string): string {
  if (name === 'engine') return 'the engine';
  return name.slice(name.indexOf(':') + 1);
}
