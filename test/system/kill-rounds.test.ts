import { join } from 'node:path'
import t from 'tap'
import { bundleForBox } from './box-program.ts'
import { lacksHosts, startHost } from './host-box.ts'

t.setTimeout(1_200_000)
const skip = lacksHosts()
const ROUNDS = 100

interface Report {
  readonly done: Readonly<Record<string, number>>
  readonly outcomes: Readonly<Record<string, number>>
  readonly wrong: readonly string[]
}

t.test(`after ${ROUNDS} rounds of SIGKILL to daemon, helper, QEMU and user manager nothing is orphaned`, { skip }, async (t) => {
  const host = await startHost(t, 'kill')
  host.put('/usr/local/lib', await bundleForBox(join(import.meta.dirname, 'kill-rounds', 'driver.ts'), t.testdir()))
  const drive = (rounds: number, seed: number): Report =>
    JSON.parse(host.sh(`/usr/lib/aetherscale/node /usr/local/lib/driver.mjs ${rounds} ${seed}`)) as Report
  host.sh(`
    aetherscale setup --yes --prefix fd5e:a1ce::/48
    qemu-img create -q -f qcow2 /srv/blank.qcow2 8M
    aetherscale image import /srv/blank.qcow2
    aetherscale network create lan --prefix fd5e:a1ce:0:1::/64`)

  t.test('what is looked for would be found', (t) => {
    t.same(drive(0, 0).wrong, [], 'at first there is nothing')
    const folders = { disks: '.local/share/aetherscale/disks', units: '.config/systemd/user', logs: '.local/state/aetherscale/vm' }
    const uid = host.sh('id -u aetherscale')
    host.sh(`
      cd /var/lib/aetherscale
      runuser -u aetherscale -- mkdir -p ${folders.units} ${folders.logs}/zzzzzzzz
      touch ${folders.disks}/zzzzzzzz.qcow2
      printf '[X-Aetherscale]\\nRecord=/var/lib/aetherscale/.config/aetherscale/vm/zzzzzzzz/vm.json\\n' >${folders.units}/aetherscale-vm-zzzzzzzz.service
      ip tuntap add dev aetzzzzzzzzzzzz mode tap
      ip link set aetzzzzzzzzzzzz group 1634038888 alias aetherscale:${uid}:tap:zzzzzzzz.0`)
    const { wrong } = drive(0, 0)
    for (const what of [/^unit aetherscale-vm-zzzzzzzz/, /^disk zzzzzzzz/, /^logs zzzzzzzz/, /^tap /, /^doctor: .*zzzzzzzz\.qcow2/, /^doctor: .*aetherscale-vm-zzzzzzzz/]) {
      t.ok(wrong.some((line) => what.test(line)), `${String(what)} in ${wrong.join('; ')}`)
    }
    host.sh(`cd /var/lib/aetherscale; rm -r ${folders.disks}/zzzzzzzz.qcow2 ${folders.logs}/zzzzzzzz ${folders.units}/aetherscale-vm-zzzzzzzz.service; ip link del aetzzzzzzzzzzzz`)
    t.end()
  })

  const seed = Math.floor(Math.random() * 2 ** 31)
  t.comment(`seed ${seed}`)
  const { done, outcomes, wrong } = drive(ROUNDS, seed)
  t.comment(`done: ${JSON.stringify(done)}; answers: ${JSON.stringify(outcomes)}`)
  t.same(wrong, [])
  for (const victim of ['daemon', 'helper', 'qemu', 'manager']) t.ok((done[victim] ?? 0) > 0, `${victim} was killed`)
  t.equal(host.sh('systemctl --failed --no-legend --plain'), '')
})
