/** One handler for each method of the table: from params to the module that does the work, and back to the result. */
import type { Handlers } from './rpc/handler.ts'
import { JsonText } from './rpc/json-text.ts'
import { eventKinds } from '../policy/api/events.ts'
import type { CreateParams } from '../policy/api/vm.ts'
import { UserError } from '../policy/errors.ts'
import type { Params, Result } from '../policy/api/index.ts'
import type { ImageName, VmId } from '../policy/names.ts'
import { deleteImage } from './image/delete.ts'
import { importImage } from './image/import.ts'
import type { StoredImage } from './image/store.ts'
import type { Networks } from './network/lifecycle.ts'
import type { Consoles } from './vm/console.ts'
import type { VmDependencies } from './vm/dependencies.ts'
import type { Lifecycle } from './vm/lifecycle.ts'
import { readLog } from './vm/log.ts'
import { planCreate, planStart } from './vm/plan.ts'
import type { Entry } from './vm/table.ts'
import { waitForVm } from './vm/wait.ts'

interface Rooms {
  readonly vms: VmDependencies
  readonly lifecycle: Lifecycle
  readonly consoles: Consoles
  readonly networks: Networks
  readonly describeSystem: () => Result<'system.info'>
  readonly examine: () => Promise<Result<'system.doctor'>['checks']>
  readonly discover: () => Result<'rpc.discover'>
}

export function createHandlers({ vms, lifecycle, consoles, networks, describeSystem, examine, discover }: Rooms): Handlers {
  const { table, images, events } = vms

  /** A VM whose record cannot be read may stand on any image. */
  const usedBy = (name: ImageName): VmId[] => [
    ...[...table.entries()].filter(({ record }) => record.image === name).map(({ id }) => id),
    ...[...table.broken].filter(([, { image = name }]) => image === name).map(([id]) => id),
  ]

  /** Whether the host can use what somebody wrote is for the host to say. */
  const viewEdited = async (entry: Entry): Promise<Result<'vm.get'>> => {
    const fault = await vms.services.faultOf(entry.service)
    return { ...table.view(entry), ...(fault !== undefined && { problem: fault }) }
  }

  const viewImage = ({ name, virtualSizeMiB, fileBytes, modifiedAt, problem }: StoredImage): Result<'image.import'> => ({
    name,
    virtualSizeMiB,
    fileBytes,
    modifiedAt: modifiedAt.toISOString(),
    usedBy: usedBy(name),
    ...(problem && { problem: problem.message }),
  })

  return {
    'vm.create': async (params, { progress }) => table.view(await lifecycle.create(params, progress)),
    'vm.list': ({ state }) => {
      const chosen = Array.from(table.entries()).filter((entry) => state === undefined || entry.state === state)
      return new JsonText(`{"vms":[${chosen.map((entry) => table.viewText(entry)).join(',')}]}`)
    },
    'vm.get': ({ vm }) => {
      const entry = table.find(vm)
      table.look(entry)
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
    'vm.console': async ({ vm }, { upgrade }) => {
      const entry = table.find(vm)
      upgrade(await consoles.join(entry))
      return { vm: entry.id }
    },
    'image.list': async () => ({ images: (await images.list()).map(viewImage) }),
    'image.import': async ({ path, name }, { progress }) => {
      const image = await importImage(images, { path, name, report: progress })
      events.emit({ kind: 'image.imported', image: image.name })
      return viewImage(image)
    },
    'image.delete': async ({ image }) => {
      await deleteImage(images, image, () => usedBy(image))
      events.emit({ kind: 'image.deleted', image })
      return { name: image }
    },
    'network.create': (params) => networks.create(params),
    'network.list': () => ({ networks: networks.list() }),
    'network.get': ({ network }) => networks.get(network),
    'network.delete': async ({ network }) => {
      await networks.remove(network)
      return { name: network }
    },
    'events.subscribe': ({ kinds = [...eventKinds] }, { subscribe }) => {
      subscribe(kinds)
      return { kinds }
    },
    'events.unsubscribe': (_params, { subscribe }) => {
      subscribe(undefined)
      return {}
    },
    'system.info': describeSystem,
    'system.doctor': async () => ({ checks: await examine() }),
    'rpc.discover': discover,
  }
}

function requireImage({ vm: _none, image, ...rest }: Params<'vm.plan'>): CreateParams {
  if (image !== undefined) return { image, ...rest }
  throw new UserError('INVALID_PARAMS', 'Neither vm nor image is given', {
    field: 'image',
    hint: 'Give vm for a VM that is there, or image for one that could be made',
  })
}
