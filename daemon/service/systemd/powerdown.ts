/**
 * `aetherscale-powerdown SOCKET SECONDS`: presses a guest's power button by QMP until QEMU has ended or the time is over. Runs
 * within the unit of the VM, where there is nothing but this file: so it imports Node's own modules alone.
 */
import { connect } from 'node:net'

/** A guest that is still booting misses the button. */
const PRESS_EVERY_MS = 1000

const [path = '', seconds = ''] = process.argv.slice(2)
const deadline = setTimeout(() => process.exit(0), Number(seconds) * 1000)
const socket = connect({ path })
// A held guest cannot act on the button.
const press = (): void => void socket.write('{"execute":"cont"}\n{"execute":"system_powerdown"}\n')
socket.on('connect', () => {
  socket.write('{"execute":"qmp_capabilities"}\n')
  press()
  setInterval(press, PRESS_EVERY_MS).unref()
})
socket.on('data', () => undefined)
// What QMP refuses, or whether it is there at all, changes nothing: systemd goes on to SIGTERM.
socket.on('error', () => undefined)
socket.on('close', () => {
  clearTimeout(deadline)
})
