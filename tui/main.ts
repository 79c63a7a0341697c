#!/usr/bin/env node
/** The program `aetherscale`. */
import { runCli } from './cli/run.ts'

/** Whoever read our output has gone, as `head` does: nothing is left to say (128 and SIGPIPE's number). */
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 141 : 1))

process.exitCode = await runCli(process.argv.slice(2), {
  /** Asked for late: a stream that is made costs time, and a working directory can be gone. */
  get stdin() {
    return process.stdin
  },
  get stderr() {
    return process.stderr
  },
  get cwd() {
    return process.cwd()
  },
  stdout: process.stdout,
  env: process.env,
  program: import.meta.url,
})
