#!/bin/bash
# A Debian machine made fresh in a second, to try things on as a new user would: systemd-nspawn on an overlay over a root
# file system that is made once and never written to again. Needs root, systemd-container and mmdebstrap. A box shares
# the host's network and ends with all that runs in it.
#
#   box.sh base                       make the root file system, if it is not there
#   box.sh up NAME [NSPAWN_OPTION…]   boot a box; returns when its systemd has started everything
#   box.sh run NAME COMMAND…          as root, in /root, with a bare environment
#   box.sh as NAME USER COMMAND…      as USER, whose session is there once `loginctl enable-linger` has been run
#   box.sh put NAME FILE… FOLDER      copy files of the host into a folder of the box
#   box.sh reboot NAME                power it off and boot it again, with the files that it has; returns as `up` does
#   box.sh crash NAME                 its power fails: it ends at once, and keeps its files
#   box.sh boot NAME                  boot it again after that; returns as `up` does
#   box.sh down NAME                  end it at once and remove every trace of it
#
# BOX_CACHE (~/.cache/aetherscale/box) holds the root file systems, BOX_RUN (/run/aetherscale-box) the running boxes,
# BOX_SIZE (4G) limits what a box may write: it is kept in memory. BOX_PACKAGES names more packages, by commas, for a root
# file system of its own.
set -euo pipefail

SUITE=bookworm
PACKAGES=systemd,systemd-sysv,dbus,dbus-user-session,libpam-systemd,ca-certificates,git,passwd,iproute2,nftables,radvd,socat
PACKAGES+=,openssh-server,procps,qemu-system-x86,qemu-utils,genisoimage,tinc${BOX_PACKAGES:+,$BOX_PACKAGES}
BASE=${BOX_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/aetherscale/box}/$SUITE-$(sha256sum <<<"$PACKAGES" | cut -c1-8)
RUN=${BOX_RUN:-/run/aetherscale-box}

die() { echo "box.sh: $*" >&2; exit 1; }
usage() { sed -n '/^#   box/s/^#   //p' "$0" >&2; exit 2; }

# Waits up to $1 seconds until the rest of the line succeeds.
await() {
  local end=$((SECONDS + $1)); shift
  until "$@"; do ((SECONDS < end)) || return 1; sleep 0.05; done
}

make_base() {
  [ -e "$BASE" ] && return
  mkdir -p "${BASE%/*}"
  # of several that find none, one makes it
  (flock 9; [ -e "$BASE" ] || bootstrap) 9>"${BASE%/*}/lock"
}

bootstrap() {
  local fresh=$BASE.$$ sources
  # the machine's own mirrors where they are Debian's of this suite; mmdebstrap's default otherwise
  mapfile -t sources < <(grep -lsw "$SUITE" /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources})
  trap 'rm -rf "$fresh"' EXIT
  mmdebstrap --quiet --variant=minbase --include="$PACKAGES" $(apt_options) "$SUITE" "$fresh" "${sources[@]}" >&2
  # no root password, no first-boot questions, names resolved as on the host
  chroot "$fresh" passwd --quiet --delete root
  : >"$fresh/etc/machine-id"
  # nothing runs that a test has not started
  chroot "$fresh" systemctl --quiet disable ssh.service tinc.service
  mv "$fresh" "$BASE"
  trap - EXIT
}

