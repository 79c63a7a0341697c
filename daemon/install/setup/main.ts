#!/usr/bin/env node
/** aetherscale-setup, behind `aetherscale setup`: makes a machine a host of VMs, and takes that back. */
import { fileURLToPath } from 'node:url'
import { errorTable, exitStatus, UserError } from '../../../policy/errors.ts'
import { confirmMove } from './bridge/perform.ts'
import { StepFailed } from './execute.ts'
import { readOptions } from './options.ts'
import { runRemoval } from './run-removal.ts'
import { runSetup } from './run-setup.ts'
import { tellLines } from './terminal.ts'
import { demandRootsOnly } from './trust.ts'

const help = `aetherscale setup: makes this machine a host of VMs; prints its plan and asks before it begins

usage: sudo aetherscale setup [--bridge BRIDGE]… [--prefix PREFIX] [--create-bridge BRIDGE --uplink LINK]
                              [--member USER]… [--observer USER]… [--user] [--dry-run] [--yes]
       sudo aetherscale setup --confirm
       sudo aetherscale setup --remove [--purge] [--user] [--dry-run] [--yes]

See: aetherscale help setup
`

async function main(): Promise<void> {
  const wanted = readOptions(process.argv.slice(2))
  if (wanted.task === 'help') return tellLines([help.trimEnd()])
  const isRoot = process.getuid?.() === 0
  if (isRoot) demandRootsOnly([process.execPath, fileURLToPath(import.meta.url)])
  // what it writes is for the helper and for doctor to read, whatever root's own files are
  process.umask(0o022)
  if (wanted.task === 'setup') return await runSetup(wanted)
  if (!isRoot) throw new UserError('SETUP_NEEDS_ROOT', `setup --${wanted.task} needs root`, { hint: `Run it with sudo: sudo aetherscale setup --${wanted.task}` })
  if (wanted.task === 'remove') return await runRemoval(wanted)
  confirmMove()
  tellLines(['Confirmed: the bridge stays'])
}

main().catch((error: unknown) => {
  const isUsage = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
  if (error instanceof UserError) {
    const { name, hint } = error.data
    process.stderr.write(`aetherscale setup: ${error.message} (${name} ${error.code})\n${hint === undefined ? '' : `  ${hint}\n`}`)
    process.exitCode = exitStatus[errorTable[name].exit]
  } else if (isUsage) {
    process.stderr.write(`aetherscale setup: ${error.message}\n`)
    process.exitCode = exitStatus.usage
  } else {
    const text = error instanceof StepFailed ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)
    process.stderr.write(`aetherscale setup: a defect of this program:\n${text}\n`)
    process.exitCode = exitStatus.failed
  }
})
