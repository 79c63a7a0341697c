/**
 * `aetherscale-taps HELPER_SOCKET RECORD`: has everything made that the interfaces of one VM, or the tunnel of a VPN, need of the
 * host, as a unit wants it before QEMU or tincd starts, whether a daemon runs or not. RECORD is the path of vm.json or vpn.json.
 */
import { readFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { UserError } from '../../policy/errors.ts'
import { createLog } from '../log.ts'
import { createAttachments } from '../network/attachments.ts'
import { createBridges } from '../network/bridges.ts'
import { createNetworkHelper } from '../network/helper.ts'
import { openHostLinks } from '../network/links.ts'
import { vpnRequests } from '../network/requests.ts'
import { openNetworkTable } from '../network/table.ts'
import { VmRecord } from '../vm/record.ts'
import { VpnRecord } from '../vpn/record.ts'
import { openVpnTable } from '../vpn/table.ts'

/** After a boot the helper's socket, or an admin's bridge, may come later than the VMs. */
const PATIENCE_MS = 60_000
const RETRY_MS = 1000
const passing: ReadonlySet<string> = new Set(['NET_UNREACHABLE', 'NET_NOT_FOUND', 'NET_FAILED'])

const [helperSocket = '', recordFile = ''] = process.argv.slice(2)
const log = createLog('warn')
const content: unknown = JSON.parse(readFileSync(recordFile, 'utf8'))
// CONFIG/vm/ID/vm.json, CONFIG/vpn/NAME/vpn.json
const configFolder = dirname(dirname(dirname(recordFile)))
const helper = createNetworkHelper(helperSocket)
const links = openHostLinks()
const bridges = createBridges(helper, links, log)
const [table, vpns] = [openNetworkTable(configFolder, log), openVpnTable(configFolder, log)]

const make = async (): Promise<unknown> => {
  if (basename(recordFile) === 'vpn.json') {
    const { name, prefix } = VpnRecord.parse(content)
    return await bridges.ensure(name, vpnRequests({ name, prefix }))
  }
  return await createAttachments({ helper, table, vpns, bridges, links, leaving: new Set(), log }).attach(VmRecord.parse(content))
}

for (const until = performance.now() + PATIENCE_MS; ; await delay(RETRY_MS)) {
  try {
    await make()
    break
  } catch (error) {
    if (error instanceof UserError && passing.has(error.data.name) && performance.now() < until) continue
    log.error({ record: recordFile, err: error }, 'the links could not be made')
    process.exit(1)
  }
}
