/** A tunnel of tinc's as its manual has it made by hand: as root, with all settings that it has by default. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { plug, type Side } from './pair.ts'
import { startTincd } from './tincd.ts'

interface Test {
  teardown(clean: () => unknown): unknown
}

const BRIDGE = 'by-hand'
const PORT = 655
const hosts = ['one', 'two'] as const

/** Answers the address of the second guest. */
export function tunnelByHand(t: Test, sides: readonly [Side, Side], scratch: string): string {
  const folders = sides.map(({ address, number }, index) => {
    const folder = join(scratch, `by-hand-${number}`)
    mkdirSync(join(folder, 'hosts'), { recursive: true })
    writeFileSync(join(folder, 'tinc.conf'), `Name = ${hosts[index]}\nMode = switch\nDeviceType = tap\nInterface = tunnel\nConnectTo = ${hosts[1 - index]}\n`)
    writeFileSync(join(folder, 'hosts', hosts[index]!), `Address = ${address}\nPort = ${PORT}\n`)
    writeFileSync(join(folder, 'tinc-up'), `#!/bin/sh\nip link set "$INTERFACE" master ${BRIDGE} up\n`, { mode: 0o755 })
    execFileSync('tincd', ['--config', folder, '--generate-keys=2048'], { stdio: 'ignore' })
    return folder
  })
  const [one, two] = folders.map((folder, index) => readFileSync(join(folder, 'hosts', hosts[index]!)))
  writeFileSync(join(folders[0]!, 'hosts', 'two'), two!)
  writeFileSync(join(folders[1]!, 'hosts', 'one'), one!)
  for (const [index, side] of sides.entries()) {
    side.host.ask('ip', 'link', 'add', BRIDGE, 'up', 'type', 'bridge')
    plug(side, BRIDGE, { name: 'hand', address: `fd00:1::${side.number}/64` })
    startTincd(t, side, folders[index]!, '0')
  }
  return 'fd00:1::2'
}
