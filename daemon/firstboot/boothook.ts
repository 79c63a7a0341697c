/**
 * PURE: the part of user-data that brings an init script into a guest with cloud-init. A boothook is a program and no
 * cloud-config, so that it cannot collide with what the user's own cloud-config says, however that is merged.
 */
import { DONE_PATH, INIT_UNIT, INIT_UNIT_FILE, INSTANCE_PATH, RUNNER, SCRIPT_PATH, type GuestFile } from './guest-files.ts'

/** cloud-init runs it at each boot; what was put in place once for this instance stays as it is. */
export function renderBoothook(instanceId: string, script: string): string {
  return `#cloud-boothook
#!/bin/sh
[ "$(cat ${INSTANCE_PATH} 2>/dev/null)" != ${instanceId} ] || exit 0
rm -f ${DONE_PATH}
${putFile({ path: SCRIPT_PATH, mode: 0o755, content: script })}
if [ -d /run/systemd/system ]; then
${putFile(INIT_UNIT_FILE)}
systemctl -q enable ${INIT_UNIT}
fi
${putFile(RUNNER)}
sync
# Last, for it says that all is there.
echo ${instanceId} >${INSTANCE_PATH}
sync
if [ -d /run/systemd/system ]; then
systemctl daemon-reload
systemctl start --no-block ${INIT_UNIT}
else
setsid ${RUNNER.path} >/var/log/aetherscale-init.log 2>&1 </dev/null &
fi
`
}

/**
 * What makes the copy of a machine another one, as far as cloud-init does not by itself: the machine-id. Much of the system has
 * read it by then, its DHCP client among it, so the machine is started again, before anything else is done.
 */
export function renderRenewal(instanceId: string): string {
  return `#cloud-boothook
#!/bin/sh
[ -d /run/systemd/system ] && [ "$(cat ${IDENTITY_PATH} 2>/dev/null)" != ${instanceId} ] || exit 0
rm -f /etc/machine-id /var/lib/dbus/machine-id
systemd-machine-id-setup || exit 1
[ ! -d /var/lib/dbus ] || ln -s /etc/machine-id /var/lib/dbus/machine-id
echo ${instanceId} >${IDENTITY_PATH}
sync
systemctl --no-block reboot
`
}

const IDENTITY_PATH = '/etc/aetherscale-instance'

function putFile({ path, mode, content }: GuestFile): string {
  return `mkdir -p ${path.slice(0, path.lastIndexOf('/'))}
base64 -d >${path}.new <<'END'
${wrap(Buffer.from(content).toString('base64'))}
END
chmod ${mode.toString(8)} ${path}.new
mv ${path}.new ${path}`
}

/** MIME's width of base64 (RFC 2045, section 6.8), which every decoder takes. */
export function wrap(base64: string): string {
  return base64.replace(/.{76}(?=.)/g, '$&\n')
}
