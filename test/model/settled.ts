// When nothing happens any more without the passing of time: no request is under way, no file is being read, and several
// rounds of the event loop have brought nothing new.

import { setImmediate as nextRound } from 'node:timers/promises';

const quietRounds = 4;
const longestMs = 30_000;
/** Of what Node lists; servers that listen and timers are always there. */
const atWork = /^(TCPSocketWrap|TCPConnectWrap|FSReq|GetAddrInfoReqWrap|ShutdownWrap|WriteWrap)/;

export async function settled(): Promise<void> {
  const began = performance.now();
  for (let quiet = 0; quiet < quietRounds; ) {
    await nextRound();
    const isBusy = process.getActiveResourcesInfo().some((resource) => atWork.test(resource));
    quiet = isBusy ? 0 : quiet + 1;
    if (isBusy && performance.now() - began > longestMs) throw new Error('the system did not come to rest within 30 s');
  }
}
