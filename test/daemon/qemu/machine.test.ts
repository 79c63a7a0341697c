import t from 'tap'
import { newestMachine, programVersion, QEMU_PROGRAM } from '../../../daemon/qemu/machine.ts'
import { UserError } from '../../../policy/errors.ts'

t.test('the newest machine is a versioned one', async (t) => {
  t.match(await newestMachine(QEMU_PROGRAM), /^pc-i440fx-\d+\.\d+$/)
})

t.test('programs tell their version', async (t) => {
  t.match(await programVersion(QEMU_PROGRAM), /^\d+\.\d+\.\d+$/)
  t.equal(await programVersion('qemu-img'), await programVersion(QEMU_PROGRAM))
})

t.test('a program that is not installed is named, with what installs it', async (t) => {
  const error = await newestMachine('/nonexistent/qemu').catch((thrown: unknown) => thrown)
  t.ok(error instanceof UserError)
  t.match(error, { message: '/nonexistent/qemu is not installed', data: { name: 'PROGRAM_MISSING' } })
})

t.test('a program that is not QEMU is a defect', async (t) => {
  await t.rejects(newestMachine('true'), /names no alias/)
  await t.rejects(programVersion('true'), /tells no version/)
  await t.rejects(programVersion('false'), /failed \(1\)/)
})
