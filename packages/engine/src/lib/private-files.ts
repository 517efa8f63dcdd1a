// Only this system's own account may access its files and sockets. What it starts for others, the deployed services,
// gets the umask that this process itself was given.

let given: number | undefined;

/** The first line of every main: only its own account can read what this process creates from now on. */
export function keepFilesPrivate(): void {
  given ??= process.umask(0o077);
}

/** Runs `spawn` under the umask that this process was started with. Synchronous: nothing else is created then. */
export function withGivenUmask<Result>(spawn: () => Result): Result {
  if (given === undefined) return spawn();
  const own = process.umask(given);
  try {
    return spawn();
  } finally {
    process.umask(own);
  }
}
