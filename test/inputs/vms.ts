/** VMs as the daemon tells them: the same ones for the same number. */
import type { Vm } from '../../policy/api/vm.ts'

export const SOME_TIME = Date.parse('2026-03-01T12:00:00.000Z')

/** The letters that ids are made of. */
const LETTERS = 'abcdefghijklmnop'

export function makeVm(number: number, more: Partial<Vm> = {}): Vm {
  const id = Array.from({ length: 8 }, (_unused, place) => LETTERS[(number >> (place * 4)) & 15]).join('')
  const running = number % 3 !== 2
  return {
    id,
    name: `vm-${String(number).padStart(4, '0')}`,
    state: running ? 'running' : 'stopped',
    image: number % 2 === 0 ? 'debian-12' : 'tiny',
    vcpus: 1 + (number % 4),
    memoryMiB: 512 * (1 + (number % 4)),
    diskMiB: 10_240,
    autostart: number % 5 === 0,
    restart: 'on-failure',
    machine: 'pc-q35-7.2',
    createdAt: new Date(SOME_TIME - 86_400_000 + number * 1000).toISOString(),
    networks: [{ kind: 'user', mac: '52:54:00:00:00:01', forwards: [] }],
    addresses: running ? [{ address: `10.0.${number >> 8}.${number & 255}`, prefixLength: 24, interface: 'eth0' }] : [],
    agent: running ? 'connected' : 'absent',
    ...(running && { pid: 10_000 + number, startedAt: new Date(SOME_TIME - number * 61_000).toISOString(), accelerator: 'kvm' }),
    ...more,
  } as Vm
}

export function makeVms(count: number): Vm[] {
  return Array.from({ length: count }, (_unused, number) => makeVm(number))
}
