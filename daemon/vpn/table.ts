/** The VPNs that this host should be in. */
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../../policy/errors.ts'
import { VpnName } from '../../policy/names.ts'
import type { Logger } from '../log.ts'
import { readJson, writeJson } from '../state/file.ts'
import { openRecordTable, type RecordKind, type RecordTable } from '../state/record-table.ts'
import { VpnRecord, VpnSecrets } from './record.ts'

export interface VpnTable extends RecordTable<VpnRecord> {
  /** Throws VPN_RECORD_BROKEN where they are not there or do not fit. */
  secrets(name: string): Promise<VpnSecrets>
  /** To be called before the first {@link save}: a record without secrets is worth nothing. */
  saveSecrets(name: string, secrets: VpnSecrets): Promise<void>
}

/** `vpn/NAME/vpn.json` below the configuration folder. */
export const vpnKind: RecordKind<VpnRecord> = {
  what: 'VPN',
  schema: VpnRecord,
  folder: 'vpn',
  nameOf: (entry) => VpnName.safeParse(entry).data,
  entryOf: (name) => name,
  fileOf: (name) => join(name, 'vpn.json'),
  errors: { notFound: 'VPN_NOT_FOUND', broken: 'VPN_RECORD_BROKEN' },
  hint: (name) => `vpn.list shows those that there are; to make it: aetherscale vpn create ${name}; to join that of another host: aetherscale vpn join TOKEN`,
}

export function openVpnTable(configFolder: string, log: Logger): VpnTable {
  const folderOf = (name: string): string => join(configFolder, vpnKind.folder, vpnKind.entryOf(name))
  const secretsOf = (name: string): string => join(folderOf(name), 'secrets.json')
  return {
    ...openRecordTable(configFolder, vpnKind, log),
    async secrets(name) {
      const path = secretsOf(name)
      const content = await readJson(path).catch((error: unknown) => {
        // Its message may repeat what is in there.
        if (error instanceof SyntaxError) return null
        throw error
      })
      const { data } = VpnSecrets.safeParse(content)
      if (data) return data
      throw new UserError('VPN_RECORD_BROKEN', `The secrets of VPN "${name}" ${content === undefined ? 'are not there' : 'cannot be read'}`, {
        hint: `Put ${path} back as it was; else delete the VPN, and join it again from another host`,
      })
    },
    async saveSecrets(name, secrets) {
      await mkdir(folderOf(name), { recursive: true, mode: 0o700 })
      await writeJson(secretsOf(name), secrets)
    },
  }
}

/** Folders of VPNs whose making ended before there was a record. */
export function removeUnmadeVpns(configFolder: string): void {
  const root = join(configFolder, vpnKind.folder)
  if (!existsSync(root)) return
  for (const name of readdirSync(root)) {
    if (vpnKind.nameOf(name) !== undefined && !existsSync(join(root, vpnKind.fileOf(name)))) rmSync(join(root, name), { recursive: true, force: true })
  }
}
