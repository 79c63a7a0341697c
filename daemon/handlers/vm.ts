/** Handlers of VMs' lifecycle. */
import type { vmMethods, CreateParams } from '../../policy/api/vm.ts'
import type { Params, Result } from '../../policy/api/index.ts'
import { readInitLog } from '../firstboot/init-log.ts'
import type { firstBootMethods } from '../../policy/api/first-boot.ts'
import { UserError } from '../../policy/errors.ts'
import { lookForRoom } from '../disk/full.ts'
import type { Handlers } from '../rpc/handler.ts'
import { JsonText } from '../rpc/json-text.ts'
import type { Consoles } from '../vm/console.ts'
import type { VmDependencies } from '../vm/dependencies.ts'
import type { Lifecycle } from '../vm/lifecycle.ts'
import { readLog } from '../vm/log.ts'
import { planCreate, planStart } from '../vm/plan.ts'
import type { Entry } from '../vm/table.ts'
import { waitForVm } from '../vm/wait.ts'

export interface VmRooms {
  readonly vms: VmDependencies
  readonly lifecycle: Lifecycle
  readonly consoles: Consoles
}

export function vmHandlers({ vms, lifecycle, consoles }: VmRooms): Pick<Handlers, keyof typeof vmMethods | keyof typeof firstBootMethods> {
  const { table } = vms

  /** Whether the host can use what somebody wrote is for the host to say. */
  const viewEdited = async (entry: Entry): Promise<Result<'vm.get'>> => {
    const fault = await vms.services.faultOf(entry.service)
    return { ...table.view(entry), ...(fault !== undefined && { problem: fault }) }
  }

  const viewHeld = async (entry: Entry): Promise<Result<'vm.get'>> => {
    await lookForRoom(table, entry)
    return table.view(entry)
  }

  return {
    'vm.create': async (params, { progress }) => table.view(await lifecycle.create(params, progress)),
    'vm.list': ({ state }) => {
      const chosen = Array.from(table.entries()).filter((entry) => state === undefined || entry.state === state)
      return new JsonText(`{"vms":[${chosen.map((entry) => table.viewText(entry)).join(',')}]}`)
    },
    'vm.get': ({ vm }) => {
      const entry = table.find(vm)
      table.look(entry)
      if (entry.live?.heldByDisk) return viewHeld(entry)
      return entry.file?.state === 'edited' ? viewEdited(entry) : new JsonText(table.viewText(entry))
    },
    'vm.start': async ({ vm }, { progress }) => {
      const entry = table.find(vm)
      const wasStarted = await lifecycle.start(entry, progress)
      return { vm: table.view(entry), ...(!wasStarted && { hint: 'It was running already' }) }
    },
    'vm.stop': async ({ vm, ...request }, { progress }) => {
      const entry = table.find(vm)
      const endedBy = await lifecycle.stop(entry, request, progress)
      return { vm: table.view(entry), endedBy, ...(endedBy === 'already-stopped' && { hint: 'It was stopped already' }) }
    },
    'vm.restart': async ({ vm, ...request }, { progress }) => {
      const entry = table.find(vm)
      const endedBy = await lifecycle.restart(entry, request, progress)
      return { vm: table.view(entry), endedBy }
    },
    'vm.set': async ({ vm, autostart }) => {
      if (autostart === undefined) {
        throw new UserError('INVALID_PARAMS', 'autostart is not given', { field: 'autostart', hint: 'Say what is to change' })
      }
      const entry = table.find(vm)
      await lifecycle.setAutostart(entry, autostart)
      return table.view(entry)
    },
    'vm.delete': async ({ vm }) => {
      const entry = table.find(vm)
      await lifecycle.remove(entry)
      return { id: entry.id }
    },
    'vm.wait': async ({ vm, for: what, timeoutSeconds }, { signal }) => {
      const entry = table.find(vm)
      await waitForVm(table, entry, what, timeoutSeconds, signal)
      return table.view(entry)
    },
    'vm.plan': (params) =>
      params.vm === undefined ? planCreate(vms, requireImage(params)) : planStart(vms, table.find(params.vm)),
    'vm.log': ({ vm, source, offset, limitBytes }) => {
      const { paths } = table.find(vm)
      return readLog(source === 'console' ? paths.consoleLog : paths.qemuLog, offset, limitBytes)
    },
    'vm.init-log': ({ vm, offset, limitBytes }) => readInitLog(table.find(vm), offset, limitBytes),
    'vm.console': async ({ vm }, { upgrade }) => {
      const entry = table.find(vm)
      upgrade(await consoles.join(entry))
      return { vm: entry.id }
    },
  }
}

function requireImage({ vm: _none, image, ...rest }: Params<'vm.plan'>): CreateParams {
  if (image !== undefined) return { image, ...rest }
  throw new UserError('INVALID_PARAMS', 'Neither vm nor image is given', {
    field: 'image',
    hint: 'Give vm for a VM that is there, or image for one that could be made',
  })
}
