import { execFileSync } from 'node:child_process'
import { mkdir, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { listFolder, readFileNow, readTextFile } from '../../../../tui/app/files/read-file.ts'
import { makeTestDirectory } from '../../../fakes/daemon.ts'

t.test('a text file as it is, and of others what is wrong with them', async (t) => {
  const home = await makeTestDirectory(t)
  const place = { cwd: () => join(home, 'work'), home }
  await mkdir(join(home, 'work'))
  await writeFile(join(home, 'script'), '#!/bin/sh\r\necho ü\n')
  await writeFile(join(home, 'binary'), Buffer.from([0xff, 0xfe, 0x00]))
  await writeFile(join(home, 'huge'), '')
  await truncate(join(home, 'huge'), 2 ** 40)
  execFileSync('mkfifo', [join(home, 'pipe')])
  const read = async (path: string) => await readTextFile('initScript', path, place)

  t.same(await read('~/script'), { text: '#!/bin/sh\r\necho ü\n' })
  t.same(await read('../script'), { text: '#!/bin/sh\r\necho ü\n' })
  for (const [path, message] of [
    ['~/none', '~/none cannot be read: ENOENT'],
    ['~/work', '~/work is a folder'],
    ['~/pipe', '~/pipe is no file'],
    ['~/binary', '~/binary is not text in UTF-8'],
    ['~/huge', '~/huge is too large to be sent to the daemon'],
  ] as const) {
    t.same(await read(path), { error: { field: 'initScript', message } })
  }

  const now = (name: string): Uint8Array => readFileNow(join(home, name))
  t.equal(now('script').length, 19)
  t.throws(() => now('none'), { code: 'ENOENT' })
  t.throws(() => now('work'), { code: 'it is a folder' })
  t.throws(() => now('pipe'), { code: 'it is no file' })
  t.throws(() => now('huge'), { code: 'it is too large to be sent to the daemon' })
})

t.test('folders of a folder have a slash, also those that are links', async (t) => {
  const home = await makeTestDirectory(t)
  const place = { cwd: () => home, home: '/nowhere' }
  await mkdir(join(home, 'folder'))
  await symlink('folder', join(home, 'link'))
  await symlink('nothing', join(home, 'dangling'))
  await writeFile(join(home, 'file'), '')
  t.same((await listFolder('', place)).sort(), ['dangling', 'file', 'folder/', 'link/'])
  t.same(await listFolder('~/', place), [])
})
