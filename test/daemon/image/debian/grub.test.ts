import t from 'tap'
import { placeGrub } from '../../../../daemon/image/debian/grub.ts'

function images(kernelSector = 1n, restSector = 2n, coreBytes = 1024): [Buffer, Buffer] {
  const [boot, core] = [Buffer.alloc(512, 0x11), Buffer.alloc(coreBytes, 0x22)]
  boot.writeBigUInt64LE(kernelSector, 0x5c)
  core.writeBigUInt64LE(restSector, 0x1f4)
  return [boot, core]
}

t.test('the boot code fits before the table of partitions, and believes the BIOS about the drive', async (t) => {
  const [boot, core] = images()
  const placed = placeGrub(boot, core, 2048)
  t.equal(placed.bootCode.length, 440)
  t.same([...placed.bootCode.subarray(0x66, 0x68)], [0x90, 0x90])
  t.equal(placed.bootCode[0x65], 0x11)
  t.equal(boot[0x66], 0x11, 'what was given is left as it was')
  t.ok(core.equals(placed.core))
})

t.test('images of a GRUB that looks elsewhere for the rest are refused, and one that is too large', async (t) => {
  t.throws(() => placeGrub(...images(3n), 2048), /somewhere else/)
  t.throws(() => placeGrub(...images(1n, 7n), 2048), /somewhere else/)
  t.doesNotThrow(() => placeGrub(...images(1n, 2n, 2047 * 512), 2048))
  t.throws(() => placeGrub(...images(1n, 2n, 2047 * 512 + 1), 2048), /too many/)
})
