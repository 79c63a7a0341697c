import t from 'tap'
import { askAll, readAnswers } from '../../../../daemon/image/first-boot/questions.ts'

t.test('each file system is mounted, and only what is plainly a device', async (t) => {
  const listing = [
    '/dev/sda1: vfat',
    '/dev/sda2: ext4',
    '/dev/sda3: swap',
    '/dev/vg-0/root: xfs',
    'btrfsvol:/dev/sda5/root: btrfs',
    '/dev/vg/!touch: ext4',
    '/dev/vg/a|sh: ext4',
    '/dev/sda1 /; !id: ext4',
    'btrfsvol:/dev/sda5/$(id): btrfs',
    '!id: ext4',
    '/dev/sda6: unknown',
  ].join('\n')
  const mounted = askAll(listing).match(/^-mount-ro .*$/gm)
  t.same(mounted, ['-mount-ro /dev/sda1 /', '-mount-ro /dev/sda2 /', '-mount-ro /dev/vg-0/root /', '-mount-ro btrfsvol:/dev/sda5/root /'])
  t.notMatch(askAll(listing), /[!|$;]/)
})

t.test('a disk of a thousand file systems is looked into so far', async (t) => {
  const listing = Array.from({ length: 1000 }, (_, index) => `/dev/sda${index}: ext4`).join('\n')
  t.equal(askAll(listing).match(/^-mount-ro/gm)?.length, 16)
})

t.test('answers', async (t) => {
  const say = (path: string, answer: string): string => `--asked-- ${path}\n${answer}\n`
  const cases: readonly [string, string, string | undefined][] = [
    ['cloud-init', say('/usr/bin/cloud-init', 'true') + say('/usr/lib/systemd/systemd', 'true'), 'nocloud'],
    ['cloud-init on a file system of its own for /usr', say('/bin/cloud-init', 'true'), 'nocloud'],
    ['tiny-cloud', say('/usr/lib/tiny-cloud', 'true'), 'nocloud'],
    ['the mark of the tiny image', say('/etc/aetherscale-firstboot', 'true'), 'nocloud'],
    ['systemd and nothing to tell it by', say('/usr/bin/cloud-init', 'false') + say('/usr/lib/systemd/systemd', 'true'), 'libguestfs'],
    ['neither', say('/usr/bin/cloud-init', 'false') + say('/usr/lib/systemd/systemd', 'false'), undefined],
    ['a file system that could not be mounted', '--asked-- /usr/bin/cloud-init\n--asked-- /usr/lib/systemd/systemd\n', undefined],
    ['another file that is there', say('/etc/passwd', 'true'), undefined],
  ]
  for (const [what, output, way] of cases) t.equal(readAnswers(output), way, what)
})
