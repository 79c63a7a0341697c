import t from 'tap'
import { derivedCommands, type Command, type Json } from '../../../../tui/cli/command-table.ts'
import { createPaint } from '../../../../tui/cli/render/paint.ts'
import { emptyNote, identify, renderResult } from '../../../../tui/cli/render/result.ts'
import { renderEvent } from '../../../../tui/cli/render/event.ts'

const plain = createPaint(false)
const command = (words: string): Command => derivedCommands.commands.find((each) => each.words.join(' ') === words)!
const vm: Json = {
  id: 'adbvzwdf',
  name: 'web',
  state: 'running',
  image: 'tiny',
  vcpus: 2,
  memoryMiB: 1536,
  diskMiB: 10_240,
  autostart: false,
  networks: [{ kind: 'user', mac: '52:54:00:12:34:56', forwards: ['2222:22', 'udp:53:53'] }],
  addresses: [
    { address: '10.0.2.15', prefixLength: 24, interface: 'eth0\u001b[2J' },
    { address: 'fec0::1', prefixLength: 64, interface: 'eth0' },
  ],
  addressesAgeSeconds: 75.5,
  agent: 'connected',
}

t.test('one VM is aligned facts, an address a line, with nothing of the guest unescaped', async (t) => {
  t.strictSame(renderResult(command('vm get'), vm, plain), [
    'id:             adbvzwdf',
    'name:           web',
    'state:          running',
    'image:          tiny',
    'vcpus:          2',
    'memory:         1.5 GiB',
    'disk:           10 GiB',
    'autostart:      no',
    'networks:       user 52:54:00:12:34:56 forwards 2222:22, udp:53:53',
    'addresses:      10.0.2.15/24 (eth0\\x1b[2J)',
    '                fec0::1/64 (eth0)',
    'addresses age:  1m 15s',
    'agent:          connected',
  ])
})

t.test('a list is a table', async (t) => {
  const second = { id: 'bbbbbbbb', state: 'stopped', image: 'tiny', vcpus: 1, memoryMiB: 64, agent: 'absent', addresses: [] }
  t.strictSame(renderResult(command('vm list'), { vms: [vm, second] }, plain), [
    'ID        NAME  STATE    IMAGE  VCPUS  MEMORY   AGENT      ADDRESSES',
    'adbvzwdf  web   running  tiny   2      1.5 GiB  connected  10.0.2.15, fec0::1',
    'bbbbbbbb  -     stopped  tiny   1      64 MiB   absent     -',
  ])
  const image = { name: 'tiny', virtualSizeMiB: 64, fileBytes: 14_000_000, usedBy: [] }
  t.strictSame(renderResult(command('image list'), { images: [image] }, plain), [
    'NAME  VIRTUAL SIZE  FILE',
    'tiny  64 MiB        13.3 MiB',
  ], 'columns at the end that hold nothing are left out')
})

t.test('only a state has the colour of a state', async (t) => {
  const [, row] = renderResult(command('vm list'), { vms: [{ ...(vm as object), name: 'running' }] }, createPaint(true))
  t.equal(row?.split('\u001b[32mrunning\u001b[39m').length, 2)
})

t.test('an empty list says what to do', async (t) => {
  t.strictSame(renderResult(command('vm list'), { vms: [] }, plain), [])
  t.equal(emptyNote(command('vm list'), { vms: [] }, false), 'no VMs; make one: aetherscale vm create IMAGE')
  t.equal(emptyNote(command('vm list'), { vms: [] }, true), 'none of the vms match')
  t.equal(emptyNote(command('vm list'), { vms: [vm] }, false), undefined)
  t.equal(emptyNote(command('vm get'), vm, false), undefined)
  t.equal(emptyNote(command('network list'), { networks: [] }, false), 'no private networks; make one: aetherscale network create NAME')
})