# How the host talks to its mirrors holds for the box as well.
apt_options() {
  local file
  for file in /etc/apt/apt.conf.d/*; do grep -q '^Acquire' "$file" && echo "--aptopt=$file"; done
}

up() {
  local option
  [ -e "$box" ] && die "$name is up; box.sh down $name ends it"
  make_base
  mkdir -p "$box/disk"
  mount -t tmpfs -o "size=${BOX_SIZE:-4G},mode=755" "box-$name" "$box/disk"
  mkdir "$box/disk/"{upper,work,root}
  mount -t overlay "box-$name" -o "lowerdir=$BASE,upperdir=$box/disk/upper,workdir=$box/disk/work" "$root"
  cp --dereference /etc/resolv.conf "$root/etc/resolv.conf"
  for option in "$@"; do echo "$option"; done >"$box/options"
  boot
}

boot() {
  local options
  mapfile -t options <"$box/options"
  spawn "${options[@]}" &
  echo $! >"$box/nspawn.pid"
  await 30 find_init || { cat "$box/console.log" >&2; down; die "$name did not boot"; }
  # the state "degraded" (a unit failed, as some do in a container) is up as well
  await 30 test -S "/proc/$(<"$box/init.pid")/root/run/dbus/system_bus_socket" || { down; die "$name has no system bus"; }
  run timeout 60 systemctl is-system-running --wait >"$box/state" 2>&1 || true
  grep -qE 'running|degraded' "$box/state" || { cat "$box/state" "$box/console.log" >&2; down; die "$name did not come up"; }
}

# --keep-unit puts the payload below the caller's own cgroup: each box needs one of its own, in every hierarchy of systemd.
spawn() {
  local hierarchy
  for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
    [ -e "$hierarchy/cgroup.procs" ] || continue
    mkdir -p "$hierarchy/box-$name"
    echo "$BASHPID" >"$hierarchy/box-$name/cgroup.procs"
  done
  export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 SYSTEMD_NSPAWN_LOCK=0
  exec setsid systemd-nspawn --quiet --directory="$root" --register=no --keep-unit --machine="$name" --hostname="$name" \
    --link-journal=no --resolv-conf=off --timezone=off --console=read-only --kill-signal=SIGRTMIN+4 --boot "$@" \
    </dev/null >>"$box/console.log" 2>&1
}

# The child of nspawn that is pid 1 in its own namespace.
find_init() {
  local pid
  for pid in $(pgrep -P "$(<"$box/nspawn.pid")"); do
    [ "$(awk '/^NSpid:/ { print $NF }' "/proc/$pid/status" 2>/dev/null)" = 1 ] || continue
    echo "$pid" >"$box/init.pid"
    return
  done
  return 1
}

enter() {
  [ -e "$box/init.pid" ] || die "$name is not up"
  nsenter --target "$(<"$box/init.pid")" --mount --uts --ipc --net --pid --cgroup --root --wd -- "$@"
}

run() {
  enter env -i HOME=/root LANG=C.UTF-8 TERM="${TERM:-dumb}" PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    sh -c 'cd && exec "$@"' sh "$@"
}

as_user() {
  local user=$1 uid; shift
  uid=$(run id -u "$user")
  enter setpriv --reuid="$user" --regid="$user" --init-groups --inh-caps=-all \
    env -i HOME="/home/$user" USER="$user" LOGNAME="$user" LANG=C.UTF-8 TERM="${TERM:-dumb}" PATH=/usr/local/bin:/usr/bin:/bin \
    XDG_RUNTIME_DIR="/run/user/$uid" DBUS_SESSION_BUS_ADDRESS="unix:path=/run/user/$uid/bus" \
    sh -c 'cd && exec "$@"' sh "$@"
}

# Through the box's own eyes: the host's view of the overlay lacks what is mounted inside.
put() {
  local folder=${*: -1} file
  for file in "${@:1:$#-1}"; do
    tar --create --directory="$(dirname "$file")" "$(basename "$file")" | enter tar --extract --directory="$folder" --no-same-owner
  done
}

down() {
  [ -e "$box" ] || die "$name is not up"
  crash
  umount "$root" 2>/dev/null || umount --lazy "$root" || true
  umount "$box/disk" 2>/dev/null || umount --lazy "$box/disk" || true
  rm -rf --one-file-system "$box"
}

# With its first process all others end, guests among them.
crash() {
  if [ -e "$box/init.pid" ]; then kill -KILL "$(<"$box/init.pid")" 2>/dev/null || true; fi
  await_end 10
}

# A machine that is to be used again is given the time that its services take to stop, guests among them.
reboot() {
  [ -e "$box/init.pid" ] || die "$name is not up"
  kill -s RTMIN+4 "$(<"$box/init.pid")"   # systemd(1): power off
  await_end 120
  boot
}

await_end() {
  local pid=0
  [ -e "$box/nspawn.pid" ] && pid=$(<"$box/nspawn.pid")
  if ! await "$1" is_gone "$pid"; then kill -KILL "$pid" 2>/dev/null || true; await 5 is_gone "$pid" || true; fi
  rm -f "$box/init.pid" "$box/nspawn.pid"
  find /sys/fs/cgroup -depth -type d \( -path "*/box-$name" -o -path "*/box-$name/*" \) -exec rmdir {} + 2>/dev/null || true
}

# A zombie is gone: whoever started this shell may never reap it.
is_gone() { [ "$1" = 0 ] || [ ! -e "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status"; }

[ "$(id -u)" = 0 ] || die 'needs root'
for program in systemd-nspawn mmdebstrap nsenter setpriv pgrep; do
  command -v "$program" >/dev/null || die "$program is missing: apt-get install systemd-container mmdebstrap util-linux procps"
done
command=${1:-}; shift || usage
[ "$command" = base ] && { make_base; echo "$BASE"; exit; }
name=${1:-}; shift || usage
[[ $name =~ ^[a-z0-9][a-z0-9-]{0,30}$ ]] || die "not a name for a box: $name"
box=$RUN/$name
root=$box/disk/root
case $command in
  up | run | put | reboot | crash | boot | down) "$command" "$@" ;;
  as) as_user "$@" ;;
  *) usage ;;
esac
