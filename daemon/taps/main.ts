/**
 * `aetherscale-taps HELPER_SOCKET RECORD`: has everything made that the interfaces of one VM need of the host, as its unit wants
 * it before QEMU starts, whether a daemon runs or not. RECORD is the path of its vm.json.
 */
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { UserError } from '../../policy/errors.ts'
import { createLog } from '../log.ts'
import { createAttachments } from '../network/attachments.ts'
import { createBridges } from '../network/bridges.ts'
import { createNetworkHelper } from '../network/helper.ts'
import { openHostLinks } from '../network/links.ts'
import { openNetworkTable } from '../network/table.ts'
import { VmRecord } from '../vm/record.ts'

/** After a boot the helper's socket, or an admin's bridge, may come later than the VMs. */
const PATIENCE_MS = 60_000
const RETRY_MS = 1000
const passing: ReadonlySet<string> = new Set(['NET_UNREACHABLE', 'NET_NOT_FOUND', 'NET_FAILED'])

const [helperSocket = '', recordFile = ''] = process.argv.slice(2)
const log = createLog('warn')
const record = VmRecord.parse(JSON.parse(readFileSync(recordFile, 'utf8')))
// CONFIG/vm/ID/vm.json
const configFolder = dirname(dirname(dirname(recordFile)))
const helper = createNetworkHelper(helperSocket)
const links = openHostLinks()
const table = openNetworkTable(configFolder, log)
const attachments = createAttachments({ helper, table, bridges: createBridges(helper, links, log), links, leaving: new Set(), log })

for (const until = performance.now() + PATIENCE_MS; ; await delay(RETRY_MS)) {
  try {
    await attachments.attach(record)
    break
  } catch (error) {
    if (error instanceof UserError && passing.has(error.data.name) && performance.now() < until) continue
    log.error({ vm: record.id, err: error }, 'the taps of the VM could not be made')
    process.exit(1)
  }
}
