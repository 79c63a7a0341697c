/** Every host advertises the prefix to its own guests, and to no others: the loss of one harms no other. */
import type { Test } from 'tap'
import { eventually } from '../daemon.ts'
import { awaitPing } from './ping.ts'
import type { Scene } from './scene.ts'

const RADVD = 'aetherscale-radvd.service'

export async function oneHostFallsSilent(t: Test, { a, b }: Scene): Promise<void> {
  a.host.sh(`systemctl stop ${RADVD}`)
  const [kept, anew] = [a.address(), b.address()]
  b.inGuest('ip link set eth0 down; ip link set eth0 up')
  await eventually(() => b.inGuest('ip -6 address show dev eth0 scope global').includes(anew), `${anew} in the guest of b`)
  t.pass('a guest of another host gets its address anew')
  t.ok(a.inGuest('ip -6 address show dev eth0 scope global').includes(kept), 'one that has its address keeps it')
  await awaitPing(a, anew)

  a.inGuest('ip link set eth0 down; ip link set eth0 up; sleep 3')
  t.notOk(a.inGuest('ip -6 address show dev eth0 scope global').includes(kept), "without its own host's advertisement there is none")
  a.host.sh(`systemctl start ${RADVD}`)
  await eventually(() => a.inGuest('ip -6 address show dev eth0 scope global').includes(kept), `${kept} in the guest of a`)
  t.pass('and with it the same address again')
}