t.test('what VMs use is a table of percentages, times and sizes', async (t) => {
  const vms = [
    { vm: 'adbvzwdf', name: 'web', cpuSeconds: 3725.25, cpuPercent: 12.3, memoryBytes: 160_432_128 },
    { vm: 'bbbbbbbb', cpuSeconds: 0, memoryBytes: 1024 },
    { vm: 'cccccccc', cpuSeconds: 5, cpuPercent: 200, memoryBytes: 2 ** 30 },
  ]
  t.strictSame(renderResult(command('vm stats'), { at: 'now', vms }, plain), [
    'ID        NAME  CPU     CPU TIME  MEMORY',
    'adbvzwdf  web   12.3%   1h 2m 5s  153 MiB',
    'bbbbbbbb  -     -       0s        1 KiB',
    'cccccccc  -     200.0%  5s        1 GiB',
  ])
  t.strictSame(identify(command('vm stats'), { at: 'now', vms }), ['adbvzwdf', 'bbbbbbbb', 'cccccccc'])
  t.strictSame(renderResult(command('vm stats'), { at: 'now', vms: [] }, plain), [])
  t.equal(emptyNote(command('vm stats'), { at: 'now', vms: [] }, true), 'none runs')
})

t.test('an operation is said in a sentence', async (t) => {
  t.strictSame(renderResult(command('vm start'), { vm }, plain), ['web (adbvzwdf) is running'])
  t.strictSame(renderResult(command('vm stop'), { vm, endedBy: 'sigkill' }, plain), ['web (adbvzwdf) is running; ended by SIGKILL'])
  t.strictSame(renderResult(command('vm delete'), { id: 'adbvzwdf' }, plain), ['adbvzwdf is deleted'])
  t.strictSame(renderResult(command('network delete'), { name: 'lan' }, plain), ['lan is deleted'])
})

t.test('a plan can be pasted into a shell', async (t) => {
  const commands = [{ purpose: 'boot it', argv: ['qemu', '-name', "it's", 'a b', '\u001b'] }]
  const plan = { commands, files: ['/a', '/b'], networks: ['user: nothing'], unit: '# As it is\n\n[Unit]\n' }
  t.strictSame(renderResult(command('vm plan'), plan, plain), [
    '# boot it',
    `qemu -name 'it'\\''s' 'a b' $'\\x1b'`,
    '# files: /a',
    '#        /b',
    '# networks: user: nothing',
    '# unit:',
    '#   # As it is',
    '#',
    '#   [Unit]',
  ])
})

t.test('quiet is ids, names where there are no ids, and nothing of its own where there are neither', async (t) => {
  t.strictSame(identify(command('vm list'), { vms: [vm] }), ['adbvzwdf'])
  t.strictSame(identify(command('vm start'), { vm }), ['adbvzwdf'])
  t.strictSame(identify(command('image list'), { images: [{ name: 'tiny' }] }), ['tiny'])
  t.equal(identify(command('doctor'), { checks: [{ subject: 'kvm' }] }), undefined)
})

t.test('an event is one line, whatever the guest calls its interface', async (t) => {
  const about = { at: '2026-01-02T03:04:05.678Z', vm: 'adbvzwdf', name: 'web' }
  const render = (event: object): string => renderEvent(event as Parameters<typeof renderEvent>[0], plain)
  t.equal(
    render({ ...about, kind: 'vm.state', from: 'starting', to: 'running' }),
    '2026-01-02T03:04:05.678Z  vm.state  web (adbvzwdf)  starting -> running',
  )
  t.equal(render({ at: 'now', kind: 'image.deleted', image: 'tiny' }), 'now  image.deleted  tiny')
  t.equal(render({ at: 'now', kind: 'network.created', network: 'lan' }), 'now  network.created  lan')
  const addresses = [{ address: '10.0.2.15\n', prefixLength: 24, interface: 'x' }]
  t.equal(render({ at: 'now', vm: 'adbvzwdf', kind: 'vm.addresses', addresses }), 'now  vm.addresses  adbvzwdf  10.0.2.15\\x0a')
})
