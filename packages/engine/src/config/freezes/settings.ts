// Freezes as the engine works with them: wall times with their zone, never moments.

/** Monday is 1, Sunday is 7. */
export interface WeekTime {
  readonly day: number;
  /** `16:00` */
  readonly time: string;
}

export type FreezeRule =
  | { readonly kind: 'weekly'; readonly from: WeekTime; readonly to: WeekTime }
  /** `2026-12-18T18:00` */
  | { readonly kind: 'dates'; readonly from: string; readonly to: string }
  /** An absolute path, or an http or https URL. */
  | { readonly kind: 'calendar'; readonly source: string };

export interface FreezeSettings {
  readonly name: string;
  /** IANA name. In a calendar: of the times that name no zone. */
  readonly zone: string;
  readonly rule: FreezeRule;
  /** Who may deploy all the same, with a reason. */
  readonly override: 'approvers' | 'people' | 'nobody';
}

export const isUrl = (source: string): boolean => /^https?:\/\//.test(source);
