/** Runs one test file as a process of its own and tells what came of it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Outcome } from './outcome.ts'
import { readTap } from './read-tap.ts'

export interface RunOptions {
  /** Folder that the file's path is relative to. */
  readonly root: string
  readonly timeoutMs: number
  /** Aborting it ends the file's processes. */
  readonly signal?: AbortSignal
  /** URL of a module that the file's process imports first. */
  readonly preload?: string
}

/** What a developer's terminal or a CI system sets and the programs under test would react to. */
const FOREIGN = ['CI', 'FORCE_COLOR', 'NO_COLOR', 'NODE_OPTIONS', 'NODE_EXTRA_CA_CERTS', 'TAP_SNAPSHOT']
/** Processes that were told to end may take this long to be gone before they count as left behind. */
const GRACE_MS = 2000
/** Of what the file wrote to stderr, the end that is shown where it failed. */
const STDERR_CHARACTERS = 4000

/**
 * The file runs in a process group of its own. What is left of the group when the file has ended is ended too, and makes
 * the file fail: a test cleans up after itself. (What made a session of its own, as a daemon does, escapes this.)
 */
export async function runTestFile(file: string, options: RunOptions): Promise<readonly Outcome[]> {
  const env: NodeJS.ProcessEnv = { ...process.env }
  for (const name of FOREIGN) Reflect.deleteProperty(env, name)
  // seconds; tap would end a file after 30 by itself, 0 leaves that to us
  env['TAP_TIMEOUT'] = '0'
  const preloads = [...(options.preload === undefined ? [] : [options.preload]), ...(needsTsx(file) ? [tsxHook] : [])]
  const child = spawn(process.execPath, [...preloads.flatMap((url) => ['--import', url]), file], {
    cwd: options.root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const tap = readTap(file)
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => tap.write(text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-STDERR_CHARACTERS)))

  const expiry = new AbortController()
  let killTimer: NodeJS.Timeout | undefined
  const timer = setTimeout(() => {
    expiry.abort()
    // tap answers SIGTERM by telling what it was waiting for
    killGroup(child.pid, 'SIGTERM')
    killTimer = setTimeout(() => killGroup(child.pid, 'SIGKILL'), GRACE_MS)
  }, options.timeoutMs)
  const abort = () => void killGroup(child.pid, 'SIGKILL')
  options.signal?.addEventListener('abort', abort)

  const closed = once(child, 'close')
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  clearTimeout(timer)
  clearTimeout(killTimer)
  const left = await endGroup(child.pid)
  await closed
  options.signal?.removeEventListener('abort', abort)

  const outcomes = tap.end()
  const troubles = [
    expiry.signal.aborted && `did not end within ${options.timeoutMs / 1000} s`,
    left !== '' && `left processes behind: ${left}`,
    !expiry.signal.aborted && signal && `ended by ${signal}`,
    code !== null && code !== 0 && !outcomes.some(isFailure) && `exit status ${code}`,
    outcomes.length === 0 && 'holds no test',
  ].filter((trouble) => typeof trouble === 'string')
  const failed = troubles.length > 0 || outcomes.some(isFailure)
  const words = failed && stderr.trim() !== '' ? `stderr:\n${stderr.trimEnd()}` : undefined
  if (troubles.length > 0) {
    return [...outcomes, { file, name: '', result: 'failed', detail: [troubles.join('; '), words].filter(Boolean).join('\n') }]
  }
  return words ? outcomes.map((outcome) => (outcome === outcomes.find(isFailure) ? addWords(outcome, words) : outcome)) : outcomes
}

const tsxHook = new URL('tsx.ts', import.meta.url).href

/** The screen's sources are the only ones with JSX, and the hook costs each file that has it a tenth of a second. */
function needsTsx(file: string): boolean {
  return file.startsWith('test/tui/app/')
}

function isFailure(outcome: Outcome): boolean {
  return outcome.result === 'failed'
}

function addWords(outcome: Outcome, words: string): Outcome {
  return { ...outcome, detail: [outcome.detail, words].filter(Boolean).join('\n') }
}

/** Ends what outlived the leader of the group, and names it; nothing where all are gone in time. */
async function endGroup(pid: number | undefined): Promise<string> {
  const left = await awaitGroup(pid)
  if (left.length === 0) return ''
  killGroup(pid, 'SIGKILL')
  await awaitGroup(pid)
  return left.join(', ')
}

/** Waits until the group is empty, for so long; answers who is still there. */
async function awaitGroup(pid: number | undefined): Promise<string[]> {
  for (let waited = 0; killGroup(pid, 0); waited += 50) {
    const left = listGroup(pid)
    if (left.length === 0 || waited >= GRACE_MS) return left
    await sleep(50)
  }
  return []
}

/** Processes of the group as `name (pid)`. A zombie is not one: it waits for an init that may never reap it. */
function listGroup(group: number | undefined): string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.flatMap((pid) => {
    // proc(5), /proc/pid/stat: pid (comm) state ppid pgrp
    const match = /^\d+ \((.*)\) (\S) \d+ (\d+) /s.exec(readStat(pid))
    return match && Number(match[3]) === group && !/[ZX]/.test(match[2] ?? '') ? [`${match[1] ?? ''} (${pid})`] : []
  })
}

function readStat(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return ''
  }
}

/** Whether there was anybody to signal. */
function killGroup(pid: number | undefined, signal: NodeJS.Signals | 0): boolean {
  if (pid === undefined) return false
  try {
    process.kill(-pid, signal)
    return true
  } catch {
    return false
  }
}
