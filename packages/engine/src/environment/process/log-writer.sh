#!/bin/sh
# Writes a slot's output, which arrives on standard input, into a fixed number of files: LOG, LOG.1, LOG.2, LOG.3. It outlives
# the engine and needs none of its files. It always goes on reading, whatever the disk does: the service must never wait.
#   log-writer.sh LOG BYTES_PER_FILE [OPTIONS OF flock FOR WAITING]
umask 077
log=$1 piece=$2 waiting=$3

size() { stat -c %s "$log" 2>/dev/null || echo 0; }

rotate() {
  mv -f "$log.2" "$log.3"
  mv -f "$log.1" "$log.2"
  mv -f "$log" "$log.1"
} 2>/dev/null

# Until the file is full or the input ends. `head` alone would hold lines back until a block is full.
write() {
  before=$(size)
  if [ "$before" -ge "$piece" ]; then
    rotate
    before=$(size)
    [ "$before" -lt "$piece" ] || return 1
  fi
  stdbuf -o0 head -c $((piece - before)) <&3 >>"$log" || {
    # Killed (SIGKILL, SIGTERM), which says nothing about the disk: go on with the next line.
    case $? in 137 | 143) return 0 ;; esac
    return 1
  }
  if [ "$(size)" -eq "$before" ]; then empty=$((empty + 1)); else empty=0; fi
}

# Reads for a second or a megabyte, and counts the lines.
drop() {
  report=$({ { timeout 1 stdbuf -o0 head -c 1048576 <&3; echo "$?" >&4; } | wc -lc; } 4>&1)
  set -- $report
  dropped=$((dropped + ${2:-0}))
  # Not timed out and nothing read: the end of the input.
  if [ "${1:-0}" -ne 124 ] && [ "${3:-0}" -eq 0 ]; then empty=2; sleep 0.2; fi
}

# Room for one line would be filled by the next: a little more must be there before writing goes on.
note_dropped() {
  head -c 65536 /dev/zero >"$log.room" || return 1
  rm -f "$log.room"
  printf '\n--- %s lines or more were lost until %s: the log could not be written ---\n' \
    "$dropped" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" >>"$log"
} 2>/dev/null

# One that waits for the lock, in a session of its own: it goes on when this one is killed.
require_successor() {
  [ -n "$successor" ] && kill -0 "$successor" 2>/dev/null && return
  setsid sh "$0" "$log" "$piece" <&3 3<&- 9>&- &
  successor=$!
}

exec 3<&0 9>>"$log.lock"
# shellcheck disable=SC2086 # several options
flock $waiting 9 </dev/null 3<&- || exit 0
successor=
empty=0
# Twice, because a log that a person has removed looks like one that got nothing.
while [ "$empty" -lt 2 ]; do
  require_successor
  write 2>/dev/null && continue
  dropped=0
  drop
  until note_dropped; do
    rm -f "$log.room"
    [ "$empty" -lt 2 ] || break
    drop
  done
done
kill "$successor"
