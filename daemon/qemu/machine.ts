/** What the installed QEMU is and offers. */
import { runProgram } from './program.ts'

/**
 * Guests are x86_64 PCs. On hosts of another architecture the same program runs them with TCG (KVM cannot, which the
 * accelerator's probe finds out); machines of other architectures are not made.
 */
export const QEMU_PROGRAM = 'qemu-system-x86_64'

const TIMEOUT_MS = 10_000

/**
 * The versioned machine type that `pc` stands for in this QEMU, such as `pc-i440fx-7.2`: what a new VM's record pins.
 * Throws UserError PROGRAM_MISSING.
 */
export async function newestMachine(qemu: string): Promise<string> {
  const text = await ask(qemu, ['-machine', 'help'])
  const machine = /^pc\s.*\(alias of (\S+)\)$/m.exec(text)?.[1]
  if (machine === undefined) throw new Error(`${qemu} -machine help names no alias "pc": ${text.slice(0, 500)}`)
  return machine
}

/** The version that a program of QEMU tells of itself, such as `7.2.22`. Throws UserError PROGRAM_MISSING. */
export async function programVersion(program: string): Promise<string> {
  const text = await ask(program, ['--version'])
  const version = /version (\d+(?:\.\d+)+)/.exec(text)?.[1]
  if (version === undefined) throw new Error(`${program} --version tells no version: ${text.slice(0, 500)}`)
  return version
}

async function ask(program: string, args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runProgram(program, args, { timeoutMs: TIMEOUT_MS })
  if (exitCode !== 0) throw new Error(`${program} ${args.join(' ')} failed (${exitCode ?? 'killed'}): ${stderr}`)
  return stdout
}
