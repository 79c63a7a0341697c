import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { makeDisk, powerOn, until } from './tiny-machine.ts'
import { ensureTinyImage } from './tiny-image.ts'

// Several boots, each of which may take minutes on a busy machine.
t.setTimeout(1_800_000)

t.test('two who ask at once get one image', async (t) => {
  const [one, two] = await Promise.all([ensureTinyImage(), ensureTinyImage()])
  t.equal(one, two)
})

t.test('it boots, gets its addresses, serves its console, reboots, and the power button ends it', async (t) => {
  const machine = await powerOn(t, await makeDisk(t))
  await machine.agentOpened()
  await machine.agent.ping()

  const addresses = async (): Promise<string[]> => (await machine.agent.interfaces()).map(({ address }) => address)
  await until(async () => (await addresses()).includes('10.0.2.15'), 'the address by DHCP')
  await until(async () => (await addresses()).some((address) => address.startsWith('fec0::')), 'the address by SLAAC')

  await machine.console.printed('# ')
  machine.console.type('echo $((6 * 7))-$(id -u)\r')
  await machine.console.printed('42-0')
  machine.console.type('sleep 1000000\r')
  await machine.console.printed('sleep 1000000')
  machine.console.type('\x03')
  await machine.console.printed('# ')
  machine.console.type('echo kept >/root/kept; reboot\r')

  await machine.agentOpened(2)
  await machine.agent.ping()
  await machine.console.printed('# ')
  machine.console.type('cat /root/k*\r')
  await machine.console.printed('\nkept')

  await machine.qmp.execute('system_powerdown')
  t.equal(await machine.ended, 0)
})

t.test('the guest agent ends it, and the same disk boots again', async (t) => {
  const disk = await makeDisk(t)
  for (const boot of ['first', 'second']) {
    const machine = await powerOn(t, disk)
    await machine.agentOpened()
    await machine.agent.shutdown()
    t.equal(await machine.ended, 0, `the ${boot} time`)
  }
})

t.test('the power button that is pressed from the first moment on is heard as soon as it can be', async (t) => {
  const { qmp, ended } = await powerOn(t, await makeDisk(t))
  const pressing = setInterval(() => {
    qmp.execute('system_powerdown').catch(() => {})
  }, 500)
  t.teardown(() => {
    clearInterval(pressing)
  })
  t.equal(await ended, 0)
})

t.test('a seed names the machine, and its script runs once however often the machine boots', async (t) => {
  const seed = mkdtempSync(join(tmpdir(), 'aetherscale-seed-'))
  t.teardown(() => {
    rmSync(seed, { recursive: true, force: true })
  })
  writeFileSync(join(seed, 'meta-data'), 'instance-id: "i-1"\nlocal-hostname: seeded\n')
  writeFileSync(join(seed, 'aetherscale-init.sh'), '#!/bin/sh\necho "run on $(hostname)" >>/root/runs\n')
  // QEMU shows the folder as a disk with a FAT: no program is needed to make one.
  const drive = [
    ...['-blockdev', `driver=vvfat,node-name=seed,dir=${seed},label=cidata,read-only=on`],
    ...['-device', 'virtio-blk-pci,drive=seed'],
  ]
  const disk = await makeDisk(t)
  for (const boot of ['first', 'second']) {
    const { console, agent, agentOpened, ended } = await powerOn(t, disk, drive)
    await console.printed('# ')
    // The state is asked for until firstboot has come to its end, this time or the last.
    console.type('while pidof firstboot; do sleep 1; done; cat /var/lib/aetherscale-init/result; echo $(cat /root/runs) $(hostname) $((1 + 1))\r')
    await console.printed('exit 0')
    await console.printed('run on seeded seeded 2')
    await agentOpened()
    await agent.shutdown()
    t.equal(await ended, 0, `the ${boot} time`)
  }
})
