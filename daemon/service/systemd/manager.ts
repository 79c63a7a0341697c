/** The service manager of a host: each VM is a unit of the user's own systemd, which a boot and a crash bring back. */
import { setTimeout as delay } from 'node:timers/promises'
import { UserError } from '../../../policy/errors.ts'
import type { VmId } from '../../../policy/names.ts'
import { findProgram, locateProgram } from '../environment.ts'
import type { Service, ServiceManager, ServiceProcess } from '../manager.ts'
import { sendSignal } from '../process.ts'
import { createRefresh } from './refresh.ts'
import type { Written } from './unit-files.ts'
import { commandOf, idOfUnit, renderTapsUnit, renderUnit, tapsUnitName, unitName } from './unit.ts'
import type { UserUnits } from './user-units.ts'

/** systemctl has returned when unshare(1) runs; QEMU itself is there a moment later, or not at all. */
const EXEC_WITHIN_MS = 10_000
const POLL_MS = 2

/** `configFolder` is the daemon's; units of VMs whose record is elsewhere are another daemon's. */
export function createSystemdManager({ systemctl, files, processes, unitFolder, isolation, context: contextNow }: UserUnits, configFolder: string): ServiceManager {
  const refresh = createRefresh({ systemctl, files, unitFolder, invalid: 'VM_UNIT_INVALID' })

  const write = async (service: Service): Promise<void> => {
    const context = await contextNow()
    // Of a new unit systemd knows nothing old, but one that is enabled it keeps loaded also while its file is gone.
    const mayBeStale = (done: Written): boolean => done !== 'new' || service.autostart
    if (service.taps.length > 0) {
      const name = tapsUnitName(service.id)
      const done = await files.write(name, renderTapsUnit(service, context))
      if (done !== 'same' && mayBeStale(done)) await refresh(name)
    }
    const name = unitName(service.id)
    // A unit needs the program's whole path.
    const done = await files.write(name, renderUnit({ ...service, program: findProgram(service.program) }, context))
    if (mayBeStale(done)) await refresh(name)
    if (done === 'new' && service.autostart) await systemctl.run('enable', '--no-reload', name)
  }

  /** What systemctl says is for people at a terminal; the unit's own result is short. */
  const explainStart = async (name: string, cause: Error): Promise<UserError> => {
    const { Result, ExecMainStatus } = await systemctl.show(['Result', 'ExecMainStatus'], name)
    return new UserError('VM_START_FAILED', `systemd could not start ${name}: ${Result}, status ${ExecMainStatus} (systemd.exec(5), "Process Exit Codes")`, {
      hint: `Its log: journalctl --user -u ${name}`,
      cause,
    })
  }

  const awaitQemu = async (id: VmId): Promise<ServiceProcess | undefined> => {
    for (const until = performance.now() + EXEC_WITHIN_MS; performance.now() < until; await delay(POLL_MS)) {
      const found = processes.find(id)
      if (found || !processes.isBusy(id)) return found
    }
    return undefined
  }

  return {
    kind: 'systemd',
    // What is put beside a unit counts as a change of it.
    units: { folder: unitFolder, ownerOf: (name) => idOfUnit(name.replace(/\.d$/, '')) },
    find: ({ id }) => processes.find(id),
    started: () => processes.started(),
    prepare: write,
    async enable({ id }, enabled) {
      const name = unitName(id)
      if (files.look(id).state !== 'missing') await systemctl.run(enabled ? 'enable' : 'disable', '--no-reload', name)
      // systemctl knows no unit without a file, and the boot of the host would still look for it.
      else if (!enabled) await files.disable(name)
    },
    async start(service) {
      await write(service)
      try {
        await systemctl.run('start', unitName(service.id))
      } catch (error) {
        await systemctl.run('stop', unitName(service.id))
        throw await explainStart(unitName(service.id), error as Error)
      }
      return await awaitQemu(service.id)
    },
    async signal({ id }, signal) {
      const found = processes.find(id)
      if (!found) return
      if (signal === 'SIGTERM') {
        sendSignal(found.pid, signal)
        return
      }
      // A stop that is under way keeps systemd from starting it again.
      await systemctl.run('stop', '--no-block', unitName(id))
      await systemctl.run('kill', '--signal=KILL', unitName(id)).catch((error: unknown) => {
        // It has ended by itself meanwhile, and systemd has forgotten it.
        if (processes.find(id)) throw error
      })
    },
    async settle({ id }) {
      if (files.look(id).state !== 'missing' || processes.isBusy(id)) await systemctl.run('stop', unitName(id))
    },
    async remove({ id }) {
      await files.remove(unitName(id), tapsUnitName(id))
      // Refused where systemd has forgotten the unit already.
      await systemctl.run('reset-failed', unitName(id)).catch(() => undefined)
    },
    file: ({ id }) => files.look(id),
    async faultOf({ id }) {
      if (files.look(id).state !== 'edited') return undefined
      try {
        await refresh(unitName(id))
        return undefined
      } catch (error) {
        if (error instanceof UserError) return error.message
        throw error
      }
    },
    async plan(service) {
      const context = await contextNow()
      const found = { ...service, program: locateProgram(service.program) ?? service.program }
      return { argv: commandOf(found, context), unit: renderUnit(found, context) }
    },
    orphans: () => files.orphans(configFolder),
    isolation,
  }
}
