// Who contributed to a release: its authors, and the accounts that pushed, triggered, published, opened or merged it. With
// four eyes none of them approves it.

export interface Contributors {
  /** Ids of the people of the configured list. */
  readonly people: readonly string[];
  /** What four eyes mean for this release, for a reader of its plan. `requester`: id of the person who asks for it. */
  warnings(requester: string | undefined): readonly string[];
  /** `wrote a part of v2.1`; undefined for a person who did not contribute. */
  contributionOf(person: string): string | undefined;
  /** A sentence where four eyes leave too few approvers. */
  tooFewApprovers(requester: string | undefined): string | undefined;
}
