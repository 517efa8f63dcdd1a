// What must be reached. One place, so that a change that lowers a bar is seen.

export const bars = {
  slack: {
    /** Slack gives up after 3 000 ms; people feel a quarter of a second. 99 of 100 requests, 50 at once. */
    acknowledgedP99Ms: 250,
    /** From a click to the changed card, median; Slack allows about one update a second. */
    cardUpdatedMs: 2_000,
  },
  /** 10,000 statements in one process, the first time and later. */
  lint: { tenThousandStatementsMs: 1_000 },
  /** For nginx and HAProxy, over everything that was sent in one run. */
  traffic: {
    lost: 0,
    truncated: 0,
    serverErrors: 0,
    /** Began after the command had returned, and answered by the old side all the same. */
    stale: 0,
    /** Through the driver, which returns when the balancer was seen to follow. */
    switchMedianMs: 25,
    /** Of the same proxy with a static configuration of the same logging and headers. */
    throughputOfStatic: 0.75,
    processesLeft: 0,
    /** Per driver: weights outside the binomial 99 % band, users who changed sides, users who left on a raise. */
    sharesOutside: 0,
    flips: 0,
    leavers: 0,
    /** What the long mode reaches. */
    long: { switches: 1_000, requests: 1_000_000 },
  },
  /** The embedded proxy compared with others in one run, as ratios. */
  proxy: { p99OfKamal: 2, memoryOfBareNode: 1.5 },
  /** Of the judge of canaries at a false alarm of 1 %: what 18 of 1,000 allows is chance. */
  judge: {
    falseRollbacksPerThousand: 18,
    oneToFiveSeconds: 15,
    oneToFiveExcess: 12,
    tenthToOneSeconds: 40,
    crashLoopSeconds: 5,
    badPromotedPerThousand: 10,
    tickMs: 0.1,
  },
  /** Two million rows under 300 transactions a second, while a column is renamed. */
  migrate: {
    failed: 0,
    wrongReads: 0,
    differingRows: 0,
    kills: 5,
    longestWaitMs: 1_000,
  },
  /** Signed deliveries on two cores, each committed before it is answered; nothing lost, nothing twice, kills included. */
  webhook: { perSecond: 1_500, p99Ms: 100, kills: 10 },
  /** What the engine adds to a deployment, on HAProxy; how long the release that users are taken off answers; all drivers. */
  orchestrator: {
    overheadMs: 400,
    lastOldP99Ms: 150,
    lost: 0,
    sequences: 10_000,
    /** A state with 100,000 deployments and 5,000,000 audit rows, compared with one of 100 deployments. */
    growthRatio: 1.5,
  },
} as const;
