/** What a VM is told at its first boot: kept as `first-boot.json` in its folder, for the user's eyes alone. */
import * as z from 'zod'
import { FirstBootWay, Hostname, SshKey } from '../../policy/api/first-boot.ts'
import { UserError } from '../../policy/errors.ts'
import type { CreateParams } from '../../policy/api/vm.ts'
import { MacAddress } from '../../policy/names.ts'
import type { StoredImage } from '../image/store.ts'
import type { VmRecord } from '../vm/record.ts'
import { FOLLOW_CLOUD_INIT } from './guest-files.ts'
import { checkCloudConfig } from './user-data.ts'

export const FirstBootRequest = z.strictObject({
  version: z.literal(1),
  /** Another one makes the guest take itself for a new machine. */
  instanceId: z.string(),
  /** Whether its disk is that of a machine which has been set up, and knows itself by a machine-id. */
  isCopy: z.boolean(),
  hostname: Hostname,
  /** MAC addresses of its interfaces, in order. */
  macs: z.array(MacAddress),
  sshKeys: z.array(SshKey),
  initScript: z.string().optional(),
  userData: z.string().optional(),
})
export type FirstBootRequest = z.infer<typeof FirstBootRequest>

/** As `vm.json` has it: what of the request decides how the VM is run and shown. */
export const FirstBootRecord = z.strictObject({
  via: FirstBootWay,
  /** Whether something runs in the guest whose progress is told. */
  isTold: z.boolean(),
})
export type FirstBootRecord = z.infer<typeof FirstBootRecord>

export type FirstBootParams = Pick<CreateParams, 'initScript' | 'userData' | 'sshKeys' | 'hostname' | 'name'>

/**
 * How a VM of this image is told, if it is told anything. A guest that is known to look for a seed gets one in any case, for
 * its name and its identity. Throws USER_DATA_INVALID, FIRST_BOOT_FAILED.
 */
export function chooseWay(image: Pick<StoredImage, 'name' | 'firstBoot'>, params: FirstBootParams): FirstBootRecord | undefined {
  const { initScript, userData, sshKeys, hostname } = params
  if (userData !== undefined) checkCloudConfig(userData)
  const { way, toldBy } = image.firstBoot
  const isAsked = initScript !== undefined || userData !== undefined || sshKeys.length > 0 || hostname !== undefined
  if (!isAsked && (way === 'libguestfs' || toldBy === 'assumed')) return undefined
  if (way === 'libguestfs' && userData !== undefined) {
    throw new UserError('FIRST_BOOT_FAILED', `Image "${image.name}" has no cloud-init to read user-data`, {
      field: 'userData',
      hint: `Give an init script instead; or, if it has: aetherscale image set ${image.name} --first-boot nocloud`,
    })
  }
  return { via: way, isTold: initScript !== undefined || userData !== undefined }
}

export function composeRequest({ id, networks }: Pick<VmRecord, 'id' | 'networks'>, { name, hostname, sshKeys, initScript, userData }: FirstBootParams): FirstBootRequest {
  return {
    version: 1,
    instanceId: id,
    isCopy: false,
    hostname: hostname ?? name ?? id,
    macs: networks.map(({ mac }) => mac),
    sshKeys: [...sshKeys],
    ...(initScript !== undefined && { initScript }),
    ...(userData !== undefined && { userData }),
  }
}

/** The script whose progress is told. */
export function scriptOf({ initScript, userData }: FirstBootRequest): string | undefined {
  return initScript ?? (userData === undefined ? undefined : FOLLOW_CLOUD_INIT)
}
