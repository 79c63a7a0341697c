/** A stub in the place of QEMU, for one program and its children. */
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { QEMU_PROGRAM } from '../../../daemon/qemu/machine.ts'

/** Debian's; the daemon knows a VM's process by its program being a QEMU, and so is its copy called. */
const PYTHON = '/usr/bin/python3'
/** The first of the folders in which the daemon looks for programs. */
const FIRST = '/usr/local/sbin'

/** The command line that runs `argv` where {@link FIRST} holds the stub, in a mount namespace of its own; files are made in `folder`. */
export function withStubQemu(folder: string, argv: readonly string[]): string[] {
  const stub = join(folder, 'stub')
  mkdirSync(stub)
  const interpreter = join(stub, 'qemu-system-stub')
  copyFileSync(PYTHON, interpreter)
  const program = join(stub, QEMU_PROGRAM)
  writeFileSync(program, `#!${interpreter} -IS\n${readFileSync(join(import.meta.dirname, 'qemu.py'), 'utf8')}`)
  for (const file of [interpreter, program]) chmodSync(file, 0o755)
  const asRoot = process.getuid?.() === 0 ? [] : ['--map-root-user']
  return ['unshare', '--mount', ...asRoot, 'sh', '-ec', `mount --bind "$1" ${FIRST}; shift; exec "$@"`, 'sh', stub, ...argv]
}
