/** `npm run bench`: each figure as a ratio to its baseline, measured in the same run; written to bench.json as well. */
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { benchBroker } from './broker.ts'
import { benchClone } from './clone.ts'
import { benchCommands } from './commands.ts'
import { benchCreate } from './create.ts'
import { benchFirstBoot } from './first-boot.ts'
import { benchHelper } from './helper.ts'
import { benchHttp } from './http.ts'
import { benchLibvirt } from './libvirt.ts'
import { isKept, printRows, type Row } from './measure.ts'
import { benchMemory } from './memory.ts'
import { benchPull } from './pull.ts'
import { benchScreen } from './screen.ts'
import { benchSocket } from './socket.ts'
import { benchVpn } from './vpn.ts'

const rows: Row[] = []
const benches = [benchSocket, benchHttp, benchCreate, benchFirstBoot, benchClone, benchPull, benchCommands, benchMemory, benchScreen, benchHelper, benchBroker, benchVpn, benchLibvirt]
for (const bench of benches) rows.push(...(await bench()))
printRows(rows)
const report = { at: new Date().toISOString(), node: process.version, cpus: cpus().length, rows }
writeFileSync('bench.json', `${JSON.stringify(report, null, 2)}\n`)
process.exitCode = rows.every(isKept) ? 0 : 1
