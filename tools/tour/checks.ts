// What must hold, each with the numbers that it was seen by.

export interface Checks {
  /** Prints and remembers; `seen` is printed whether it holds or not. */
  check(what: string, holds: boolean, seen: string): void;
  readonly passed: () => number;
  readonly failed: () => readonly string[];
}

export function createChecks(print: (line: string) => void): Checks {
  const failed: string[] = [];
  let passed = 0;
  return {
    check: (what, holds, seen) => {
      print(`    ${holds ? '✓' : '✗'} ${what} (${seen})`);
      if (holds) passed += 1;
      else failed.push(`${what}: ${seen}`);
    },
    passed: () => passed,
    failed: () => failed,
  };
}
