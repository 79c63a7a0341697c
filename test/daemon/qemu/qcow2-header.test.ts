import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import t from 'tap'
import { readQcow2Header } from '../../../daemon/qemu/qcow2-header.ts'
import { makeFolder } from '../../fakes/folder.ts'

t.test('the header tells size, snapshots and a data file as qemu-img has made them', async (t) => {
  const folder = makeFolder(t)
  const make = async (name: string, ...options: string[]): Promise<string> => {
    const path = join(folder, name)
    await execa('qemu-img', ['create', '-q', '-f', 'qcow2', ...options, path, '8M'])
    return path
  }
  const plain = await make('plain')
  t.same(await readQcow2Header(plain), { virtualSizeBytes: 8 * 1_048_576, snapshotCount: 0, hasDataFile: false })
  await execa('qemu-img', ['snapshot', '-c', 'one', plain])
  t.equal((await readQcow2Header(plain)).snapshotCount, 1)
  t.equal((await readQcow2Header(await make('old', '-o', 'compat=0.10'))).hasDataFile, false)
  t.equal((await readQcow2Header(await make('two', '-o', `data_file=${join(folder, 'data')}`))).hasDataFile, true)
})

t.test('what is no qcow2 is told apart', async (t) => {
  const folder = makeFolder(t)
  for (const [name, content] of Object.entries({ empty: '', short: 'QFI\xfb', raw: 'x'.repeat(1000), future: `QFI\xfb\0\0\0\x09${'\0'.repeat(200)}` })) {
    writeFileSync(join(folder, name), content, 'latin1')
    const error: unknown = await readQcow2Header(join(folder, name)).catch((thrown: unknown) => thrown)
    t.match(error, { data: { name: 'IMAGE_INVALID' } }, name)
  }
})
