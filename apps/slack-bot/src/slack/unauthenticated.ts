// Requests that did not prove to be Slack's: how many get an answer of their own, and how many a line in the log. What is
// proved is never limited, wherever it comes from: Slack and a stranger may come through one proxy.

export interface Unproved {
  /** One more; for how many seconds it is to wait, 0 while it need not. */
  waitSeconds(): number;
  /** Whether a line about one may still be written. */
  mayLog(): boolean;
}

const answers = { burst: 60, perSecond: 5 };
const lines = { burst: 100, perSecond: 5 };

export function createUnproved(): Unproved {
  const [answered, logged] = [createBucket(answers), createBucket(lines)];
  return {
    waitSeconds: () => (answered() ? 0 : 1),
    mayLog: logged,
  };
}

/** True while there is something left in it. */
function createBucket({ burst, perSecond }: typeof answers): () => boolean {
  let left = burst;
  let at = performance.now();
  return () => {
    const now = performance.now();
    left = Math.min(burst, left + ((now - at) / 1_000) * perSecond);
    at = now;
    if (left < 1) return false;
    left -= 1;
    return true;
  };
}
