import t from 'tap'
import { makeBootRecord } from '../../../../daemon/image/builder/partition.ts'

t.test('the record holds boot code, signature and partitions where a BIOS and the kernel look for them', async (t) => {
  const record = Buffer.from(
    makeBootRecord(Uint8Array.of(0xfa, 0x31), 0x12345678, [
      { type: 0x0e, isBootable: true, start: 2048, sectors: 40_960 },
      { type: 0x83, isBootable: false, start: 43_008, sectors: 0x01020304 },
    ]),
  )
  t.equal(record.length, 512)
  t.equal(record.toString('hex', 0, 3), 'fa3100')
  t.equal(record.toString('hex', 440, 446), '785634120000')
  t.equal(record.toString('hex', 446, 462), '80feffff0efeffff0008000000a00000')
  t.equal(record.toString('hex', 462, 478), '00feffff83feffff00a8000004030201')
  t.equal(record.toString('hex', 478, 510), '00'.repeat(32))
  t.equal(record.toString('hex', 510), '55aa')
})

t.test('what does not fit is refused', async (t) => {
  t.throws(() => makeBootRecord(new Uint8Array(441), 0, []), /441 bytes/)
  const partition = { type: 0x83, isBootable: false, start: 1, sectors: 1 } as const
  t.throws(() => makeBootRecord(new Uint8Array(), 0, Array.from({ length: 5 }, () => partition)), /four/)
})
