#!/usr/bin/env node
/** aetherscaled: reads the command line, starts the daemon, and stops it on SIGTERM or SIGINT. */
import { parseArgs } from 'node:util'
import type { Check } from '../policy/api/system.ts'
import { UserError } from '../policy/errors.ts'
import { examineHost, startDaemon } from './compose.ts'
import { loadConfig, type Config } from './config.ts'
import { examineUnconfigured } from './doctor/examine.ts'
import { createLog } from './log.ts'
import { version } from './version.ts'

const help = `aetherscaled ${version}: makes and runs virtual machines for whoever may use its sockets

usage: aetherscaled [--root DIR]       run in the foreground, log to stderr
       aetherscaled --doctor [--json]  check what the host offers, and exit

  --root DIR   keep everything below DIR instead of the usual folders
  --version    print the version
  --help       print this

Environment: BASE_IMAGE_FOLDER USER_IMAGE_FOLDER CONFIG_DIR AETHERSCALE_SOCKET_DIR AETHERSCALE_LOG_DIR
AETHERSCALE_ACCEL AETHERSCALE_CONTROL_GROUP AETHERSCALE_OBSERVE_GROUP AETHERSCALE_HELPER_SOCKET LOG_LEVEL; file:
daemon.json in CONFIG_DIR.
`

/** sysexits(3): the command line or the configuration is wrong. */
const EX_USAGE = 64

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      root: { type: 'string' },
      doctor: { type: 'boolean' },
      json: { type: 'boolean' },
      version: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  })
  if (values.help) process.stdout.write(help)
  else if (values.version) process.stdout.write(`${version}\n`)
  else if (values.doctor) await examine(values.root, values.json ?? false)
  else if (values.root === '') throw new UserError('INVALID_PARAMS', '--root is empty', { hint: 'Name a folder' })
  else await serve(values.root)
}

async function serve(root: string | undefined): Promise<void> {
  const config = loadConfig(process.env, root)
  const log = createLog(config.logLevel)
  const daemon = await startDaemon(config, log, version)
  const stop = (signal: NodeJS.Signals): void => {
    log.info({ signal }, 'stopping')
    void daemon.close().then(() => process.exit(0))
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
}

/** For `aetherscale doctor` where no daemon answers. */
async function examine(root: string | undefined, asJson: boolean): Promise<void> {
  const checks = await examineConfigured(root)
  if (asJson) process.stdout.write(`${JSON.stringify({ checks })}\n`)
  else for (const check of checks) process.stdout.write(describeCheck(check))
  process.exitCode = checks.some(({ status }) => status === 'missing') ? 1 : 0
}

function describeCheck({ status, subject, detail, remedy }: Check): string {
  const mend = remedy === undefined ? '' : `${' '.repeat(10)}-> ${remedy}\n`
  return `${status.padEnd(9)} ${subject}: ${detail}\n${mend}`
}

/** A configuration that does not fit is one more thing that doctor has found. */
async function examineConfigured(root: string | undefined): Promise<Check[]> {
  let config: Config
  try {
    config = loadConfig(process.env, root)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    const { hint } = error.data
    const found: Check = { subject: 'configuration', status: 'missing', detail: error.message, ...(hint && { remedy: hint }) }
    return [found, ...(await examineUnconfigured(process.env['XDG_RUNTIME_DIR']))]
  }
  return await examineHost(config)
}

main().catch((error: unknown) => {
  const isUsage = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
  if (error instanceof UserError) {
    process.stderr.write(`aetherscaled: ${error.message}\n${error.data.hint ? `  ${error.data.hint}\n` : ''}`)
  } else if (isUsage) process.stderr.write(`aetherscaled: ${error.message}\n`)
  else process.stderr.write(`aetherscaled: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  process.exit(isUsage ? EX_USAGE : 1)
})
