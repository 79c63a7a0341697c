/** VMs as units of their user's systemd: real VMs of a user whose daemon comes and goes, on one machine in a box. */
import t from 'tap'
import { lacksHosts, startHost } from './host-box.ts'
import { comesUpAlone } from './units/boot.ts'
import { isAddedTo, isKept, isLeftAlone, isTold } from './units/edited.ts'
import { comesBack, isAskedFirst, isStoppedForGood, outliveTheDaemon, staysDown, staysOff } from './units/ended.ts'
import { isBroken, isWrittenAnew, leavesNothing } from './units/gone.ts'
import { areNoMatter } from './units/odd-paths.ts'
import { startsWithNewSizes } from './units/resized.ts'
import { isFinished, isFollowed } from './units/set.ts'
import { setScene, type Scene } from './units/scene.ts'
import { isAsPlanned, isReloadedWhereNeeded, isShownWithoutSystemctl } from './units/written.ts'

t.setTimeout(600_000)

t.test('VMs as units', { skip: lacksHosts() }, async (t) => {
  const host = await startHost(t, 't-units')
  const scene = await setScene(host)
  const sentences: readonly (readonly [string, (test: typeof t, scene: Scene) => void | Promise<void>])[] = [
    ['a unit is what vm.plan shows, and systemd holds it to the limits of the record', isAsPlanned],
    ['the manager reads its units again only where one was changed', isReloadedWhereNeeded],
    ['showing VMs runs no systemctl', isShownWithoutSystemctl],
    ['a QEMU that crashes comes back by itself, and is the daemon\'s again', comesBack],
    ['with restart=no it does not', staysDown],
    ['a VM that systemd is about to start again is stopped for good', isStoppedForGood],
    ['VMs outlive a daemon that is killed', outliveTheDaemon],
    ['a unit that was changed by hand is used as it is and never written over', isKept],
    ['a drop-in is a change as well', isAddedTo],
    ['a unit that systemd cannot use is told of, and left alone', isTold],
    ['a unit that cannot be read, or runs elsewhere, is left alone', isLeftAlone],
    ['a unit that was removed is missed, and written anew', isWrittenAnew],
    ['a VM that was resized starts so, whoever starts it', startsWithNewSizes],
    ['whether a VM starts with the host can be changed, and the unit follows', isFollowed],
    ['a change in the midst of which the daemon was killed is finished by the next one', isFinished],
    ['a disk that was moved away is missed until it is back', isBroken],
    ['nothing is left of a VM that was deleted', leavesNothing],
    ['systemctl stop asks the guest first', isAskedFirst],
    ['a guest that powers itself off stays off', staysOff],
    ['after a boot a VM is back with its tap and address, and no daemon', comesUpAlone],
  ]
  for (const [sentence, test] of sentences) await t.test(sentence, async (t) => await test(t, scene))
  await t.test('odd names of folders do not matter', (t) => areNoMatter(t, host))
})
