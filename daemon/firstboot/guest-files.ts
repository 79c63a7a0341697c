/** What is put into guests: the program that runs an init script once, and units for systemd. Nothing in them is of one VM. */

/** A file of the guest, by its absolute path. */
export interface GuestFile {
  readonly path: string
  readonly mode: 0o644 | 0o755
  readonly content: string
}

export const SCRIPT_PATH = '/usr/local/sbin/aetherscale-init-script'
const RUNNER_PATH = '/usr/local/sbin/aetherscale-init'
/** Which machine's script it is: of a disk that is the copy of another machine's, it is that one's. */
export const INSTANCE_PATH = '/usr/local/sbin/aetherscale-init.instance'
export const DONE_PATH = '/root/aetherscale-init.done'
export const INIT_UNIT = 'aetherscale-init.service'

/** The virtio-serial port by which the guest tells how its init script goes, by its name. */
export const INIT_PORT = 'org.aetherscale.init.0'
/** ASCII's record separator: begins each line on that port that is the runner's own, as no program prints it by accident. */
export const MARK = '\x1e'

/** For dash, bash and busybox's ash. */
export const RUNNER: GuestFile = {
  path: RUNNER_PATH,
  mode: 0o755,
  content: `#!/bin/sh
# Runs the init script of this machine, once. What the script prints is printed here as well, and goes to the host with
# what becomes of it. Without the file that this makes beforehand it is run again.
done=${DONE_PATH}
script=${SCRIPT_PATH}

[ ! -e "$done" ] || exit 0
host=/dev/null
for name in /sys/class/virtio-ports/*/name; do
  [ "$(cat "$name" 2>/dev/null)" = ${INIT_PORT} ] || continue
  port=\${name%/name}
  host=/dev/\${port##*/}
done
(: >"$host") 2>/dev/null || host=/dev/null
exec 3>"$host" # a port has one opener
tell() { printf '\\036aetherscale-init: %s\\n' "$1" >&3; }

pipes=$(mktemp -d /run/aetherscale-init.XXXXXX) || exit 1
mkfifo "$pipes/output" "$pipes/copy" || exit 1
cat <"$pipes/copy" 3>&- &
{
  tee "$pipes/copy" <"$pipes/output" >&3
  : >"$pipes/told"
} 2>/dev/null &

trap 'tell interrupted; exit 143' TERM
tell started # before it is noted here: a machine that dies in between has failed, and does not seem to wait
date >"$done"
sync # before it runs: at most once, even if the power goes
"$script" </dev/null >"$pipes/output" 2>&1 3>&-
status=$?

# What it printed comes before its end; a program that it has left running may hold the pipe for ever.
tries=0
while [ ! -e "$pipes/told" ] && [ "$tries" -lt 20 ]; do
  tries=$((tries + 1))
  sleep 0.1
done
rm -rf "$pipes"
tell "exit $status"
sync
exit "$status"
`,
}

const UNITS = '/etc/systemd/system'

export const INIT_UNIT_FILE: GuestFile = {
  path: `${UNITS}/${INIT_UNIT}`,
  mode: 0o644,
  content: `[Unit]
Description=aetherscale: the init script of this machine
ConditionPathExists=!${DONE_PATH}
Wants=network-online.target
After=network-online.target aetherscale-ssh-host-keys.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh ${RUNNER_PATH}
Environment=HOME=/root
WorkingDirectory=/root
TimeoutStartSec=infinity

[Install]
WantedBy=multi-user.target
`,
}

/** What makes a copy of a disk a machine of its own, where no cloud-init does. */
export const IDENTITY_UNIT_FILES: readonly GuestFile[] = [
  {
    path: `${UNITS}/aetherscale-machine-id.service`,
    mode: 0o644,
    content: `[Unit]
Description=aetherscale: a machine-id of its own
DefaultDependencies=no
ConditionPathIsReadWrite=/etc
ConditionFileNotEmpty=!/etc/machine-id
After=local-fs.target
Before=sysinit.target shutdown.target
Conflicts=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/bin/systemd-machine-id-setup

[Install]
WantedBy=sysinit.target
`,
  },
  {
    path: `${UNITS}/aetherscale-ssh-host-keys.service`,
    mode: 0o644,
    content: `[Unit]
Description=aetherscale: SSH host keys of its own
ConditionFileIsExecutable=/usr/bin/ssh-keygen
ConditionPathExists=!/etc/ssh/ssh_host_ed25519_key
Before=ssh.service sshd.service ssh.socket

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/bin/ssh-keygen -A

[Install]
WantedBy=multi-user.target
`,
  },
]

/** The init script where there is user-data alone: cloud-init's own progress is what there is to follow. */
export const FOLLOW_CLOUD_INIT = `#!/bin/sh
cloud-init status --wait
status=$?
cat /var/log/cloud-init-output.log
# 2: it is done, and something of it was not to its taste.
[ "$status" -ne 2 ] || status=0
exit "$status"
`
