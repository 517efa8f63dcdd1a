// What must be reached. One place, so that nobody lowers a bar unseen.

export const bars = {
  slack: {
    /** Slack gives up after 3 000 ms; people feel a quarter of a second. 99 of 100 requests, 50 at once. */
    acknowledgedP99Ms: 250,
    /** From a click to the changed card, median; Slack allows about one update a second. */
    cardUpdatedMs: 2_000,
  },
} as const;
