import t from 'tap'
import programs from '../../../daemon/install/programs.json' with { type: 'json' }

t.test('each program is listed once, with all that is told about it', async (t) => {
  t.equal(new Set(programs.map(({ program }) => program)).size, programs.length)
  for (const entry of programs) {
    t.match(entry.package, /^[a-z0-9][a-z0-9+.-]+$/, `${entry.program}: a name of a Debian package (policy, 5.6.7)`)
    t.ok(['needed', 'useful'].includes(entry.need), `${entry.program}: ${entry.need}`)
    t.ok(entry.groups.length > 0 && entry.groups.every((group) => ['run', 'image', 'debian', 'package', 'test', 'bench', 'first-boot'].includes(group)), entry.program)
    t.match(entry.why, /^\w.*\w$/, `${entry.program} says why`)
  }
})
