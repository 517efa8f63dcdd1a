// Times, durations and sizes as people read them.

/** `450 ms`, `12 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`: at most two units, rounded down. */
export function durationText(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return twoUnits(Math.floor(seconds / 60), 'min', seconds % 60, 's');
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1440) return twoUnits(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
  return twoUnits(Math.floor(minutes / 1440), 'd', Math.floor((minutes % 1440) / 60), 'h');
}

function twoUnits(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

const two = (amount: number): string => String(amount).padStart(2, '0');

/** `14:03:07`, the machine's own time zone. */
export function clockText(at: number): string {
  const date = new Date(at);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** `2026-03-07 14:03`, the machine's own time zone. */
export function dateText(at: number): string {
  const date = new Date(at);
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** `14:03` on the day of `now`, with its date on another. */
export function timeText(at: number, now: number): string {
  const full = dateText(at);
  return full.slice(0, 10) === dateText(now).slice(0, 10) ? full.slice(11) : full;
}

export function bytesText(bytes: number): string {
  if (bytes < 1024 ** 2 / 10) return `${Math.ceil(bytes / 1024)} KB`;
  const mebibytes = bytes / 1024 ** 2;
  return mebibytes < 1024 ? `${mebibytes.toFixed(mebibytes < 10 ? 1 : 0)} MB` : `${(mebibytes / 1024).toFixed(1)} GB`;
}

/** Percent of a share between 0 and 1: `0.8 %`. */
export function shareText(share: number): string {
  return `${(share * 100).toFixed(share > 0 && share < 0.01 ? 2 : 1)} %`;
}
