// Bytes that both ends know, so that every body can be verified.

/** As much as the largest body. */
export const patternBytes = 65_536;

export const pattern: Buffer = Buffer.alloc(patternBytes * 2);
// A small generator with a fixed seed: the same bytes in every process, and no two places alike.
for (let at = 0, state = 20_240_601; at < pattern.length; at += 4) {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  pattern.writeUInt32LE(state, at);
}

/** Milliseconds of the machine's monotonic clock: comparable between processes. */
export const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6;
