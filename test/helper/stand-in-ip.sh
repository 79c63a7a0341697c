#!/bin/bash
# Stands in for ip(8): hands each line on to the real one as it comes, and after the NTH does WHAT the file `fault` beside
# it says, `WHAT NTH [keep]`. Without that file it becomes the real one; without `keep` it removes the file as it acts.
#   die    SIGKILL, once the real one has done the lines so far
#   tear   SIGKILL to the real one, which may be in the middle of a line, and to itself
#   pause  writes its pid and the real one's to `paused`, and goes on when somebody writes to the fifo `go`
# The lines that the last process got are in `lines`.
ip=$(PATH=/usr/sbin:/sbin:/usr/bin:/bin type -P ip)
folder=${0%/*}
[[ -e $folder/fault ]] || exec "$ip" "$@"
read -r what nth keep <"$folder/fault"
count=0
: >"$folder/lines"
exec 3> >(exec "$ip" "$@")
real=$!

# What was handed to the real one is done when it waits for more, which on a busy machine may be late.
await_reading() {
  local tries where
  for ((tries = 0; tries < 500; tries++)); do
    where=gone
    read -r where <"/proc/$real/wchan"
    [[ $where == gone || $where == *pipe_read ]] && break
    /bin/sleep 0.01
  done
} 2>/dev/null

act() {
  [[ $keep ]] || /bin/rm "$folder/fault"
  case $what in
    die) exec 3>&- && wait "$real" ;;
    tear) kill -KILL "$real" ;;
    pause)
      await_reading
      echo "$$ $real" >"$folder/paused.new"
      /bin/mv "$folder/paused.new" "$folder/paused"
      read -r <"$folder/go"
      return
      ;;
  esac
  kill -KILL $$
}

[[ $nth == 0 ]] && act
while true; do
  # Asks only whether there is something: a read with a limit that ends in the middle of it may have lost the line's end.
  if read -r -t 0; then
    IFS= read -r line || break
    printf '%s\n' "$line" >>"$folder/lines"
    printf '%s\n' "$line" >&3
    ((++count == nth)) && act
  else
    # where the real one has ended by itself, so does this
    kill -0 "$real" 2>/dev/null || break
    /bin/sleep 0.02
  fi
done
exec 3>&-
wait "$real"
