import t from 'tap'
import {
  formatAliases, formatDependencies, orderModules, parseModule, stripSignature, type KernelModule,
} from '../../../../daemon/image/tiny/modules.ts'
import { makeModule } from './elf-file.ts'

const MARK = '~Module signature appended~\n'

/** As scripts/sign-file.c of Linux appends it: signature, struct module_signature, mark. */
function sign(module: Buffer, signature: Buffer): Buffer {
  const struct = Buffer.alloc(12)
  struct.writeUInt8(2, 2)
  struct.writeUInt32BE(signature.length, 8)
  return Buffer.concat([module, signature, struct, Buffer.from(MARK)])
}

function known(...modules: readonly (readonly [name: string, ...needs: string[]])[]): (name: string) => KernelModule | undefined {
  return (wanted) => {
    const found = modules.find(([name]) => name === wanted)
    return found && parseModule(`kernel/${found[0]}.ko`, makeModule([`depends=${found.slice(1).join(',')}`, `alias=pci:${found[0]}*`]))
  }
}

t.test('a signature is taken off, and a module without one is left as it is', async (t) => {
  const module = makeModule(['license=GPL'])
  t.ok(Buffer.from(stripSignature(sign(module, Buffer.alloc(401, 7)))).equals(module))
  t.equal(stripSignature(module), module)
  t.equal(stripSignature(Buffer.from(MARK)).length, MARK.length, 'a mark alone is no signature')
})

t.test('a signature that claims more than the file has is refused', async (t) => {
  const file = sign(Buffer.alloc(10), Buffer.alloc(5))
  file.writeUInt32BE(1000, file.length - MARK.length - 4)
  t.throws(() => stripSignature(file), /longer than the file/)
})

t.test('a module is known by its file, with "-" as "_"', async (t) => {
  const signed = sign(makeModule(['depends=rng-core,virtio', 'alias=virtio:d4v*']), Buffer.alloc(9))
  t.match(parseModule('kernel/drivers/virtio-rng.ko', signed), {
    name: 'virtio_rng',
    path: 'kernel/drivers/virtio-rng.ko',
    needs: ['rng_core', 'virtio'],
    aliases: ['virtio:d4v*'],
  })
})

t.test('each module comes after what it needs, once', async (t) => {
  const find = known(['net', 'failover', 'ring'], ['failover'], ['ring', 'core'], ['core'], ['blk', 'ring'], ['unused'])
  const names = (wanted: string[]) => orderModules(wanted, find).map(({ name }) => name)
  t.same(names(['net', 'blk']), ['failover', 'core', 'ring', 'net', 'blk'])
  t.same(names(['core', 'core', 'ring']), ['core', 'ring'])
  t.same(names([]), [])
})

t.test('a module that is not there is told with those that need it, and so is a cycle', async (t) => {
  const find = known(['a', 'b'], ['b', 'gone'], ['x', 'y'], ['y', 'x'])
  t.throws(() => orderModules(['a'], find), /no module a → b → gone/)
  t.throws(() => orderModules(['x'], find), /x → y → x/)
})

t.test('the tables are those of depmod: what to load first comes last', async (t) => {
  const modules = orderModules(['net'], known(['net', 'ring'], ['ring', 'core'], ['core']))
  t.equal(
    formatDependencies(modules),
    'kernel/core.ko:\nkernel/net.ko: kernel/ring.ko kernel/core.ko\nkernel/ring.ko: kernel/core.ko\n',
  )
  t.equal(formatAliases(modules), 'alias pci:core* core\nalias pci:net* net\nalias pci:ring* ring\n')
})
