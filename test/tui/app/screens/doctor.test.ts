import t from 'tap'
import type { Check } from '../../../../policy/api/system.ts'
import { pressKey } from '../../../../tui/app/keys/route.ts'
import { doctorLines } from '../../../../tui/app/screens/doctor/lines.ts'
import { widthOf } from '../../../../tui/app/text/fit.ts'
import { holdState } from '../hold-state.ts'
import { matchPictures } from '../picture.ts'
import { makeState, makeWorld } from '../screen.tsx'

const items: Check[] = [
  { subject: 'qemu-system-x86_64', status: 'ok', detail: 'QEMU emulator version 7.2.13 (Debian 1:7.2+dfsg-7+deb12u8)' },
  { subject: 'qemu-img', status: 'ok', detail: '/usr/bin/qemu-img' },
  {
    subject: 'accelerator',
    status: 'degraded',
    detail: 'tcg: /dev/kvm is there, but a guest did not boot by it within 5 s, so guests run ten times slower',
    remedy: 'turn on virtualization in the firmware (VT-x or AMD-V), or run this on a host that has it',
  },
  { subject: 'tincd', status: 'degraded', detail: 'not found: carries VPNs between hosts', remedy: 'sudo apt-get install tinc' },
  { subject: 'network helper', status: 'missing', detail: 'nobody listens at /run/aetherscale-net/1000.sock', remedy: 'sudo aetherscale setup' },
]
const stack = [{ screen: 'doctor', top: 0 }] as const

t.test('checks with what mends them', async (t) => {
  await matchPictures(t, 'doctor', makeState({ world: makeWorld({ checks: { items } }), stack }))
})

t.test('the first check is under way', async (t) => {
  await matchPictures(t, 'doctor-asking', makeState({ world: makeWorld({ checks: { asking: true } }), stack }))
})

t.test('no line is wider than the terminal', async (t) => {
  for (const width of [60, 80, 120]) {
    for (const line of doctorLines(makeWorld({ checks: { items } }), width)) t.ok(widthOf(line.map(({ text }) => text).join('')) <= width)
  }
})

t.test('r has the host checked again, and what was found before stays meanwhile', async (t) => {
  const context = holdState(makeState({ world: makeWorld({ checks: { items } }), stack }))
  pressKey({ name: 'r' }, context)
  t.same(context.asked, [{ method: 'refresh checks', params: {} }])
  t.ok(doctorLines({ ...context.get().world, checks: { items, asking: true } }, 80).length > items.length)
})

t.test('a failure is shown with what was found before', async (t) => {
  const lines = doctorLines(makeWorld({ checks: { items, error: 'the daemon does not answer' } }), 80)
  t.same(lines[0], [{ text: 'the daemon does not answer', meaning: 'error' }])
})
