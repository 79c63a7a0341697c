import t from 'tap'
import { formatBytes, formatQuantity, parseQuantity } from '../../../tui/cli/quantity.ts'

t.test('sizes in MiB, with powers of 1024', async (t) => {
  const cases = { '512': 512, '512M': 512, '512MiB': 512, '512mb': 512, '2G': 2048, '2GiB': 2048, '1.5g': 1536, '1T': 1_048_576, '2048K': 2 }
  for (const [text, value] of Object.entries(cases)) t.equal(parseQuantity(text, 'MiB'), value, text)
  for (const text of ['', '-1', '1.3M', '1K', 'G', '1 G', '0x10', '1e3', '99999999999999T']) t.equal(parseQuantity(text, 'MiB'), undefined, text)
})

t.test('sizes in bytes', async (t) => {
  for (const [text, value] of Object.entries({ '4096': 4096, '64K': 65_536, '10B': 10 })) t.equal(parseQuantity(text, 'bytes'), value, text)
})

t.test('times in seconds', async (t) => {
  for (const [text, value] of Object.entries({ '90': 90, '90s': 90, '5m': 300, '1h30m': 5400, '1d': 86_400 })) {
    t.equal(parseQuantity(text, 's'), value, text)
  }
  for (const text of ['', '-1', '1.5h', '5x', '5 m', 'm']) t.equal(parseQuantity(text, 's'), undefined, text)
})

t.test('quantities are printed in the largest unit that fits', async (t) => {
  t.equal(formatQuantity(512, 'MiB'), '512 MiB')
  t.equal(formatQuantity(2048, 'MiB'), '2 GiB')
  t.equal(formatQuantity(1536, 'MiB'), '1.5 GiB')
  t.equal(formatQuantity(5400, 's'), '1h 30m')
  t.equal(formatQuantity(0.4, 's'), '0s')
  t.equal(formatBytes(1023), '1023 B')
  t.equal(formatBytes(2 ** 30 - 1), '1023.9 MiB', 'cut, never rounded up')
})
