import { closeSync, mkdirSync, openSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { createRemedies } from '../../../daemon/doctor/account.ts'
import { checkLeftovers } from '../../../daemon/doctor/leftovers.ts'
import { readRecords } from '../../../daemon/doctor/records.ts'
import { openHostLinks } from '../../../daemon/network/links.ts'
import { tryLock } from '../../../daemon/state/lock.ts'
import type { Check } from '../../../policy/api/system.ts'
import { makeFolder } from '../../fakes/folder.ts'
import { lanRecord, onLan, UID, vmRecord } from '../network/harness.ts'

interface Options {
  /** Below the root: `config`, `disks`, `images`, `run`, `log`; made an hour ago. */
  readonly files?: readonly string[]
  readonly aliases?: Readonly<Record<string, string>>
  readonly running?: Readonly<Record<string, number>>
  readonly units?: readonly string[]
  readonly controlGroup?: string
}

const anHourAgo = new Date(Date.now() - 3_600_000)

/** A host on which VM `aaaaaaaa` is on network `lan`, and VM `bbbbbbbb` has a record that cannot be read. */
function openHost(t: Test, { files = [], aliases = {}, running = {}, units = [], controlGroup }: Options): { root: string; look: () => Check[] } {
  const root = makeFolder(t)
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
    utimesSync(join(root, path), anHourAgo, anHourAgo)
  }
  write('config/vm/aaaaaaaa/vm.json', JSON.stringify(vmRecord('aaaaaaaa', [onLan, { kind: 'user', forwards: [] }])))
  write('config/vm/bbbbbbbb/vm.json', '{')
  write('config/network/lan.json', JSON.stringify(lanRecord))
  write('config/network/torn.json', '{')
  for (const file of files) write(file, '')
  mkdirSync(join(root, 'sys'))
  for (const [name, alias] of Object.entries(aliases)) write(`sys/${name}/ifalias`, `${alias}\n`)
  const folders = { images: join(root, 'images'), disks: join(root, 'disks'), config: join(root, 'config'), sockets: join(root, 'run'), runtime: join(root, 'run'), logs: join(root, 'log') }
  return {
    root,
    look: () =>
      checkLeftovers({
        folders,
        links: openHostLinks(join(root, 'sys'), UID),
        records: () => readRecords(folders.config),
        processOf: (id) => running[id],
        orphanUnits: () => units,
        remedies: createRemedies({ controlGroup, observeGroup: undefined }, { uid: UID, name: 'ann' }),
        unitFolder: '/home/ann/.config/systemd/user',
      }),
  }
}

t.test('what belongs to a VM or a network is no leftover, also where its record cannot be read', (t) => {
  const ours = ['aaaaaaaa', 'bbbbbbbb'].flatMap((id) => [`disks/${id}.qcow2`, `run/vm/${id}/qmp.sock`, `log/vm/${id}/qemu.log`])
  const aliases = { a: 'lan', b: 'torn' }
  const { look } = openHost(t, {
    files: [...ours, 'disks/my own.qcow2', 'disks/README', 'images/tiny.qcow2', 'run/control.sock', 'config/lock'],
    aliases: {
      ...Object.fromEntries(Object.entries(aliases).map(([name, key]) => [name, `aetherscale:${UID}:bridge:${key}`])),
      c: `aetherscale:${UID}:tap:aaaaaaaa.0`,
      d: `aetherscale:${UID}:tap:bbbbbbbb.3`,
      e: 'aetherscale:4242:tap:gonegone.0',
      eth0: '',
    },
  })
  t.match(look(), [{ subject: 'leftovers', status: 'ok' }])
  t.end()
})

t.test('links that nothing wants are named, with what removes them', (t) => {
  const { look } = openHost(t, {
    aliases: { aebx: `aetherscale:${UID}:bridge:old`, aetx: `aetherscale:${UID}:tap:gonegone.0`, aety: `aetherscale:${UID}:tap:aaaaaaaa.1`, aetz: `aetherscale:${UID}:tap:aaaaaaaa.2` },
  })
  t.same(look().map(({ subject, remedy }) => [subject, remedy]).sort(), [
    ['bridge aebx', 'sudo ip link delete aebx'],
    ['tap aetx', 'sudo ip link delete aetx'],
    ['tap aety', 'sudo ip link delete aety'],
    ['tap aetz', 'sudo ip link delete aetz'],
  ])
  t.end()
})

t.test('disks, folders and units without a record are named', (t) => {
  const files = ['disks/gonegone.qcow2', 'run/vm/gonegone/qmp.sock', 'log/vm/gonegone/qemu.log']
  const { root, look } = openHost(t, { files, units: ['aetherscale-vm-gonegone.service'] })
  t.same(look().map(({ subject, remedy }) => [subject, remedy]), [
    ['disk of gonegone', `rm ${root}/disks/gonegone.qcow2`],
    ['runtime folder of gonegone', `rm -r ${root}/run/vm/gonegone`],
    ['log folder of gonegone', `rm -r ${root}/log/vm/gonegone`],
    ['unit aetherscale-vm-gonegone.service', 'systemctl --user disable --now aetherscale-vm-gonegone.service; rm /home/ann/.config/systemd/user/aetherscale-vm-gonegone.service'],
  ])
  t.end()
})

t.test('nothing is to be taken from under a QEMU that runs', (t) => {
  const { look } = openHost(t, { files: ['disks/gonegone.qcow2', 'run/vm/gonegone/qmp.sock'], running: { gonegone: 77 } })
  t.match(look(), [{ subject: 'VM gonegone', status: 'degraded', detail: /pid 77/, remedy: 'kill 77' }])
  t.end()
})

t.test('temporary files count once nobody can be at them any more', (t) => {
  const files = ['images/.big.importing', 'images/.held.importing', 'config/probe-Xa1/disk', 'config/vm/aaaaaaaa/.vm.json.pending', 'config/.boot.json.pending', 'run/.a1B2c3/s']
  const { root, look } = openHost(t, { files })
  for (const folder of ['config/probe-Xa1', 'run/.a1B2c3']) utimesSync(join(root, folder), anHourAgo, anHourAgo)
  closeSync(openSync(join(root, 'config', '.new.json.pending'), 'w'))
  const unlock = tryLock(join(root, 'images', '.held.importing'))
  const paths = look().map(({ detail }) => detail.split(': ')[0]?.slice(root.length + 1))
  t.same(paths.sort(), ['config/.boot.json.pending', 'config/probe-Xa1', 'config/vm/aaaaaaaa/.vm.json.pending', 'images/.big.importing', 'run/.a1B2c3'])
  unlock?.()
  t.ok(look().some(({ detail }) => detail.includes('.held.importing')), 'whose import has ended')
  t.end()
})

t.test('where a group shares the daemon, remedies are for who is not its user', (t) => {
  const { root, look } = openHost(t, { files: ['disks/gonegone.qcow2'], units: ['x.service'], controlGroup: 'staff' })
  t.same(look().map(({ remedy }) => remedy), [
    `sudo -u ann rm ${root}/disks/gonegone.qcow2`,
    'sudo systemctl --user -M ann@ disable --now x.service; sudo -u ann rm /home/ann/.config/systemd/user/x.service',
  ])
  t.end()
})
