/**
 * What is on the host and belongs to no VM, or is missing of one: looked for with the host's own means, and asked of doctor as
 * well, which has to agree.
 */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { basename } from 'node:path'
import { GROUP } from '../../../helper/names.ts'
import type { Vm } from '../../../policy/api/vm.ts'
import { call } from './client.ts'

const HOME = '/var/lib/aetherscale'

export async function findContradictions(vms: readonly Vm[], uid: string): Promise<string[]> {
  const ids = new Set(vms.map(({ id }) => id))
  const units = list(`${HOME}/.config/systemd/user`)
  const strays = [
    ...stray('unit', units, /^aetherscale-(?:vm|taps)-([a-z]{8})\.service$/, ids),
    ...stray('enabled unit', list(`${HOME}/.config/systemd/user/default.target.wants`), /^aetherscale-vm-([a-z]{8})\.service$/, ids),
    ...stray('disk', list(`${HOME}/.local/share/aetherscale/disks`), /^([a-z]{8})\.qcow2$/, ids),
    ...stray('record', list(`${HOME}/.config/aetherscale/vm`), /^([a-z]{8})$/, ids),
    ...stray('logs', list(`${HOME}/.local/state/aetherscale/vm`), /^([a-z]{8})$/, ids),
    ...stray('sockets', list(`/run/user/${uid}/aetherscale/vm`), /^([a-z]{8})$/, ids),
    ...stray('tap', aliases(), /^aetherscale:\d+:tap:([a-z]{8})\.\d$/, ids),
  ]
  const qemus = findQemus().map(({ vm }) => vm)
  const running: ReadonlySet<string> = new Set(vms.filter(({ state }) => state === 'running').map(({ id }) => id))
  const processes = [
    ...qemus.filter((id) => !running.has(id)).map((id) => `a QEMU of ${id}, which is ${vms.find((vm) => vm.id === id)?.state ?? 'not there'}`),
    ...qemus.filter((id, index) => qemus.indexOf(id) !== index).map((id) => `two QEMUs of ${id}`),
    ...[...running].filter((id) => !qemus.includes(id)).map((id) => `no QEMU of ${id}, which is said to run`),
  ]
  const problems = vms.filter(({ problem }) => problem !== undefined).map(({ id, problem }) => `${id}: ${problem}`)
  const astray = vms.filter(({ unit, autostart }) => unit !== undefined && unit.enabled !== autostart).map(({ id, autostart }) => `${id} is ${autostart ? '' : 'not '}to start with the host, and its unit says otherwise`)
  const { checks } = (await call('system.doctor')) as { checks: { subject: string; status: string; detail: string }[] }
  const told = checks.filter(({ subject, status }) => status !== 'ok' && !unrelated.has(subject)).map(({ subject, detail }) => `doctor: ${subject}: ${detail}`)
  return [...strays, ...processes, ...problems, ...astray, ...told]
}

/** What a box lacks and no kill has to do with. */
const unrelated: ReadonlySet<string> = new Set(['accelerator', 'tinc', 'control groups', 'frames on bridges', 'guestfish', 'xz'])

function stray(what: string, names: readonly string[], form: RegExp, ids: ReadonlySet<string>): string[] {
  return names.flatMap((name) => {
    const id = form.exec(name)?.[1]
    return id !== undefined && !ids.has(id) ? [`${what} ${name} of no VM`] : []
  })
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function aliases(): string[] {
  const links = JSON.parse(execFileSync('ip', ['-json', 'link', 'show', 'group', GROUP], { encoding: 'utf8' }) || '[]') as { ifalias?: string; ifname?: string }[]
  return links.map(({ ifalias, ifname }) => ifalias ?? `half made: ${ifname ?? ''}`)
}

/** Every QEMU, with the VM that it runs. */
export function findQemus(): { readonly pid: number; readonly vm: string }[] {
  return readdirSync('/proc').flatMap((pid) => {
    try {
      if (!/^\d+$/.test(pid) || !basename(readlinkSync(`/proc/${pid}/exe`)).startsWith('qemu-system-')) return []
      const vm = /process=qemu-([a-z]{8})/.exec(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))?.[1]
      return vm === undefined ? [] : [{ pid: Number(pid), vm }]
    } catch {
      return []
    }
  })
}
