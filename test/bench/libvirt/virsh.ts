/** virsh(1) as one process that is told a line after the other, over the one connection to libvirtd that it opens. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'

export interface Virsh {
  /** Resolves with all that it printed when it is done with the last of the lines. Throws what it complains of. */
  tell(...lines: readonly string[]): Promise<string>
  close(): Promise<void>
}

/** virsh prints no end of an answer; it has an echo of its own, that asks libvirtd nothing. */
const END = 'told'

export function openVirsh(): Virsh {
  const child = spawn('virsh', ['--quiet', '--connect', 'qemu:///system'], { stdio: 'pipe' })
  let printed = ''
  let complained = ''
  let look = (): void => {}
  child.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString()
    look()
  })
  child.stderr.on('data', (chunk: Buffer) => (complained += chunk.toString()))
  child.once('exit', () => {
    complained += 'virsh has ended'
    look()
  })
  return {
    tell: (...lines) =>
      new Promise((resolve, reject) => {
        printed = ''
        look = () => {
          // It repeats what it was told, behind its prompt.
          if (complained !== '') reject(new Error(`virsh ${lines.join('; ')}: ${complained}`))
          else if (new RegExp(`^${END}`, 'm').test(printed)) resolve(printed)
        }
        child.stdin.write([...lines, `echo ${END}`, ''].join('\n'))
      }),
    async close() {
      const ended = once(child, 'exit')
      child.stdin.end('quit\n')
      await ended
    },
  }
}
