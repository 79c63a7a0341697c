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
